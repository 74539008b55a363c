#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "models/decoder.h"
#include "runtime/kv_cache.h"

namespace hadal {

/// Tokens of one forward pass at most: beyond this a larger batch gains no speed and only takes scratch memory.
inline constexpr std::size_t kMostTokens = 512;

/// Part of a sequence to compute: ids[first .. first + count) at positions first..., and where that is all that is left
/// of ids, what is behind.
struct Segment {
  std::span<const TokenId> ids;          ///< Of the whole sequence.
  std::span<const std::int32_t> blocks;  ///< Enough for first + rows() tokens.
  std::size_t first = 0;
  std::size_t count = 0;
  std::span<const TokenId> behind{};  ///< More tokens that follow ids and are computed behind them, with their logits.

  std::size_t rows() const { return count + behind.size(); }
  TokenId id(std::size_t position) const {
    return position < ids.size() ? ids[position] : behind[position - ids.size()];
  }
};

enum class WantedLogits { none, last, all };

/// Runs a decoder over segments of sequences. Owns the scratch memory, which grows with the largest batch so far.
class ForwardPass {
 public:
  /// `experts_used`: as in EngineOptions.
  ForwardPass(const Decoder& decoder, ops::Context context, KvCache& cache, int experts_used);

  /// Writes logits of each segment's last token of ids and of those behind it, or of all, one after another, to
  /// `logits` [wanted, vocabulary]. `hidden` [tokens, width], unless null, takes the residual stream of every token.
  /// False if `interrupt` ended it.
  Result<bool> run(std::span<const Segment> segments, WantedLogits wanted, float* logits, float* hidden = nullptr,
                   const std::atomic<int>* interrupt = nullptr);
  /// The same of a draft layer, over segments whose `hidden` [tokens, width] run() has given: a row's logits guess the
  /// token after the next, so a segment's last token must have one behind it.
  /// `onward` [tokens, width], unless null, takes the layer's own residual stream.
  Result<void> draft(int layer, std::span<const Segment> segments, WantedLogits wanted, const float* hidden,
                     float* logits, float* onward = nullptr);

  const ExpertUsage& expert_usage() const { return usage_; }
  /// Whether what is computed from now on counts there.
  void count_experts(bool wanted) { counting_ = wanted; }
  void release_scratch() { scratch_ = AlignedBuffer(); }

  /// Of every operation from now on; null: of none.
  void log_operations(ops::OperationLog* log) { context_.log = log; }

 private:
  Result<void> reserve(std::int64_t floats);
  /// Fills the batch below and reserves its scratch. `ahead`: how many places further the tokens' ids are taken.
  Result<Batch> make_batch(std::span<const Segment> segments, WantedLogits wanted, std::size_t ahead);

  const Decoder& decoder_;
  ops::Context context_;
  KvCache& cache_;
  AlignedBuffer scratch_;
  std::vector<TokenId> ids_;
  std::vector<std::int32_t> positions_;
  std::vector<ops::AttentionRow> rows_;
  std::vector<std::int32_t> logit_rows_;
  int experts_used_;
  ExpertUsage usage_;
  bool counting_ = true;
};

}  // namespace hadal
