// Readers of packed rows (ops/matmul/packed.h). Included once per target by quantised.cpp.
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

  struct Header {};
  HWY_INLINE void open(int, Header&) const {}

  HWY_INLINE const std::byte* header(int b) const { return rows + b / 8 * (8 * kBlockBytes + header_bytes); }
  HWY_INLINE const std::byte* codes(int b) const {
    return header_bytes == 0 ? rows + b * kBlockBytes : header(b) + header_bytes + b % 8 * kBlockBytes;
  }
  HWY_INLINE const std::byte* scales(int b) const { return codes(b) + code_bytes; }
};

// A reader of rows:
//   kVecs              vectors of rows that are best multiplied at once
//   open(b, header)    at each block in turn: what is done once for 256 columns
//   Block block(b, row, header)    of block b, what the kLanes rows from `row` on have:
//     codes(word)      those of columns 4 * word to 4 * word + 3
//     scale(half), minimum(half)

/// Packed rows where they lie. With few registers each word's codes are unpacked where they are asked for, otherwise
/// those of a block at once.
template <class Packed>
struct UnpackedRows {
  static constexpr bool kAtOnce = HWY_TARGET <= HWY_AVX3;
  static constexpr int kVecs = HWY_TARGET == HWY_AVX2 ? 2 : 1;  ///< Of a panel's sixteen rows.
  using Header = typename Packed::Header;
  Packed packed;

  struct Block {
    CodeVec words[kAtOnce ? 8 : 1];
    const Packed* packed;
    const Header* header;
    int b, row;

    HWY_INLINE CodeVec codes(int word) const { return kAtOnce ? words[word] : packed->code(b, word, row); }
    HWY_INLINE FloatVec scale(int half) const { return packed->scale(*header, b, half, row); }
    HWY_INLINE FloatVec minimum(int half) const { return packed->minimum(*header, b, half, row); }
  };
  HWY_INLINE void open(int b, Header& header) const {
    if (b % 8 == 0) packed.open(b, header);
  }
  /// Asks for what comes a page after block b: read slowly, a page ends before the processor has seen its stream.
  HWY_INLINE void ask(int b) const {
    HADAL_UNROLL
    for (int i = 0; i < Packed::kBlockBytes; i += 64) hwy::Prefetch(packed.codes(b) + 4096 + i);
  }
  HWY_INLINE Block block(int b, int row, const Header& header) const {
    Block out;
    HADAL_UNROLL
    for (int i = 0; kAtOnce && i < 8; ++i) out.words[i] = packed.code(b, i, row);
    out.packed = &packed;
    out.header = &header;
    out.b = b;
    out.row = row;
    return out;
  }
};

// A layout gives, of block b and the kLanes rows from `lane` on:
//   code(b, word, lane)
//   scale(header, b, half, lane), minimum(header, b, half, lane)
// and open(b, header) what the sixteen rows have in common for the eight blocks from b on.

HWY_INLINE CodeVec load_codes(const std::byte* from) {
  return hn::LoadU(UnsignedBytes(), reinterpret_cast<const std::uint8_t*>(from));
}

HWY_INLINE FloatVec load_halves(const std::byte* from) {
  const hn::Rebind<hwy::float16_t, Float> d16;
  return hn::PromoteTo(Float(), hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(from)));
}

/// Bytes moved by `bits` to the right, or to the left where there are fewer than none; of these those in `mask`, which
/// has none that come from a neighbour.
template <int bits>
HWY_INLINE CodeVec shifted(CodeVec bytes, std::uint8_t mask) {
  const hn::Repartition<std::uint16_t, Float> d16;
  auto wide = hn::BitCast(d16, bytes);
  if constexpr (bits > 0) wide = hn::ShiftRight<bits>(wide);
  if constexpr (bits < 0) wide = hn::ShiftLeft<-bits>(wide);
  return hn::And(hn::BitCast(UnsignedBytes(), wide), hn::Set(UnsignedBytes(), mask));
}

/// Word `word` of 256 bytes of nibbles.
HWY_INLINE CodeVec nibble_code(const std::byte* from, int word) {
  const auto bytes = load_codes(from + 64 * (word % 4));
  return word < 4 ? shifted<0>(bytes, 15) : shifted<4>(bytes, 15);
}

struct PackedQ4_0 : PackedRows<256, 32> {
  HWY_INLINE CodeVec code(int b, int word, int lane) const { return nibble_code(codes(b) + 4 * lane, word); }
  HWY_INLINE FloatVec scale(const Header&, int b, int, int lane) const { return load_halves(scales(b) + 2 * lane); }
  HWY_INLINE FloatVec minimum(const Header&, int, int, int) const { return hn::Zero(Float()); }
};

struct PackedQ4_1 : PackedRows<256, 64> {
  HWY_INLINE CodeVec code(int b, int word, int lane) const { return nibble_code(codes(b) + 4 * lane, word); }
  HWY_INLINE FloatVec scale(const Header&, int b, int, int lane) const { return load_halves(scales(b) + 2 * lane); }
  HWY_INLINE FloatVec minimum(const Header&, int b, int, int lane) const {
    return load_halves(scales(b) + 32 + 2 * lane);
  }
};

struct PackedQ8_0 : PackedRows<512, 32> {
  HWY_INLINE CodeVec code(int b, int word, int lane) const { return load_codes(codes(b) + 64 * word + 4 * lane); }
  HWY_INLINE FloatVec scale(const Header&, int b, int, int lane) const { return load_halves(scales(b) + 2 * lane); }
  HWY_INLINE FloatVec minimum(const Header&, int, int, int) const { return hn::Zero(Float()); }
};

/// Sixteen binary16 values as floats.
HWY_INLINE void widen_halves(const std::byte* from, float* out) {
  HADAL_UNROLL
  for (int i = 0; i < kPackedRows; i += kLanes) hn::Store(load_halves(from + 2 * i), Float(), out + i);
}

struct PackedQ4_K : PackedRows<256, 0, 256> {
  struct Header {
    alignas(64) std::uint8_t scales[8][kPackedRows];  ///< Of each block.
    alignas(64) std::uint8_t minima[8][kPackedRows];
    alignas(64) float scale[kPackedRows];
    alignas(64) float minimum[kPackedRows];
  };

  HWY_INLINE void open(int b, Header& out) const {
    const std::byte* from = header(b);
    widen_halves(from, out.scale);
    widen_halves(from + 32, out.minimum);
    for (int i = 0; i < 64; i += 4 * kLanes) {
      const auto first = load_codes(from + 64 + i), second = load_codes(from + 128 + i);
      const auto upper = load_codes(from + 192 + i);
      const auto put = [](CodeVec low, CodeVec high, std::uint8_t* to)
                           HWY_ATTR { hn::Store(hn::Or(low, high), UnsignedBytes(), to); };
      put(shifted<0>(first, 15), shifted<-4>(upper, 0x30), out.scales[0] + i);
      put(shifted<0>(second, 15), shifted<-2>(upper, 0x30), out.scales[4] + i);
      put(shifted<4>(first, 15), shifted<0>(upper, 0x30), out.minima[0] + i);
      put(shifted<4>(second, 15), shifted<2>(upper, 0x30), out.minima[4] + i);
    }
  }
  HWY_INLINE CodeVec code(int b, int word, int lane) const { return nibble_code(codes(b) + 4 * lane, word); }
  HWY_INLINE FloatVec scale(const Header& header, int b, int, int lane) const {
    return product(header.scales[b % 8] + lane, header.scale + lane);
  }
  HWY_INLINE FloatVec minimum(const Header& header, int b, int, int lane) const {
    return hn::Neg(product(header.minima[b % 8] + lane, header.minimum + lane));
  }

 private:
  static HWY_INLINE FloatVec product(const std::uint8_t* code, const float* factor) {
    const auto codes = hn::ConvertTo(Float(), widen<std::uint8_t>(reinterpret_cast<const std::byte*>(code)));
    return hn::Mul(codes, hn::Load(Float(), factor));
  }
};

struct PackedQ6_K : PackedRows<384, 32, 32> {
  struct Header {
    alignas(64) float scale[kPackedRows];
  };

  HWY_INLINE void open(int b, Header& out) const { widen_halves(header(b), out.scale); }
  HWY_INLINE CodeVec code(int b, int word, int lane) const {
    const std::byte* from = codes(b) + 4 * lane;
    if (word < 6) return shifted<0>(load_codes(from + 64 * word), 63);
    // Each of the last two words is in three others' upper bits.
    from += 192 * (word - 6);
    const auto low = shifted<6>(load_codes(from), 0x03), middle = shifted<4>(load_codes(from + 64), 0x0C);
    return hn::Or(shifted<2>(load_codes(from + 128), 0x30), hn::Or(middle, low));
  }
  HWY_INLINE FloatVec scale(const Header& header, int b, int half, int lane) const {
    const auto code = hn::ConvertTo(Float(), widen<std::int8_t>(scales(b) + 16 * half + lane));
    return hn::Mul(code, hn::Load(Float(), header.scale + lane));
  }
  HWY_INLINE FloatVec minimum(const Header&, int, int, int) const { return hn::Zero(Float()); }
};

/// Panels of neighbouring rows, where they lie.
struct PanelRows {
  /// Two panels side by side, or with AVX2 the two halves of one: 2 x 4 sums, 2 x codes, activations and products fit
  /// 16 registers.
  static constexpr int kVecs = HWY_TARGET <= HWY_AVX2 ? 2 : 1;
  const Panel* panels;

  struct Header {};
  HWY_INLINE void open(int, Header&) const {}
  struct Block {
    const std::uint8_t* words;
    const float *scales, *minima;

    HWY_INLINE CodeVec codes(int word) const { return hn::Load(UnsignedBytes(), words + 64 * word); }
    HWY_INLINE FloatVec scale(int half) const { return hn::Load(Float(), scales + kPanelRows * half); }
    HWY_INLINE FloatVec minimum(int half) const { return hn::Load(Float(), minima + kPanelRows * half); }
  };
  HWY_INLINE Block block(int b, int row, const Header&) const {
    const Panel& panel = panels[row / kPanelRows];
    const int lane = row % kPanelRows;
    return {panel.codes[b] + 4 * lane, panel.scales[b][0] + lane, panel.minima[b][0] + lane};
  }
};

/// Unpacks blocks [block, block + blocks).
template <class Rows, int halves, bool minima>
void fill_panel_from_packed(const Rows& rows, int block, int blocks, Panel& panel) {
  static_assert(kPanelBlocks % 8 == 0);
  typename Rows::Header header;
  for (int b = 0; b < blocks; ++b) {
    if (b % 8 == 0) rows.open(block + b, header);
    for (int lane = 0; lane < kPanelRows; lane += kLanes) {
      HADAL_UNROLL
      for (int i = 0; i < 8; ++i) {
        hn::Store(rows.code(block + b, i, lane), UnsignedBytes(), panel.codes[b] + 64 * i + 4 * lane);
      }
      HADAL_UNROLL
      for (int h = 0; h < halves; ++h) {
        hn::Store(rows.scale(header, block + b, h, lane), Float(), panel.scales[b][h] + lane);
        if constexpr (minima) hn::Store(rows.minimum(header, block + b, h, lane), Float(), panel.minima[b][h] + lane);
      }
    }
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
