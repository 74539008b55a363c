// Super-blocks of 256 elements, whose groups' scales are whole numbers themselves. Included once per target by cpu.cpp.
//
// First every group is fitted alone. A half, or two, then turn the groups' scales into whole numbers; that spoils the
// fit, so whole numbers (each group for itself, codes chosen anew for each try) and halves (least squares over all
// groups) are improved in turn, and the best of all rounds is kept.
#if defined(HADAL_OPS_QUANTISE_SUPER_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_QUANTISE_SUPER_BLOCKS_INL_H_
#undef HADAL_OPS_QUANTISE_SUPER_BLOCKS_INL_H_
#else
#define HADAL_OPS_QUANTISE_SUPER_BLOCKS_INL_H_
#endif

#include <cstring>

#include "hwy/highway.h"
#include "ops/quantise/blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

inline constexpr int kRounds = 3;

inline int whole(float value, int lowest, int highest) {
  // A quotient by a half near zero may be beyond every int.
  return static_cast<int>(std::lround(std::clamp(value, static_cast<float>(lowest), static_cast<float>(highest))));
}

/// x = scale * s * level, s in lowest_scale..highest_scale for each group of n. `reach` tells how far from a group's
/// own best scale to look: far where there are few levels, because scales far apart then serve about as well.
template <class Block, class Levels, int n, int lowest_scale, int highest_scale, int reach>
struct ScaledSuperBlock {
  static constexpr int kElements = 256, kGroups = kElements / n;
  static constexpr int kStarts = lowest_scale < -64 ? 2 : 10;

  struct Choice {
    std::uint16_t scale = 0;
    int scales[kGroups] = {};
    float error = HUGE_VALF;
  };

  Group<n> groups[kGroups];
  float wanted[kGroups];

  static bool encode(const float* x, const float* importance, std::byte* out) {
    ScaledSuperBlock self;
    const Choice best = self.search(x, importance);
    if (!(best.error < HUGE_VALF)) return false;
    const float scale = half_to_float(best.scale);
    std::uint8_t codes[kElements];
    for (int g = 0; g < kGroups; ++g) {
      write_codes<Levels>(self.groups[g], scale * static_cast<float>(best.scales[g]), 0.0F, codes + g * n);
    }
    Block block;
    block.scale = best.scale;
    pack_scales(best.scales, block);
    pack_codes(codes, block);
    std::memcpy(out, &block, sizeof block);
    return true;
  }

  Choice search(const float* x, const float* importance) {
    float farthest = 0.0F;
    for (int g = 0; g < kGroups; ++g) {
      groups[g].load(x + g * n, importance + g * n);
      wanted[g] = search_scale<Levels>(groups[g]);
      if (std::abs(wanted[g]) > std::abs(farthest)) farthest = wanted[g];
    }
    Choice best, now;
    const auto consider = [&](float scale) {
      now.scale = nonzero_half(scale);
      if (!is_finite(now.scale)) return;
      choose_scales(now);
      if (now.error < best.error) best = now;
    };
    // Each start has the largest scale at another whole number, and rounds all the others differently.
    for (int start = 0; start < kStarts; ++start) {
      const float scale = farthest / static_cast<float>(lowest_scale + start);
      begin_scales(now, half_to_float(nonzero_half(scale)));
      consider(scale);
    }
    now = best;
    for (int round = 0; round < kRounds && now.error < HUGE_VALF; ++round) consider(refitted(now));
    return best;
  }

  void begin_scales(Choice& now, float scale) const {
    for (int g = 0; g < kGroups; ++g) {
      now.scales[g] = scale == 0.0F ? 0 : whole(wanted[g] / scale, lowest_scale, highest_scale);
    }
  }

  /// The best whole number for each group, near the one it has.
  void choose_scales(Choice& now) const {
    const float scale = half_to_float(now.scale);
    now.error = 0.0F;
    for (int g = 0; g < kGroups; ++g) {
      const int middle = now.scales[g];
      float least = HUGE_VALF;
      for (int s = std::max(middle - reach, lowest_scale); s <= std::min(middle + reach, highest_scale); ++s) {
        const float error = error_of<Levels>(groups[g], scale * static_cast<float>(s), 0.0F);
        if (error < least) least = error, now.scales[g] = s;
      }
      now.error += least;
    }
  }

  /// Least squares: sum w x (s q) / sum w (s q)^2 over all groups.
  float refitted(const Choice& now) const {
    const float scale = half_to_float(now.scale);
    float xq = 0.0F, qq = 0.0F;
    for (int g = 0; g < kGroups; ++g) {
      const auto s = static_cast<float>(now.scales[g]);
      if (s == 0.0F || scale == 0.0F) continue;
      const Fit f = fit<Levels>(groups[g], 1.0F / (scale * s), 0.0F);
      xq += s * f.xq;
      qq += s * s * f.qq;
    }
    return qq > 0.0F ? xq / qq : scale;
  }
};

/// x = scale * s * level - minimum * m, s and m in 0..most for each group of n.
template <class Block, class Levels, int n, int most>
struct LineSuperBlock {
  static constexpr int kElements = 256, kGroups = kElements / n;
  static constexpr int kStarts = 4;

  struct Choice {
    std::uint16_t scale = 0, minimum = 0;
    int scales[kGroups] = {}, minima[kGroups] = {};
    float error = HUGE_VALF;
  };

  Group<n> groups[kGroups];
  Line wanted[kGroups];

  static bool encode(const float* x, const float* importance, std::byte* out) {
    LineSuperBlock self;
    const Choice best = self.search(x, importance);
    if (!(best.error < HUGE_VALF)) return false;
    const float scale = half_to_float(best.scale), minimum = half_to_float(best.minimum);
    std::uint8_t codes[kElements];
    for (int g = 0; g < kGroups; ++g) {
      write_codes<Levels>(self.groups[g], scale * static_cast<float>(best.scales[g]),
                          -minimum * static_cast<float>(best.minima[g]), codes + g * n);
    }
    Block block;
    block.scale = best.scale;
    block.minimum = best.minimum;
    pack_scales(best.scales, best.minima, block);
    pack_codes(codes, block);
    std::memcpy(out, &block, sizeof block);
    return true;
  }

  Choice search(const float* x, const float* importance) {
    Line steps;  // of the scales and of the minima, which are stored with their sign turned
    for (int g = 0; g < kGroups; ++g) {
      groups[g].load(x + g * n, importance + g * n);
      wanted[g] = search_line<Levels>(groups[g], true);
      steps.scale = std::max(steps.scale, wanted[g].scale / most);
      steps.minimum = std::max(steps.minimum, -wanted[g].minimum / most);
    }
    Choice best, now;
    const auto consider = [&](Line line, bool begin) {
      now.scale = nonzero_half(line.scale);
      now.minimum = nonzero_half(line.minimum);
      if (!is_finite(now.scale) || !is_finite(now.minimum)) return;
      if (begin) begin_scales(now);
      choose_scales(now);
      if (now.error < best.error) best = now;
    };
    for (int start = 0; start < kStarts; ++start) {
      const float factor = static_cast<float>(most) / static_cast<float>(most - start);
      consider({steps.scale * factor, steps.minimum * factor}, true);
    }
    now = best;
    for (int round = 0; round < kRounds && now.error < HUGE_VALF; ++round) consider(refitted(now), false);
    return best;
  }

  void begin_scales(Choice& now) const {
    const float scale = half_to_float(now.scale), minimum = half_to_float(now.minimum);
    for (int g = 0; g < kGroups; ++g) {
      now.scales[g] = scale == 0.0F ? 0 : whole(wanted[g].scale / scale, 0, most);
      now.minima[g] = minimum == 0.0F ? 0 : whole(-wanted[g].minimum / minimum, 0, most);
    }
  }

  /// The best pair of whole numbers for each group, near the one it has.
  void choose_scales(Choice& now) const {
    const float scale = half_to_float(now.scale), minimum = half_to_float(now.minimum);
    now.error = 0.0F;
    for (int g = 0; g < kGroups; ++g) {
      const int middle_s = now.scales[g], middle_m = now.minima[g];
      float least = HUGE_VALF;
      for (int s = std::max(middle_s - 1, 0); s <= std::min(middle_s + 1, most); ++s) {
        for (int m = std::max(middle_m - 1, 0); m <= std::min(middle_m + 1, most); ++m) {
          const float error =
              error_of<Levels>(groups[g], scale * static_cast<float>(s), -minimum * static_cast<float>(m));
          if (error < least) least = error, now.scales[g] = s, now.minima[g] = m;
        }
      }
      now.error += least;
    }
  }

  /// Least squares over all groups: x ~ scale a - minimum b with a = s q and b = m.
  Line refitted(const Choice& now) const {
    const float scale = half_to_float(now.scale), minimum = half_to_float(now.minimum);
    float aa = 0.0F, ab = 0.0F, bb = 0.0F, xa = 0.0F, xb = 0.0F;
    for (int g = 0; g < kGroups; ++g) {
      const auto s = static_cast<float>(now.scales[g]), m = static_cast<float>(now.minima[g]);
      const float step = scale * s;
      const Fit f = fit<Levels>(groups[g], step != 0.0F ? 1.0F / step : 0.0F, -minimum * m);
      aa += s * s * f.qq;
      ab += s * m * f.q;
      bb += m * m * groups[g].w_sum;
      xa += s * f.xq;
      xb += m * groups[g].wx_sum;
    }
    const float determinant = aa * bb - ab * ab;
    const Line both{(xa * bb - ab * xb) / determinant, (ab * xa - aa * xb) / determinant};
    if (determinant > 0.0F && both.scale > 0.0F && both.minimum > 0.0F) return both;
    if (aa <= 0.0F) return {scale, bb > 0.0F ? std::max(-xb / bb, 0.0F) : 0.0F};
    return {xa > 0.0F ? xa / aa : scale, 0.0F};
  }
};

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
