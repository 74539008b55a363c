#include "app/terminal/ask_session.h"

#include "app/chat/chat_service.h"
#include "app/store/words.h"

namespace hadal {

AskSession::AskSession(ChatService& chat, QObject* parent) : QObject(parent), chat_(chat) {
  connect(&chat_, &ChatService::messageDelta, this, [this](MessageId answer, const QString& text) {
    if (answer == answer_.id) Q_EMIT event({{QStringLiteral("delta"), text}});
  });
  connect(&chat_, &ChatService::messageThinking, this, [this](MessageId answer, const QString& text) {
    if (answer == answer_.id) tellThinking(text);
  });
  connect(&chat_, &ChatService::messageFinished, this, [this](const Message& answer) {
    if (answer.id == answer_.id) finish(answer);
  });
}

void AskSession::ask(const QString& text, const AskOptions& options) {
  chat_.ask(0, text, 0, options).then(this, [this](const Outcome<Message>& answer) { begun(answer); });
}

void AskSession::stop() {
  stopped_ = true;
  if (answer_.id != 0) chat_.stop(answer_.conversation);
}

void AskSession::begun(const Outcome<Message>& answer) {
  if (!answer) {
    Q_EMIT event({{QStringLiteral("error"), answer.error}});
    Q_EMIT event({{QStringLiteral("finished"), word(MessageState::Failed)}});
    Q_EMIT ended();
    return;
  }
  answer_ = *answer;
  Q_EMIT event({{QStringLiteral("conversation"), answer_.conversation},
                {QStringLiteral("question"), answer_.parent},
                {QStringLiteral("message"), answer_.id}});
  // What came before this could be said.
  const auto running = chat_.answering(answer_.conversation);
  if (running && !running->thinking.isEmpty()) tellThinking(running->thinking);
  if (running && !running->content.isEmpty()) Q_EMIT event({{QStringLiteral("delta"), running->content}});
  if (stopped_) stop();
}

void AskSession::tellThinking(const QString& text) {
  Q_EMIT event({{QStringLiteral("event"), QStringLiteral("thinking")}, {QStringLiteral("text"), text}});
}

void AskSession::finish(const Message& answer) {
  if (answer.state == MessageState::Failed) Q_EMIT event({{QStringLiteral("error"), answer.error}});
  Q_EMIT event({{QStringLiteral("finished"), word(answer.state)},
                {QStringLiteral("message"), answer.id},
                {QStringLiteral("model"), answer.model},
                {QStringLiteral("prompt_tokens"), answer.promptTokens},
                {QStringLiteral("tokens"), answer.tokens},
                {QStringLiteral("thinking_seconds"), answer.thinkingSeconds},
                {QStringLiteral("tokens_per_second"), answer.tokensPerSecond},
                {QStringLiteral("first_token_seconds"), answer.firstTokenSeconds}});
  Q_EMIT ended();
}

}  // namespace hadal
