#include "ops/machine_limits/machine_limits.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/machine_limits/machine_limits.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Twelve sums, as a product's tile has them: enough to hide the latency of an addition, few enough for 16 registers.
constexpr int kLeft = 4, kRight = 3;
/// Bytes of the operands that lie in the first-level cache.
constexpr std::size_t kOperandBytes = 4096;

/// `step`: sum = step(left, right, sum). Gives how many multiplications and additions there were.
template <class DOperand, class DSum, class Step>
HWY_INLINE double run_tile(DOperand operand, DSum sums, const std::byte* operands, std::int64_t turns, float* sink,
                           const Step& step) {
  using T = hn::TFromD<DOperand>;
  const auto* in = reinterpret_cast<const T*>(operands);
  const std::size_t lanes = hn::Lanes(operand), period = kOperandBytes / sizeof(T) / lanes - kRight;
  hn::Vec<DOperand> left[kLeft];
  hn::Vec<DSum> sum[kLeft][kRight];
  HADAL_UNROLL
  for (int i = 0; i < kLeft; ++i) {
    left[i] = hn::LoadU(operand, in + static_cast<std::size_t>(i) * lanes);
    HADAL_UNROLL
    for (int j = 0; j < kRight; ++j) sum[i][j] = hn::Zero(sums);
  }
  std::size_t at = 0;
  for (std::int64_t turn = 0; turn < turns; ++turn) {
    const T* right = in + at * lanes;
    at = at + 1 < period ? at + 1 : 0;
    HADAL_UNROLL
    for (int j = 0; j < kRight; ++j) {
      const auto vector = hn::LoadU(operand, right + static_cast<std::size_t>(j) * lanes);
      HADAL_UNROLL
      for (int i = 0; i < kLeft; ++i) sum[i][j] = step(left[i], vector, sum[i][j]);
    }
  }
  auto all = hn::Zero(sums);
  HADAL_UNROLL
  for (int i = 0; i < kLeft; ++i) {
    HADAL_UNROLL
    for (int j = 0; j < kRight; ++j) all = hn::Add(all, sum[i][j]);
  }
  // Kept somewhere, or the compiler would leave the loop out.
  *sink += static_cast<float>(hn::ReduceSum(sums, all));
  return 2.0 * kLeft * kRight * static_cast<double>(lanes) * static_cast<double>(turns);
}

double float32_products(const std::byte* operands, std::int64_t turns, float* sink) {
  const hn::ScalableTag<float> d;
  return run_tile(d, d, operands, turns, sink, [](auto a, auto b, auto sum) { return hn::MulAdd(a, b, sum); });
}

double int8_products(const std::byte* operands, std::int64_t turns, float* sink) {
  const hn::ScalableTag<std::int32_t> d;
  const hn::Repartition<std::int8_t, decltype(d)> bytes;
  const hn::Repartition<std::uint8_t, decltype(d)> unsigned_bytes;
  return run_tile(bytes, d, operands, turns, sink, [&](auto a, auto b, auto sum) {
    return hn::SumOfMulQuadAccumulate(d, hn::BitCast(unsigned_bytes, a), b, sum);
  });
}

std::uint64_t read_all(const std::byte* memory, std::size_t bytes) {
  const hn::ScalableTag<std::uint64_t> d;
  const std::size_t lanes = hn::Lanes(d), words = bytes / sizeof(std::uint64_t);
  const auto* in = reinterpret_cast<const std::uint64_t*>(memory);
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  for (std::size_t i = 0; i + 4 * lanes <= words; i += 4 * lanes) {
    s0 = hn::Add(s0, hn::LoadU(d, in + i));
    s1 = hn::Add(s1, hn::LoadU(d, in + i + lanes));
    s2 = hn::Add(s2, hn::LoadU(d, in + i + 2 * lanes));
    s3 = hn::Add(s3, hn::LoadU(d, in + i + 3 * lanes));
  }
  return hn::ReduceSum(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)));
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <sys/mman.h>

#if HWY_ARCH_X86
#include <immintrin.h>
#endif

namespace hadal::ops {
namespace {
HWY_EXPORT(float32_products);
HWY_EXPORT(int8_products);
HWY_EXPORT(read_all);

using Products = double (*)(const std::byte* operands, std::int64_t turns, float* sink);
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

#if HWY_ARCH_X86 && (defined(__GNUC__) || defined(__clang__))
// Highway's targets that have this instruction are not among those the engine is compiled for.
__attribute__((target("avx512f,avx512bf16"))) double bf16_products(const std::byte* operands, std::int64_t turns,
                                                                   float* sink) {
  constexpr int left = 4, right = 3, lanes = 32;
  __m512bh a[left];
  __m512 sum[left][right];
  HADAL_UNROLL
  for (int i = 0; i < left; ++i) {
    a[i] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(operands + 64 * i));
    HADAL_UNROLL
    for (int j = 0; j < right; ++j) sum[i][j] = _mm512_setzero_ps();
  }
  for (std::int64_t turn = 0; turn < turns; ++turn) {
    HADAL_UNROLL
    for (int j = 0; j < right; ++j) {
      const auto b = reinterpret_cast<__m512bh>(_mm512_loadu_si512(operands + 64 * (turn % 32 + j)));
      HADAL_UNROLL
      for (int i = 0; i < left; ++i) sum[i][j] = _mm512_dpbf16_ps(sum[i][j], a[i], b);
    }
  }
  HADAL_UNROLL
  for (int i = 0; i < left; ++i) {
    HADAL_UNROLL
    for (int j = 0; j < right; ++j) *sink += _mm512_reduce_add_ps(sum[i][j]);
  }
  return 2.0 * left * right * lanes * static_cast<double>(turns);
}
bool has_bf16() {
  return (hwy::SupportedTargets() & (HWY_AVX3_ZEN4 | HWY_AVX3_SPR)) != 0;
}
#else
double bf16_products(const std::byte*, std::int64_t, float*) {
  return 0.0;
}
bool has_bf16() {
  return false;
}
#endif

/// Of all threads at once; as many turns on each.
double rate(ComputePool& pool, Products products, const AlignedBuffer& operands, std::int64_t turns) {
  std::vector<double> done(static_cast<std::size_t>(pool.threads()));
  const auto begin = Clock::now();
  pool.for_range(pool.threads(), 1, [&](std::int64_t first, std::int64_t end, int thread) {
    float sink = 0.0F;
    for (std::int64_t i = first; i < end; ++i) {
      done[static_cast<std::size_t>(thread)] += products(operands.as<std::byte>(), turns, &sink);
    }
    volatile float kept = sink;
    (void)kept;
  });
  const double seconds = seconds_since(begin);
  double all = 0.0;
  for (const double count : done) all += count;
  return all / seconds;
}

double best_rate(ComputePool& pool, Products products, const AlignedBuffer& operands, double seconds) {
  std::int64_t turns = 100'000;
  double best = 0.0;
  for (const auto begin = Clock::now(); seconds_since(begin) < seconds;) {
    best = std::max(best, rate(pool, products, operands, turns));
  }
  return best;
}

/// As packed weights have them: without, a part of the time goes to looking pages up.
void ask_for_huge_pages(const AlignedBuffer& memory) {
  constexpr std::size_t page = 4096;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory.data());
  const std::size_t before = (page - begin % page) % page;
  ::madvise(memory.data() + before, memory.size() - before, MADV_HUGEPAGE);
}

}  // namespace

ArithmeticPeaks measure_peaks(ComputePool& pool, std::size_t cpu_target, double seconds) {
  const auto operands = AlignedBuffer::create(4096);
  if (!operands) return {};
  // Ones, as bfloat16 and as far as float32 goes: neither too small nor too large for full speed.
  for (int i = 0; i < 2048; ++i) operands->as<std::uint16_t>()[i] = 0x3F80;
  ArithmeticPeaks peaks;
  peaks.float32 = best_rate(pool, HWY_DISPATCH_TABLE(float32_products)[cpu_target], *operands, seconds / 3);
  peaks.int8 = best_rate(pool, HWY_DISPATCH_TABLE(int8_products)[cpu_target], *operands, seconds / 3);
  peaks.bf16 = has_bf16() ? best_rate(pool, bf16_products, *operands, seconds / 3) : peaks.float32;
  return peaks;
}

Result<ReadProbe> ReadProbe::create(ComputePool& pool) {
  constexpr std::size_t bytes = 256 << 20;
  auto memory = AlignedBuffer::create(bytes);
  if (!memory) return memory.error();
  ask_for_huge_pages(*memory);
  // Each thread touches its own piece first: pages that were never written are all the same page of zeros.
  pool.for_range(pool.threads(), 1, [&](std::int64_t first, std::int64_t end, int) {
    const std::size_t piece = bytes / static_cast<std::size_t>(pool.threads());
    for (std::int64_t i = first; i < end; ++i) {
      std::memset(memory->as<std::byte>() + static_cast<std::size_t>(i) * piece, 1, piece);
    }
  });
  return ReadProbe(std::move(*memory));
}

double ReadProbe::bytes_per_second(ComputePool& pool, std::size_t cpu_target) const {
  const auto read = HWY_DISPATCH_TABLE(read_all)[cpu_target];
  const std::size_t piece = memory_.size() / static_cast<std::size_t>(pool.threads());
  const auto begin = Clock::now();
  pool.for_range(pool.threads(), 1, [&](std::int64_t first, std::int64_t end, int) {
    for (std::int64_t i = first; i < end; ++i) {
      volatile std::uint64_t kept = read(memory_.as<std::byte>() + static_cast<std::size_t>(i) * piece, piece);
      (void)kept;
    }
  });
  return static_cast<double>(piece * static_cast<std::size_t>(pool.threads())) / seconds_since(begin);
}

}  // namespace hadal::ops
#endif
