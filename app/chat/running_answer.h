#pragma once

#include <QElapsedTimer>
#include <QFuture>
#include <QObject>
#include <QTimer>
#include <memory>

#include "app/chat/chat_types.h"
#include "app/inference/inference_service.h"
#include "app/outcome.h"

namespace hadal {

class Store;

/// An answer while it is computed: gathers its text, journals it, and writes its end.
///
/// If the end cannot be written (full disk), the text stays in memory and writing is tried again until it succeeds or
/// the program ends.
class RunningAnswer : public QObject {
  Q_OBJECT
 public:
  /// At most this much is lost in a crash.
  static constexpr int kJournalMilliseconds = 300;
  static constexpr int kRetryMilliseconds = 2000;

  RunningAnswer(Message answer, Store& store, InferenceService& inference, QObject* parent);

  void start(GenerationRequest request);
  void stop();
  void answerNow();
  /// Ends it at once as Interrupted and writes that.
  QFuture<void> interrupt();
  const Message& message() const { return message_; }
  bool isOver() const { return over_; }

 Q_SIGNALS:
  void promptProgress(int done, int total);
  void delta(const QString& text);
  void thinkingDelta(const QString& text);
  /// In its final state; it is in the store, unless storeFailed came before.
  void finished();
  void storeFailed(const QString& sentence);
  /// Nothing is left to write.
  void settled();

 private:
  void addThinking(const QString& text);
  void addText(const QString& text);
  void journal();
  void keepFigures(const GenerationStats& stats);
  void end(GenerationEnd end, const QString& error, const GenerationStats& stats);
  QFuture<Outcome<Nothing>> writeEnd();
  void keepEnd();
  void complain(const QString& sentence);

  Message message_;
  const int tokensBefore_;  ///< Of an answer that goes on.
  Store& store_;
  InferenceService& inference_;
  std::unique_ptr<Generation> generation_;
  QTimer journalTimer_;
  QElapsedTimer thinkingClock_;  ///< Valid while the model thinks ...
  double thinkingBefore_ = 0;    ///< ... and what it had thought before, in seconds.
  bool unwritten_ = false;
  bool writing_ = false;
  bool over_ = false;
  bool complained_ = false;
};

}  // namespace hadal
