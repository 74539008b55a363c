#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "formats/checkpoint.h"
#include "tensor/view.h"

namespace hadal {

/// Takes tensors out of a file by name, and refuses with a sentence those whose shape or type is not the expected one.
class TensorReader {
 public:
  explicit TensorReader(const Checkpoint& file) : file_(file) {}

  /// A matrix of a computable type.
  Result<WeightView> matrix(std::string_view name, std::int64_t rows, std::int64_t cols);
  /// The matrices of a tensor of three dimensions, one after another.
  Result<std::vector<WeightView>> matrices(std::string_view name, std::int64_t count, std::int64_t rows,
                                           std::int64_t cols);
  /// The same, and every weight is a finite number. Reads the whole matrix: for small ones whose damage would show in
  /// no answer, as a router's, which only chooses.
  Result<WeightView> finite_matrix(std::string_view name, std::int64_t rows, std::int64_t cols);
  /// A vector of F32, F16 or BF16, copied out as float32; every value is a finite number.
  Result<std::vector<float>> vector(std::string_view name, std::int64_t length);

  std::uint64_t bytes() const { return bytes_; }  ///< Of the tensors taken so far.

  /// Refuses the file where a tensor of the text model was not taken: a layer too many, or a part that the architecture
  /// does not have. The model would run without it, and write nonsense. What a file may hold besides is let be: image
  /// towers and projectors, classifiers, the frequencies of rotary positions.
  Result<void> all_taken(std::string_view architecture, std::int64_t layers) const;

 private:
  void take(const CheckpointTensor& tensor);
  Result<const CheckpointTensor*> checked(std::string_view name, std::int64_t rows, std::int64_t cols) const;
  Result<void> all_finite(std::string_view name, std::span<const float> values) const;
  Result<void> computable(const CheckpointTensor& tensor) const;

  const Checkpoint& file_;
  std::uint64_t bytes_ = 0;
  std::unordered_set<const CheckpointTensor*> taken_;
};

}  // namespace hadal
