// Writers of packed rows (ops/matmul/packed.h). Included once per target by quantised.cpp.
#if defined(HADAL_OPS_MATMUL_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_PACK_INL_H_
#undef HADAL_OPS_MATMUL_PACK_INL_H_
#else
#define HADAL_OPS_MATMUL_PACK_INL_H_
#endif

#include <algorithm>
#include <cstring>

#include "hwy/highway.h"
#include "ops/matmul/packed.h"
#include "ops/matmul/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

void pack_codes(const std::uint8_t* from, int bits_each, std::uint8_t* out) {
  if (bits_each == 8) {
    std::memcpy(out, from, 512);
    return;
  }
  if (bits_each == 6) {
    for (int i = 0; i < 384; ++i) {
      const int rest = from[384 + i / 192 * 64 + i % 64] >> (i / 64 % 3 * 2) & 3;
      out[i] = static_cast<std::uint8_t>(from[i] | rest << 6);
    }
    return;
  }
  for (int i = 0; i < 256; ++i) {
    out[i] = static_cast<std::uint8_t>((from[i] & 15) | (from[i + 256] & 15) << 4);
  }
}

/// Writes what sixteen rows have besides their codes.
struct PackedWriter {
  PackedLayout layout;
  std::byte* rows;

  std::byte* header(std::int64_t b) const {
    return rows + b / 8 * (8 * (layout.code_bytes + layout.scale_bytes) + layout.header_bytes);
  }
  std::byte* codes(std::int64_t b) const {
    const std::int64_t block_bytes = layout.code_bytes + layout.scale_bytes;
    return layout.header_bytes == 0 ? rows + b * block_bytes : header(b) + layout.header_bytes + b % 8 * block_bytes;
  }
  std::byte* scales(std::int64_t b) const { return codes(b) + layout.code_bytes; }

  // Of row `r`, one of the file's blocks, of which block `b` of 32 columns is the first.
  void write(const BlockQ4_0& from, std::int64_t b, int r) const { std::memcpy(scales(b) + 2 * r, &from.scale, 2); }
  void write(const BlockQ8_0& from, std::int64_t b, int r) const { std::memcpy(scales(b) + 2 * r, &from.scale, 2); }
  void write(const BlockQ4_1& from, std::int64_t b, int r) const {
    std::memcpy(scales(b) + 2 * r, &from.scale, 2);
    std::memcpy(scales(b) + 32 + 2 * r, &from.minimum, 2);
  }
  void write(const BlockQ4_K& from, std::int64_t b, int r) const {
    const auto words = unpack_scales_q4(from.scales);
    std::uint8_t unpacked[16];  // scales, then minima
    std::memcpy(unpacked, words.data(), sizeof unpacked);
    auto* to = reinterpret_cast<std::uint8_t*>(header(b));
    for (int g = 0; g < 8; ++g) {
      const int scale = unpacked[g], minimum = unpacked[8 + g];
      to[64 + 16 * g + r] = static_cast<std::uint8_t>((scale & 15) | (minimum & 15) << 4);
    }
    for (int g = 0; g < 4; ++g) {
      const auto upper = [&](int i, int shift) { return unpacked[i] >> 4 << shift; };
      to[192 + 16 * g + r] =
          static_cast<std::uint8_t>(upper(g, 0) | upper(g + 4, 2) | upper(g + 8, 4) | upper(g + 12, 6));
    }
    std::memcpy(to + 2 * r, &from.scale, 2);
    std::memcpy(to + 32 + 2 * r, &from.minimum, 2);
  }
  void write(const BlockQ6_K& from, std::int64_t b, int r) const {
    for (int g = 0; g < 16; ++g) std::memcpy(scales(b + g / 2) + 16 * (g % 2) + r, &from.scales[g], 1);
    std::memcpy(header(b) + 2 * r, &from.scale, 2);
  }
};

template <class Codes, class Block>
void pack_group(const WeightView& w, int bits_each, std::int64_t group, std::byte* out) {
  const PackedWriter writer{PackedLayout::of(w.type), out};
  const std::int64_t row_bytes = w.row_bytes(), blocks = w.cols / 32, first = group * kPackedRows;
  const auto rows = static_cast<int>(std::min<std::int64_t>(kPackedRows, w.rows - first));
  const std::byte* from = w.data + first * row_bytes;
  Panel panel;
  if (rows < kPackedRows) {
    std::memset(out, 0, static_cast<std::size_t>(writer.layout.group_bytes(w.cols)));
    std::memset(panel.codes, 0, sizeof panel.codes);
  }
  for (std::int64_t block = 0; block < blocks; block += kPanelBlocks) {
    const auto count = static_cast<int>(std::min<std::int64_t>(kPanelBlocks, blocks - block));
    fill_panel<Codes>(from, row_bytes, rows, block, count, panel);
    for (int b = 0; b < count; ++b) {
      pack_codes(panel.codes[b], bits_each, reinterpret_cast<std::uint8_t*>(writer.codes(block + b)));
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (std::int64_t b = 0; b < blocks; b += Codes::kGroups) {
      Block read;
      std::memcpy(&read, from + r * row_bytes + b / Codes::kGroups * Codes::kBytes, sizeof read);
      writer.write(read, b, r);
    }
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
