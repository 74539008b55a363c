// Parts of latent rows in the cache. Included once per target by cpu.cpp.
#if defined(HADAL_OPS_LATENT_ATTENTION_STORED_PARTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_LATENT_ATTENTION_STORED_PARTS_INL_H_
#undef HADAL_OPS_LATENT_ATTENTION_STORED_PARTS_INL_H_
#else
#define HADAL_OPS_LATENT_ATTENTION_STORED_PARTS_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "ops/attention/rounded-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

/// One part as the cache holds it: stored_part(size) elements.
inline void store_part(const float* x, std::int64_t size, std::int16_t* to) {
  const float scale = round_groups(x, size, [&](CodeVec codes, std::int64_t i) HWY_ATTR {
    if (i < size) hn::StoreN(codes, Codes(), to + i, static_cast<std::size_t>(std::min(kGroup, size - i)));
  });
  std::memcpy(to + size, &scale, sizeof scale);
}

HWY_INLINE float stored_scale(const std::int16_t* part, std::int64_t size) {
  float scale;
  std::memcpy(&scale, part + size, sizeof scale);
  return scale;
}

/// Puts parts into panels, as keys, and as values too unless `values` is null.
inline void read_parts(const std::int16_t* const* parts, int count, std::int64_t size, std::uint32_t* keys,
                       std::int64_t key_words, std::uint32_t* values, float* scales) {
  const auto group = [&](std::int64_t r, std::int64_t i) HWY_ATTR { return load_before(parts[r], i, size); };
  for (std::int64_t first = 0; first < count; first += kLanes) {
    for (std::int64_t j = first; j < first + kLanes; ++j) scales[j] = stored_scale(parts[j], size);
    place_keys(first, size, key_words, keys, group);
    if (values) place_values(first, size, values, group);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
