#pragma once

#include <cstdint>

#include "ops/attention/attention.h"

namespace hadal::ops {

/// Vectors of some positions as products read them: a position of a panel is a position of a block of the cache.
///   keys     [2][words][16]: a word of 16 neighbouring positions side by side; a word is two elements (rounded.h)
///   values   [padded size / 32][16][32]: an element of two neighbouring positions in a word, 32 elements side by side
/// These are the same on every SIMD target, since the cache is saved to files. In the cache the positions' scales, as
/// float32, follow behind each kv head's panel.
inline constexpr int kPanelPositions = KvLayerView::kBlockTokens;
/// Positions side by side in keys: the lanes of the widest vector.
inline constexpr int kKeyLanes = 16;
/// Elements side by side in values.
inline constexpr int kValueGroup = static_cast<int>(kMostGroup);

/// Words of a panel of keys or of values.
constexpr std::int64_t panel_words(std::int64_t size) {
  return kPanelPositions * rounded_words(size);
}
/// Words before word `i` of position `p` in a panel of keys with `words` to a position.
constexpr std::int64_t key_word(std::int64_t words, int p, std::int64_t i) {
  return (p / kKeyLanes * words + i) * kKeyLanes + p % kKeyLanes;
}
/// Words before the word of element `i` that position `p` shares with its neighbour.
constexpr std::int64_t value_word(int p, std::int64_t i) {
  return (i / kValueGroup * (kPanelPositions / 2) + p / 2) * kValueGroup + i % kValueGroup;
}

/// Bytes of a kv head's panel of keys or of values in the cache, with its scales.
constexpr std::int64_t cached_panel_bytes(int size) {
  return kPanelPositions * stored_size(size) * std::int64_t{sizeof(std::int16_t)};
}
/// One kv head's panel in a block of a layer's keys or values.
inline std::byte* cached_panel(std::byte* part, const KvLayerView& cache, const AttentionShape& shape,
                               std::int32_t block, int kv_head) {
  return part + block * cache.block_bytes + kv_head * cached_panel_bytes(shape.head_size);
}
/// [kPanelPositions]
inline float* scales_behind(std::byte* panel, std::int64_t size) {
  return reinterpret_cast<float*>(panel) + panel_words(size);
}

/// Makes the vectors from position `first` on zeros, in a block's panels of keys or of values for all kv heads.
void clear_cached_keys(std::byte* panels, int kv_heads, int size, int first);
void clear_cached_values(std::byte* panels, int kv_heads, int size, int first);

}  // namespace hadal::ops
