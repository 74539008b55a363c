#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tensor/view.h"

namespace hadal::ops {

/// What one call of an operation has to do at least. Strings live as long as the program.
struct OperationWork {
  std::string_view operation;     ///< "matmul", "attention", ...
  const WeightView* w = nullptr;  ///< The first matrix it multiplies with, or null.
  std::int64_t matrices = 0;
  std::uint64_t bytes = 0;       ///< Of weights and of the kv cache that must be read, each once.
  std::uint64_t arithmetic = 0;  ///< Multiplications and additions.

  /// The product of a matrix with `tokens` vectors.
  void add(const WeightView& matrix, std::int64_t tokens) {
    bytes += static_cast<std::uint64_t>(matrix.rows * matrix.row_bytes());
    arithmetic += 2 * static_cast<std::uint64_t>(matrix.rows * matrix.cols * tokens);
  }
};

/// Adds up what operations cost, by their kind and by the shape of their matrices. One thread's.
class OperationLog {
 public:
  struct Entry {
    std::string_view operation;
    DType type = DType::f32;
    std::int64_t rows = 0, cols = 0, matrices = 0;  ///< Of the first matrix, and how many; 0 where there is none.
    std::uint64_t calls = 0, bytes = 0, arithmetic = 0;
    double seconds = 0.0;
  };

  void add(const OperationWork& work, double seconds);
  const std::vector<Entry>& entries() const { return entries_; }
  void clear() { entries_.clear(); }

 private:
  std::vector<Entry> entries_;
};

/// Times an operation from here to the end of the scope and counts its work, where a log is wanted.
class TimedOperation {
 public:
  using Clock = std::chrono::steady_clock;

  /// `work`: gives an OperationWork.
  template <std::invocable Work>
  TimedOperation(OperationLog* log, const Work& work) : log_(log) {
    if (!log_) return;
    work_ = work();
    begin_ = Clock::now();
  }
  TimedOperation(OperationLog* log, std::string_view operation)
      : TimedOperation(log, [&] { return OperationWork{.operation = operation}; }) {}
  ~TimedOperation() {
    if (log_) log_->add(work_, std::chrono::duration<double>(Clock::now() - begin_).count());
  }
  TimedOperation(const TimedOperation&) = delete;
  TimedOperation& operator=(const TimedOperation&) = delete;

 private:
  OperationLog* log_;
  OperationWork work_;
  Clock::time_point begin_;
};

}  // namespace hadal::ops
