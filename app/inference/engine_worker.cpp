#include "app/inference/engine_worker.h"

#include <QFileInfo>

#include <QFile>

#include "app/inference/model_name.h"
#include "app/inference/prompt_encoder.h"

namespace hadal {

namespace {

constexpr int kDeltaMilliseconds = 34;  // At most 30 a second.
constexpr int kProgressMilliseconds = 50;

QString fromEngine(const std::string& text) {
  return QString::fromStdString(text);
}

/// The type most of the weights have; norms and biases are float in every file.
QString mainType(const ModelInfo& info) {
  std::string best;
  std::uint32_t most = 0;
  for (const auto& [type, count] : info.tensor_types) {
    const bool better = best.empty() || best == "F32" || (type != "F32" && count > most);
    if (!better) continue;
    best = type;
    most = count;
  }
  return fromEngine(best);
}

GenerationStats statsOf(const RequestStats& s) {
  GenerationStats stats;
  stats.promptTokens = s.prompt_tokens;
  stats.tokens = s.generated_tokens;
  stats.firstTokenSeconds = s.first_token_seconds;
  // The first token comes out of the prompt's last step.
  if (s.decode_seconds > 0) stats.tokensPerSecond = (s.generated_tokens - 1) / s.decode_seconds;
  return stats;
}

Request engineRequest(const GenerationRequest& from, std::vector<TokenId> prompt) {
  Request request;
  request.prompt = std::move(prompt);
  request.sampling = {from.temperature, from.topK, from.topP, from.seed};
  request.max_tokens = from.maxTokens;
  for (const QString& stop : from.stop) request.stop.push_back(stop.toStdString());
  return request;
}

/// "SmolLM2-135M-Instruct" for SmolLM2-135M-Instruct.Q4_1.gguf. What files say of their own name is often a note of
/// whoever trained the model; the file's name is what the person chose.
QString titleOf(const QString& path, const QString& type) {
  QString title = QFileInfo(path).completeBaseName();
  for (const auto* separator : {".", "-", "_"}) {
    const QString ending = QLatin1String(separator) + type;
    if (!type.isEmpty() && title.endsWith(ending, Qt::CaseInsensitive)) title.chop(ending.size());
  }
  return title;
}

}  // namespace

struct EngineWorker::Load {
  LoadControl control;
};

EngineWorker::EngineWorker() : loadTimer_(this) {
  // A load that was given up may take a moment to notice; the next one does not wait for it.
  loaders_.setMaxThreadCount(64);
  status_.state = ModelStatus::State::Loading;
  loadTimer_.setInterval(kProgressMilliseconds);
  connect(&loadTimer_, &QTimer::timeout, this, [this] {
    status_.progress = load_->control.progress;
    Q_EMIT statusChanged(status_);
  });
}

EngineWorker::~EngineWorker() {
  abandonLoad();
  loaders_.waitForDone();
}

void EngineWorker::load(const ModelSearch& search) {
  abandonLoad();
  dropModel();
  ModelStatus status;
  status.state = ModelStatus::State::Loading;
  status.path = search.chosen;
  setStatus(status);
  load_ = std::make_shared<Load>();
  loadTimer_.start();
  loaders_.start([this, load = load_, search] {
    const QString file = search.find();
    Result<std::shared_ptr<const Model>> result = std::shared_ptr<const Model>();
    if (!file.isEmpty()) result = Model::load(QFile::encodeName(file).toStdString(), &load->control);
    QMetaObject::invokeMethod(
        this, [this, load, file, result] { loaded(load, file, result); }, Qt::QueuedConnection);
  });
}

void EngineWorker::abandonLoad() {
  if (load_) load_->control.cancel = true;
  load_.reset();
  loadTimer_.stop();
}

void EngineWorker::loaded(const std::shared_ptr<Load>& load, const QString& file,
                          const Result<std::shared_ptr<const Model>>& result) {
  if (load != load_) return;
  load_.reset();
  loadTimer_.stop();
  status_.path = file;
  if (!result) return fail(fromEngine(result.error().message));
  if (!*result) {
    setStatus({});
    return startWaiting();
  }
  model_ = *result;
  makeEngine();
}

void EngineWorker::unload() {
  abandonLoad();
  dropModel();
  setStatus({});
  startWaiting();
}

void EngineWorker::dropModel() {
  for (Running& running : running_) {
    flush(running);
    Q_EMIT finished(running.ticket, GenerationEnd::Stopped, {}, {});
  }
  running_.clear();
  engine_.reset();
  model_.reset();
}

void EngineWorker::makeEngine() {
  engine_.reset();
  optionsChanged_ = false;
  auto engine = Engine::create(model_, options_);
  if (!engine) return fail(fromEngine(engine.error().message));
  engine_ = std::move(*engine);

  const ModelInfo& info = model_->info();
  const EngineStatus running = engine_->status();
  ModelStatus status;
  status.state = ModelStatus::State::Ready;
  status.path = status_.path;
  status.quantisation = mainType(info);
  status.name = titleOf(status_.path, status.quantisation);
  status.device = fromEngine(running.device);
  status.progress = 1;
  status.contextLength = running.context_length;
  status.memoryBytes = running.weight_bytes + running.cache_bytes;
  setStatus(status);
  startWaiting();
}

void EngineWorker::fail(const QString& sentence) {
  ModelStatus status;
  status.state = ModelStatus::State::Failed;
  status.path = status_.path;
  status.error = sentence;
  model_.reset();
  setStatus(status);
  startWaiting();
}

void EngineWorker::setStatus(ModelStatus status) {
  status_ = std::move(status);
  Q_EMIT statusChanged(status_);
}

void EngineWorker::configure(int threads, int contextLength) {
  if (options_.threads == threads && options_.context_length == contextLength) return;
  options_.threads = threads;
  options_.context_length = contextLength;
  if (!engine_) return;
  optionsChanged_ = true;
  if (running_.isEmpty()) makeEngine();
}

void EngineWorker::submit(quint64 ticket, const GenerationRequest& request) {
  const bool later = status_.state == ModelStatus::State::Loading || optionsChanged_;
  if (later)
    waiting_.append({ticket, request});
  else
    start(ticket, request);
}

void EngineWorker::startWaiting() {
  for (const auto& [ticket, request] : std::exchange(waiting_, {})) start(ticket, request);
}

void EngineWorker::start(quint64 ticket, const GenerationRequest& request) {
  const auto refuse = [&](GenerationEnd end, const QString& why, int promptTokens = 0) {
    GenerationStats stats;
    stats.promptTokens = promptTokens;
    Q_EMIT finished(ticket, end, why, stats);
  };
  if (status_.state == ModelStatus::State::Failed) return refuse(GenerationEnd::Failed, status_.error);
  if (!engine_) {
    return refuse(GenerationEnd::NoModel,
                  tr("There is no model to answer with. Add a GGUF file: choose it as the model, "
                     "or start Hadal with --model FILE."));
  }
  auto prompt = encodePrompt(*model_, request.messages);
  if (!prompt) return refuse(GenerationEnd::Failed, fromEngine(prompt.error().message));
  const int tokens = static_cast<int>(prompt->size());
  auto id = engine_->submit(engineRequest(request, std::move(*prompt)));
  if (!id && id.error().code == ErrorCode::context_full) {
    return refuse(GenerationEnd::PromptTooLong,
                  tr("This chat takes %L1 tokens and the context holds %L2, so there is no room for an answer. Start a "
                     "new chat, shorten the question, or raise the context in the settings.")
                      .arg(tokens)
                      .arg(status_.contextLength),
                  tokens);
  }
  if (!id) return refuse(GenerationEnd::Failed, fromEngine(id.error().message));
  running_.insert(*id, Running{ticket, {}, {}, {}});
  schedule();
}

void EngineWorker::stop(quint64 ticket) {
  for (qsizetype i = 0; i < waiting_.size(); ++i) {
    if (waiting_[i].first != ticket) continue;
    waiting_.removeAt(i);
    Q_EMIT finished(ticket, GenerationEnd::Stopped, {}, {});
    return;
  }
  for (auto it = running_.cbegin(); it != running_.cend(); ++it) {
    if (it->ticket == ticket) engine_->cancel(it.key());
  }
}

void EngineWorker::measure(quint64 ticket, const QList<PromptMessage>& messages) {
  int tokens = -1;
  if (model_) {
    const auto prompt = encodePrompt(*model_, messages);
    if (prompt) tokens = static_cast<int>(prompt->size());
  }
  Q_EMIT measured(ticket, tokens);
}

void EngineWorker::schedule() {
  if (scheduled_) return;
  scheduled_ = true;
  QMetaObject::invokeMethod(this, &EngineWorker::pump, Qt::QueuedConnection);
}

/// One engine step, then the event loop again, so that what arrived meanwhile (stop, for one) acts before the next.
void EngineWorker::pump() {
  scheduled_ = false;
  if (!engine_) return;
  for (const Event& event : engine_->step()) handle(event);
  if (!running_.isEmpty())
    schedule();
  else if (optionsChanged_)
    makeEngine();
}

void EngineWorker::handle(const Event& event) {
  const auto found = running_.find(event.request);
  if (found == running_.end()) return;
  switch (event.kind) {
    case Event::Kind::prefill:
      Q_EMIT promptProgress(found->ticket, event.prompt_done, event.prompt_total);
      return;
    case Event::Kind::text:
      found->text += fromEngine(event.text);
      found->stats = statsOf(event.stats);
      if (!found->sinceSent.isValid() || found->sinceSent.elapsed() >= kDeltaMilliseconds) flush(*found);
      return;
    case Event::Kind::finished:
      break;
  }
  flush(*found);
  const quint64 ticket = found->ticket;
  running_.erase(found);
  const GenerationStats stats = statsOf(event.stats);
  switch (event.reason) {
    case FinishReason::end_of_text:
    case FinishReason::stop_string:
    case FinishReason::max_tokens:
      Q_EMIT finished(ticket, GenerationEnd::Done, {}, stats);
      return;
    case FinishReason::cancelled:
      Q_EMIT finished(ticket, GenerationEnd::Stopped, {}, stats);
      return;
    case FinishReason::context_full:
      Q_EMIT finished(
          ticket, GenerationEnd::ContextFull,
          tr("The context of %L1 tokens is full, so the answer ends here. Go on in a new chat, or raise the "
             "context in the settings.")
              .arg(status_.contextLength),
          stats);
      return;
    case FinishReason::failed:
      Q_EMIT finished(ticket, GenerationEnd::Failed,
                      event.error ? fromEngine(event.error->message) : tr("The engine failed."), stats);
      return;
  }
}

void EngineWorker::flush(Running& running) {
  if (running.text.isEmpty()) return;
  running.sinceSent.start();
  Q_EMIT progressed(running.ticket, running.stats);
  Q_EMIT delta(running.ticket, std::exchange(running.text, {}));
}

}  // namespace hadal
