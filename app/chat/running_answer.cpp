#include "app/chat/running_answer.h"

#include "app/store/conversations.h"
#include "app/store/messages.h"
#include "app/store/store.h"

namespace hadal {

RunningAnswer::RunningAnswer(Message answer, Store& store, InferenceService& inference, QObject* parent)
    : QObject(parent),
      message_(std::move(answer)),
      tokensBefore_(message_.tokens),
      store_(store),
      inference_(inference) {
  journalTimer_.setInterval(kJournalMilliseconds);
  connect(&journalTimer_, &QTimer::timeout, this, &RunningAnswer::journal);
}

void RunningAnswer::start(GenerationRequest request) {
  generation_ = inference_.generate(std::move(request));
  connect(generation_.get(), &Generation::promptProgress, this, &RunningAnswer::promptProgress);
  connect(generation_.get(), &Generation::delta, this, &RunningAnswer::addText);
  connect(generation_.get(), &Generation::thinkingDelta, this, &RunningAnswer::addThinking);
  connect(generation_.get(), &Generation::progressed, this, &RunningAnswer::keepFigures);
  connect(generation_.get(), &Generation::finished, this, &RunningAnswer::end);
  journalTimer_.start();
}

void RunningAnswer::stop() {
  if (generation_) generation_->stop();
}

void RunningAnswer::answerNow() {
  if (generation_) generation_->answerNow();
}

void RunningAnswer::addThinking(const QString& text) {
  if (!thinkingClock_.isValid()) {
    thinkingClock_.start();
    thinkingBefore_ = message_.thinkingSeconds;
  }
  message_.thinkingSeconds = thinkingBefore_ + static_cast<double>(thinkingClock_.elapsed()) / 1000.0;
  message_.thinking += text;
  unwritten_ = true;
  Q_EMIT thinkingDelta(text);
}

void RunningAnswer::addText(const QString& text) {
  thinkingClock_.invalidate();
  message_.content += text;
  unwritten_ = true;
  Q_EMIT delta(text);
}

void RunningAnswer::journal() {
  if (!unwritten_ || writing_ || over_) return;
  unwritten_ = false;
  writing_ = true;
  store_
      .write([message = message_](Connection& connection) {
        Messages(connection).setContent(message.id, message.content, message.thinking, message.thinkingSeconds);
        return Nothing{};
      })
      .then(this, [this](const Outcome<Nothing>& written) {
        writing_ = false;
        if (written) return;
        unwritten_ = true;
        complain(written.error);
      });
}

void RunningAnswer::keepFigures(const GenerationStats& stats) {
  // The beginning of an answer that goes on was read with the prompt; it counts as the answer's.
  if (stats.promptTokens > 0) message_.promptTokens = stats.promptTokens - tokensBefore_;
  message_.tokens = tokensBefore_ + stats.tokens;
  message_.tokensPerSecond = stats.tokensPerSecond;
  message_.firstTokenSeconds = stats.firstTokenSeconds;
}

void RunningAnswer::end(GenerationEnd end, const QString& error, const GenerationStats& stats) {
  if (over_) return;
  over_ = true;
  journalTimer_.stop();
  message_.error = error;
  message_.model = inference_.status().name;
  keepFigures(stats);
  message_.state = MessageState::Failed;
  switch (end) {
    case GenerationEnd::Done:
      message_.state = MessageState::Done;
      break;
    case GenerationEnd::Stopped:
      message_.state = MessageState::Stopped;
      break;
    case GenerationEnd::ContextFull:
      message_.problem = MessageProblem::ContextFull;
      break;
    case GenerationEnd::PromptTooLong:
      message_.problem = MessageProblem::PromptTooLong;
      break;
    case GenerationEnd::NoModel:
      message_.problem = MessageProblem::NoModel;
      break;
    case GenerationEnd::Failed:
      message_.problem = MessageProblem::ModelFailed;
      break;
  }
  generation_.release()->deleteLater();  // We are inside its signal.
  writeEnd().then(this, [this](const Outcome<Nothing>& written) {
    if (!written) complain(written.error);
    Q_EMIT finished();
    if (written)
      Q_EMIT settled();
    else
      QTimer::singleShot(kRetryMilliseconds, this, &RunningAnswer::keepEnd);
  });
}

QFuture<void> RunningAnswer::interrupt() {
  journalTimer_.stop();
  generation_.reset();
  if (!over_) {
    over_ = true;
    message_.state = MessageState::Interrupted;
    message_.model = inference_.status().name;
  }
  return writeEnd().then([](const Outcome<Nothing>&) {});
}

QFuture<Outcome<Nothing>> RunningAnswer::writeEnd() {
  return store_.write([message = message_](Connection& connection) {
    Messages(connection).finish(message);
    Conversations(connection).touch(message.conversation);
    return Nothing{};
  });
}

void RunningAnswer::keepEnd() {
  writeEnd().then(this, [this](const Outcome<Nothing>& written) {
    if (written)
      Q_EMIT settled();
    else
      QTimer::singleShot(kRetryMilliseconds, this, &RunningAnswer::keepEnd);
  });
}

void RunningAnswer::complain(const QString& sentence) {
  if (complained_) return;
  complained_ = true;
  Q_EMIT storeFailed(sentence);
}

}  // namespace hadal
