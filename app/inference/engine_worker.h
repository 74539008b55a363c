#pragma once

#include <QElapsedTimer>
#include <QHash>
#include <QObject>
#include <QThreadPool>
#include <QTimer>
#include <memory>

#include "app/inference/inference_service.h"
#include "app/inference/model_search.h"
#include "hadal/engine.h"

namespace hadal {

/// The only one that touches the engine. Lives in a thread of its own: every method is called there, through the event
/// loop, and the signals are received elsewhere. Files are read in a further thread, so that stopping, counting and
/// choosing another model never wait for one.
///
/// Requests are named by tickets that the caller chooses.
class EngineWorker : public QObject {
  Q_OBJECT
 public:
  EngineWorker();
  ~EngineWorker() override;

  /// Requests that run end as stopped; requests that wait, wait for the new model.
  void load(const ModelSearch& search);
  void unload();
  void configure(int threads, int contextLength);
  void submit(quint64 ticket, const GenerationRequest& request);
  void stop(quint64 ticket);
  void measure(quint64 ticket, const QList<PromptMessage>& messages);

 Q_SIGNALS:
  void statusChanged(const hadal::ModelStatus& status);
  void promptProgress(quint64 ticket, int done, int total);
  void delta(quint64 ticket, const QString& text);
  void progressed(quint64 ticket, const hadal::GenerationStats& stats);
  void finished(quint64 ticket, hadal::GenerationEnd end, const QString& error, const hadal::GenerationStats& stats);
  void measured(quint64 ticket, int tokens);

 private:
  struct Running {
    quint64 ticket = 0;
    QString text;  ///< Not yet sent.
    QElapsedTimer sinceSent;
    GenerationStats stats{};
  };
  struct Load;  ///< One attempt; a newer one makes it void.

  void loaded(const std::shared_ptr<Load>& load, const QString& file,
              const Result<std::shared_ptr<const Model>>& result);
  void abandonLoad();
  void dropModel();
  /// Makes the engine for the model that is there, or fails.
  void makeEngine();
  void fail(const QString& sentence);
  void setStatus(ModelStatus status);

  void start(quint64 ticket, const GenerationRequest& request);
  void startWaiting();
  void schedule();
  void pump();
  void handle(const Event& event);
  void flush(Running& running);

  EngineOptions options_;
  std::shared_ptr<const Model> model_;
  std::unique_ptr<Engine> engine_;
  bool optionsChanged_ = false;
  ModelStatus status_;

  std::shared_ptr<Load> load_;
  QTimer loadTimer_;
  QThreadPool loaders_;

  QHash<RequestId, Running> running_;
  QList<std::pair<quint64, GenerationRequest>> waiting_;
  bool scheduled_ = false;
};

}  // namespace hadal
