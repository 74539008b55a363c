#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <set>

#include "hadal/expert_usage.h"
#include "ops/experts/experts.h"
#include "ops/experts/groups.h"
#include "ops/router/router.h"
#include "ops_support.h"
#include "tensor/dequantise.h"

using namespace hadal;
using namespace hadal::ops;
using hadal::testing::Fresh;
using hadal::testing::random_weights;
using hadal::testing::sum_bound;

/// The router and the routed experts: by hand where a person can, cpu variants against the plain twins otherwise.
class ExpertsTest : public QObject {
  Q_OBJECT

  ComputePool pool_{3};

  static void targets() {
    QTest::addColumn<int>("index");
    for (const CpuTarget& target : cpu_targets())
      QTest::addRow("%s", target.name.c_str()) << static_cast<int>(target.index);
  }
  Context cpu(int index) { return {pool_, Backend::cpu, static_cast<std::size_t>(index)}; }
  Context plain() { return {pool_, Backend::reference, 0}; }
  /// Both twins, the cpu one in its best variant.
  std::array<Context, 2> both() { return {plain(), cpu(static_cast<int>(cpu_targets().front().index))}; }

  struct Routed {
    std::vector<std::int32_t> chosen;
    std::vector<float> weights;
  };
  static Routed routed(const Context& context, const RouterShape& shape, const std::vector<float>& logits,
                       const std::vector<float>& bias = {}) {
    const auto tokens = static_cast<std::int64_t>(logits.size()) / shape.experts;
    const auto size = static_cast<std::size_t>(tokens * shape.used);
    Routed out{std::vector<std::int32_t>(size, -1), std::vector<float>(size, -1.0F)};
    route(context, shape, logits.data(), bias.empty() ? nullptr : bias.data(), tokens, out.chosen.data(),
          out.weights.data());
    return out;
  }

  static void close(const std::vector<float>& got, std::initializer_list<double> expected) {
    QCOMPARE(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double wanted = expected.begin()[i];
      QVERIFY2(std::abs(static_cast<double>(got[i]) - wanted) <= 1e-6 * wanted,
               qPrintable(QString("%1 is %2, not %3").arg(i).arg(got[i]).arg(wanted)));
    }
  }
  using Ids = std::vector<std::int32_t>;

  /// A layer of experts with fresh weights of one type.
  struct Layer {
    std::int64_t width, inner;
    DType type;
    std::vector<std::vector<std::byte>> data;
    std::vector<Expert> experts;

    Layer(Fresh& fresh, DType weights, std::int64_t count, std::int64_t w, std::int64_t i)
        : width(w), inner(i), type(weights) {
      const auto matrix = [&](std::int64_t rows, std::int64_t cols) {
        data.push_back(random_weights(fresh, type, rows, cols));
        return WeightView{data.back().data(), rows, cols, type};
      };
      for (std::int64_t e = 0; e < count; ++e) {
        const WeightView gate = matrix(inner, width), up = matrix(inner, width);
        experts.push_back({gate, up, matrix(width, inner)});
      }
    }
  };

  static std::vector<float> run(const Context& context, const Layer& layer, const ExpertRoutes& routes,
                                const std::vector<float>& x, const float* base) {
    std::vector<float> y(x.size(), 1e9F);
    run_into(context, layer, routes, x.data(), base, y.data());
    return y;
  }
  static void run_into(const Context& context, const Layer& layer, const ExpertRoutes& routes, const float* x,
                       const float* base, float* y) {
    std::vector<float> scratch(
        static_cast<std::size_t>(experts_scratch(routes.tokens, routes.used, layer.width, layer.inner) + 16));
    void* aligned = scratch.data();
    std::size_t space = scratch.size() * sizeof(float);
    std::align(64, space - 64, aligned, space);
    experts(context, layer.experts, routes, x, base, static_cast<float*>(aligned), y);
  }

 private slots:
  void softmax_goes_over_all_experts() {
    // e^0 : e^ln2 : e^ln3 : e^ln4 = 0.1, 0.2, 0.3, 0.4
    const std::vector<float> logits{std::log(3.0F), 0.0F, std::log(4.0F), std::log(2.0F)};
    for (const Context& context : both()) {
      const Routed all = routed(context, {.experts = 4, .used = 2}, logits);
      QCOMPARE(all.chosen, (Ids{2, 0}));
      close(all.weights, {0.4, 0.3});
      const Routed norm = routed(context, {.experts = 4, .used = 2, .normalised = true, .scale = 16.0F}, logits);
      close(norm.weights, {16 * 4.0 / 7.0, 16 * 3.0 / 7.0});
      // The largest float and its negative: nothing overflows.
      const Routed far = routed(context, {.experts = 3, .used = 3}, {-3e38F, 3e38F, 0.0F});
      QCOMPARE(far.chosen[0], 1);
      QCOMPARE(far.weights[0], 1.0F);
      QCOMPARE(far.weights[2], 0.0F);
    }
  }

  void the_bias_only_chooses() {
    const std::vector<float> logits{0.0F, 1.0F, -1.0F, 2.0F}, bias{0.6F, 0.0F, 0.9F, 0.0F};
    const auto sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
    for (const Context& context : both()) {
      RouterShape shape{.experts = 4, .used = 2, .score = RouterScore::sigmoid};
      // With the bias 1.1, 0.731, 1.169, 0.881; without 0.5, 0.731, 0.269, 0.881.
      const Routed plain = routed(context, shape, logits, bias);
      QCOMPARE(plain.chosen, (Ids{2, 0}));
      close(plain.weights, {sigmoid(-1), 0.5});
      QCOMPARE(routed(context, shape, logits).chosen, (Ids{3, 1}));
      shape.normalised = true;
      shape.scale = 2.5F;
      close(routed(context, shape, logits, bias).weights,
            {2.5 * sigmoid(-1) / (sigmoid(-1) + 0.5), 2.5 * 0.5 / (sigmoid(-1) + 0.5)});
    }
  }

  void only_the_best_groups_are_open() {
    // Three groups of two. By their best: 1 (0.9), 0 (0.8), 2 (0.75); by two: 2 (1.45), 0 (1.4), 1 (1.0).
    const std::vector<float> wanted{0.8F, 0.6F, 0.9F, 0.1F, 0.75F, 0.7F};
    std::vector<float> logits;
    for (const float p : wanted) logits.push_back(std::log(p / (1.0F - p)));
    RouterShape shape{.experts = 6, .used = 3, .groups = 3, .groups_used = 2, .score = RouterScore::sigmoid};
    for (const Context& context : both()) {
      shape.group_score = GroupScore::best;
      QCOMPARE(routed(context, shape, logits).chosen, (Ids{2, 0, 1}));
      shape.group_score = GroupScore::sum_of_two;
      QCOMPARE(routed(context, shape, logits).chosen, (Ids{0, 4, 5}));
      // A bias speaks in the choice of groups as well; what lies below 0 by it is still better than a closed group.
      const Routed low = routed(context, shape, logits, {-3.0F, -3.0F, 0.0F, -9.0F, -3.0F, -3.0F});
      QCOMPARE(low.chosen, (Ids{0, 4, 5}));
    }
  }

  void ties_go_to_the_lower_number() {
    for (const Context& context : both()) {
      QCOMPARE(routed(context, {.experts = 40, .used = 3}, std::vector<float>(40)).chosen, (Ids{0, 1, 2}));
      const RouterShape grouped{.experts = 8, .used = 3, .groups = 4, .groups_used = 2};
      QCOMPARE(routed(context, grouped, std::vector<float>(8)).chosen, (Ids{0, 1, 2}));
    }
  }

  void what_is_no_number_still_chooses_different_experts() {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const Context& context : both()) {
      for (const auto score : {RouterScore::softmax, RouterScore::sigmoid}) {
        RouterShape shape{.experts = 8, .used = 4, .groups = 4, .groups_used = 2, .score = score};
        for (const auto& logits : {std::vector<float>(8, nan), {1, nan, nan, nan, nan, nan, 2, nan}}) {
          const Routed got = routed(context, shape, logits);
          const std::set<std::int32_t> different(got.chosen.begin(), got.chosen.end());
          QCOMPARE(different.size(), std::size_t{4});
          QVERIFY(*different.begin() >= 0 && *different.rbegin() < 8);
        }
      }
    }
  }

  void routes_match_data() { targets(); }
  void routes_match() {
    QFETCH(int, index);
    Fresh fresh;
    for (std::int64_t experts = 8; experts <= 72; experts += 8) {
      for (const auto score : {RouterScore::softmax, RouterScore::sigmoid}) {
        const std::int64_t tokens = 1 + experts % 11;
        RouterShape shape{.experts = experts, .used = 3, .groups = 4, .groups_used = 1 + fresh.below(4)};
        shape.score = score;
        shape.group_score = fresh.below(2) ? GroupScore::best : GroupScore::sum_of_two;
        shape.used = std::min<std::int64_t>(shape.used, experts / 4 * shape.groups_used);
        shape.normalised = fresh.below(2) == 1;
        const auto logits = fresh.normals(tokens * experts), bias = fresh.normals(experts);
        if (!clear(shape, logits, bias)) continue;
        const Routed got = routed(cpu(index), shape, logits, bias), expected = routed(plain(), shape, logits, bias);
        QCOMPARE(got.chosen, expected.chosen);
        for (std::size_t i = 0; i < got.weights.size(); ++i) {
          // exp to 2 ulp, the sums over all experts and the chosen ones, a handful of roundings.
          const double wanted = expected.weights[i];
          QVERIFY(std::abs(static_cast<double>(got.weights[i]) - wanted) <=
                  (sum_bound(experts, 1) + 8 * 0x1p-24) * wanted);
        }
      }
    }
  }

  void sorting_keeps_every_route() {
    const Ids chosen{3, 1, 0, 3, 1, 3};
    const ExpertGroups sorted = group_by_expert({3, 2, chosen.data(), nullptr}, 5);
    QCOMPARE(sorted.groups.size(), std::size_t{3});
    QCOMPARE(sorted.groups[2].expert, 3);
    QCOMPARE(sorted.groups[2].first, std::int64_t{3});
    QCOMPARE(sorted.groups[2].tokens, std::int64_t{3});
    QCOMPARE(sorted.tokens, (Ids{1, 0, 2, 0, 1, 2}));
    QCOMPARE(sorted.places, (Ids{3, 1, 0, 4, 2, 5}));
  }

  void experts_match_data() { targets(); }
  void experts_match() {
    QFETCH(int, index);
    Fresh fresh;
    for (const DType type : {DType::f32, DType::q8_0, DType::q4_1}) {
      const bool blocks = type != DType::f32;
      for (std::int64_t round = 0; round < 6; ++round) {
        const Layer layer(fresh, type, 7, blocks ? 64 : 37 + round, blocks ? 96 : 21 + round);
        const std::int64_t tokens = std::array{1, 2, 5, 9, 17, 40}[static_cast<std::size_t>(round)], used = 3;
        Ids chosen;
        for (std::int64_t t = 0; t < tokens; ++t) {
          Ids order(7);
          std::iota(order.begin(), order.end(), 0);
          std::shuffle(order.begin(), order.end(), std::mt19937(static_cast<unsigned>(fresh.below(1 << 30))));
          chosen.insert(chosen.end(), order.begin(), order.begin() + used);
        }
        const auto weights = fresh.normals(tokens * used), x = fresh.normals(tokens * layer.width),
                   base = fresh.normals(tokens * layer.width);
        const ExpertRoutes routes{tokens, used, chosen.data(), weights.data()};
        const auto got = run(cpu(index), layer, routes, x, base.data());
        const auto expected = run(plain(), layer, routes, x, base.data());
        check_rounding(got, expected, layer);
        check_independence(cpu(index), layer, routes, x, base, got);
      }
    }
  }

  void balance_by_hand() {
    ExpertUsage usage;
    usage.layers = 2;
    usage.experts = 4;
    usage.chosen = {4, 4, 4, 4, 16, 0, 0, 0};
    usage.weight = {1, 2, 3, 4, 4, 0, 0, 0};
    const auto even = expert_balance(usage, 0), one = expert_balance(usage, 1), mean = expert_balance(usage);
    QCOMPARE(even.max_over_mean, 1.0);
    QCOMPARE(even.variation, 0.0);
    QCOMPARE(even.entropy, 1.0);
    QCOMPARE(one.max_over_mean, 4.0);
    QCOMPARE(one.variation, std::sqrt(3.0));
    QCOMPARE(one.entropy, 0.0);
    QCOMPARE(mean.max_over_mean, 2.5);
    QCOMPARE(mean.variation, std::sqrt(3.0) / 2);
    QCOMPARE(mean.entropy, 0.5);
    QCOMPARE(usage.mean_weight(0, 2), 0.75);
    QCOMPARE(usage.mean_weight(1, 1), 0.0);
    QCOMPARE(expert_balance(ExpertUsage{}).entropy, 0.0);
  }

 private:
  /// Whether no choice is so close that the twins may differ by their rounding, some 1e-7 of a score: moves all experts
  /// this way and that by more.
  bool clear(const RouterShape& shape, const std::vector<float>& logits, const std::vector<float>& bias) {
    const Routed expected = routed(plain(), shape, logits, bias);
    for (unsigned bit = 1; bit <= 64; bit *= 2) {
      auto moved = bias;
      for (std::size_t e = 0; e < moved.size(); ++e) moved[e] += e & bit ? 3e-6F : -3e-6F;
      if (routed(plain(), shape, logits, moved).chosen != expected.chosen) return false;
    }
    return true;
  }

  /// Random weights give large sums: the roundings of the three products are judged by the largest output. What meets
  /// quantised weights is rounded to 14 bits besides: half a step of 1 / 8191 for every term.
  static void check_rounding(const std::vector<float>& got, const std::vector<float>& expected, const Layer& layer) {
    double largest = 0.0;
    for (const float value : expected) largest = std::max(largest, std::abs(static_cast<double>(value)));
    const auto terms = layer.width + layer.inner;
    const double rounding = layer.type == DType::f32 ? 0.0 : 0.5 / 8191 * static_cast<double>(terms) * largest;
    const double bound = 8 * sum_bound(terms, largest) + rounding;
    for (std::size_t i = 0; i < got.size(); ++i) {
      QVERIFY2(std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i])) <= bound,
               qPrintable(QString("%1: %2, not %3").arg(i).arg(got[i]).arg(expected[i])));
    }
  }

  /// Each token by itself, and all into their own activations, gives the same to the last bit.
  static void check_independence(const Context& context, const Layer& layer, const ExpertRoutes& routes,
                                 const std::vector<float>& x, const std::vector<float>& base,
                                 const std::vector<float>& got) {
    const auto width = static_cast<std::size_t>(layer.width);
    auto same = x;
    run_into(context, layer, routes, same.data(), base.data(), same.data());
    for (std::size_t i = 0; i < got.size(); ++i) QCOMPARE(same[i], got[i]);
    for (std::int64_t t = 0; t < routes.tokens; ++t) {
      const auto first = static_cast<std::size_t>(t) * width;
      const ExpertRoutes own{1, routes.used, routes.chosen + t * routes.used, routes.weights + t * routes.used};
      const std::vector<float> row(x.begin() + static_cast<std::ptrdiff_t>(first),
                                   x.begin() + static_cast<std::ptrdiff_t>(first + width));
      const auto alone = run(context, layer, own, row, base.data() + first);
      for (std::size_t i = 0; i < width; ++i) QCOMPARE(alone[i], got[first + i]);
    }
  }
};

QTEST_GUILESS_MAIN(ExpertsTest)
#include "experts_test.moc"
