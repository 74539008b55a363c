#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hadal/result.h"

namespace hadal::jinja {

/// Thrown inside the interpreter only; what it offers to others returns Result. The sentence is without the line, which
/// whoever catches it knows.
struct Failure {
  /// invalid_file: a mistake of the template; unsupported: a limit; invalid_argument: the template refuses its input.
  ErrorCode code = ErrorCode::invalid_file;
  std::string message;
};

/// What one rendering may use. Templates come from files nobody trusts.
struct Limits {
  std::uint64_t steps = 0;   ///< Nodes evaluated, elements visited; long strings count by their length.
  std::uint64_t memory = 0;  ///< Bytes of strings and containers alive at one time.
  std::uint64_t output = 0;  ///< Bytes of the rendered text.
  int depth = 0;             ///< Evaluations inside one another.

  /// Room for any honest template over a conversation of that many bytes: it passes over the text some ten times.
  static Limits for_input(std::size_t bytes);
};

/// Counts what a rendering uses and throws Failure where a limit is passed, before anything large is built.
class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits) {}

  void step(std::uint64_t count = 1) {
    steps_ += count;
    if (steps_ > limits_.steps) out_of_steps();
  }
  /// Passing over a string of that many bytes.
  void work(std::size_t bytes) { step(bytes / kBytesPerStep); }
  /// Looking up what every character of a string is: those beyond ASCII take longer.
  void characters(std::string_view text);
  /// Fails if a string or container of that many bytes would not fit.
  void room(std::uint64_t bytes) const {
    if (bytes > limits_.memory || memory_ + bytes > limits_.memory) out_of_memory();
  }
  void charge(std::size_t bytes) {
    room(bytes);
    memory_ += bytes;
  }
  void release(std::size_t bytes) { memory_ -= bytes; }
  void output(std::size_t bytes) const {
    if (bytes > limits_.output) out_of_output();
  }
  void enter() {
    if (++depth_ > limits_.depth) too_deep();
  }
  void leave() { --depth_; }

 private:
  // Copying 32 bytes takes about as long as evaluating a node.
  static constexpr std::size_t kBytesPerStep = 32;
  [[noreturn]] void out_of_steps() const;
  [[noreturn]] void out_of_memory() const;
  [[noreturn]] void out_of_output() const;
  [[noreturn]] void too_deep() const;

  Limits limits_;
  std::uint64_t steps_ = 0, memory_ = 0;
  int depth_ = 0;
};

/// Holds a share of a budget while it lives. Null budget: a template's own constants, counted by the template's size.
class Charge {
 public:
  Charge(Budget* budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {
    if (budget_ != nullptr) budget_->charge(bytes_);
  }
  ~Charge() {
    if (budget_ != nullptr) budget_->release(bytes_);
  }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

 private:
  Budget* budget_;
  std::size_t bytes_;
};

/// One more level of evaluation while it lives.
class Depth {
 public:
  explicit Depth(Budget& budget) : budget_(budget) { budget_.enter(); }
  ~Depth() { budget_.leave(); }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;

 private:
  Budget& budget_;
};

}  // namespace hadal::jinja
