#include <QtTest>
#include <map>

#include "ops/experts/experts.h"
#include "ops/matmul/matmul.h"
#include "ops_support.h"

using namespace hadal;
using hadal::testing::Fresh;

namespace {

/// Sums of squares by column and activations by the weights' address.
struct Sums final : ops::ActivationObserver {
  std::map<const std::byte*, std::vector<double>> squares;
  std::map<const std::byte*, std::int64_t> counts;

  void multiplied(const WeightView& w, const float* x, std::int64_t tokens) override {
    auto& row = squares[w.data];
    row.resize(static_cast<std::size_t>(w.cols));
    for (std::int64_t i = 0; i < tokens * w.cols; ++i) {
      row[static_cast<std::size_t>(i % w.cols)] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
    counts[w.data] += tokens;
  }
};

struct Matrix {
  std::vector<float> values;
  WeightView view;
  Matrix(Fresh& fresh, std::int64_t rows, std::int64_t cols)
      : values(fresh.normals(rows * cols)),
        view{reinterpret_cast<const std::byte*>(values.data()), rows, cols, DType::f32} {}
};

}  // namespace

/// What an observer is told is what the matrices are multiplied with.
class ActivationObserverTest : public QObject {
  Q_OBJECT
 private slots:
  void sees_matmul() {
    Fresh fresh;
    ComputePool pool(2);
    const Matrix one(fresh, 5, 64), other(fresh, 3, 64);
    const auto x = fresh.normals(7 * 64);
    std::vector<float> y(7 * 5), z(7 * 3);
    Sums sums;
    const ops::Context context{pool, ops::Backend::cpu, ops::cpu_targets().front().index, &sums};
    const ops::MatmulPart parts[] = {{one.view, y.data()}, {other.view, z.data()}};
    ops::matmul(context, parts, x.data(), 7);
    QCOMPARE(sums.counts.size(), std::size_t{2});
    QCOMPARE(sums.counts[one.view.data], std::int64_t{7});
    QVERIFY(sums.squares[one.view.data] == sums.squares[other.view.data]);
    double expected = 0.0;
    for (std::size_t t = 0; t < 7; ++t)
      expected += static_cast<double>(x[t * 64 + 9]) * static_cast<double>(x[t * 64 + 9]);
    QCOMPARE(sums.squares[one.view.data][9], expected);
  }

  void sees_the_tokens_of_each_expert() {
    Fresh fresh;
    ComputePool pool(2);
    constexpr std::int64_t kExperts = 5, kUsed = 2, kTokens = 9, kWidth = 64, kInner = 32;
    std::vector<Matrix> matrices;
    matrices.reserve(3 * kExperts);
    std::vector<ops::Expert> experts;
    for (std::int64_t e = 0; e < kExperts; ++e) {
      matrices.emplace_back(fresh, kInner, kWidth);
      matrices.emplace_back(fresh, kInner, kWidth);
      matrices.emplace_back(fresh, kWidth, kInner);
      const auto last = matrices.size() - 1;
      experts.push_back({matrices[last - 2].view, matrices[last - 1].view, matrices[last].view});
    }
    std::vector<std::int32_t> chosen;  // the last expert is chosen by nobody
    for (std::int32_t t = 0; t < kTokens; ++t) chosen.insert(chosen.end(), {t % 4, (t + 1) % 4});
    const std::vector<float> weights(kTokens * kUsed, 0.5F), x = fresh.normals(kTokens * kWidth);
    std::vector<float> y(kTokens * kWidth);
    std::vector<float> scratch(static_cast<std::size_t>(ops::experts_scratch(kTokens, kUsed, kWidth, kInner)) + 16);
    const auto aligned = (reinterpret_cast<std::uintptr_t>(scratch.data()) + 63) / 64 * 64;
    const ops::ExpertRoutes routes{kTokens, kUsed, chosen.data(), weights.data()};
    Sums fast, plain;
    const std::size_t target = ops::cpu_targets().front().index;
    ops::experts({pool, ops::Backend::cpu, target, &fast}, experts, routes, x.data(), nullptr,
                 reinterpret_cast<float*>(aligned), y.data());
    ops::experts({pool, ops::Backend::reference, target, &plain}, experts, routes, x.data(), nullptr,
                 reinterpret_cast<float*>(aligned), y.data());
    QCOMPARE(fast.counts.size(), std::size_t{12});
    QVERIFY(fast.counts == plain.counts);
    QCOMPARE(fast.counts[experts[0].gate.data], std::ranges::count(chosen, 0));
    for (const auto& [matrix, expected] : plain.squares) {
      const auto& actual = fast.squares[matrix];
      QCOMPARE(actual.size(), expected.size());
      // What cancels out in a column is as exact as what did not in others.
      const auto most = *std::ranges::max_element(expected);
      for (std::size_t i = 0; i < actual.size(); ++i) {
        QVERIFY(std::abs(actual[i] - expected[i]) <= 1e-5 * expected[i] + 1e-7 * most);
      }
    }
  }
};

QTEST_GUILESS_MAIN(ActivationObserverTest)
#include "activation_observer_test.moc"
