#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "formats/checkpoint.h"
#include "formats/gguf_writer.h"
#include "models/importance_matrix.h"
#include "models/quantisation_mix.h"
#include "models/stacked_experts.h"
#include "ops/context.h"

namespace hadal {

/// What becomes of one tensor.
struct TensorQuantisation {
  StackedTensor tensor;
  TypeChoice choice;
  bool weighed;  ///< The importance matrix has the tensor.

  DType source_type() const { return tensor.parts.front()->type; }
};

/// A checkpoint to be written as one GGUF file in other types, its experts stacked. Made at once and without reading a
/// weight, so that its size can be told; then written. The checkpoint and the importance matrix must outlive it.
class ModelQuantiser {
 public:
  /// `importance` may be null. Fails, with the tensor named, for types that cannot be read.
  static Result<ModelQuantiser> plan(const Checkpoint& source, QuantisationMix mix, const ImportanceMatrix* importance);

  std::span<const TensorQuantisation> tensors() const { return tensors_; }
  std::uint64_t file_bytes() const { return file_bytes_; }      ///< Exactly.
  std::uint64_t source_bytes() const { return source_bytes_; }  ///< Of all tensors.
  std::uint64_t elements() const { return elements_; }

  /// Told now and then with the source's bytes done so far; false cancels.
  using Progress = std::function<bool(std::uint64_t done)>;

  /// Replaces the file in one step; a failure leaves what was there. A weight that is no number is refused with its
  /// tensor named. Once for each plan.
  Result<void> write(const std::filesystem::path& path, const ops::Context& context, const Progress& progress);

 private:
  ModelQuantiser(const Checkpoint& source, const ImportanceMatrix* importance)
      : source_(source), importance_(importance) {}
  void copy_metadata(QuantisationMix mix);
  Result<void> write_tensor(GgufWriter& writer, const ops::Context& context, const TensorQuantisation& work,
                            std::uint64_t done, const Progress& progress) const;
  Result<void> write_part(GgufWriter& writer, const ops::Context& context, const CheckpointTensor& part, DType type,
                          const float* importance, const Progress& progress) const;

  const Checkpoint& source_;
  const ImportanceMatrix* importance_;
  GgufPlan plan_;
  std::vector<TensorQuantisation> tensors_;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t source_bytes_ = 0;
  std::uint64_t elements_ = 0;
};

}  // namespace hadal
