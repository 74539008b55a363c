#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hadal/engine.h"

namespace hadal {

/// PCG XSL RR 128/64 (O'Neill 2014), the generator numpy calls PCG64: 128 bits of state, period 2^128.
class Random {
 public:
  /// State and stream are set as pcg_setseq_128_srandom does: increment (stream << 1) | 1 with a fixed stream.
  explicit Random(std::uint64_t seed);
  std::uint64_t next();
  /// In [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  __extension__ typedef unsigned __int128 Wide;
  void advance();
  Wide state_ = 0;
};

/// Chooses tokens. In this order: logits / temperature, the top_k highest, softmax, the top_p nucleus, one draw.
class Sampler {
 public:
  explicit Sampler(const SamplingOptions& options) : options_(options), random_(options.seed) {}

  /// -1 if no logit is a number. Logits that are not numbers are never chosen.
  TokenId sample(std::span<const float> logits);

 private:
  struct Candidate {
    float value;  ///< Logit, then probability.
    TokenId id;
  };
  void collect(std::span<const float> logits);
  void keep_top_k();
  double to_probabilities();
  double keep_nucleus(double total);
  TokenId draw(double total);

  SamplingOptions options_;
  Random random_;
  std::vector<Candidate> candidates_;  ///< Kept between calls for its memory.
};

}  // namespace hadal
