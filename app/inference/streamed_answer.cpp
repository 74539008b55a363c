#include "app/inference/streamed_answer.h"

#include <QJsonArray>
#include <QJsonDocument>

#include "app/inference/prompt_encoder.h"

namespace hadal {

namespace {

constexpr int kDeltaMilliseconds = 34;  // At most 30 a second.

/// As JSON spells it, quotes included.
QString quoted(const std::string& text) {
  const QByteArray list = QJsonDocument(QJsonArray{QString::fromStdString(text)}).toJson(QJsonDocument::Compact);
  return QString::fromUtf8(list.mid(1, list.size() - 2));
}

}  // namespace

StreamedAnswer::StreamedAnswer(quint64 ticket, Request request, AnswerParser parser, bool afterText)
    : ticket_(ticket), request_(std::move(request)), parser_(std::move(parser)), afterText_(afterText) {}

void StreamedAnswer::take(const Event& event) {
  generated_.insert(generated_.end(), event.tokens.begin(), event.tokens.end());
  now_ = event.stats;
  add(parser_.push(event.text));
}

void StreamedAnswer::end(const Event& event) {
  generated_.insert(generated_.end(), event.tokens.begin(), event.tokens.end());
  now_ = event.stats;
  if (!answerNow) add(parser_.finish());
}

void StreamedAnswer::add(const std::vector<AnswerEvent>& events) {
  for (const AnswerEvent& event : events) {
    switch (event.kind) {
      case AnswerEvent::Kind::thinking:
        thinking_ += QString::fromStdString(event.text);
        break;
      case AnswerEvent::Kind::text:
        if (std::exchange(afterCall_, false)) text_ += QStringLiteral("\n\n");
        text_ += QString::fromStdString(event.text);
        afterText_ = true;
        break;
      case AnswerEvent::Kind::tool_call:
        addCall(event.call);
        break;
    }
  }
}

/// The model's own spelling of the arguments: reading and writing them again could lose digits.
void StreamedAnswer::addCall(const ToolCall& call) {
  QString arguments = QString::fromStdString(call.arguments);
  QString fence = QStringLiteral("```");
  while (arguments.contains(fence)) fence += u'`';
  if (afterText_) text_ += QStringLiteral("\n\n");
  text_ += QStringLiteral("%1json\n{\"name\": ").arg(fence);
  text_ += quoted(call.name) + QStringLiteral(", \"arguments\": ") + arguments + QStringLiteral("}\n") + fence;
  afterText_ = afterCall_ = true;
}

GenerationStats StreamedAnswer::stats() const {
  const bool first = before_.prompt_tokens == 0;
  GenerationStats stats;
  stats.promptTokens = first ? now_.prompt_tokens : before_.prompt_tokens;
  stats.reusedTokens = first ? now_.reused_tokens : before_.reused_tokens;
  stats.tokens = before_.generated_tokens + now_.generated_tokens;
  stats.firstTokenSeconds = before_.generated_tokens > 0 ? before_.first_token_seconds
                                                         : before_.first_token_seconds + now_.first_token_seconds;
  // The first token of a request comes out of the prompt's last step.
  const int decoded = qMax(0, before_.generated_tokens - 1) + qMax(0, now_.generated_tokens - 1);
  const double seconds = before_.decode_seconds + now_.decode_seconds;
  if (seconds > 0) stats.tokensPerSecond = decoded / seconds;
  return stats;
}

bool StreamedAnswer::isDue() const {
  return !sinceSent_.isValid() || sinceSent_.elapsed() >= kDeltaMilliseconds;
}

QString StreamedAnswer::takeThinking() {
  sinceSent_.start();
  return std::exchange(thinking_, {});
}

QString StreamedAnswer::takeText() {
  sinceSent_.start();
  return std::exchange(text_, {});
}

std::vector<TokenId> StreamedAnswer::tokens() const {
  std::vector<TokenId> all = request_.prompt;
  all.insert(all.end(), generated_.begin(), generated_.end());
  return all;
}

Request StreamedAnswer::behindThinking(const std::vector<TokenId>& close) const {
  Request next = request_;
  next.prompt = tokens();
  next.prompt.insert(next.prompt.end(), close.begin(), close.end());
  if (next.max_tokens > 0) next.max_tokens = qMax(1, next.max_tokens - static_cast<int>(generated_.size()));
  return next;
}

void StreamedAnswer::closeThinking(Request request) {
  answerNow = false;
  request_ = std::move(request);
  before_ = std::exchange(now_, {});
  generated_.clear();
  add(parser_.push(kThinkingEnd));
}

}  // namespace hadal
