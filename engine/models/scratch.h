#pragma once

#include <cstdint>

namespace hadal {

/// Lays arrays out one after another, each on a cache line of its own if the base is on one.
class Scratch {
 public:
  /// `base` is null where the floats are only counted.
  explicit Scratch(float* base) : base_(base) {}

  float* take(std::int64_t floats) {
    float* at = base_ ? base_ + used_ : nullptr;
    used_ += (floats + 15) / 16 * 16;
    return at;
  }
  std::int64_t used() const { return used_; }

 private:
  float* base_;
  std::int64_t used_ = 0;
};

}  // namespace hadal
