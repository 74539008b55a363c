#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hadal/engine.h"
#include "hadal/tokenizer.h"
#include "ops/machine_limits/machine_limits.h"

namespace hadal::tools {

struct BenchPlan {
  std::int64_t prompt = 512;
  std::int64_t generate = 64;
  std::int64_t depth = 0;     ///< Tokens already in the cache before what is measured.
  std::int64_t requests = 1;  ///< Answers that are written at once.
  std::int64_t repetitions = 3;
};

/// What this machine gives at most, measured by the bench itself between the model's own runs.
struct MachineLimits {
  ops::ArithmeticPeaks peaks;
  double bytes_per_second = 0.0;  ///< Reading: the median of what was read between the tokens of the best repetition.
};

struct BenchFigures {
  double prefill_tokens_per_s = 0.0;  ///< Best repetition: others run on this machine too.
  std::int64_t first_tokens = 0;      ///< Of the very first prompt, for which experts may have yet to be laid out ...
  double first_tokens_per_s = 0.0;    ///< ... and how fast it was read.
  double decode_tokens_per_s = 0.0;   ///< Of all requests together.
  MachineLimits limits;
  /// Of one more prompt and one more answer, operation by operation; they say how much work there is as well.
  std::vector<OperationTime> prefill_operations, decode_operations;
  std::int64_t decode_tokens = 0;  ///< That decode_operations were for, of all requests.
  /// The time that the products with weights would take at the peaks, over the time taken; none where nothing was
  /// measured.
  std::optional<double> prefill_share_of_peak;
  /// The bandwidth with which weights and kv cache were read, over the one measured between the same tokens: the median
  /// of the repetitions.
  std::optional<double> decode_share_of_bandwidth;
  std::uint64_t peak_memory = 0;  ///< Of the process, without what measuring the machine takes.
};

/// The plan's requests must fit into the engine's context. `threads`: the engine's.
Result<BenchFigures> measure(const BenchPlan& plan, Engine& engine, const Tokenizer& tokenizer, int threads);

}  // namespace hadal::tools
