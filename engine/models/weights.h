#pragma once

#include <vector>

#include "ops/matmul/matmul.h"
#include "tensor/view.h"

namespace hadal {

enum class NormKind {
  rms,    ///< Zhang and Sennrich 2019
  layer,  ///< Ba et al. 2016, with a bias
};

struct NormWeights {
  std::vector<float> weight;  ///< [width]
  std::vector<float> bias;    ///< [width], or empty for RMSNorm
};

/// y = weight x + bias
struct Linear {
  WeightView weight;        ///< [outputs, inputs]
  std::vector<float> bias;  ///< [outputs], or empty

  /// As a part of an ops::matmul that writes to `y` [tokens, outputs].
  ops::MatmulPart into(float* y) const { return {weight, y, bias.empty() ? nullptr : bias.data()}; }
};

}  // namespace hadal
