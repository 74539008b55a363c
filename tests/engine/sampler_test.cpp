#include "runtime/sampler.h"

#include <QtTest>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

using namespace hadal;

class SamplerTest : public QObject {
  Q_OBJECT

  static std::map<TokenId, int> draw(const SamplingOptions& options, const std::vector<float>& logits, int times) {
    Sampler sampler(options);
    std::map<TokenId, int> counts;
    for (int i = 0; i < times; ++i) ++counts[sampler.sample(logits)];
    return counts;
  }

 private slots:
  void random_is_pcg64_data() {
    // From tests/reference/pcg64.py (numpy's PCG64).
    QTest::addColumn<quint64>("seed");
    QTest::addColumn<QList<quint64>>("numbers");
    QTest::addColumn<double>("uniform");
    QTest::newRow("0") << quint64{0} << QList<quint64>{0x1070196e695f8f1, 0x703ec840c59f4493, 0xe54954914b3a44fa}
                       << 0.5862283674111707;
    QTest::newRow("42") << quint64{42} << QList<quint64>{0x287472e87ff5705a, 0xbbd190b04ed0b545, 0xb6cee3580db14880}
                        << 0.7475508149475342;
    QTest::newRow("largest") << quint64{UINT64_MAX}
                             << QList<quint64>{0x3b17d015242767f3, 0x4180161fdb39123e, 0xd58a3e399c161fa3}
                             << 0.302141005929749;
  }
  void random_is_pcg64() {
    QFETCH(quint64, seed);
    QFETCH(QList<quint64>, numbers);
    QFETCH(double, uniform);
    Random random(seed);
    for (const quint64 number : numbers) QCOMPARE(quint64{random.next()}, number);
    QCOMPARE(random.uniform(), uniform);
  }

  void greedy_takes_the_highest_and_the_lower_id_on_a_tie() {
    Sampler sampler({});
    QCOMPARE(sampler.sample(std::vector<float>{1.0F, 3.0F, 2.0F, 3.0F}), 1);
    QCOMPARE(sampler.sample(std::vector<float>{-5.0F, -7.0F}), 0);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    QCOMPARE(sampler.sample(std::vector<float>{nan, -7.0F, nan}), 1);
    QCOMPARE(sampler.sample(std::vector<float>{nan, nan}), -1);
  }

  void unusable_logits_are_never_drawn() {
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    QCOMPARE(Sampler({.temperature = 1.0F}).sample(std::vector<float>{nan, nan}), -1);
    QCOMPARE(draw({.temperature = 1.0F}, {nan, 1.0F, -infinity}, 100), (std::map<TokenId, int>{{1, 100}}));
    QCOMPARE(draw({.temperature = 1.0F}, {0.0F, infinity, 5.0F}, 100), (std::map<TokenId, int>{{1, 100}}));
  }

  void frequencies_follow_the_softmax() {
    const std::vector<float> logits{1.0F, 0.0F, 2.5F, -1.0F, 0.7F};
    const float temperature = 0.8F;
    constexpr int times = 100'000;
    const auto counts = draw({.temperature = temperature, .seed = 7}, logits, times);
    double total = 0.0, chi_squared = 0.0;
    for (const float logit : logits) total += std::exp(static_cast<double>(logit / temperature));
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const double expected = times * std::exp(static_cast<double>(logits[i] / temperature)) / total;
      const double difference = counts.at(static_cast<TokenId>(i)) - expected;
      chi_squared += difference * difference / expected;
    }
    // Four degrees of freedom: exceeded by chance once in 100,000 seeds (and the seed is fixed).
    QVERIFY2(chi_squared < 28.5, qPrintable(QString::number(chi_squared)));
  }

  void top_k_keeps_the_k_highest() {
    const std::vector<float> logits{0.0F, 1.0F, 1.0F, 0.9F, 1.0F};
    const auto two = draw({.temperature = 1.0F, .top_k = 2}, logits, 2000);
    QCOMPARE(two.size(), std::size_t{2});  // of three equal ones the two with lower ids
    QVERIFY(two.contains(1) && two.contains(2));
    QCOMPARE(draw({.temperature = 1.0F, .top_k = 1}, logits, 50), (std::map<TokenId, int>{{1, 50}}));
    QCOMPARE(draw({.temperature = 1.0F, .top_k = 99}, logits, 5000).size(), logits.size());
  }

  void top_p_keeps_the_smallest_set_that_reaches_it() {
    // Probabilities 0.4, 0.3, 0.2, 0.1 in no order.
    const std::vector<float> logits{std::log(0.2F), std::log(0.4F), std::log(0.1F), std::log(0.3F)};
    const auto kept = [&](float top_p) {
      std::vector<TokenId> ids;
      for (const auto& [id, count] : draw({.temperature = 1.0F, .top_p = top_p}, logits, 3000)) ids.push_back(id);
      return ids;
    };
    QCOMPARE(kept(0.0F), (std::vector<TokenId>{1}));
    QCOMPARE(kept(0.39F), (std::vector<TokenId>{1}));
    QCOMPARE(kept(0.41F), (std::vector<TokenId>{1, 3}));
    QCOMPARE(kept(0.69F), (std::vector<TokenId>{1, 3}));
    QCOMPARE(kept(0.71F), (std::vector<TokenId>{0, 1, 3}));
    QCOMPARE(kept(1.0F), (std::vector<TokenId>{0, 1, 2, 3}));
  }

  void kept_tokens_keep_their_proportions() {
    const std::vector<float> logits{std::log(0.2F), std::log(0.4F), std::log(0.1F), std::log(0.3F)};
    constexpr int times = 50'000;
    const auto counts = draw({.temperature = 1.0F, .top_k = 3, .top_p = 0.7F, .seed = 3}, logits, times);
    // Of the three highest (0.9 of the whole) the nucleus of 0.7 is {0.4, 0.3}; 5 standard deviations.
    QVERIFY(std::abs(counts.at(1) - times * 4.0 / 7.0) < 5 * std::sqrt(times * 12.0 / 49.0));
    QCOMPARE(counts.size(), std::size_t{2});
  }

  void same_seed_same_tokens() {
    std::vector<float> logits(500);
    for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i % 17) * 0.3F;
    const SamplingOptions options{.temperature = 1.2F, .top_k = 100, .top_p = 0.95F, .seed = 11};
    Sampler first(options), second(options), other({.temperature = 1.2F, .top_k = 100, .top_p = 0.95F, .seed = 12});
    bool differed = false;
    for (int i = 0; i < 200; ++i) {
      const TokenId token = first.sample(logits);
      QCOMPARE(second.sample(logits), token);
      differed = differed || other.sample(logits) != token;
    }
    QVERIFY(differed);
  }
};

QTEST_GUILESS_MAIN(SamplerTest)
#include "sampler_test.moc"
