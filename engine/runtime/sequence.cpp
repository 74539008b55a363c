#include "runtime/sequence.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "runtime/sampler_logprobs.h"

namespace hadal {
namespace {

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Sequence::Sequence(RequestId request_id, Request request, Clock::time_point now)
    : id(request_id),
      priority(request.priority),
      max_tokens(request.max_tokens),
      ignore_end(request.ignore_end),
      tokens(std::move(request.prompt)),
      prompt_length(tokens.size()),
      sampler_(request.sampling),
      wanted_logprobs_(request.sampling.logprobs),
      stop_(std::move(request.stop)),
      spelled_(std::move(request.spelled)),
      forced_(std::move(request.forced)),
      submitted_(now) {
  stats.prompt_tokens = static_cast<int>(prompt_length);
  if (request.drafts) drafts.emplace();
  if (request.grammar) matcher_.emplace(request.grammar->program());
}

std::size_t Sequence::left(std::size_t context_length) const {
  const std::size_t room = context_length - tokens.size();
  return max_tokens > 0 ? std::min(room, static_cast<std::size_t>(max_tokens - stats.generated_tokens)) : room;
}

Result<void> Sequence::check_grammar(std::size_t context_length) {
  if (!matcher_) return {};
  const std::size_t shortest = matcher_->shortest(), most = left(context_length);
  if (shortest <= most) return {};
  return Error{ErrorCode::invalid_argument, concat("The shortest answer of the form asked for has ", shortest,
                                                   " tokens, but only ", most, " may be written.")};
}

void Sequence::note_time(Clock::time_point now) {
  if (stats.first_token_seconds == 0.0) {
    first_token_ = now;
    stats.first_token_seconds = seconds(now - submitted_);
    stats.prefill_seconds = seconds(now - started.value_or(now));
  }
  stats.decode_seconds = seconds(now - first_token_);
}

void Sequence::emit(std::string text, std::vector<Event>& events) {
  if (text.empty()) return;
  Event event;
  event.request = id;
  event.kind = Event::Kind::text;
  event.text = std::move(text);
  event.tokens = std::exchange(unreported_, {});
  event.logprobs = std::exchange(logprobs_, {});
  event.stats = stats;
  events.push_back(std::move(event));
}

bool Sequence::is_spelled(TokenId token, const Tokenizer& tokenizer) const {
  return std::ranges::find(spelled_, token) != spelled_.end() && !tokenizer.is_end(token);
}

TokenId Sequence::sample(std::span<const float> logits, std::size_t context_length) {
  SamplingContext context{.history = tokens, .prompt_length = prompt_length};
  if (!matcher_) return sampler_.sample(logits, context);
  const std::size_t after = left(context_length) - 1;
  context.allowed = matcher_->deep() ? matcher_->steered(after) : matcher_->allowed();
  TokenId token = sampler_.sample(logits, context);
  if (token >= 0 && !matcher_->fits(token, after)) {
    // From here on the tokens that are left are needed to come to an end.
    context.allowed = matcher_->steered(after);
    token = sampler_.sample(logits, context);
    if (token >= 0) matcher_->fits(token, after);
  }
  return token;
}

TokenId Sequence::choose(std::span<const float> logits, std::size_t context_length) {
  TokenId token = sample(logits, context_length);
  const auto at = static_cast<std::size_t>(stats.generated_tokens);
  if (token >= 0 && at < forced_.size()) token = forced_[at];
  if (token >= 0 && wanted_logprobs_ >= 0) logprobs_.push_back(token_logprobs(logits, token, wanted_logprobs_));
  return token;
}

bool Sequence::accept(TokenId token, const Tokenizer& tokenizer, std::size_t context_length, Clock::time_point now,
                      std::vector<Event>& events) {
  note_time(now);
  if (token < 0) {
    finish(FinishReason::failed,
           Error{ErrorCode::invalid_file,
                 "The model computed no usable number for the next token; its file is probably damaged."},
           events);
    return true;
  }
  if (!ignore_end && tokenizer.is_end(token)) {
    if (!logprobs_.empty()) logprobs_.pop_back();  // the end is no token of the answer
    finish(FinishReason::end_of_text, {}, events);
    return true;
  }
  tokens.push_back(token);
  unreported_.push_back(token);
  ++stats.generated_tokens;
  emit(stop_.push(utf8_.push(tokenizer.piece(token, is_spelled(token, tokenizer)))), events);

  if (matcher_) matcher_->accept(token);
  std::optional<FinishReason> reason;
  if (stop_.stopped()) {
    reason = FinishReason::stop_string;
  } else if (matcher_ && matcher_->over()) {
    reason = FinishReason::end_of_text;  // nothing can follow
  } else if (max_tokens > 0 && stats.generated_tokens >= max_tokens) {
    reason = FinishReason::max_tokens;
  } else if (tokens.size() >= context_length) {
    reason = FinishReason::context_full;
  }
  if (reason) finish(*reason, {}, events);
  return reason.has_value();
}

void Sequence::finish(FinishReason reason, std::optional<Error> error, std::vector<Event>& events) {
  // The last bytes may complete a stop string's beginning, so they pass the matcher before it lets go of what it holds.
  std::string rest = stop_.push(utf8_.finish());
  rest += stop_.finish();
  emit(std::move(rest), events);
  Event event;
  event.request = id;
  event.kind = Event::Kind::finished;
  event.tokens = std::exchange(unreported_, {});
  event.logprobs = std::exchange(logprobs_, {});
  event.reason = reason;
  event.error = std::move(error);
  event.stats = stats;
  events.push_back(std::move(event));
}

}  // namespace hadal
