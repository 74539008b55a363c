#include "app/inference/engine_worker.h"

#include <QFile>
#include <QFileInfo>

#include "app/inference/model_name.h"
#include "app/inference/model_path.h"
#include "app/inference/prompt_encoder.h"
#include "hadal/thread_priority.h"

namespace hadal {

namespace {

constexpr int kProgressMilliseconds = 50;
constexpr int kExpertsMilliseconds = 500;
/// Of a load's time, until the weights are laid out; a guess.
constexpr float kReadingShare = 0.5F;

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

Request engineRequest(const GenerationRequest& from, const SamplingAdvice& advice) {
  const SamplingValues& chosen = from.sampling;
  const auto pick = [&]<class T>(std::optional<T> SamplingValues::*value, T otherwise) {
    return (chosen.*value).value_or((advice.*value).value_or(otherwise));
  };
  Request request;
  SamplingOptions& sampling = request.sampling;
  // The last ones hold where neither the person nor the model's makers say anything: the settings' defaults.
  sampling.temperature = pick(&SamplingValues::temperature, 0.7F);
  sampling.top_k = pick(&SamplingValues::topK, 40);
  sampling.top_p = pick(&SamplingValues::topP, 0.95F);
  sampling.min_p = pick(&SamplingValues::minP, 0.0F);
  sampling.repetition_penalty = pick(&SamplingValues::repetitionPenalty, 1.0F);
  sampling.frequency_penalty = pick(&SamplingValues::frequencyPenalty, 0.0F);
  sampling.presence_penalty = pick(&SamplingValues::presencePenalty, 0.0F);
  sampling.seed = from.seed;
  request.max_tokens = from.maxTokens;
  request.drafts = true;
  for (const QString& stop : from.stop) request.stop.push_back(stop.toStdString());
  return request;
}

ModelTraits traitsOf(const QString& file, const Model& model) {
  const ModelInfo& info = model.info();
  ModelTraits traits;
  traits.architecture = fromEngine(info.architecture);
  traits.names = QFileInfo(file).completeBaseName() + u' ' + fromEngine(info.name);
  traits.tokenizer = fromEngine(info.tokenizer);
  const auto mark = model.tokenizer().encode("<｜Assistant｜>", {.add_special = false, .parse_special = true});
  traits.deepseekTokens = mark && mark->size() == 1;
  const auto asked = encodePrompt(model, {{MessageRole::User, QStringLiteral("Hello")}});
  traits.beginsThinking = asked && asked->parser.thinking();
  return traits;
}

TemplateStatus templateOf(const Model& model) {
  const auto made = model.chat_template();
  if (!made) return {};
  const ChatTemplate::Origin& origin = (*made)->origin();
  return {origin.built_in, fromEngine(origin.name), fromEngine(origin.reason)};
}

}  // namespace

struct EngineWorker::Load {
  LoadControl control;
  QList<ModelSearch> searches;  ///< Newest first; the others count if it fails.
};

EngineWorker::EngineWorker(std::shared_ptr<const std::atomic<int>> interrupt) : loadTimer_(this), chats_(this) {
  options_.interrupt = std::move(interrupt);
  // A load that was given up may take a moment to notice; the next one does not wait for it.
  loaders_.setMaxThreadCount(64);
  status_.state = ModelStatus::State::Loading;
  loadTimer_.setInterval(kProgressMilliseconds);
  connect(&loadTimer_, &QTimer::timeout, this, [this] {
    status_.progress =
        load_ ? kReadingShare * load_->control.progress : kReadingShare + (1 - kReadingShare) * preparation_->progress;
    Q_EMIT statusChanged(status_);
  });
}

EngineWorker::~EngineWorker() {
  abandonLoad();
  if (preparation_) preparation_->cancel = true;
  chats_.release();
  loaders_.waitForDone();
}

void EngineWorker::load(const ModelSearch& search) {
  if (preparation_) {
    // What is not laid out by then is at the first answer, should the new choice fail.
    preparation_->cancel = true;
    wantedNext_ = search;
    return;
  }
  QList<ModelSearch> searches{search};
  // Where nothing answers yet, a choice that fails must not take away what was being loaded.
  if (load_ && !model_) searches += load_->searches;
  abandonLoad();
  ModelStatus status;
  status.state = ModelStatus::State::Loading;
  status.path = search.chosen;
  if (!search.chosen.isEmpty()) status.name = modelName(search.chosen, {});
  setStatus(status);
  load_ = std::make_shared<Load>();
  load_->searches = searches;
  loadTimer_.start();
  loaders_.start([this, load = load_] {
    const Loaded result = read(load->searches, load->control);
    QMetaObject::invokeMethod(
        this, [this, load, result] { loaded(load, result); }, Qt::QueuedConnection);
  });
}

EngineWorker::Loaded EngineWorker::read(const QList<ModelSearch>& searches, LoadControl& control) {
  Loaded result;
  const auto attempt = [&](const QString& file) {
    if (file.isEmpty()) return;
    const ModelPath meant = modelAt(file);
    auto failure = meant.error;
    if (failure.isEmpty()) {
      auto model = Model::load(QFile::encodeName(meant.path).toStdString(), &control);
      if (model) {
        result.asked = file;
        result.file = meant.path;
        result.model = std::move(*model);
        return;
      }
      failure = fromEngine(model.error().message);
    }
    if (!result.failedFile.isEmpty()) return;
    result.failedFile = file;
    result.failure = failure;
  };
  for (const ModelSearch& search : searches) {
    if (!result.model && !control.cancel) attempt(search.find());
    if (!result.model && !control.cancel && search.fallBack && !search.chosen.isEmpty())
      attempt(search.findInFolders());
  }
  return result;
}

void EngineWorker::abandonLoad() {
  if (load_) load_->control.cancel = true;
  load_.reset();
  next_.reset();
  loadTimer_.stop();
}

void EngineWorker::loaded(const std::shared_ptr<Load>& load, const Loaded& result) {
  if (load != load_) return;
  load_.reset();
  loadTimer_.stop();
  if (!result.model && !result.failedFile.isEmpty()) return refuseModel(result.failedFile, result.failure);
  next_ = result;
  settle();
}

void EngineWorker::settle() {
  if (!running_.empty() || load_ || preparation_) return;
  if (next_) return adopt(*std::exchange(next_, std::nullopt));
  if (!optionsChanged_ || !model_) return;
  optionsChanged_ = false;
  chats_.release();
  engine_.reset();  // There may be no room for two caches.
  const QString why = makeEngine(file_, model_);
  if (!why.isEmpty()) return refuseModel(file_, why);
  Loaded same;
  same.file = file_;
  same.model = model_;
  prepare(same);
}

void EngineWorker::prepare(const Loaded& from) {
  ModelStatus status = readyStatus();
  status.state = ModelStatus::State::Loading;
  status.progress = kReadingShare;
  setStatus(status);
  preparation_ = std::make_shared<LoadControl>();
  loadTimer_.start();
  loaders_.start([this, engine = engine_, control = preparation_, from] {
    // As what an engine computes: the window goes first.
    lower_current_thread_priority();
    (void)engine->prepare(control.get());  // Or the first step says what is wrong.
    QMetaObject::invokeMethod(
        this, [this, control, from] { prepared(control, from); }, Qt::QueuedConnection);
  });
}

void EngineWorker::prepared(const std::shared_ptr<LoadControl>& control, const Loaded& from) {
  if (control != preparation_) return;
  preparation_.reset();
  loadTimer_.stop();
  // That one's outcome counts now.
  if (wantedNext_) return load(*std::exchange(wantedNext_, std::nullopt));
  ModelStatus status = readyStatus();
  status.failedPath = from.failedFile;
  status.error = from.failure;
  setStatus(status);
  if (!from.failedFile.isEmpty()) Q_EMIT modelFailed(from.failedFile, from.failure);
  if (!from.asked.isEmpty()) Q_EMIT modelLoaded(from.asked);
  startWaiting();
  settle();
  workAhead();
}

void EngineWorker::adopt(const Loaded& next) {
  if (!next.model) {  // Nothing was found.
    dropModel();
    setStatus({});
    return startWaiting();
  }
  QString why = makeEngine(next.file, next.model);
  if (!why.isEmpty() && engine_) {
    // There may be no room for the caches of both.
    chats_.release();
    engine_.reset();
    why = makeEngine(next.file, next.model);
    if (!why.isEmpty() && !makeEngine(file_, model_).isEmpty()) dropModel();
  }
  if (!why.isEmpty()) return refuseModel(next.asked, why);
  prepare(next);
}

void EngineWorker::unload() {
  abandonLoad();
  dropModel();
  setStatus({});
  startWaiting();
}

void EngineWorker::dropModel() {
  for (auto& [id, answer] : running_) {
    flush(answer);
    Q_EMIT finished(answer.ticket(), GenerationEnd::Stopped, {}, {});
  }
  running_.clear();
  if (preparation_) preparation_->cancel = true;
  preparation_.reset();
  wantedNext_.reset();
  chats_.release();
  engine_.reset();
  model_.reset();
}

bool EngineWorker::contextCanGrow() const {
  return status_.trainedContext == 0 || status_.contextLength < status_.trainedContext;
}

QString EngineWorker::makeEngine(const QString& file, const std::shared_ptr<const Model>& model) {
  EngineOptions options = options_;
  if (options.threads == 0) {
    options.reading_threads = known_.reading;
    options.writing_threads = known_.writing;
    options.measure_threads = known_.reading == 0;
  }
  auto engine = Engine::create(model, std::move(options));
  if (!engine) return fromEngine(engine.error().message);
  chats_.use(**engine);
  engine_ = std::move(*engine);
  if (model_ != model || file_ != file) {
    tags_ = answer_tags(model->tokenizer());
    chatTemplate_ = templateOf(*model);
    advice_ = samplingAdvice(traitsOf(file, *model));
  }
  model_ = model;
  file_ = file;
  optionsChanged_ = false;
  return {};
}

ModelStatus EngineWorker::readyStatus() const {
  const EngineStatus running = engine_->status();
  ModelStatus status;
  status.state = ModelStatus::State::Ready;
  status.path = file_;
  status.quantisation = mainType(model_->info());
  status.name = modelName(file_, fromEngine(model_->info().name));
  status.device = fromEngine(running.device);
  status.progress = 1;
  status.contextLength = running.context_length;
  status.trainedContext = static_cast<int>(model_->info().context_length);
  status.memoryBytes = running.weight_bytes + running.cache_bytes;
  if (options_.threads == 0 && known_.reading > 0) {
    status.readingThreads = running.threads.reading;
    status.writingThreads = running.threads.writing;
  }
  const ExpertUsage& experts = engine_->expert_usage();
  if (experts.layers > 0) {
    status.experts = static_cast<int>(experts.experts);
    status.expertsUsed = static_cast<int>(experts.used);
  }
  status.chatTemplate = chatTemplate_;
  status.advice = advice_;
  return status;
}

void EngineWorker::refuseModel(const QString& file, const QString& sentence) {
  ModelStatus status;
  if (engine_) {
    status = readyStatus();
    status.failedPath = file;
  } else {
    status.state = ModelStatus::State::Failed;
    status.path = file;
  }
  status.error = sentence;
  setStatus(status);
  Q_EMIT modelFailed(file, sentence);
  settle();
  startWaiting();
}

void EngineWorker::setStatus(ModelStatus status) {
  // Another model, or the same in a new engine, begins to count anew.
  const bool counts = status.experts > 0, counted = status_.experts > 0;
  status_ = std::move(status);
  Q_EMIT statusChanged(status_);
  if (counts)
    tellOfExperts();
  else if (counted)
    Q_EMIT expertsChanged({});
}

void EngineWorker::configure(int threads, int contextLength) {
  if (options_.threads == threads && options_.context_length == contextLength) return;
  options_.threads = threads;
  options_.context_length = contextLength;
  if (!model_) return;
  optionsChanged_ = true;
  settle();
}

void EngineWorker::submit(quint64 ticket, const GenerationRequest& request) {
  const bool later = status_.state == ModelStatus::State::Loading || (optionsChanged_ && engine_);
  if (later) {
    waiting_.append({ticket, request});
  } else if (request.chat != 0 && chats_.fetch(request.chat, [this, ticket] { resubmit(ticket); })) {
    fetching_.append({ticket, request});
  } else {
    start(ticket, request);
  }
}

void EngineWorker::resubmit(quint64 ticket) {
  for (qsizetype i = 0; i < fetching_.size(); ++i) {
    if (fetching_[i].first == ticket) return submit(ticket, fetching_.takeAt(i).second);
  }
}

void EngineWorker::startWaiting() {
  if (status_.state == ModelStatus::State::Loading || (optionsChanged_ && engine_)) return;
  for (const auto& [ticket, request] : std::exchange(waiting_, {})) submit(ticket, request);
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
                  tr("There is no model to answer with. Choose a GGUF file or a model's folder, "
                     "or start Hadal with --model PATH."));
  }
  auto prompt = encodePrompt(*model_, request.messages, request.continueLast);
  if (!prompt) return refuse(GenerationEnd::Failed, fromEngine(prompt.error().message));
  const int tokens = static_cast<int>(prompt->tokens.size());
  Request wanted = engineRequest(request, advice_);
  wanted.prompt = std::move(prompt->tokens);
  wanted.spelled = tags_;
  auto id = engine_->submit(wanted);
  if (!id && id.error().code == ErrorCode::context_full) {
    const QString sentence =
        contextCanGrow()
            ? tr("This chat takes %L1 tokens and the context holds %L2, so there is no room for an answer. Start a "
                 "new chat, shorten the question, or raise the context in the settings.")
            : tr("This chat takes %L1 tokens and the model was made for %L2, so there is no room for an answer. Start "
                 "a new chat, shorten the question, or choose another model.");
    return refuse(GenerationEnd::PromptTooLong, sentence.arg(tokens).arg(status_.contextLength), tokens);
  }
  if (!id) return refuse(GenerationEnd::Failed, fromEngine(id.error().message));
  const bool afterText = request.continueLast && !request.messages.last().content.isEmpty();
  StreamedAnswer answer(ticket, std::move(wanted), std::move(prompt->parser), afterText);
  answer.chat = request.chat;
  running_.emplace(*id, std::move(answer));
  schedule();
}

void EngineWorker::stop(quint64 ticket) {
  for (auto* requests : {&waiting_, &fetching_}) {
    if (requests->removeIf([ticket](const auto& request) { return request.first == ticket; }) == 0) continue;
    return Q_EMIT finished(ticket, GenerationEnd::Stopped, {}, {});
  }
  for (auto& [id, answer] : running_) {
    if (answer.ticket() != ticket) continue;
    answer.answerNow = false;
    engine_->cancel(id);
  }
}

void EngineWorker::answerNow(quint64 ticket) {
  for (auto& [id, answer] : running_) {
    if (answer.ticket() != ticket || !answer.thinking()) continue;
    answer.answerNow = true;
    engine_->cancel(id);
  }
}

void EngineWorker::forgetChat(qint64 chat) {
  // What still comes of its answers must not bring it back.
  for (auto& [id, answer] : running_) {
    if (answer.chat == chat) answer.chat = 0;
  }
  chats_.forget(chat);
}

void EngineWorker::measure(quint64 ticket, const QList<PromptMessage>& messages) {
  int tokens = -1;
  if (model_) {
    const auto prompt = encodePrompt(*model_, messages);
    if (prompt) tokens = static_cast<int>(prompt->tokens.size());
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
  if (running_.empty() || toldOfExperts_.hasExpired(kExpertsMilliseconds)) tellOfExperts();
  if (!running_.empty()) return schedule();
  settle();
  workAhead();
}

void EngineWorker::workAhead() {
  if (ahead_) return;
  ahead_ = true;
  QMetaObject::invokeMethod(
      this,
      [this] {
        ahead_ = false;
        if (!engine_ || preparation_ || !running_.empty()) return;
        const bool more = engine_->work_ahead();
        takeMeasurement();
        if (more) workAhead();
      },
      Qt::QueuedConnection);
}

void EngineWorker::takeMeasurement() {
  const ThreadCounts found = engine_->status().measured_threads;
  if (found.reading == 0 || found == known_) return;
  known_ = found;
  Q_EMIT threadsMeasured(found.reading, found.writing);
  if (status_.state != ModelStatus::State::Ready) return;
  status_.readingThreads = found.reading;
  status_.writingThreads = found.writing;
  Q_EMIT statusChanged(status_);
}

/// Nobody asks for it: the figures are small, and who opens their page in the middle of an answer sees them at once.
void EngineWorker::tellOfExperts() {
  toldOfExperts_.start();
  if (status_.experts > 0 && engine_) Q_EMIT expertsChanged(expertUseOf(engine_->expert_usage()));
}

void EngineWorker::handle(const Event& event) {
  const auto found = running_.find(event.request);
  if (found == running_.end()) return;
  StreamedAnswer& answer = found->second;
  switch (event.kind) {
    case Event::Kind::prefill:
      Q_EMIT promptProgress(answer.ticket(), event.prompt_done, event.prompt_total);
      return;
    case Event::Kind::text:
      answer.take(event);
      if (answer.isDue()) flush(answer);
      return;
    case Event::Kind::finished: {
      auto ended = running_.extract(found);
      finish(ended.mapped(), event);
      return;
    }
  }
}

void EngineWorker::finish(StreamedAnswer& answer, const Event& event) {
  if (event.reason != FinishReason::cancelled) answer.answerNow = false;
  answer.end(event);
  if (answer.answerNow && goOnWithAnswer(answer)) return;
  flush(answer);
  if (answer.chat != 0) chats_.computed(answer.chat, answer.tokens());
  const quint64 ticket = answer.ticket();
  const GenerationStats stats = answer.stats();
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
          (contextCanGrow() ? tr("The context of %L1 tokens is full, so the answer ends here. Go on in a new chat, or "
                                 "raise the context in the settings.")
                            : tr("The context of %L1 tokens is full, and the model was made for no more, so the answer "
                                 "ends here. Go on in a new chat, or choose another model."))
              .arg(engine_->status().context_length),
          stats);
      return;
    case FinishReason::failed:
      Q_EMIT finished(ticket, GenerationEnd::Failed,
                      event.error ? fromEngine(event.error->message) : tr("The engine failed."), stats);
      return;
  }
}

bool EngineWorker::goOnWithAnswer(StreamedAnswer& answer) {
  const auto close = thinkingEnd(*model_);
  if (!close) return false;
  Request next = answer.behindThinking(*close);
  const auto id = engine_->submit(next);
  // Only if the context has no room left, which ends this answer in any case.
  if (!id) return false;
  answer.closeThinking(std::move(next));
  flush(answer);
  running_.emplace(*id, std::move(answer));
  return true;
}

void EngineWorker::flush(StreamedAnswer& answer) {
  if (answer.isEmpty()) return;
  Q_EMIT progressed(answer.ticket(), answer.stats());
  if (const QString thinking = answer.takeThinking(); !thinking.isEmpty())
    Q_EMIT thinkingDelta(answer.ticket(), thinking);
  if (const QString text = answer.takeText(); !text.isEmpty()) Q_EMIT delta(answer.ticket(), text);
}

}  // namespace hadal
