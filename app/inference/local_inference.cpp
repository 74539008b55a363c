#include "app/inference/local_inference.h"

#include <QPointer>

#include "app/inference/engine_worker.h"
#include "hadal/thread_priority.h"

namespace hadal {

class LocalInference::Handle : public Generation {
 public:
  Handle(LocalInference& owner, quint64 ticket) : owner_(&owner), ticket_(ticket) {}
  ~Handle() override {
    stop();
    if (owner_) owner_->handles_.remove(ticket_);
  }
  void stop() override {
    if (!owner_ || over_) return;
    owner_->tell([ticket = ticket_](EngineWorker& worker) { worker.stop(ticket); });
  }
  void answerNow() override {
    if (!owner_ || over_) return;
    owner_->tell([ticket = ticket_](EngineWorker& worker) { worker.answerNow(ticket); });
  }
  void over() { over_ = true; }

 private:
  QPointer<LocalInference> owner_;
  quint64 ticket_;
  bool over_ = false;
};

LocalInference::LocalInference(QObject* parent)
    : InferenceService(parent),
      interrupt_(std::make_shared<std::atomic<int>>(0)),
      worker_(new EngineWorker(interrupt_)) {
  status_.state = ModelStatus::State::Loading;
  worker_->moveToThread(&thread_);
  connect(&thread_, &QThread::finished, worker_, &QObject::deleteLater);
  connect(worker_, &EngineWorker::statusChanged, this, [this](const ModelStatus& status) {
    status_ = status;
    Q_EMIT statusChanged(status_);
  });
  connect(worker_, &EngineWorker::modelLoaded, this, &InferenceService::modelLoaded);
  connect(worker_, &EngineWorker::modelFailed, this, &InferenceService::modelFailed);
  connect(worker_, &EngineWorker::expertsChanged, this, [this](const ExpertUse& use) {
    experts_ = use;
    Q_EMIT expertsChanged(experts_);
  });
  connect(worker_, &EngineWorker::threadsMeasured, this, &InferenceService::threadsMeasured);
  connect(worker_, &EngineWorker::measured, this, &InferenceService::promptMeasured);
  connect(worker_, &EngineWorker::promptProgress, this, [this](quint64 ticket, int done, int total) {
    if (Handle* handle = handles_.value(ticket)) Q_EMIT handle->promptProgress(done, total);
  });
  connect(worker_, &EngineWorker::delta, this, [this](quint64 ticket, const QString& text) {
    if (Handle* handle = handles_.value(ticket)) Q_EMIT handle->delta(text);
  });
  connect(worker_, &EngineWorker::thinkingDelta, this, [this](quint64 ticket, const QString& text) {
    if (Handle* handle = handles_.value(ticket)) Q_EMIT handle->thinkingDelta(text);
  });
  connect(worker_, &EngineWorker::progressed, this, [this](quint64 ticket, const GenerationStats& stats) {
    if (Handle* handle = handles_.value(ticket)) Q_EMIT handle->progressed(stats);
  });
  connect(worker_, &EngineWorker::finished, this,
          [this](quint64 ticket, GenerationEnd end, const QString& error, const GenerationStats& stats) {
            Handle* handle = handles_.take(ticket);
            if (!handle) return;
            handle->over();
            Q_EMIT handle->finished(end, error, stats);
          });
  // The engine's own thread computes as much as its pool's: the window goes first.
  connect(&thread_, &QThread::started, worker_, [] { lower_current_thread_priority(); });
  thread_.setObjectName(QStringLiteral("inference"));
  thread_.start();
}

/// What the worker is told ends a long step, so that it is heard soon.
void LocalInference::tell(std::function<void(EngineWorker&)> what) {
  interrupt_->fetch_add(1);
  QMetaObject::invokeMethod(worker_, [worker = worker_, interrupt = interrupt_, what = std::move(what)] {
    interrupt->fetch_sub(1);
    what(*worker);
  });
}

LocalInference::~LocalInference() {
  interrupt_->fetch_add(1);
  // What it was told before counts: a chat that was deleted must not stay in a file.
  QMetaObject::invokeMethod(
      worker_, [] {}, Qt::BlockingQueuedConnection);
  thread_.quit();
  thread_.wait();
}

void LocalInference::load(const QString& file) {
  load(ModelSearch{file, {}});
}

void LocalInference::load(const ModelSearch& search) {
  tell([search](EngineWorker& worker) { worker.load(search); });
}

void LocalInference::unload() {
  tell([](EngineWorker& worker) { worker.unload(); });
}

void LocalInference::configure(int threads, int contextLength) {
  tell([threads, contextLength](EngineWorker& worker) { worker.configure(threads, contextLength); });
}

void LocalInference::knowThreads(int reading, int writing) {
  tell([reading, writing](EngineWorker& worker) { worker.knowThreads({reading, writing}); });
}

void LocalInference::keepChats(const QString& folder, bool wanted) {
  tell([folder, wanted](EngineWorker& worker) { worker.keepChats(folder, wanted); });
}

void LocalInference::forgetChat(qint64 chat) {
  tell([chat](EngineWorker& worker) { worker.forgetChat(chat); });
}

std::unique_ptr<Generation> LocalInference::generate(GenerationRequest request) {
  const quint64 ticket = ++lastTicket_;
  auto handle = std::make_unique<Handle>(*this, ticket);
  handles_.insert(ticket, handle.get());
  tell([ticket, request = std::move(request)](EngineWorker& worker) { worker.submit(ticket, request); });
  return handle;
}

quint64 LocalInference::measure(QList<PromptMessage> messages) {
  const quint64 ticket = ++lastTicket_;
  QMetaObject::invokeMethod(
      worker_, [worker = worker_, ticket, messages = std::move(messages)] { worker->measure(ticket, messages); });
  return ticket;
}

}  // namespace hadal
