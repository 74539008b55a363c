#include "runtime/sampler.h"

#include <QtTest>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "runtime/sampler_logprobs.h"

using namespace hadal;

class SamplerTest : public QObject {
  Q_OBJECT

  static std::map<TokenId, int> draw(const SamplingOptions& options, const std::vector<float>& logits, int times) {
    Sampler sampler(options);
    std::map<TokenId, int> counts;
    for (int i = 0; i < times; ++i) ++counts[sampler.sample(logits)];
    return counts;
  }

  static nlohmann::json reference() {
    std::ifstream file(qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/sampling.json");
    return nlohmann::json::parse(file);
  }
  static SamplingOptions options_of(const nlohmann::json& from) {
    SamplingOptions options{.temperature = from["temperature"],
                            .repetition_penalty = from["repetition_penalty"],
                            .frequency_penalty = from["frequency_penalty"],
                            .presence_penalty = from["presence_penalty"],
                            .penalty_window = from["penalty_window"],
                            .top_k = from["top_k"],
                            .top_p = from["top_p"],
                            .min_p = from["min_p"],
                            .typical_p = from["typical_p"]};
    for (const auto& [token, bias] : from["logit_bias"].get<std::vector<std::pair<TokenId, float>>>())
      options.logit_bias.push_back({token, bias});
    return options;
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

  // From tests/reference/sampling.py: transformers' logits processors.
  void keeps_what_transformers_keeps() {
    for (const auto& entry : reference()) {
      const std::vector<float> logits = entry["logits"];
      const std::vector<TokenId> history = entry["history"];
      const SamplingContext context{.history = history, .prompt_length = entry["prompt_length"]};
      SamplingOptions options = options_of(entry["options"]);
      Sampler sampler(options);
      QVERIFY(sampler.sample(logits, context) >= 0);
      std::map<TokenId, double> kept;
      double total = 0.0;
      for (const auto& candidate : sampler.kept()) total += static_cast<double>(candidate.weight);
      for (const auto& candidate : sampler.kept()) kept[candidate.id] = static_cast<double>(candidate.weight) / total;
      const std::vector<std::pair<TokenId, double>> expected = entry["kept"];
      // Less likely ones are not drawn from; see Sampler::sample.
      const auto counted = std::ranges::count_if(expected, [](const auto& one) { return one.second > 1e-15; });
      QVERIFY2(static_cast<std::ptrdiff_t>(kept.size()) >= counted && kept.size() <= expected.size(),
               entry["options"].dump().c_str());
      for (const auto& [id, p] : expected) {
        if (p <= 1e-15) continue;
        QVERIFY2(kept.contains(id), entry["options"].dump().c_str());
        QVERIFY2(std::abs(kept[id] - p) < 1e-5, entry["options"].dump().c_str());
      }
      options.temperature = 0.0F;
      QCOMPARE(Sampler(options).sample(logits, context), entry["greedy"].get<TokenId>());
    }
  }

  void log_probabilities_are_the_models_own() {
    for (const auto& entry : reference()) {
      const std::vector<float> logits = entry["logits"];
      const std::vector<std::pair<TokenId, double>> expected = entry["likeliest"];
      const TokenLogprobs got = token_logprobs(logits, expected[3].first, 5);
      QCOMPARE(got.likeliest.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        QCOMPARE(got.likeliest[i].token, expected[i].first);
        QVERIFY(std::abs(static_cast<double>(got.likeliest[i].logprob) - expected[i].second) < 1e-5);
      }
      QCOMPARE(got.chosen.token, expected[3].first);
      QVERIFY(got.chosen.logprob == got.likeliest[3].logprob);
      QVERIFY(token_logprobs(logits, 0, 0).likeliest.empty());
    }
  }

  void penalties_look_back_over_a_growing_history() {
    // Counted anew from the whole history or carried from call to call, the choice is the same.
    const std::vector<float> logits{1.0F, 0.9F, 0.8F, 0.7F};
    const SamplingOptions options{.repetition_penalty = 1.1F, .frequency_penalty = 0.3F, .penalty_window = 6};
    Sampler carried(options);
    std::vector<TokenId> history{0, 1};
    for (int i = 0; i < 40; ++i) {
      const SamplingContext context{.history = history, .prompt_length = 2};
      const TokenId token = carried.sample(logits, context);
      QCOMPARE(token, Sampler(options).sample(logits, context));
      history.push_back(token);
    }
    for (TokenId id = 0; id < 4; ++id) QVERIFY(std::ranges::count(history, id) >= 4);
  }

  void only_allowed_tokens_are_chosen() {
    std::vector<float> logits(200);
    for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i);
    std::vector<std::uint64_t> allowed(4);
    const SamplingContext context{.allowed = allowed};
    QCOMPARE(Sampler({}).sample(logits, context), -1);
    QCOMPARE(Sampler({.temperature = 5.0F}).sample(logits, context), -1);
    allowed[1] = 0b1001;
    QCOMPARE(Sampler({}).sample(logits, context), 67);
    QCOMPARE(Sampler({.logit_bias = {{64, 10.0F}}}).sample(logits, context), 64);
    Sampler warm({.temperature = 5.0F, .top_k = 10, .top_p = 0.999F});
    std::map<TokenId, int> counts;
    for (int i = 0; i < 500; ++i) ++counts[warm.sample(logits, context)];
    QCOMPARE(counts.size(), std::size_t{2});
    QVERIFY(counts.contains(64) && counts.contains(67));
    // Words that are missing allow nothing.
    QCOMPARE(Sampler({}).sample(logits, {.allowed = std::span(allowed).first(2)}), 67);
  }

  void options_outside_their_ranges_are_refused() {
    const auto says = [](const SamplingOptions& options, const char* word) {
      const auto checked = Sampler::check(options, 100);
      return !checked && checked.error().message.find(word) != std::string::npos;
    };
    const float nan = std::numeric_limits<float>::quiet_NaN();
    QVERIFY(Sampler::check({}, 100));
    QVERIFY(says({.temperature = -1.0F}, "temperature"));
    QVERIFY(says({.temperature = nan}, "temperature"));
    QVERIFY(says({.repetition_penalty = 0.0F}, "repetition_penalty"));
    QVERIFY(says({.frequency_penalty = nan}, "frequency_penalty"));
    QVERIFY(says({.presence_penalty = 1e9F}, "presence_penalty"));
    QVERIFY(says({.penalty_window = -1}, "penalty_window"));
    QVERIFY(says({.top_k = -1}, "top_k"));
    QVERIFY(says({.top_p = 1.5F}, "top_p"));
    QVERIFY(says({.min_p = nan}, "min_p"));
    QVERIFY(says({.typical_p = -0.1F}, "typical_p"));
    QVERIFY(says({.logprobs = 101}, "logprobs"));
    QVERIFY(says({.logit_bias = {{100, 1.0F}}}, "vocabulary has 100"));
    QVERIFY(says({.logit_bias = {{-1, 1.0F}}}, "token -1"));
    QVERIFY(says({.logit_bias = {{1, nan}}}, "logit_bias"));
    QVERIFY(Sampler::check({.logit_bias = {{1, -std::numeric_limits<float>::infinity()}}}, 100));
  }

  // Against draws and nuclei computed plainly, in double precision.
  void large_vocabularies_are_drawn_from_alike_data() {
    QTest::addColumn<float>("spread");
    QTest::addColumn<float>("temperature");
    QTest::newRow("peaked") << 3.0F << 0.8F;
    QTest::newRow("flat") << 0.3F << 1.0F;
    QTest::newRow("cold") << 1.0F << 0.05F;
    QTest::newRow("hot") << 1.0F << 20.0F;
  }
  void large_vocabularies_are_drawn_from_alike() {
    QFETCH(float, spread);
    QFETCH(float, temperature);
    Random random(3);
    std::vector<float> logits(20'011);
    for (float& logit : logits) logit = spread * (12.0F * static_cast<float>(random.uniform()) - 6.0F);
    for (std::size_t i = 0; i < logits.size(); i += 97) logits[i] = std::numeric_limits<float>::quiet_NaN();
    logits[15'000] = -std::numeric_limits<float>::infinity();
    logits[12'345] = spread * 7.0F;
    std::vector<double> weights;
    for (const float logit : logits) {
      const double exponent = static_cast<double>(logit - spread * 7.0F) / static_cast<double>(temperature);
      weights.push_back(exponent >= -40.0 ? std::exp(exponent) : 0.0);
    }
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (quint64 seed = 0; seed < 300; ++seed) {
      const TokenId token = Sampler({.temperature = temperature, .seed = seed}).sample(logits);
      const double wanted = Random(seed).uniform() * total;
      const double before = std::accumulate(weights.begin(), weights.begin() + token, 0.0);
      const double own = weights[static_cast<std::size_t>(token)], slack = 1e-5 * total;
      QVERIFY2(before - slack <= wanted && wanted <= before + own + slack && own > 0.0,
               qPrintable(QString::number(token)));
    }
    std::vector<double> sorted = weights;
    std::ranges::sort(sorted, std::greater<>());
    for (const float top_p : {0.2F, 0.9F, 0.99F}) {
      Sampler sampler({.temperature = temperature, .top_p = top_p});
      QVERIFY(sampler.sample(logits) >= 0);
      const auto kept = static_cast<std::ptrdiff_t>(sampler.kept().size());
      const double mass = std::accumulate(sorted.begin(), sorted.begin() + kept, 0.0);
      const double least = std::accumulate(sorted.begin(), sorted.begin() + kept - 1, 0.0);
      const double reached = static_cast<double>(top_p) * total, slack = 1e-5 * total;
      QVERIFY2(mass + slack >= reached && least - slack < reached, qPrintable(QString::number(kept)));
      for (const auto& candidate : sampler.kept())
        QVERIFY(weights[static_cast<std::size_t>(candidate.id)] >=
                sorted[static_cast<std::size_t>(kept - 1)] * (1 - 1e-5));
    }
  }

  void sampling_a_large_vocabulary_data() {
    QTest::addColumn<float>("spread");
    QTest::addColumn<int>("top_k");
    QTest::addColumn<float>("top_p");
    QTest::addColumn<float>("min_p");
    QTest::addColumn<float>("typical_p");
    QTest::newRow("plain") << 3.0F << 0 << 1.0F << 0.0F << 1.0F;
    QTest::newRow("top-p") << 3.0F << 0 << 0.95F << 0.0F << 1.0F;
    QTest::newRow("top-p of a flat distribution") << 0.1F << 0 << 0.95F << 0.0F << 1.0F;
    QTest::newRow("top-k") << 3.0F << 40 << 1.0F << 0.0F << 1.0F;
    QTest::newRow("min-p") << 3.0F << 0 << 1.0F << 0.05F << 1.0F;
    QTest::newRow("typical of a flat distribution") << 0.1F << 0 << 1.0F << 0.0F << 0.9F;
    QTest::newRow("everything") << 3.0F << 100 << 0.95F << 0.01F << 0.95F;
  }
  // The middle of 31 draws; a decode step over such a vocabulary takes 20 ms and more.
  void sampling_a_large_vocabulary() {
    QFETCH(float, spread);
    QFETCH(int, top_k);
    QFETCH(float, top_p);
    QFETCH(float, min_p);
    QFETCH(float, typical_p);
    Random random(1);
    std::vector<float> logits(151'936);
    for (float& logit : logits) {
      float sum = -6.0F;
      for (int i = 0; i < 12; ++i) sum += static_cast<float>(random.uniform());
      logit = sum * spread;
    }
    logits[7000] += spread * 3.0F;
    Sampler sampler({.temperature = 0.8F, .top_k = top_k, .top_p = top_p, .min_p = min_p, .typical_p = typical_p});
    std::vector<double> times;
    for (int i = 0; i < 31; ++i) {
      const auto before = std::chrono::steady_clock::now();
      QVERIFY(sampler.sample(logits) >= 0);
      times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before).count());
    }
    // Whatever else the machine does can only make it slower.
    const double best = std::ranges::min(times);
    qInfo("%.3f ms", best);
    QVERIFY2(best < 10.0, qPrintable(QString::number(best)));
  }
};

QTEST_GUILESS_MAIN(SamplerTest)
#include "sampler_test.moc"
