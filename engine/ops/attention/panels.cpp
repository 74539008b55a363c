#include "ops/attention/panels.h"

namespace hadal::ops {
namespace {

/// Codes before element `i` of position `p`.
std::int64_t key_code(std::int64_t size, int p, std::int64_t i) {
  return 2 * key_word(rounded_words(size), p, i / 2) + i % 2;
}
std::int64_t value_code(std::int64_t, int p, std::int64_t i) {
  return 2 * value_word(p, i) + p % 2;
}

template <class Code>
void clear(std::byte* panels, int kv_heads, int size, int first, const Code& code) {
  for (int head = 0; head < kv_heads; ++head, panels += cached_panel_bytes(size)) {
    auto* codes = reinterpret_cast<std::int16_t*>(panels);
    for (int p = first; p < kPanelPositions; ++p) {
      for (std::int64_t i = 0; i < padded_size(size); ++i) codes[code(size, p, i)] = 0;
      scales_behind(panels, size)[p] = 0.0F;
    }
  }
}

}  // namespace

void clear_cached_keys(std::byte* panels, int kv_heads, int size, int first) {
  clear(panels, kv_heads, size, first, key_code);
}

void clear_cached_values(std::byte* panels, int kv_heads, int size, int first) {
  clear(panels, kv_heads, size, first, value_code);
}

}  // namespace hadal::ops
