// Readers and writers of packed rows (ops/matmul/packed.h). Included once per target by quantised.cpp.
#if defined(HADAL_OPS_MATMUL_PACKED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_PACKED_INL_H_
#undef HADAL_OPS_MATMUL_PACKED_INL_H_
#else
#define HADAL_OPS_MATMUL_PACKED_INL_H_
#endif

#include "hwy/highway.h"
#include "ops/matmul/packed.h"
#include "ops/matmul/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

using UnsignedBytes = hn::Repartition<std::uint8_t, Float>;
using CodeVec = hn::Vec<UnsignedBytes>;

/// Sixteen packed rows.
struct PackedRows {
  const std::byte* codes;
  const std::byte* scales;
  const std::byte* headers;

  PackedRows(DType type, const std::byte* group, std::int64_t cols) {
    const PackedLayout layout = PackedLayout::of(type);
    codes = group;
    scales = codes + cols / 32 * layout.code_bytes;
    headers = scales + cols / 32 * layout.scale_bytes;
  }
};

// A reader of a block b gives, of the kLanes rows from `lane` on:
//   codes(b, lane, out)   8 vectors
//   scale(b, half, lane), minimum(b, half, lane)

HWY_INLINE CodeVec load_codes(const std::byte* from) {
  return hn::LoadU(UnsignedBytes(), reinterpret_cast<const std::uint8_t*>(from));
}

HWY_INLINE FloatVec load_halves(const std::byte* from) {
  const hn::Rebind<hwy::float16_t, Float> d16;
  return hn::PromoteTo(Float(), hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(from)));
}

/// How far ahead of its use what streams from memory is asked for: the hardware's own reading ahead ends with a page.
inline constexpr int kAhead = 4096;

template <int bytes>
HWY_INLINE void ask_ahead(const std::byte* at) {
  HADAL_UNROLL
  for (int i = 0; i < bytes; i += 64) hwy::Prefetch(at + kAhead + i);
}

template <int shift>
HWY_INLINE CodeVec bits(CodeVec bytes, std::uint8_t mask) {
  const hn::Repartition<std::uint16_t, Float> d16;
  const auto shifted = hn::BitCast(UnsignedBytes(), hn::ShiftRight<shift>(hn::BitCast(d16, bytes)));
  return hn::And(shifted, hn::Set(UnsignedBytes(), mask));
}

/// Eight vectors from 256 bytes of nibbles.
HWY_INLINE void load_nibble_codes(const std::byte* from, CodeVec (&out)[8]) {
  HADAL_UNROLL
  for (int i = 0; i < 4; ++i) {
    const auto bytes = load_codes(from + 64 * i);
    out[i] = hn::And(bytes, hn::Set(UnsignedBytes(), 15));
    out[i + 4] = bits<4>(bytes, 15);
  }
}

struct PackedQ4_0 : PackedRows {
  using PackedRows::PackedRows;
  HWY_INLINE void load(int b, int lane, CodeVec (&out)[8]) const {
    if (lane == 0) ask_ahead<256>(codes + 256 * b);
    load_nibble_codes(codes + 256 * b + 4 * lane, out);
  }
  HWY_INLINE FloatVec scale(int b, int, int lane) const { return load_halves(scales + 32 * b + 2 * lane); }
  HWY_INLINE FloatVec minimum(int, int, int) const { return hn::Zero(Float()); }
};

struct PackedQ4_1 : PackedRows {
  using PackedRows::PackedRows;
  HWY_INLINE void load(int b, int lane, CodeVec (&out)[8]) const {
    if (lane == 0) ask_ahead<256>(codes + 256 * b);
    load_nibble_codes(codes + 256 * b + 4 * lane, out);
  }
  HWY_INLINE FloatVec scale(int b, int, int lane) const { return load_halves(scales + 64 * b + 2 * lane); }
  HWY_INLINE FloatVec minimum(int b, int, int lane) const { return load_halves(scales + 64 * b + 32 + 2 * lane); }
};

struct PackedQ8_0 : PackedRows {
  using PackedRows::PackedRows;
  HWY_INLINE void load(int b, int lane, CodeVec (&out)[8]) const {
    if (lane == 0) ask_ahead<512>(codes + 512 * b);
    HADAL_UNROLL
    for (int i = 0; i < 8; ++i) out[i] = load_codes(codes + 512 * b + 64 * i + 4 * lane);
  }
  HWY_INLINE FloatVec scale(int b, int, int lane) const { return load_halves(scales + 32 * b + 2 * lane); }
  HWY_INLINE FloatVec minimum(int, int, int) const { return hn::Zero(Float()); }
};

struct PackedQ4_K : PackedRows {
  using PackedRows::PackedRows;
  HWY_INLINE void load(int b, int lane, CodeVec (&out)[8]) const {
    if (lane == 0) ask_ahead<256>(codes + 256 * b);
    load_nibble_codes(codes + 256 * b + 4 * lane, out);
  }
  HWY_INLINE FloatVec scale(int b, int, int lane) const {
    const auto code = hn::ConvertTo(Float(), widen<std::uint8_t>(scales + 32 * b + lane));
    return hn::Mul(code, load_halves(headers + 64 * (b / 8) + 2 * lane));
  }
  HWY_INLINE FloatVec minimum(int b, int, int lane) const {
    const auto code = hn::ConvertTo(Float(), widen<std::uint8_t>(scales + 32 * b + 16 + lane));
    return hn::Mul(code, hn::Neg(load_halves(headers + 64 * (b / 8) + 32 + 2 * lane)));
  }
};

struct PackedQ6_K : PackedRows {
  using PackedRows::PackedRows;
  HWY_INLINE void load(int b, int lane, CodeVec (&out)[8]) const {
    if (lane == 0) ask_ahead<384>(codes + 384 * b);
    const std::byte* from = codes + 384 * b + 4 * lane;
    load_nibble_codes(from, out);
    HADAL_UNROLL
    for (int i = 0; i < 2; ++i) {
      // The upper bits of vectors i, i + 2, i + 4, i + 6, brought to bits 4 and 5.
      const auto bytes = load_codes(from + 256 + 64 * i);
      const hn::Repartition<std::uint16_t, Float> d16;
      const auto mask = hn::Set(UnsignedBytes(), 0x30);
      const auto up = [&](auto wide) HWY_ATTR { return hn::And(hn::BitCast(UnsignedBytes(), wide), mask); };
      const auto wide = hn::BitCast(d16, bytes);
      out[i] = hn::Or(out[i], up(hn::ShiftLeft<4>(wide)));
      out[i + 2] = hn::Or(out[i + 2], up(hn::ShiftLeft<2>(wide)));
      out[i + 4] = hn::Or(out[i + 4], hn::And(bytes, mask));
      out[i + 6] = hn::Or(out[i + 6], up(hn::ShiftRight<2>(wide)));
    }
  }
  HWY_INLINE FloatVec scale(int b, int half, int lane) const {
    const auto code = hn::ConvertTo(Float(), widen<std::int8_t>(scales + 32 * b + 16 * half + lane));
    return hn::Mul(code, load_halves(headers + 32 * (b / 8) + 2 * lane));
  }
  HWY_INLINE FloatVec minimum(int, int, int) const { return hn::Zero(Float()); }
};

/// A panel read as packed rows are.
struct PanelRows {
  const Panel& panel;
  HWY_INLINE void load(int b, int lane, CodeVec (&out)[8]) const {
    HADAL_UNROLL
    for (int i = 0; i < 8; ++i) out[i] = hn::Load(UnsignedBytes(), panel.codes[b] + 64 * i + 4 * lane);
  }
  HWY_INLINE FloatVec scale(int b, int half, int lane) const { return hn::Load(Float(), panel.scales[b][half] + lane); }
  HWY_INLINE FloatVec minimum(int b, int half, int lane) const {
    return hn::Load(Float(), panel.minima[b][half] + lane);
  }
};

/// Unpacks blocks [block, block + blocks).
template <class Rows, int halves, bool minima>
void fill_panel_from_packed(const Rows& rows, int block, int blocks, Panel& panel) {
  for (int b = 0; b < blocks; ++b) {
    for (int lane = 0; lane < kPanelRows; lane += kLanes) {
      CodeVec codes[8];
      rows.load(block + b, lane, codes);
      HADAL_UNROLL
      for (int i = 0; i < 8; ++i) hn::Store(codes[i], UnsignedBytes(), panel.codes[b] + 64 * i + 4 * lane);
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

/// The scales of one row of one of the file's blocks, `first` being its first block of 32 and `r` its row.
void pack_scales(const BlockQ4_0& from, int first, int r, std::byte* scales, std::byte*) {
  std::memcpy(scales + 32 * first + 2 * r, &from.scale, 2);
}
void pack_scales(const BlockQ8_0& from, int first, int r, std::byte* scales, std::byte*) {
  std::memcpy(scales + 32 * first + 2 * r, &from.scale, 2);
}
void pack_scales(const BlockQ4_1& from, int first, int r, std::byte* scales, std::byte*) {
  std::memcpy(scales + 64 * first + 2 * r, &from.scale, 2);
  std::memcpy(scales + 64 * first + 32 + 2 * r, &from.minimum, 2);
}
void pack_scales(const BlockQ4_K& from, int first, int r, std::byte* scales, std::byte* headers) {
  std::uint8_t unpacked[16];
  const auto words = unpack_scales_q4(from.scales);
  std::memcpy(unpacked, words.data(), sizeof unpacked);
  for (int g = 0; g < 8; ++g) {
    scales[32 * (first + g) + r] = std::byte{unpacked[g]};
    scales[32 * (first + g) + 16 + r] = std::byte{unpacked[8 + g]};
  }
  std::memcpy(headers + 64 * (first / 8) + 2 * r, &from.scale, 2);
  std::memcpy(headers + 64 * (first / 8) + 32 + 2 * r, &from.minimum, 2);
}
void pack_scales(const BlockQ6_K& from, int first, int r, std::byte* scales, std::byte* headers) {
  for (int g = 0; g < 16; ++g) {
    std::memcpy(scales + 32 * (first + g / 2) + 16 * (g % 2) + r, &from.scales[g], 1);
  }
  std::memcpy(headers + 32 * (first / 8) + 2 * r, &from.scale, 2);
}

template <class Codes, class Block>
void pack_group(const WeightView& w, int bits_each, std::int64_t group, std::byte* out) {
  const PackedLayout layout = PackedLayout::of(w.type);
  const std::int64_t row_bytes = w.row_bytes(), blocks = w.cols / 32;
  const std::int64_t first = group * kPackedRows;
  const auto rows = static_cast<int>(std::min<std::int64_t>(kPackedRows, w.rows - first));
  const std::byte* from = w.data + first * row_bytes;
  std::byte* scales = out + blocks * layout.code_bytes;
  std::byte* headers = scales + blocks * layout.scale_bytes;
  if (rows < kPackedRows) std::memset(out, 0, static_cast<std::size_t>(layout.group_bytes(w.cols)));
  Panel panel;
  if (rows < kPackedRows) std::memset(panel.codes, 0, sizeof panel.codes);
  for (std::int64_t block = 0; block < blocks; block += kPanelBlocks) {
    const auto count = static_cast<int>(std::min<std::int64_t>(kPanelBlocks, blocks - block));
    fill_panel<Codes>(from, row_bytes, rows, block, count, panel);
    for (int b = 0; b < count; ++b) {
      auto* to = reinterpret_cast<std::uint8_t*>(out + (block + b) * layout.code_bytes);
      pack_codes(panel.codes[b], bits_each, to);
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (std::int64_t b = 0; b < blocks; b += Codes::kGroups) {
      Block read;
      std::memcpy(&read, from + r * row_bytes + b / Codes::kGroups * Codes::kBytes, sizeof read);
      pack_scales(read, static_cast<int>(b), r, scales, headers);
    }
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
