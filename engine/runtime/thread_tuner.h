#pragma once

#include <optional>
#include <vector>

#include "hadal/engine.h"

namespace hadal {

/// Finds out on how many threads prompts are read and answers written fastest. Reading multiplies, which more threads
/// nearly always do faster; writing waits for memory, which a few of them can use up, and threads that share a core or
/// come late only slow each other down. Asks for one short run after the other, each number of threads in turn, so that
/// what else the machine does meets all of them alike.
class ThreadTuner {
 public:
  struct Trial {
    bool reading = false;
    int threads = 0;
  };

  /// `most`: threads there are.
  explicit ThreadTuner(int most);

  /// What is to be run next; nothing once it is known enough.
  std::optional<Trial> next() const;
  /// The next trial took so long, by the clock.
  void took(double seconds);
  /// Where fewer threads are hardly faster than more, the more.
  ThreadCounts best() const;

 private:
  struct Candidate {
    Trial trial;
    double least = 0.0;  ///< Seconds; of the first run nothing is kept, which finds caches cold.
  };
  int best(bool reading) const;

  std::vector<Candidate> candidates_;
  std::size_t done_ = 0;  ///< Trials.
};

}  // namespace hadal
