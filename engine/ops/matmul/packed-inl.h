// Readers and writers of packed rows (ops/matmul/packed.h). Included once per target by quantised.cpp.
#if defined(HADAL_OPS_MATMUL_PACKED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_PACKED_INL_H_
#undef HADAL_OPS_MATMUL_PACKED_INL_H_
#else
#define HADAL_OPS_MATMUL_PACKED_INL_H_
#endif

#include "hwy/highway.h"
#include "ops/matmul/dot-inl.h"
#include "ops/matmul/packed.h"
#include "ops/matmul/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

/// Sixteen packed rows, or those from a block on that begins 256 columns.
template <int code_bytes, int scale_bytes, int header_bytes = 0>
struct PackedRows {
  static constexpr int kBlockBytes = code_bytes + scale_bytes;
  const std::byte* rows;

  HWY_INLINE const std::byte* header(int b) const { return rows + b / 8 * (8 * kBlockBytes + header_bytes); }
  HWY_INLINE const std::byte* codes(int b) const {
    return header_bytes == 0 ? rows + b * kBlockBytes : header(b) + header_bytes + b % 8 * kBlockBytes;
  }
  HWY_INLINE const std::byte* scales(int b) const { return codes(b) + code_bytes; }
};

// A reader of rows:
//   kVecs              vectors of rows that are best multiplied at once
//   Block block(b, row)    of block b, what the kLanes rows from `row` on have:
//     codes(word)      those of columns 4 * word to 4 * word + 3
//     scale(half), minimum(half)

/// Packed rows where they lie. With few registers each word's codes are unpacked where they are asked for, otherwise
/// those of a block at once.
template <class Packed>
struct UnpackedRows {
  static constexpr bool kAtOnce = HWY_TARGET <= HWY_AVX3;
  static constexpr int kVecs = HWY_TARGET == HWY_AVX2 ? 2 : 1;  ///< Of a panel's sixteen rows.
  Packed packed;

  struct Block {
    CodeVec words[kAtOnce ? 8 : 1];
    const Packed* packed;
    int b, row;

    HWY_INLINE CodeVec codes(int word) const { return kAtOnce ? words[word] : packed->code(b, word, row); }
    HWY_INLINE FloatVec scale(int half) const { return packed->scale(b, half, row); }
    HWY_INLINE FloatVec minimum(int half) const { return packed->minimum(b, half, row); }
  };
  /// Asks for what comes a page after block b: read slowly, a page ends before the processor has seen its stream.
  HWY_INLINE void ask(int b) const {
    HADAL_UNROLL
    for (int i = 0; i < Packed::kBlockBytes; i += 64) hwy::Prefetch(packed.codes(b) + 4096 + i);
  }
  HWY_INLINE Block block(int b, int row) const {
    Block out;
    HADAL_UNROLL
    for (int i = 0; kAtOnce && i < 8; ++i) out.words[i] = packed.code(b, i, row);
    out.packed = &packed;
    out.b = b;
    out.row = row;
    return out;
  }
};

// A layout gives, of block b and the kLanes rows from `lane` on:
//   code(b, word, lane)
//   scale(b, half, lane), minimum(b, half, lane)

HWY_INLINE CodeVec load_codes(const std::byte* from) {
  return hn::LoadU(UnsignedBytes(), reinterpret_cast<const std::uint8_t*>(from));
}

HWY_INLINE FloatVec load_halves(const std::byte* from) {
  const hn::Rebind<hwy::float16_t, Float> d16;
  return hn::PromoteTo(Float(), hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(from)));
}

/// Word `word` of 256 bytes of nibbles.
HWY_INLINE CodeVec nibble_code(const std::byte* from, int word) {
  const hn::Repartition<std::uint16_t, Float> d16;
  const auto low = hn::Set(UnsignedBytes(), 15);
  const auto bytes = load_codes(from + 64 * (word % 4));
  if (word < 4) return hn::And(bytes, low);
  return hn::And(hn::BitCast(UnsignedBytes(), hn::ShiftRight<4>(hn::BitCast(d16, bytes))), low);
}

struct PackedQ4_0 : PackedRows<256, 32> {
  HWY_INLINE CodeVec code(int b, int word, int lane) const { return nibble_code(codes(b) + 4 * lane, word); }
  HWY_INLINE FloatVec scale(int b, int, int lane) const { return load_halves(scales(b) + 2 * lane); }
  HWY_INLINE FloatVec minimum(int, int, int) const { return hn::Zero(Float()); }
};

struct PackedQ4_1 : PackedRows<256, 64> {
  HWY_INLINE CodeVec code(int b, int word, int lane) const { return nibble_code(codes(b) + 4 * lane, word); }
  HWY_INLINE FloatVec scale(int b, int, int lane) const { return load_halves(scales(b) + 2 * lane); }
  HWY_INLINE FloatVec minimum(int b, int, int lane) const { return load_halves(scales(b) + 32 + 2 * lane); }
};

struct PackedQ8_0 : PackedRows<512, 32> {
  HWY_INLINE CodeVec code(int b, int word, int lane) const { return load_codes(codes(b) + 64 * word + 4 * lane); }
  HWY_INLINE FloatVec scale(int b, int, int lane) const { return load_halves(scales(b) + 2 * lane); }
  HWY_INLINE FloatVec minimum(int, int, int) const { return hn::Zero(Float()); }
};

struct PackedQ4_K : PackedRows<256, 32, 64> {
  HWY_INLINE CodeVec code(int b, int word, int lane) const { return nibble_code(codes(b) + 4 * lane, word); }
  HWY_INLINE FloatVec scale(int b, int, int lane) const {
    const auto code = hn::ConvertTo(Float(), widen<std::uint8_t>(scales(b) + lane));
    return hn::Mul(code, load_halves(header(b) + 2 * lane));
  }
  HWY_INLINE FloatVec minimum(int b, int, int lane) const {
    const auto code = hn::ConvertTo(Float(), widen<std::uint8_t>(scales(b) + 16 + lane));
    return hn::Mul(code, hn::Neg(load_halves(header(b) + 32 + 2 * lane)));
  }
};

struct PackedQ6_K : PackedRows<384, 32, 32> {
  HWY_INLINE CodeVec code(int b, int word, int lane) const {
    const std::byte* from = codes(b) + 4 * lane;
    // The upper bits of words i, i + 2, i + 4, i + 6 share bytes and are brought to bits 4 and 5.
    const auto bytes = load_codes(from + 256 + 64 * (word % 2));
    const auto wide = hn::BitCast(hn::Repartition<std::uint16_t, Float>(), bytes);
    auto upper = wide;
    if (word / 2 == 0) upper = hn::ShiftLeft<4>(wide);
    if (word / 2 == 1) upper = hn::ShiftLeft<2>(wide);
    if (word / 2 == 3) upper = hn::ShiftRight<2>(wide);
    const auto mask = hn::Set(UnsignedBytes(), 0x30);
    return hn::Or(nibble_code(from, word), hn::And(hn::BitCast(UnsignedBytes(), upper), mask));
  }
  HWY_INLINE FloatVec scale(int b, int half, int lane) const {
    const auto code = hn::ConvertTo(Float(), widen<std::int8_t>(scales(b) + 16 * half + lane));
    return hn::Mul(code, load_halves(header(b) + 2 * lane));
  }
  HWY_INLINE FloatVec minimum(int, int, int) const { return hn::Zero(Float()); }
};

/// Panels of neighbouring rows, where they lie.
struct PanelRows {
  /// Two panels side by side, or with AVX2 the two halves of one: 2 x 4 sums, 2 x codes, activations and products fit
  /// 16 registers.
  static constexpr int kVecs = HWY_TARGET <= HWY_AVX2 ? 2 : 1;
  const Panel* panels;

  struct Block {
    const std::uint8_t* words;
    const float *scales, *minima;

    HWY_INLINE CodeVec codes(int word) const { return hn::Load(UnsignedBytes(), words + 64 * word); }
    HWY_INLINE FloatVec scale(int half) const { return hn::Load(Float(), scales + kPanelRows * half); }
    HWY_INLINE FloatVec minimum(int half) const { return hn::Load(Float(), minima + kPanelRows * half); }
  };
  HWY_INLINE Block block(int b, int row) const {
    const Panel& panel = panels[row / kPanelRows];
    const int lane = row % kPanelRows;
    return {panel.codes[b] + 4 * lane, panel.scales[b][0] + lane, panel.minima[b][0] + lane};
  }
};

/// Unpacks blocks [block, block + blocks).
template <class Rows, int halves, bool minima>
void fill_panel_from_packed(const Rows& rows, int block, int blocks, Panel& panel) {
  for (int b = 0; b < blocks; ++b) {
    for (int lane = 0; lane < kPanelRows; lane += kLanes) {
      HADAL_UNROLL
      for (int i = 0; i < 8; ++i) {
        hn::Store(rows.code(block + b, i, lane), UnsignedBytes(), panel.codes[b] + 64 * i + 4 * lane);
      }
      HADAL_UNROLL
      for (int h = 0; h < halves; ++h) {
        hn::Store(rows.scale(block + b, h, lane), Float(), panel.scales[b][h] + lane);
        if constexpr (minima) hn::Store(rows.minimum(block + b, h, lane), Float(), panel.minima[b][h] + lane);
      }
    }
  }
}

void pack_codes(const std::uint8_t* from, int bits_each, std::uint8_t* out) {
  if (bits_each == 8) {
    std::memcpy(out, from, 512);
    return;
  }
  for (int i = 0; i < 256; ++i) {
    out[i] = static_cast<std::uint8_t>((from[i] & 15) | (from[i + 256] & 15) << 4);
  }
  if (bits_each == 4) return;
  for (int i = 0; i < 128; ++i) {
    const auto upper = [&](int at, int shift) { return (from[i + at] >> 4 & 3) << shift; };
    out[256 + i] = static_cast<std::uint8_t>(upper(0, 0) | upper(128, 2) | upper(256, 4) | upper(384, 6));
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
    std::byte unpacked[16];
    std::memcpy(unpacked, words.data(), sizeof unpacked);
    for (int g = 0; g < 8; ++g) {
      scales(b + g)[r] = unpacked[g];
      scales(b + g)[16 + r] = unpacked[8 + g];
    }
    std::memcpy(header(b) + 2 * r, &from.scale, 2);
    std::memcpy(header(b) + 32 + 2 * r, &from.minimum, 2);
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
