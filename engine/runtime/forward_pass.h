#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "models/decoder.h"
#include "runtime/kv_cache.h"

namespace hadal {

/// Tokens of one forward pass at most: beyond this a larger batch gains no speed and only takes scratch memory.
inline constexpr std::size_t kMostTokens = 256;

/// Part of a sequence to compute: ids[first .. first + count) at positions first...
struct Segment {
  std::span<const TokenId> ids;          ///< Of the whole sequence.
  std::span<const std::int32_t> blocks;  ///< Enough for first + count tokens.
  std::size_t first = 0;
  std::size_t count = 0;
};

enum class WantedLogits { last, all };

/// Runs a decoder over segments of sequences. Owns the scratch memory, which grows with the largest batch so far.
class ForwardPass {
 public:
  /// `experts_used`: as in EngineOptions.
  ForwardPass(const Decoder& decoder, ops::Context context, KvCache& cache, int experts_used);

  /// Writes logits of each segment's last token, or of all, one after another, to `logits` [wanted, vocabulary].
  Result<void> run(std::span<const Segment> segments, WantedLogits wanted, float* logits);

  const ExpertUsage& expert_usage() const { return usage_; }
  void release_scratch() { scratch_ = AlignedBuffer(); }

 private:
  Result<void> reserve(std::int64_t floats);

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
};

}  // namespace hadal
