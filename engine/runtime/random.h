#pragma once

#include <cstdint>

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

}  // namespace hadal
