#include "ops/experts/experts.h"

#include <algorithm>
#include <array>

#include "ops/experts/groups.h"
#include "ops/matmul/matmul.h"
#include "ops/matmul/packed_matrices.h"
#include "ops/matmul/rounded_activations.h"
#include "ops/swiglu/swiglu.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/experts/cpu.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

// Three loops over the pool: the rows of gate and up, those of down, and the tokens, whose outputs are added up in the
// order of their experts. In the first two, all experts' rows follow each other and a piece takes neighbouring ones, so
// that memory is read in few and long streams and an expert's tokens stay in the cache while its rows pass them.

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

/// y[i] += weight * x[i], every element with one rounding where the processor can.
void add_weighted(const float* x, float weight, std::int64_t count, float* y) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto w = hn::Set(d, weight);
  for (std::int64_t i = 0; i < count; i += lanes) {
    const auto rest = static_cast<std::size_t>(std::min(lanes, count - i));
    hn::StoreN(hn::MulAdd(w, hn::LoadN(d, x + i, rest), hn::LoadN(d, y + i, rest)), d, y + i, rest);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(add_weighted);

/// What matmul likes to have at a time.
constexpr std::int64_t kUnitRows = 32;

/// Fewer tokens are not worth waking a thread to add them up.
constexpr std::int64_t kLeastTokens = 4;

class Experts {
 public:
  Experts(const Context& context, std::span<const Expert> experts, const ExpertRoutes& routes, const float* x,
          float* scratch)
      : context_(context),
        experts_(experts),
        routes_(routes),
        sorted_(group_by_expert(routes, experts.size())),
        ready_(ready()),
        width_(experts.front().down.rows),
        inner_(experts.front().gate.rows),
        x_(x),
        rows_(scratch),
        gate_(rows_ + routes.tokens * routes.used * width_),
        up_(gate_ + routes.tokens * routes.used * inner_) {}

  void run(const float* base, float* y) const {
    if (routes_.tokens == 1) {
      multiply_one();
    } else {
      multiply_sorted();
    }
    context_.pool.for_range(routes_.tokens, kLeastTokens, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t t = begin; t < end; ++t) add_up(base, t, y);
    });
  }

 private:
  /// One token: every thread rounds what it multiplies.
  void multiply_one() const {
    {
      cpu::ThreadActivations rounded(context_, types(&Expert::gate, &Expert::up), 1, width_);
      over_rows(inner_, [&](const ExpertGroups::Group& group, std::int64_t begin, std::int64_t end, int thread) {
        inner_rows([&](DType type) { return rounded.input(type, thread, 0, 1, x_); }, group, begin, end);
      });
    }
    if (context_.observer) observe();
    cpu::ThreadActivations rounded(context_, types(&Expert::down, &Expert::down), routes(), inner_);
    over_rows(width_, [&](const ExpertGroups::Group& group, std::int64_t begin, std::int64_t end, int thread) {
      outer_rows([&](DType type) { return rounded.input(type, thread, group.first, 1, inner_row(group)); }, group,
                 begin, end);
    });
  }

  /// Several: each expert's are brought together.
  void multiply_sorted() const {
    {
      const cpu::RoundedActivations rounded(context_, types(&Expert::gate, &Expert::up), routes(), width_);
      over_groups([&](const ExpertGroups::Group& group) {
        gather(group);
        rounded.round(group.first, group.tokens, input(group));
      });
      over_rows(inner_, [&](const ExpertGroups::Group& group, std::int64_t begin, std::int64_t end, int) {
        inner_rows([&](DType type) { return rounded.input(type, group.first, group.tokens, input(group)); }, group,
                   begin, end);
      });
    }
    if (context_.observer) observe();
    const cpu::RoundedActivations rounded(context_, types(&Expert::down, &Expert::down), routes(), inner_);
    over_groups([&](const ExpertGroups::Group& group) { rounded.round(group.first, group.tokens, inner_row(group)); });
    over_rows(width_, [&](const ExpertGroups::Group& group, std::int64_t begin, std::int64_t end, int) {
      outer_rows([&](DType type) { return rounded.input(type, group.first, group.tokens, inner_row(group)); }, group,
                 begin, end);
    });
  }

  const Expert& expert(const ExpertGroups::Group& group) const {
    return ready_[static_cast<std::size_t>(&group - sorted_.groups.data())];
  }

  /// The experts that have tokens, packed where they can be, in the order of the groups.
  std::vector<Expert> ready() const {
    std::vector<Expert> ready;
    for (const ExpertGroups::Group& group : sorted_.groups) {
      Expert expert = experts_[static_cast<std::size_t>(group.expert)];
      if (context_.packed) {
        const std::array matrices{expert.gate, expert.up, expert.down};
        context_.packed->pack(context_.pool, context_.cpu_target, matrices);
        for (WeightView* w : {&expert.gate, &expert.up, &expert.down}) *w = context_.packed->find(*w);
      }
      ready.push_back(expert);
    }
    return ready;
  }

  std::int64_t routes() const { return routes_.tokens * routes_.used; }
  const float* inner_row(const ExpertGroups::Group& group) const { return up_ + group.first * inner_; }

  /// Those of two matrices of all experts that have tokens.
  std::vector<DType> types(WeightView Expert::*first, WeightView Expert::*second) const {
    std::vector<DType> types;
    for (const ExpertGroups::Group& group : sorted_.groups) {
      types.push_back((expert(group).*first).type);
      types.push_back((expert(group).*second).type);
    }
    return types;
  }

  /// body(group, begin, end, thread) for all rows of all groups' matrices.
  template <class Body>
  void over_rows(std::int64_t rows, const Body& body) const {
    const std::int64_t units = (rows + kUnitRows - 1) / kUnitRows;  // of one expert
    const auto groups = static_cast<std::int64_t>(sorted_.groups.size());
    context_.pool.for_range(groups * units, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
      while (begin < end) {
        const std::int64_t g = begin / units, last = std::min(end, (g + 1) * units);
        body(sorted_.groups[static_cast<std::size_t>(g)], (begin - g * units) * kUnitRows,
             std::min((last - g * units) * kUnitRows, rows), thread);
        begin = last;
      }
    });
  }

  template <class Body>
  void over_groups(const Body& body) const {
    const auto groups = static_cast<std::int64_t>(sorted_.groups.size());
    context_.pool.for_range(groups, 1, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t g = begin; g < end; ++g) body(sorted_.groups[static_cast<std::size_t>(g)]);
    });
  }

  /// Brings the activations of an expert's tokens together.
  void gather(const ExpertGroups::Group& group) const {
    for (std::int64_t i = group.first; i < group.first + group.tokens; ++i) {
      std::copy_n(x_ + sorted_.tokens[static_cast<std::size_t>(i)] * width_, width_, rows_ + i * width_);
    }
  }

  const float* input(const ExpertGroups::Group& group) const {
    return routes_.tokens > 1 ? rows_ + group.first * width_ : x_;
  }

  /// Between the two loops: the second puts the outputs in the place of the inputs.
  void observe() const {
    for (const ExpertGroups::Group& group : sorted_.groups) {
      context_.observer->multiplied(expert(group).gate, input(group), group.tokens);
      context_.observer->multiplied(expert(group).up, input(group), group.tokens);
      context_.observer->multiplied(expert(group).down, up_ + group.first * inner_, group.tokens);
    }
  }

  /// `rounded`: gives the activations for weights of a type.
  template <class Rounded>
  void inner_rows(const Rounded& rounded, const ExpertGroups::Group& group, std::int64_t begin,
                  std::int64_t end) const {
    float *gate = gate_ + group.first * inner_, *up = up_ + group.first * inner_;
    for (const MatmulPart& part : {MatmulPart{expert(group).gate, gate}, MatmulPart{expert(group).up, up}}) {
      cpu::matmul_rows(context_, part, rounded(part.w.type), begin, end);
    }
    for (std::int64_t t = 0; t < group.tokens; ++t) {
      float* row = up + t * inner_ + begin;
      cpu::swiglu_piece(context_, gate + t * inner_ + begin, row, end - begin, row);
    }
  }

  template <class Rounded>
  void outer_rows(const Rounded& rounded, const ExpertGroups::Group& group, std::int64_t begin,
                  std::int64_t end) const {
    const MatmulPart down{expert(group).down, rows_ + group.first * width_};
    cpu::matmul_rows(context_, down, rounded(down.w.type), begin, end);
  }

  void add_up(const float* base, std::int64_t t, float* y) const {
    float* out = y + t * width_;
    if (!base) std::fill_n(out, width_, 0.0F);
    if (base && base != y) std::copy_n(base + t * width_, width_, out);
    for (std::int64_t i = t * routes_.used; i < (t + 1) * routes_.used; ++i) {
      const float* row = rows_ + sorted_.places[static_cast<std::size_t>(i)] * width_;
      HADAL_DISPATCH(context_, add_weighted)(row, routes_.weights[i], width_, out);
    }
  }

  const Context& context_;
  std::span<const Expert> experts_;
  const ExpertRoutes& routes_;
  ExpertGroups sorted_;
  std::vector<Expert> ready_;
  std::int64_t width_, inner_;
  const float* x_;
  float* rows_;  ///< [routes, width]: inputs sorted by expert, then the experts' outputs
  float* gate_;  ///< [routes, inner]
  float* up_;    ///< [routes, inner]; in the end silu(gate) * up
};

}  // namespace

void cpu::experts(const Context& context, std::span<const Expert> experts, const ExpertRoutes& routes, const float* x,
                  const float* base, float* scratch, float* y) {
  Experts(context, experts, routes, x, scratch).run(base, y);
}

}  // namespace hadal::ops
#endif
