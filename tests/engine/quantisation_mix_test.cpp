#include <QtTest>
#include <bit>
#include <cmath>
#include <limits>

#include "models/quantisation_mix.h"
#include "tensor/half.h"

using namespace hadal;

/// Which type a tensor gets, and the rounding to the halves that blocks carry.
class QuantisationMixTest : public QObject {
  Q_OBJECT
 private slots:
  void choosesTypes_data();
  void choosesTypes();
  void findsMixesByName();
  void layersWithMoreBits();
  void halvesAreRoundedToTheNearest();
  void bfloatsAreRoundedToTheNearest();
};

void QuantisationMixTest::choosesTypes_data() {
  QTest::addColumn<QString>("mix");
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("columns");
  QTest::addColumn<QString>("type");
  QTest::addColumn<QString>("wanted");
  const auto row = [](const char* mix, const char* name, int columns, const char* type, const char* wanted = nullptr) {
    QTest::addRow("%s %s %d", mix, name, columns)
        << QString(mix) << QString(name) << columns << QString(type) << QString(wanted ? wanted : type);
  };
  row("Q4_K_M", "blk.4.attn_q.weight", 2048, "Q4_K");
  row("Q4_K_M", "blk.4.attn_q.weight", 576, "Q5_0", "Q4_K");
  row("Q5_K_M", "blk.4.attn_q.weight", 576, "Q5_1", "Q5_K");
  row("Q6_K", "blk.4.attn_q.weight", 576, "Q8_0", "Q6_K");
  row("Q2_K", "blk.4.attn_q.weight", 576, "IQ4_NL", "Q2_K");
  row("Q4_K_M", "blk.4.attn_q.weight", 100, "F16", "Q4_K");
  row("Q8_0", "blk.4.attn_q.weight", 33, "F16", "Q8_0");
  row("Q4_K_M", "blk.0.ffn_down.weight", 1536, "Q6_K");  // of 30 layers the first 3 ...
  row("Q4_K_M", "blk.3.ffn_down.weight", 1536, "Q4_K");
  row("Q4_K_M", "blk.5.attn_v.weight", 2048, "Q6_K");     // ... every third ...
  row("Q4_K_M", "blk.27.ffn_down.weight", 1536, "Q6_K");  // ... and the last 3
  row("Q4_K_M", "blk.0.attn_k.weight", 2048, "Q4_K");
  row("Q4_K_M", "output.weight", 2048, "Q6_K");
  row("Q4_K_M", "token_embd.weight", 2048, "Q4_K");
  row("Q4_0", "blk.0.ffn_down.weight", 1536, "Q4_0");
  row("Q4_0", "output.weight", 576, "Q8_0", "Q6_K");
  row("F16", "output.weight", 577, "F16");
  for (const char* kept : {"blk.0.attn_norm.weight", "blk.0.attn_q_a_norm.weight", "blk.0.ffn_gate_inp.weight",
                           "blk.0.exp_probs_b.bias", "blk.0.attn_q.bias", "rope_freqs.weight"}) {
    row("Q4_0", kept, 2048, "F32");
    row("deepseek", kept, 2048, "F32");
    row("BF16", kept, 2048, "F32");
  }
  row("deepseek", "blk.4.ffn_up_exps.weight", 2048, "Q4_K");
  row("deepseek", "blk.4.ffn_gate.17.weight", 2048, "Q4_K");
  row("deepseek", "blk.4.ffn_down_exps.weight", 2048, "Q5_K");
  row("deepseek", "blk.5.ffn_down_exps.weight", 2048, "Q6_K");
  row("deepseek", "blk.4.ffn_down_exps.weight", 1408, "Q5_1", "Q5_K");
  row("deepseek", "blk.4.ffn_down.63.weight", 1408, "Q5_1", "Q5_K");
  row("deepseek", "blk.4.ffn_down_shexp.weight", 2816, "Q6_K");
  row("deepseek", "blk.0.ffn_down.weight", 10944, "Q8_0", "Q6_K");
  row("deepseek", "blk.4.attn_kv_a_mqa.weight", 2048, "Q8_0");
  row("deepseek", "blk.4.attn_k_b.weight", 128, "Q8_0");
  row("deepseek", "blk.4.attn_output.weight", 2048, "Q6_K");
}

void QuantisationMixTest::choosesTypes() {
  QFETCH(QString, mix);
  QFETCH(QString, name);
  QFETCH(int, columns);
  QFETCH(QString, type);
  QFETCH(QString, wanted);
  const std::string text = name.toStdString();
  const bool vector = text.ends_with(".bias") || text.find("norm") != std::string::npos || text.starts_with("rope");
  std::vector<std::uint64_t> shape{static_cast<std::uint64_t>(columns)};
  if (!vector) shape.push_back(64);
  const auto found = find_quantisation_mix(mix.toStdString());
  QVERIFY(found.has_value());
  const TypeChoice choice = choose_type(*found, {30, false}, {text, shape});
  QCOMPARE(QString::fromUtf8(dtype_traits(choice.type).name), type);
  QCOMPARE(QString::fromUtf8(dtype_traits(choice.wanted).name), wanted);
  QCOMPARE(choice.fell_back(), type != wanted);
}

void QuantisationMixTest::findsMixesByName() {
  for (const MixTraits& traits : quantisation_mixes()) {
    QCOMPARE(static_cast<int>(*find_quantisation_mix(traits.name)), static_cast<int>(traits.mix));
    QVERIFY(mix_traits(traits.mix).name == traits.name);
  }
  QVERIFY(*find_quantisation_mix("q4_k_m") == QuantisationMix::q4_k_m);
  QVERIFY(*find_quantisation_mix("DeepSeek") == QuantisationMix::deepseek);
  QVERIFY(!find_quantisation_mix("Q4_K_MM") && !find_quantisation_mix(""));
  // Where the token embedding is the output as well it is kept like one.
  const std::vector<std::uint64_t> shape{2048, 64};
  QVERIFY(choose_type(QuantisationMix::q4_k_m, {30, true}, {"token_embd.weight", shape}).type == DType::q6_k);
}

void QuantisationMixTest::layersWithMoreBits() {
  const auto layers_of = [](std::int64_t layers) {
    std::vector<std::int64_t> more;
    for (std::int64_t i = 0; i < layers; ++i) {
      if (layer_gets_more(i, layers)) more.push_back(i);
    }
    return more;
  };
  QCOMPARE(layers_of(24), (std::vector<std::int64_t>{0, 1, 2, 5, 8, 11, 14, 17, 20, 21, 22, 23}));
  // Where 8 does not divide the layers the last eighth is rounded up: 24 to 27.
  QCOMPARE(layers_of(28), (std::vector<std::int64_t>{0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26, 27}));
}

void QuantisationMixTest::halvesAreRoundedToTheNearest() {
  // Every finite half is its own rounding; between two neighbours the middle goes to the even one, and a float beside
  // the middle to the nearer.
  for (std::uint32_t bits = 0; bits < 0x7C00; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float here = half_to_float(half);
    QCOMPARE(float_to_half(here), half);
    QCOMPARE(float_to_half(-here), static_cast<std::uint16_t>(half | 0x8000U));
    const float next = bits == 0x7BFF ? 65536.0F : half_to_float(static_cast<std::uint16_t>(half + 1));
    const float middle = (here + next) / 2.0F;  // exact: 12 bits
    const auto even = static_cast<std::uint16_t>(bits + (bits & 1));
    QCOMPARE(float_to_half(middle), even);
    QCOMPARE(float_to_half(std::nextafter(middle, 0.0F)), half);
    QCOMPARE(float_to_half(std::nextafter(middle, 1e9F)), static_cast<std::uint16_t>(half + 1));
  }
  QCOMPARE(float_to_half(1e9F), std::uint16_t{0x7C00});
  QCOMPARE(float_to_half(-std::numeric_limits<float>::infinity()), std::uint16_t{0xFC00});
  QVERIFY(std::isnan(half_to_float(float_to_half(std::numeric_limits<float>::quiet_NaN()))));
}

void QuantisationMixTest::bfloatsAreRoundedToTheNearest() {
  QCOMPARE(float_to_bfloat(1.0F), std::uint16_t{0x3F80});
  QCOMPARE(float_to_bfloat(std::bit_cast<float>(0x3F808000U)), std::uint16_t{0x3F80});  // a tie, to even
  QCOMPARE(float_to_bfloat(std::bit_cast<float>(0x3F818000U)), std::uint16_t{0x3F82});
  QCOMPARE(float_to_bfloat(std::bit_cast<float>(0xBF808001U)), std::uint16_t{0xBF81});
  QCOMPARE(float_to_bfloat(std::numeric_limits<float>::max()), std::uint16_t{0x7F80});
  QVERIFY(std::isnan(bfloat_to_float(float_to_bfloat(std::bit_cast<float>(0x7F800001U)))));
}

QTEST_GUILESS_MAIN(QuantisationMixTest)
#include "quantisation_mix_test.moc"
