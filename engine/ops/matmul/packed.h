#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/view.h"

namespace hadal::ops {

/// How a matrix lies once its rows are interleaved by sixteen: what the processor multiplies comes as one stream, in
/// the order it is used, instead of from sixteen places. (Codes and scales in streams of their own were read at half
/// the speed.) They are the file's, so a product has the same bits packed or not.
///
/// Sixteen rows are a sequence of blocks of 32 columns, each codes and then scales; before every eighth lies a header
/// for the 256 columns that follow.
///   codes   [8, 16, 4] of 4, 6 or 8 bits: for every four columns those of row 0, of row 1, ...
///           4 bits: byte i of 256 has in its low nibble byte i of the first half of those 512, in its high nibble of
///           the second. 8 bits: as they are. 6 bits: of 384 bytes i has byte i, and above that two bits of byte
///           384 + i % 64, or in the second 192 of byte 448 + i % 64: the lowest two, 64 bytes on the next, then the
///           last
///   scales  of sixteen rows: Q4_0, Q8_0 binary16 scales; Q4_1 scales, then minima; Q6_K int8 scales of the first half,
///           then of the second; Q4_K none
///   header  of sixteen rows: Q6_K binary16 scales. Q4_K binary16 scales, then minima; then of the blocks' 6-bit scales
///           and minima [8, 16]: bytes of a scale's low nibble and a minimum's as the high one, 128 of them, and of the
///           upper two bits: byte i of 64 has those of scales i and i + 64, then of minima i and i + 64, lowest first
///
/// BF16 is chunks of 128 columns (ops/matmul/bfloat16.h): codes int16 [64, 16, 2], of every two columns those of row 0,
/// of row 1, ..., then float32 scales of sixteen rows.
struct PackedLayout {
  std::int64_t code_bytes = 0;    ///< Of a block of all sixteen rows.
  std::int64_t scale_bytes = 0;   ///< Of a block.
  std::int64_t header_bytes = 0;  ///< Of 256 columns.
  std::int64_t chunk_bytes = 0;   ///< Of 128 columns, also where there are fewer at the end.

  static PackedLayout of(DType type);
  bool packs() const { return code_bytes + chunk_bytes > 0; }
  /// Bytes of sixteen rows.
  std::int64_t group_bytes(std::int64_t cols) const {
    return cols / 32 * (code_bytes + scale_bytes) + cols / 256 * header_bytes + (cols + 127) / 128 * chunk_bytes;
  }
};

inline constexpr int kPackedRows = 16;

/// Bytes of a packed matrix; 0 where its type cannot be packed.
std::int64_t packed_bytes(const WeightView& w);

namespace cpu {
/// Packs the sixteen rows from `16 * group` on, or what is left of them, to `out` [group_bytes], which is aligned
/// to 64.
void pack_rows(std::size_t cpu_target, const WeightView& w, std::int64_t group, std::byte* out);
}  // namespace cpu

}  // namespace hadal::ops
