#pragma once

#include <cstdint>
#include <vector>

namespace hadal {

/// How a model trained at one context length is stretched to a longer one.
enum class RopeScalingKind { none, linear, yarn };

struct RopeScaling {
  RopeScalingKind kind = RopeScalingKind::none;
  float factor = 1.0F;                ///< New context over the original.
  std::int64_t original_context = 0;  ///< yarn: positions the frequencies were trained at.
  float beta_fast = 32.0F;            ///< yarn: pairs that turn more often than this in the original stay.
  float beta_slow = 1.0F;             ///< yarn: pairs that turn less often are interpolated like linear.
  float magnitude_factor = 1.0F;      ///< yarn: multiplies the cosines and sines besides the temperature.
  bool temperature = true;            ///< yarn: whether cosines and sines carry it; else the model's scores do.
};

/// Radians a position turns each of the dimensions / 2 pairs: base^(-2i / dimensions) (Su et al. 2021, eq. 15), divided
/// by factors[i] where there are any (the `rope_freqs` of Llama 3), stretched as `scaling` says (linear: Chen et al.
/// 2023; YaRN: Peng et al. 2023, section 3.2, with the ramp's borders rounded outwards to whole pairs).
std::vector<double> rope_frequencies(double base, std::int64_t dimensions, const RopeScaling& scaling,
                                     const std::vector<float>& factors);

/// What cosines and sines are multiplied with: YaRN's temperature 0.1 ln(factor) + 1 (ibid., eq. 22) if they carry it,
/// times magnitude_factor; else 1.
double rope_magnitude(const RopeScaling& scaling);

}  // namespace hadal
