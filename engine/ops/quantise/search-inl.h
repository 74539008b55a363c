// Searches for the scale, or the scale and the minimum, that store a group of weights with the least weighted squared
// error. Included once per target by cpu.cpp.
#if defined(HADAL_OPS_QUANTISE_SEARCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_QUANTISE_SEARCH_INL_H_
#undef HADAL_OPS_QUANTISE_SEARCH_INL_H_
#else
#define HADAL_OPS_QUANTISE_SEARCH_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "hwy/highway.h"
#include "tensor/blocks.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Float = hn::ScalableTag<float>;
using FloatVec = hn::Vec<Float>;
inline constexpr int kLanes = HWY_MAX_LANES_D(Float);

HWY_INLINE float sum_of(FloatVec v) {
  return hn::ReduceSum(Float(), v);
}

/// `n` neighbouring weights x and how much their errors count, w.
template <int n>
struct Group {
  static constexpr int kVecs = n / kLanes;
  FloatVec x[kVecs], w[kVecs], wx[kVecs];
  float w_sum, wx_sum;    ///< sum of w, of w x
  float lowest, highest;  ///< of x
  bool uneven;            ///< Some errors count far more than others, so that others may be large.

  HWY_INLINE void load(const float* weights, const float* importance) {
    const Float d;
    FloatVec low = hn::LoadU(d, weights), high = low, total = hn::Zero(d), weighted = hn::Zero(d), most = total;
    HADAL_UNROLL
    for (int i = 0; i < kVecs; ++i) {
      x[i] = hn::LoadU(d, weights + i * kLanes);
      w[i] = hn::LoadU(d, importance + i * kLanes);
      wx[i] = hn::Mul(x[i], w[i]);
      low = hn::Min(low, x[i]);
      high = hn::Max(high, x[i]);
      most = hn::Max(most, w[i]);
      total = hn::Add(total, w[i]);
      weighted = hn::Add(weighted, wx[i]);
    }
    w_sum = sum_of(total);
    wx_sum = sum_of(weighted);
    lowest = hn::ReduceMin(d, low);
    highest = hn::ReduceMax(d, high);
    uneven = hn::ReduceMax(d, most) * n > 2.0F * w_sum;
    if (w_sum <= 0.0F) count_alike();
  }

  /// Nothing counts: then everything counts alike.
  void count_alike() {
    const Float d;
    FloatVec weighted = hn::Zero(d);
    for (int i = 0; i < kVecs; ++i) {
      w[i] = hn::Set(d, 1.0F);
      wx[i] = x[i];
      weighted = hn::Add(weighted, x[i]);
    }
    w_sum = n;
    wx_sum = sum_of(weighted);
  }

  /// The element farthest from zero, with its sign.
  float farthest() const { return -lowest > highest ? lowest : highest; }
};

// Levels: the numbers that codes stand for before they are scaled. first and last bound, in levels, how far the
// search lets the farthest element of a group reach: up to a little beyond the last level, where all but that element
// gain, and down to where steps are left unused.

/// Whole numbers, as many on both sides of zero, and one more below.
template <int below>
struct WholeLevels {
  static constexpr int kLowest = -below, kHighest = below - 1;
  static constexpr float kFirst = below > 64 ? below - 3.0F : 0.6F * below, kLast = below + (below > 64 ? 0.5F : 1.0F);
  static constexpr int kSteps = below > 64 ? 14 : 24;

  static HWY_INLINE FloatVec value(FloatVec y) {
    return hn::Round(hn::Clamp(y, hn::Set(Float(), kLowest), hn::Set(Float(), kHighest)));
  }
  static int code(float value) { return static_cast<int>(value) - kLowest; }
};

/// 0 to `highest`, over a minimum.
template <int highest>
struct LineLevels {
  static constexpr int kHighest = highest;
  static HWY_INLINE FloatVec value(FloatVec y) {
    return hn::Round(hn::Clamp(y, hn::Zero(Float()), hn::Set(Float(), kHighest)));
  }
  static int code(float value) { return static_cast<int>(value); }
};

/// The uneven levels of IQ4_NL and IQ4_XS.
struct Iq4Levels {
  static constexpr float kFirst = 70.0F, kLast = 140.0F;
  static constexpr int kSteps = 24;

  /// The nearest level: begins at the lowest and climbs every step whose middle lies below y.
  static HWY_INLINE FloatVec value(FloatVec y) {
    const Float d;
    FloatVec level = hn::Set(d, kIq4Values[0]);
    HADAL_UNROLL
    for (int i = 1; i < 16; ++i) {
      const auto low = static_cast<float>(kIq4Values[i - 1]), high = static_cast<float>(kIq4Values[i]);
      level = hn::Add(level, hn::IfThenElseZero(hn::Gt(y, hn::Set(d, (low + high) / 2.0F)), hn::Set(d, high - low)));
    }
    return level;
  }
  static int code(float value) {
    return static_cast<int>(std::ranges::lower_bound(kIq4Values, static_cast<int>(value)) - kIq4Values);
  }
};

/// Sums over a group for the levels q that a scale chose.
struct Fit {
  float q, qq, xq;  ///< sum of w q, w q^2, w x q
};

template <class Levels, int n>
HWY_INLINE Fit fit(const Group<n>& group, float inverse, float minimum) {
  const Float d;
  const auto factor = hn::Set(d, inverse), shift = hn::Set(d, -minimum * inverse);
  FloatVec q_sum = hn::Zero(d), qq_sum = hn::Zero(d), xq_sum = hn::Zero(d);
  HADAL_UNROLL
  for (int i = 0; i < Group<n>::kVecs; ++i) {
    const auto q = Levels::value(hn::MulAdd(group.x[i], factor, shift));
    const auto wq = hn::Mul(group.w[i], q);
    q_sum = hn::Add(q_sum, wq);
    qq_sum = hn::MulAdd(wq, q, qq_sum);
    xq_sum = hn::MulAdd(group.wx[i], q, xq_sum);
  }
  return {sum_of(q_sum), sum_of(qq_sum), sum_of(xq_sum)};
}

/// sum of w (x - minimum - scale q)^2 with the best levels q for this scale and minimum.
template <class Levels, int n>
HWY_INLINE float error_of(const Group<n>& group, float scale, float minimum) {
  const Float d;
  const float inverse = scale != 0.0F ? 1.0F / scale : 0.0F;
  const auto factor = hn::Set(d, inverse), step = hn::Set(d, scale), least = hn::Set(d, minimum);
  FloatVec sum = hn::Zero(d);
  HADAL_UNROLL
  for (int i = 0; i < Group<n>::kVecs; ++i) {
    const auto x = hn::Sub(group.x[i], least);
    const auto left = hn::NegMulAdd(Levels::value(hn::Mul(x, factor)), step, x);
    sum = hn::MulAdd(hn::Mul(left, left), group.w[i], sum);
  }
  return sum_of(sum);
}

/// The codes of a group, as error_of() chose them.
template <class Levels, int n>
HWY_INLINE void write_codes(const Group<n>& group, float scale, float minimum, std::uint8_t* codes) {
  const Float d;
  const float inverse = scale != 0.0F ? 1.0F / scale : 0.0F;
  HWY_ALIGN float levels[n];
  HADAL_UNROLL
  for (int i = 0; i < Group<n>::kVecs; ++i) {
    const auto x = hn::Sub(group.x[i], hn::Set(d, minimum));
    hn::Store(Levels::value(hn::Mul(x, hn::Set(d, inverse))), d, levels + i * kLanes);
  }
  for (int i = 0; i < n; ++i) codes[i] = static_cast<std::uint8_t>(Levels::code(levels[i]));
}

/// Least squares for given levels: the error is sum w x^2 - gain with scale = sum w x q / sum w q^2.
inline float gain_of(const Fit& f) {
  return f.qq > 0.0F ? f.xq / f.qq * f.xq : 0.0F;
}

/// The scale whose levels explain most of the group: a sweep over how far the farthest element may reach, of either
/// sign, then levels and scale in turn until neither changes.
template <class Levels, int n>
float search_scale(const Group<n>& group) {
  const float farthest = group.farthest();
  if (!(std::abs(farthest) > 1e-30F)) return 0.0F;
  const float one = 1.0F / farthest;
  Fit best{};
  const auto consider = [&](float inverse) {
    const Fit f = fit<Levels>(group, inverse, 0.0F);
    const bool better = gain_of(f) > gain_of(best);
    if (better) best = f;
    return better;
  };
  const auto sweep = [&](float first, float last, int steps) {
    for (int i = 0; i <= steps; ++i) {
      const float reach = first + (last - first) * static_cast<float>(i) / static_cast<float>(steps);
      consider(-reach * one);
      consider(reach * one);
    }
  };
  sweep(Levels::kFirst, Levels::kLast, Levels::kSteps);
  if (group.uneven) sweep(Levels::kLast, 3.0F * Levels::kLast, 2 * Levels::kSteps);
  if (best.qq <= 0.0F) return 0.0F;
  for (int i = 0; i < 8 && consider(best.qq / best.xq); ++i) {
  }
  return best.xq / best.qq;
}

struct Line {
  float scale = 0.0F, minimum = 0.0F;
};

/// Least squares for given levels, with a minimum that may be bound not to be above 0. `gain` as in gain_of().
template <int n>
HWY_INLINE Line least_squares(const Group<n>& group, const Fit& f, bool below_zero, float& gain) {
  const float determinant = group.w_sum * f.qq - f.q * f.q;
  Line line{0.0F, group.wx_sum / group.w_sum};
  if (determinant > 0.0F) {
    line.scale = (group.w_sum * f.xq - group.wx_sum * f.q) / determinant;
    line.minimum = (group.wx_sum - line.scale * f.q) / group.w_sum;
  }
  if (below_zero && line.minimum > 0.0F) line = {f.qq > 0.0F ? f.xq / f.qq : 0.0F, 0.0F};
  gain = line.scale * f.xq + line.minimum * group.wx_sum;
  return line;
}

/// The line minimum + scale q, q in 0..highest, that fits the group best: a sweep over where its ends may lie, each up
/// to some steps inside the range of the weights, then levels and line in turn until neither changes.
template <class Levels, int n>
Line search_line(const Group<n>& group, bool below_zero) {
  static constexpr float kInside[] = {-0.3F, 0.0F, 0.3F, 0.6F, 0.9F, 1.3F};
  static constexpr float kFarInside[] = {0.0F, 1.0F, 2.0F, 3.0F, 4.5F, 6.5F, 9.0F};
  static constexpr float kWider[] = {0.94F, 0.96F, 0.98F, 0.99F, 1.01F, 1.02F, 1.04F, 1.06F};
  const float low = below_zero ? std::min(group.lowest, 0.0F) : group.lowest, range = group.highest - low;
  if (!(range > 1e-30F)) return {0.0F, below_zero ? std::min(low, 0.0F) : low};
  const float step = range / Levels::kHighest;
  Line best;
  float best_gain = 0.0F;
  const auto consider = [&](float inverse, float minimum) {
    float gain = 0.0F;
    const Line line = least_squares(group, fit<Levels>(group, inverse, minimum), below_zero, gain);
    const bool better = gain > best_gain && line.scale > 0.0F;
    if (better) best = line, best_gain = gain;
    return better;
  };
  const auto settle = [&] {
    for (int i = 0; i < 8 && best.scale > 0.0F && consider(1.0F / best.scale, best.minimum); ++i) {
    }
  };
  const auto sweep = [&](std::span<const float> inside) {
    // Levels with few steps have no room for both ends to move in far.
    const float unit = step * std::min(1.0F, Levels::kHighest / 6.0F);
    for (const float from : inside) {
      for (const float to : inside) {
        if ((from + to) * unit < range) consider(Levels::kHighest / (range - (from + to) * unit), low + from * unit);
      }
    }
  };
  sweep(kInside);
  if (group.uneven) sweep(kFarInside);
  settle();
  // Around what was found, as levels and line in turn only find the nearest hollow.
  const Line middle = best;
  for (const float wider : kWider) {
    for (const float shift : {-0.25F, 0.0F, 0.25F}) {
      const float scale = middle.scale * wider;
      const float centre = middle.minimum + 0.5F * Levels::kHighest * (middle.scale - scale);
      consider(1.0F / scale, std::min(centre + shift * scale, below_zero ? 0.0F : HUGE_VALF));
    }
  }
  settle();
  return best;
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
