// Products of codes with rounded activations, exact in integers. Included once per target by quantised.cpp.
#if defined(HADAL_OPS_MATMUL_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_DOT_INL_H_
#undef HADAL_OPS_MATMUL_DOT_INL_H_
#else
#define HADAL_OPS_MATMUL_DOT_INL_H_
#endif

#include "hwy/highway.h"
#include "ops/matmul/weights-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

using SignedBytes = hn::Repartition<std::int8_t, Float>;
using UnsignedBytes = hn::Repartition<std::uint8_t, Float>;
using CodeVec = hn::Vec<UnsignedBytes>;

// A dot is what a lane's row adds up over a block, or half of one:
//   kSums             dots for activations of two planes
//   part(codes, p)    what of four neighbouring codes meets plane p
//   begin, add        the product with the four bytes of activations
//   total()

/// By products of four bytes.
struct QuadDot {
  static constexpr int kSums = 2;
  IntVec sum;

  static HWY_INLINE CodeVec part(CodeVec codes, int) { return codes; }
  HWY_INLINE void begin(CodeVec codes, IntVec four) {
    sum = hn::Zero(Int());
    add(codes, four);
  }
  HWY_INLINE void add(CodeVec codes, IntVec four) {
    sum = hn::SumOfMulQuadAccumulate(Int(), codes, hn::BitCast(SignedBytes(), four), sum);
  }
  HWY_INLINE IntVec total() const { return sum; }
};
template <int planes>
struct DotFor {
  using Type = QuadDot;
};

/// Where there is no product of four bytes, activations of 14 bits lie as int16 instead of in two planes and are
/// multiplied in pairs, which takes half the steps. Sums of 32 columns fit: 32 * 255 * 8191 < 2^31.
inline constexpr bool kPairs = HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE2;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE2
using Pairs = hn::Repartition<std::int16_t, Float>;

/// The value, computed before what comes after. Left to itself GCC puts the additions off until all products of a block
/// are there, four times as many as there are registers.
template <class V>
HWY_INLINE V here(V value) {
  auto raw = value.raw;
  asm("" : "+x"(raw));
  return V{raw};
}

/// By pairs: of four codes the even ones meet one word, the odd ones the next.
struct PairDot {
  static constexpr int kSums = 1;
  IntVec sum;

  static HWY_INLINE hn::Vec<Pairs> part(CodeVec codes, int odd) {
    const hn::RebindToUnsigned<Pairs> d;
    const auto pairs = hn::BitCast(d, codes);
    return hn::BitCast(Pairs(), odd ? hn::ShiftRight<8>(pairs) : hn::And(pairs, hn::Set(d, 255)));
  }
  static HWY_INLINE IntVec product(hn::Vec<Pairs> codes, IntVec two) {
    return hn::WidenMulPairwiseAdd(Int(), codes, hn::BitCast(Pairs(), two));
  }
  HWY_INLINE void begin(hn::Vec<Pairs> codes, IntVec two) { sum = here(product(codes, two)); }
  HWY_INLINE void add(hn::Vec<Pairs> codes, IntVec two) { sum = here(hn::Add(sum, product(codes, two))); }
  HWY_INLINE IntVec total() const { return sum; }
};
template <>
struct DotFor<2> {
  using Type = PairDot;
};
#endif

#if HWY_TARGET == HWY_AVX2
/// In two halves of 16 bits, where codes are at most 15 and a block has 32 columns: 16 * 15 * 127 < 2^15.
struct SmallDot {
  static constexpr int kSums = 1;
  hn::Vec<Pairs> sum;

  static HWY_INLINE CodeVec part(CodeVec codes, int) { return codes; }
  static HWY_INLINE hn::Vec<Pairs> product(CodeVec codes, IntVec four) {
    return hn::SatWidenMulPairwiseAdd(Pairs(), codes, hn::BitCast(SignedBytes(), four));
  }
  HWY_INLINE void begin(CodeVec codes, IntVec four) { sum = here(product(codes, four)); }
  HWY_INLINE void add(CodeVec codes, IntVec four) { sum = here(hn::Add(sum, product(codes, four))); }
  HWY_INLINE IntVec total() const { return hn::WidenMulPairwiseAdd(Int(), sum, hn::Set(Pairs(), 1)); }
};
template <>
struct DotFor<1> {
  using Type = SmallDot;
};
#endif

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
