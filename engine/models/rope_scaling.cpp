#include "models/rope_scaling.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hadal {
namespace {

/// The pair, as a fraction, that turns `turns` times within the original context: the frequency's formula, solved for
/// i.
double pair_of_turns(double turns, double base, std::int64_t dimensions, const RopeScaling& scaling) {
  const double wavelength = static_cast<double>(scaling.original_context) / (turns * 2 * std::numbers::pi);
  return static_cast<double>(dimensions) * std::log(wavelength) / (2 * std::log(base));
}

/// Share of interpolation for each pair: 0 up to the first border, 1 from the second.
std::vector<double> yarn_ramp(double base, std::int64_t dimensions, const RopeScaling& scaling) {
  const double last = static_cast<double>(dimensions - 1);
  const double fast = std::floor(pair_of_turns(static_cast<double>(scaling.beta_fast), base, dimensions, scaling));
  const double slow = std::ceil(pair_of_turns(static_cast<double>(scaling.beta_slow), base, dimensions, scaling));
  const double low = std::clamp(fast, 0.0, last), high = std::clamp(slow, 0.0, last);
  std::vector<double> ramp;
  for (std::int64_t i = 0; i < dimensions / 2; ++i) {
    ramp.push_back(std::clamp((static_cast<double>(i) - low) / std::max(high - low, 0.001), 0.0, 1.0));
  }
  return ramp;
}

}  // namespace

std::vector<double> rope_frequencies(double base, std::int64_t dimensions, const RopeScaling& scaling,
                                     const std::vector<float>& factors) {
  std::vector<double> frequencies, ramp(static_cast<std::size_t>(dimensions / 2), 0.0);
  if (scaling.kind == RopeScalingKind::linear) ramp.assign(ramp.size(), 1.0);
  if (scaling.kind == RopeScalingKind::yarn) ramp = yarn_ramp(base, dimensions, scaling);
  for (std::size_t i = 0; i < ramp.size(); ++i) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(dimensions);
    double frequency = std::pow(base, exponent);
    if (!factors.empty()) frequency /= static_cast<double>(factors[i]);
    frequencies.push_back(frequency * (1 - ramp[i]) + frequency / static_cast<double>(scaling.factor) * ramp[i]);
  }
  return frequencies;
}

double rope_magnitude(const RopeScaling& scaling) {
  if (scaling.kind != RopeScalingKind::yarn || scaling.factor <= 1.0F) return 1.0;
  const double temperature = scaling.temperature ? 0.1 * std::log(static_cast<double>(scaling.factor)) + 1.0 : 1.0;
  return temperature * static_cast<double>(scaling.magnitude_factor);
}

}  // namespace hadal
