#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/checkpoint.h"
#include "models/tensor_reader.h"
#include "models/weights.h"

namespace hadal {

/// Reads the tensors "<prefix><part>.weight" and "<prefix><part>.bias" and keeps the first error, so that a list of
/// reads stays a list. After an error nothing more is read.
class LayerReader {
 public:
  /// `prefix`: "blk.3.", or nothing.
  LayerReader(const Checkpoint& file, TensorReader& tensors, std::string prefix)
      : file_(file), tensors_(tensors), prefix_(std::move(prefix)) {}

  /// Without a bias: one that the file holds is left over.
  void matrix(std::string_view part, std::int64_t rows, std::int64_t cols, WeightView& into);
  void finite_matrix(std::string_view part, std::int64_t rows, std::int64_t cols, WeightView& into);
  /// With its bias, if `biased` says that it must have one or the file holds one.
  void linear(std::string_view part, std::int64_t outputs, std::int64_t inputs, Linear& into, bool biased = false);
  void norm(std::string_view part, NormKind kind, std::int64_t width, NormWeights& into);
  /// `name` with its ending, "attn_q_norm.weight".
  void vector(std::string_view name, std::int64_t length, std::vector<float>& into);
  /// The `count` matrices of a tensor of three dimensions, `name` with its ending.
  std::vector<WeightView> matrices(std::string_view name, std::int64_t count, std::int64_t rows, std::int64_t cols);
  bool has(std::string_view name) const;

  const Checkpoint& file() const { return file_; }
  const Result<void>& result() const { return result_; }

 private:
  template <class T>
  void take(Result<T> found, T& into);
  std::string full(std::string_view name) const;

  const Checkpoint& file_;
  TensorReader& tensors_;
  std::string prefix_;
  Result<void> result_;
};

}  // namespace hadal
