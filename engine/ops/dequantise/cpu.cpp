#include "ops/dequantise/dequantise.h"

#include <type_traits>

#include "tensor/dequantise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/dequantise/cpu.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ops/matmul/weights-inl.h"
#include "ops/matmul/super_blocks-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

/// The whole groups of 32 columns.
template <class Row>
void read_row(const WeightView& w, std::int64_t row, float* out) {
  const std::byte* bytes = w.row(row);
  for (std::int64_t g = 0; g < w.cols / kGroup; g += Row::kGroups, bytes += Row::kBytes) {
    Row block;
    block.open(bytes);
    if constexpr (std::is_same_v<Row, F8Row>) block.scale = w.scale(row, g * kGroup);
    for (int i = 0; i < Row::kGroups; ++i, out += kGroup) {
      FloatVec vecs[kGroupVecs];
      block.load(i, vecs);
      HADAL_UNROLL
      for (int v = 0; v < kGroupVecs; ++v) hn::StoreU(vecs[v], Float(), out + v * kLanes);
    }
  }
}

/// False for the types that such matrices seldom have.
bool read_groups(const WeightView& w, std::int64_t row, float* out) {
  switch (w.type) {
    case DType::f32:
      read_row<F32Row>(w, row, out);
      return true;
    case DType::f16:
      read_row<HalfRow<hwy::float16_t>>(w, row, out);
      return true;
    case DType::bf16:
      read_row<HalfRow<hwy::bfloat16_t>>(w, row, out);
      return true;
    case DType::f8_e4m3:
      read_row<F8Row>(w, row, out);
      return true;
    case DType::q4_0:
      read_row<Q4_0Row>(w, row, out);
      return true;
    case DType::q4_1:
      read_row<Q4_1Row>(w, row, out);
      return true;
    case DType::q5_0:
      read_row<Q5_0Row>(w, row, out);
      return true;
    case DType::q5_1:
      read_row<Q5_1Row>(w, row, out);
      return true;
    case DType::q8_0:
      read_row<Q8_0Row>(w, row, out);
      return true;
    case DType::q4_k:
      read_row<Q4_KRow>(w, row, out);
      return true;
    case DType::q5_k:
      read_row<Q5_KRow>(w, row, out);
      return true;
    case DType::q6_k:
      read_row<Q6_KRow>(w, row, out);
      return true;
    case DType::iq4_nl:
      read_row<IQ4_NLRow>(w, row, out);
      return true;
    default:
      return false;
  }
}

void read_rows(const WeightView& w, std::int64_t first, std::int64_t rows, float* out) {
  for (std::int64_t r = first; r < first + rows; ++r, out += w.cols) {
    // Columns past the last whole group are rare, and only types without blocks have them.
    if (w.cols % kGroup != 0 || !read_groups(w, r, out)) dequantise_row(w, r, out);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(read_rows);
}

void cpu::dequantise_rows(const Context& context, const WeightView& w, std::int64_t first, std::int64_t rows,
                          float* out) {
  HADAL_DISPATCH(context, read_rows)(w, first, rows, out);
}

}  // namespace hadal::ops
#endif
