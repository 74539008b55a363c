#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/sequence.h"

namespace hadal {

/// How many tokens fit into one step, by the speed measured so far.
class StepBudget {
 public:
  /// `guess` is the first estimate of one token's seconds; rather too long than too short. At least `least` tokens
  /// are given, and at most `most`.
  StepBudget(double guess, std::size_t least, std::size_t most);

  std::size_t tokens(double step_seconds) const;
  /// Reports a step that worked on a prompt; steps that only decode say little of how prompts are read.
  void measured(std::size_t tokens, double seconds);
  /// Reports a step of so many tokens that was ended before it was done: until one is measured, steps become shorter,
  /// so that a prompt gets on however often it is interrupted.
  void interrupted(std::size_t tokens);

 private:
  double token_seconds_;
  std::size_t least_, most_;
  std::size_t at_most_now_ = most_;
};

/// A sequence's part of a step.
struct Share {
  Sequence* sequence = nullptr;
  std::size_t tokens = 0;
  bool prefill = false;  ///< More than the one token of a decoding sequence was pending.
  Draft draft{};         ///< Of a decoding sequence: computed behind its token.
};

/// Chooses who is computed in the next step: the sequences of the highest priority that has any, in order of
/// submission, at most `max_requests`; everyone else is held back.
std::vector<Sequence*> choose_running(const std::vector<std::unique_ptr<Sequence>>& sequences,
                                      std::size_t max_requests);

/// Divides a step: every decoding sequence gets its token, prompts share what is left of `budget` evenly (short prompts
/// leave their rest to longer ones). A prompt whose next block is the same as that of an earlier one waits for it, to
/// share it afterwards. Somebody always gets something; sequences without a part are left out.
std::vector<Share> divide(const std::vector<Sequence*>& running, std::size_t budget);

}  // namespace hadal
