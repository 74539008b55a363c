#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "formats/checkpoint.h"

namespace hadal {

/// A tensor as GGUF files hold it today: the matrices that all routed experts of a layer have for one purpose are one
/// tensor of three dimensions, "blk.3.ffn_up_exps.weight".
struct StackedTensor {
  std::string name;
  std::vector<std::uint64_t> shape;  ///< Fastest first, as in CheckpointTensor.
  /// What it is made of: one tensor, or one for each expert, in their order.
  std::vector<const CheckpointTensor*> parts;

  std::int64_t columns() const { return static_cast<std::int64_t>(shape[0]); }
  std::int64_t matrices() const;
  std::uint64_t elements() const;
  std::uint64_t bytes() const;  ///< Of the parts.
};

/// A checkpoint's tensors in its order; where experts have a tensor each, "blk.3.ffn_up.17.weight", as in folders of
/// transformers and in the first GGUF files of mixtures, together in the place of the first of them. Fails where
/// one is missing or is no matrix of the others' shape. The parts point into the checkpoint.
Result<std::vector<StackedTensor>> stacked_tensors(const Checkpoint& source);

}  // namespace hadal
