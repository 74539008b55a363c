#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QThreadPool>
#include <QTimer>
#include <atomic>
#include <map>
#include <memory>
#include <optional>

#include "app/inference/chat_caches.h"
#include "app/inference/inference_service.h"
#include "app/inference/model_search.h"
#include "app/inference/streamed_answer.h"
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
  /// `interrupt`: see EngineOptions.
  explicit EngineWorker(std::shared_ptr<const std::atomic<int>> interrupt);
  ~EngineWorker() override;

  /// Requests that run are completed by the model they began with; new ones wait for the outcome.
  void load(const ModelSearch& search);
  void unload();
  void configure(int threads, int contextLength);
  /// Of this machine, as threadsMeasured() told.
  void knowThreads(ThreadCounts known) { known_ = known; }
  void submit(quint64 ticket, const GenerationRequest& request);
  void stop(quint64 ticket);
  /// Ends the thinking of an answer: its request is cancelled, and one that goes on behind </think> takes its place.
  void answerNow(quint64 ticket);
  void keepChats(const QString& folder, bool wanted) { chats_.setFolder(folder, wanted); }
  void forgetChat(qint64 chat);
  void measure(quint64 ticket, const QList<PromptMessage>& messages);

 Q_SIGNALS:
  void statusChanged(const hadal::ModelStatus& status);
  void modelLoaded(const QString& file);
  void modelFailed(const QString& file, const QString& error);
  void promptProgress(quint64 ticket, int done, int total);
  void delta(quint64 ticket, const QString& text);
  void thinkingDelta(quint64 ticket, const QString& text);
  void progressed(quint64 ticket, const hadal::GenerationStats& stats);
  void finished(quint64 ticket, hadal::GenerationEnd end, const QString& error, const hadal::GenerationStats& stats);
  void measured(quint64 ticket, int tokens);
  void threadsMeasured(int reading, int writing);
  void expertsChanged(const hadal::ExpertUse& use);

 private:
  struct Load;  ///< One attempt; a newer one makes it void.
  /// What an attempt came to.
  struct Loaded {
    QString asked;                       ///< What was to be loaded: a file, a folder, or a file of a folder.
    QString file;                        ///< What that stands for.
    std::shared_ptr<const Model> model;  ///< Null: none was found, or the failure says why it could not be loaded.
    QString failedFile, failure;         ///< Also beside a model, if that is not the first choice.
  };

  static Loaded read(const QList<ModelSearch>& searches, LoadControl& control);
  void loaded(const std::shared_ptr<Load>& load, const Loaded& result);
  void abandonLoad();
  void dropModel();
  /// What had to wait until no answer is computed: the new model, or new options.
  void settle();
  /// The new engine's weights are laid out, elsewhere; then it is ready. Nothing else may touch it meanwhile.
  void prepare(const Loaded& from);
  void prepared(const std::shared_ptr<LoadControl>& control, const Loaded& from);
  /// Puts the new model into the place of the old one, which comes back if there is no engine for the new one.
  void adopt(const Loaded& next);
  /// The sentence if there can be no engine for `model`. Without, it is the one that answers from now on.
  QString makeEngine(const QString& file, const std::shared_ptr<const Model>& model);
  ModelStatus readyStatus() const;
  /// The model was made for more than it is given.
  bool contextCanGrow() const;
  /// `file` cannot be used; the model that is there, if any, stays.
  void refuseModel(const QString& file, const QString& sentence);
  void setStatus(ModelStatus status);

  /// As submit(), now that what is kept of its chat is in the engine's cache.
  void resubmit(quint64 ticket);
  void start(quint64 ticket, const GenerationRequest& request);
  void startWaiting();
  void schedule();
  void pump();
  /// What the engine can do before it is asked, in parts, between which messages are heard.
  void workAhead();
  void takeMeasurement();
  void handle(const Event& event);
  void finish(StreamedAnswer& answer, const Event& event);
  /// The second half of answerNow(); false if there is nothing to go on with.
  bool goOnWithAnswer(StreamedAnswer& answer);
  void flush(StreamedAnswer& answer);
  void tellOfExperts();

  EngineOptions options_;
  QString file_;  ///< Of model_.
  std::shared_ptr<const Model> model_;
  std::shared_ptr<Engine> engine_;  ///< Also of the thread that prepares it.
  std::vector<TokenId> tags_;       ///< Of model_, like the next two: answer_tags().
  TemplateStatus chatTemplate_;
  SamplingAdvice advice_;
  std::optional<Loaded> next_;                ///< Waits for the answers of model_ to end.
  std::shared_ptr<LoadControl> preparation_;  ///< Of engine_, while it runs.
  std::optional<ModelSearch> wantedNext_;     ///< Chosen meanwhile.
  bool optionsChanged_ = false;
  ThreadCounts known_;
  ModelStatus status_;
  QElapsedTimer toldOfExperts_;

  std::shared_ptr<Load> load_;
  QTimer loadTimer_;
  QThreadPool loaders_;

  std::map<RequestId, StreamedAnswer> running_;
  QList<std::pair<quint64, GenerationRequest>> waiting_;
  QList<std::pair<quint64, GenerationRequest>> fetching_;  ///< What is kept of their chat.
  ChatCaches chats_;
  bool scheduled_ = false, ahead_ = false;
};

}  // namespace hadal
