#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hadal/engine.h"
#include "runtime/drafter.h"
#include "runtime/sampler.h"
#include "text/grammar/matcher.h"
#include "text/stop_matcher.h"

namespace hadal {

using Clock = std::chrono::steady_clock;

/// A request on its way: its tokens, what of them is in the KV cache, and its text so far.
struct Sequence {
  Sequence(RequestId request_id, Request request, Clock::time_point now);

  RequestId id;
  Priority priority;
  int max_tokens;
  bool ignore_end;
  std::vector<TokenId> tokens;  ///< The prompt and what was generated.
  std::size_t prompt_length;
  std::size_t computed = 0;          ///< Tokens whose keys and values are in the cache.
  std::vector<std::int32_t> blocks;  ///< Of the KV cache; hold at least `computed` tokens.
  bool cancelled = false;

  /// Tokens to compute before the next one can be chosen: 1 while decoding.
  std::size_t pending() const { return tokens.size() - computed; }

  /// Tokens that may still be written.
  std::size_t left(std::size_t context_length) const;

  /// Fails with a sentence if the shortest answer of the grammar's form is too long.
  Result<void> check_grammar(std::size_t context_length);
  /// Chooses the next token by its logits; -1 if they are unusable.
  TokenId choose(std::span<const float> logits, std::size_t context_length);
  /// Takes the chosen token, or -1, and appends the events it causes; returns whether the sequence has come to its end.
  bool accept(TokenId token, const Tokenizer& tokenizer, std::size_t context_length, Clock::time_point now,
              std::vector<Event>& events);
  /// Ends the sequence: what was held back and the final event.
  void finish(FinishReason reason, std::optional<Error> error, std::vector<Event>& events);

  RequestStats stats;
  std::optional<DraftRecord> drafts;  ///< If the request wants any.
  /// Residual streams of the last of the computed tokens, [tokens, width], which the draft layer has yet to see.
  std::vector<float> hidden;
  std::vector<TokenId> guessed;              ///< How the draft layer says the text goes on.
  std::optional<Clock::time_point> started;  ///< Of the first step that worked on it.

 private:
  TokenId sample(std::span<const float> logits, std::size_t context_length);
  void note_time(Clock::time_point now);
  void emit(std::string text, std::vector<Event>& events);
  bool is_spelled(TokenId token, const Tokenizer& tokenizer) const;

  Sampler sampler_;
  std::optional<grammar::Matcher> matcher_;
  int wanted_logprobs_;
  Utf8Stream utf8_;
  StopMatcher stop_;
  std::vector<TokenId> spelled_;
  std::vector<TokenId> forced_;
  std::vector<TokenId> unreported_;
  std::vector<TokenLogprobs> logprobs_;  ///< Of `unreported_`, and while a token is chosen also of that one.
  Clock::time_point submitted_;
  Clock::time_point first_token_;
};

}  // namespace hadal
