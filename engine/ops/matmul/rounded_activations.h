#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ops/context.h"
#include "ops/matmul/activations.h"
#include "ops/matmul/matmul.h"

namespace hadal::ops::cpu {

/// The activations of an operation in every format its quantised weights ask for. They lie in the pool's working
/// memory: one object at a time.
class RoundedActivations {
 public:
  /// For weights of these types, `tokens` rows of `cols`. The memory is taken at once.
  RoundedActivations(const Context& context, const std::vector<DType>& weights, std::int64_t tokens, std::int64_t cols);

  /// Whether there is nothing to round: no type is a quantised one.
  bool empty() const { return formats_.empty(); }
  /// Takes the rows [first, first + count), x being the first of them. A run that input() is asked for is rounded at
  /// once, or in pieces of whole tiles. Different runs may be rounded at the same time.
  void round(std::int64_t first, std::int64_t count, const float* x) const;
  /// A run of rows for weights of that type.
  MatmulInput input(DType weights, std::int64_t first, std::int64_t count, const float* x) const;

 private:
  struct Rounded {
    ActivationFormat format;
    std::int64_t offset;
  };

  const Context& context_;
  std::int64_t cols_;
  std::vector<Rounded> formats_;
  std::byte* memory_ = nullptr;
};

/// The same of a few tokens, each thread's own, rounded when it first asks for them: what one thread does for all the
/// others wait for, and then fetch from its cache.
class ThreadActivations {
 public:
  /// For weights of these types, `runs` runs of at most kTileTokens rows of `cols`.
  ThreadActivations(const Context& context, const std::vector<DType>& weights, std::int64_t runs, std::int64_t cols);

  /// Run `run` for weights of that type, x being the first of its `count` rows. By the thread that `thread` numbers.
  MatmulInput input(DType weights, int thread, std::int64_t run, std::int64_t count, const float* x);

 private:
  std::int64_t runs_;
  RoundedActivations rounded_;
  std::vector<char> ready_;  ///< [threads, runs]
};

}  // namespace hadal::ops::cpu
