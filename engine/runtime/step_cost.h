#pragma once

#include <array>
#include <cstddef>

namespace hadal {

/// What a decoding step takes of a processor's time by the rows it computes, as measured so far: one row of a dense
/// model reads all weights, and a few more cost little; of a mixture of experts each brings in weights of its own.
class StepCost {
 public:
  /// Reports a step that only decoded.
  void measured(std::size_t rows, double seconds);
  bool known() const { return known_ > 0; }
  /// Whether steps of different numbers of rows were measured.
  bool compared() const { return known_ > 1; }
  /// Between what was measured; beyond it, as if a row took a fifth of the first one's time.
  double seconds(std::size_t rows) const;

 private:
  /// Steps of these many rows and up to the next of them are taken for the same.
  static constexpr std::array<std::size_t, 12> kRows{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 65};
  static std::size_t index(std::size_t rows);

  std::array<double, kRows.size()> seconds_{};  ///< 0: not measured.
  std::array<double, kRows.size()> rows_{};     ///< That were measured, on average.
  int known_ = 0;
};

}  // namespace hadal
