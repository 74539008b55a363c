#include "ops/dequantise/dequantise.h"
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

template <class Row>
void read_row(const std::byte* row, std::int64_t groups, float* out) {
  for (std::int64_t g = 0; g < groups; g += Row::kGroups, row += Row::kBytes) {
    Row block;
    block.open(row);
    for (int i = 0; i < Row::kGroups; ++i, out += kGroup) {
      FloatVec vecs[kGroupVecs];
      block.load(i, vecs);
      HADAL_UNROLL
      for (int v = 0; v < kGroupVecs; ++v) hn::StoreU(vecs[v], Float(), out + v * kLanes);
    }
  }
}

/// The whole groups of 32 columns; returns how many columns that were.
std::int64_t read_groups(const WeightView& w, std::int64_t row, float* out) {
  const std::byte* bytes = w.row(row);
  const std::int64_t groups = w.cols / kGroup;
  switch (w.type) {
    case DType::f32:
      read_row<F32Row>(bytes, groups, out);
      break;
    case DType::f16:
      read_row<HalfRow<hwy::float16_t>>(bytes, groups, out);
      break;
    case DType::bf16:
      read_row<HalfRow<hwy::bfloat16_t>>(bytes, groups, out);
      break;
    case DType::q4_0:
      read_row<Q4_0Row>(bytes, groups, out);
      break;
    case DType::q4_1:
      read_row<Q4_1Row>(bytes, groups, out);
      break;
    case DType::q5_0:
      read_row<Q5_0Row>(bytes, groups, out);
      break;
    case DType::q5_1:
      read_row<Q5_1Row>(bytes, groups, out);
      break;
    case DType::q8_0:
      read_row<Q8_0Row>(bytes, groups, out);
      break;
    case DType::q4_k:
      read_row<Q4_KRow>(bytes, groups, out);
      break;
    case DType::q5_k:
      read_row<Q5_KRow>(bytes, groups, out);
      break;
    case DType::q6_k:
      read_row<Q6_KRow>(bytes, groups, out);
      break;
    case DType::iq4_nl:
      read_row<IQ4_NLRow>(bytes, groups, out);
      break;
    default:  // the types that such matrices seldom have
      dequantise_row(w.type, bytes, w.cols, out);
      return w.cols;
  }
  return groups * kGroup;
}

void read_rows(const WeightView& w, std::int64_t first, std::int64_t rows, float* out) {
  for (std::int64_t r = first; r < first + rows; ++r, out += w.cols) {
    const std::int64_t done = read_groups(w, r, out);
    if (done == w.cols) continue;  // only unquantised types have a rest
    dequantise_row(w.type, w.row(r) + done * dtype_traits(w.type).block_bytes, w.cols - done, out + done);
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
