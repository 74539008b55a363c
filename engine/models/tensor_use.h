#pragma once

#include "formats/checkpoint.h"

namespace hadal {

/// How much of a tensor the computation of a text reads.
enum class TensorUse {
  whole,        ///< All of it, for every token.
  rows,         ///< One row for each token: the token table, where the output has a matrix of its own.
  some_experts  ///< The parts of the routed experts that were chosen.
};

TensorUse tensor_use(const Checkpoint& file, const CheckpointTensor& tensor);

}  // namespace hadal
