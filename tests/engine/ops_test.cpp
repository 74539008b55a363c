#include <array>
#include <numeric>

#include "ops/add/add.h"
#include "ops/attention/attention.h"
#include "ops/embedding/embedding.h"
#include "ops/gelu/gelu.h"
#include "ops/layer_norm/layer_norm.h"
#include "ops/matmul/matmul.h"
#include "ops/matmul/packed_matrices.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/rope/rope.h"
#include "ops/swiglu/swiglu.h"
#include "ops_support.h"
#include "tensor/dequantise.h"

using namespace hadal;
using namespace hadal::ops;
using hadal::testing::Fresh;
using hadal::testing::rounding_bound;
using hadal::testing::sum_bound;

/// Every operation: each compiled cpu variant against the plain twin, over every remainder of the vector width.
class OpsTest : public QObject {
  Q_OBJECT

  ComputePool pool_{3};

  static void targets() {
    QTest::addColumn<int>("index");
    for (const CpuTarget& target : cpu_targets())
      QTest::addRow("%s", target.name.c_str()) << static_cast<int>(target.index);
  }
  Context cpu(int index) { return {pool_, Backend::cpu, static_cast<std::size_t>(index)}; }
  Context plain() { return {pool_, Backend::reference, 0}; }

  static void compare(float got, float expected, double bound, const char* what, std::int64_t index) {
    const double difference = std::abs(static_cast<double>(got) - static_cast<double>(expected));
    if (!(difference <= bound)) {
      QFAIL(
          qPrintable(QString("%1[%2] is %3, not %4 within %5").arg(what).arg(index).arg(got).arg(expected).arg(bound)));
    }
  }

 private slots:
  void every_target_runs_what_it_says() {
    const auto found = cpu_targets();
    QVERIFY(!found.empty());
    QCOMPARE(found.back().name, std::string("SSE2"));
    for (const CpuTarget& target : found) {
      QCOMPARE(running_cpu_target(target.index), target.name);
      const auto chosen = choose_cpu_target(target.name);
      QVERIFY(bool(chosen));
      QCOMPARE(running_cpu_target(chosen->index), target.name);
    }
    QCOMPARE(choose_cpu_target("")->name, found.front().name);
    const auto unknown = choose_cpu_target("Z80");
    QVERIFY(!unknown);
    QVERIFY(unknown.error().message.find("Z80") != std::string::npos);
    QVERIFY(unknown.error().message.find("SSE2") != std::string::npos);
  }

  void add_matches_data() { targets(); }
  void add_matches() {
    QFETCH(int, index);
    Fresh fresh;
    for (std::int64_t count = 1; count <= 70; ++count) {
      const auto x = fresh.normals(count);
      auto got = fresh.normals(count), expected = got;
      ops::add(cpu(index), x.data(), count, got.data());
      ops::add(plain(), x.data(), count, expected.data());
      for (std::size_t i = 0; i < got.size(); ++i) QCOMPARE(got[i], expected[i]);
    }
  }

  void swiglu_matches_data() { targets(); }
  void swiglu_matches() {
    QFETCH(int, index);
    Fresh fresh;
    for (std::int64_t count = 1; count <= 70; ++count) {
      auto gate = fresh.normals(count);
      const auto up = fresh.normals(count);
      // The ends of exp's range too: sigmoid must saturate, not overflow into something that is not a number.
      gate[0] = count % 2 ? -200.0F : 200.0F;
      std::vector<float> got(gate.size()), expected(gate.size());
      ops::swiglu(cpu(index), gate.data(), up.data(), count, got.data());
      ops::swiglu(plain(), gate.data(), up.data(), count, expected.data());
      // exp is good to 2 ulp here, the four other operations to half of one each.
      for (std::size_t i = 0; i < got.size(); ++i) {
        compare(got[i], expected[i], 8 * 0x1p-24 * std::abs(static_cast<double>(expected[i])) + 1e-35, "swiglu",
                static_cast<std::int64_t>(i));
      }
    }
  }

  void gelu_matches_data() { targets(); }
  void gelu_matches() {
    QFETCH(int, index);
    Fresh fresh;
    for (std::int64_t count = 1; count <= 70; ++count) {
      auto got = fresh.normals(count);
      got[0] = count % 2 ? -30.0F : 30.0F;  // the ends of exp's range, as for swiglu
      auto expected = got;
      const auto x = got;
      ops::gelu(cpu(index), count, got.data());
      ops::gelu(plain(), count, expected.data());
      for (std::size_t i = 0; i < got.size(); ++i) {
        // exp moves by its argument's error, three roundings of up to |2u|, which is below 4 x^2 + 2 |x| here.
        const double v = std::abs(static_cast<double>(x[i])), argument = 3 * 0x1p-24 * (2 * v + 0.08 * v * v * v);
        compare(got[i], expected[i], (8 * 0x1p-24 + argument) * std::abs(static_cast<double>(expected[i])) + 1e-35,
                "gelu", static_cast<std::int64_t>(i));
      }
    }
  }

  void layer_norm_matches_data() { targets(); }
  void layer_norm_matches() {
    QFETCH(int, index);
    Fresh fresh;
    for (std::int64_t width = 2; width <= 70; ++width) {
      const std::int64_t tokens = 1 + width % 3;
      auto x = fresh.normals(tokens * width);
      for (float& value : x) value += 3.0F;  // a mean to take away
      const auto weight = fresh.normals(width), bias = fresh.normals(width);
      auto got = x, expected = x;
      ops::layer_norm(cpu(index), got.data(), weight.data(), bias.data(), 1e-5F, tokens, width, got.data());
      ops::layer_norm(plain(), expected.data(), weight.data(), bias.data(), 1e-5F, tokens, width, expected.data());
      for (std::int64_t t = 0; t < tokens; ++t) {
        const float* row = x.data() + t * width;
        double sum = 0.0, squares = 0.0, magnitude = 0.0;
        for (std::int64_t i = 0; i < width; ++i) sum += static_cast<double>(row[i]);
        const double mean = sum / static_cast<double>(width);
        for (std::int64_t i = 0; i < width; ++i) {
          squares += (static_cast<double>(row[i]) - mean) * (static_cast<double>(row[i]) - mean);
          magnitude += std::abs(static_cast<double>(row[i]));
        }
        const double deviation = std::sqrt(squares / static_cast<double>(width) + 1e-5);
        // The mean's error, against the deviation; then that of the squares and a handful of roundings.
        const double of_mean = (sum_bound(width, magnitude) / static_cast<double>(width) + 4 * 0x1p-24) / deviation;
        for (std::int64_t i = 0; i < width; ++i) {
          const auto at = static_cast<std::size_t>(t * width + i);
          const double scaled = std::abs(static_cast<double>(weight[static_cast<std::size_t>(i)]));
          const double normed = std::abs(static_cast<double>(row[i]) - mean) / deviation;
          const double bound = 2 * of_mean * scaled +
                               (sum_bound(width, 1.0) + 2 * of_mean + 8 * 0x1p-24) * normed * scaled +
                               2 * 0x1p-24 * std::abs(static_cast<double>(expected[at]));
          compare(got[at], expected[at], bound, "layer_norm", i);
        }
      }
    }
  }

  void rms_norm_matches_data() { targets(); }
  void rms_norm_matches() {
    QFETCH(int, index);
    Fresh fresh;
    for (std::int64_t width = 1; width <= 70; ++width) {
      const std::int64_t tokens = 1 + width % 3;
      const auto x = fresh.normals(tokens * width), weight = fresh.normals(width);
      auto got = x, expected = x;  // in place, as the models use it
      ops::rms_norm(cpu(index), got.data(), weight.data(), 1e-5F, tokens, width, got.data());
      ops::rms_norm(plain(), expected.data(), weight.data(), 1e-5F, tokens, width, expected.data());
      for (std::size_t i = 0; i < got.size(); ++i) {
        // Half of the sum's relative error (through the root), and a handful of roundings.
        const double relative = sum_bound(width, 1.0) / 2 + 6 * 0x1p-24;
        compare(got[i], expected[i], relative * std::abs(static_cast<double>(expected[i])), "rms_norm",
                static_cast<std::int64_t>(i));
      }
    }
  }

  void rope_matches_data() { targets(); }
  void rope_matches() {
    QFETCH(int, index);
    Fresh fresh;
    for (const RopePairs pairs : {RopePairs::adjacent, RopePairs::halves}) {
      for (std::int64_t dimensions = 2; dimensions <= 72; dimensions += 2) {
        const std::int64_t tokens = 3, heads = 2, head_size = dimensions + 2 * (dimensions % 3);
        std::vector<double> frequencies;
        for (std::int64_t i = 0; i < dimensions / 2; ++i) frequencies.push_back(std::pow(0.7, static_cast<double>(i)));
        const Rope rope{frequencies.data(), dimensions, pairs, 1.0F};
        const std::array<std::int32_t, 3> positions{0, 7, 100000};
        std::vector<float> table(static_cast<std::size_t>(tokens * 2 * dimensions));
        rope_table(cpu(index), rope, positions.data(), tokens, table.data());
        const auto x = fresh.normals(tokens * heads * head_size);
        auto got = x, expected = x;
        ops::rope(cpu(index), rope, table.data(), tokens, heads, head_size, got.data());
        ops::rope(plain(), rope, table.data(), tokens, heads, head_size, expected.data());
        for (std::size_t i = 0; i < got.size(); ++i)
          compare(got[i], expected[i], sum_bound(2, 10.0), "rope", static_cast<std::int64_t>(i));
        for (std::size_t i = 0; i < static_cast<std::size_t>(heads * head_size); ++i)
          QCOMPARE(got[i], x[i]);  // position 0 does not turn
      }
    }
  }

  void rope_turns_by_its_formula() {
    const double frequencies[] = {0.5, 0.25};
    const std::int32_t position = 3;
    for (const RopePairs pairs : {RopePairs::adjacent, RopePairs::halves}) {
      const Rope rope{frequencies, 4, pairs, 2.0F};
      float table[8], x[] = {1, 10, 100, 1000};
      rope_table(plain(), rope, &position, 1, table);
      ops::rope(plain(), rope, table, 1, 1, 4, x);
      const int second = pairs == RopePairs::adjacent ? 1 : 2, other = 3 - second;
      const float values[] = {1, 10, 100, 1000};
      const auto turned = [&](int first, int last, double angle, float got_first, float got_last) {
        const double a = values[first], b = values[last];
        compare(got_first, static_cast<float>(2 * (a * std::cos(angle) - b * std::sin(angle))), 1e-3, "first", first);
        compare(got_last, static_cast<float>(2 * (a * std::sin(angle) + b * std::cos(angle))), 1e-3, "last", last);
      };
      turned(0, second, 1.5, x[0], x[second]);
      turned(other, 3, 0.75, x[other], x[3]);
    }
  }

  void matmul_matches_data() {
    QTest::addColumn<int>("index");
    QTest::addColumn<int>("type");
    for (const CpuTarget& target : cpu_targets()) {
      for (const DType type : hadal::testing::kComputableTypes) {
        QTest::addRow("%s %s", target.name.c_str(), dtype_traits(type).name.data())
            << static_cast<int>(target.index) << static_cast<int>(type);
      }
      QTest::addRow("%s F8_E4M3", target.name.c_str())
          << static_cast<int>(target.index) << static_cast<int>(DType::f8_e4m3);
    }
  }
  void matmul_matches() {
    QFETCH(int, index);
    QFETCH(int, type);
    const auto dtype = static_cast<DType>(type);
    Fresh fresh;
    const std::int64_t block = dtype_traits(dtype).block_size;
    // Around the panels of 16 and 32 rows, their tiles of 4, the tiles of 3, 6 and 8 tokens, the decode paths, and
    // columns beyond one panel of 1024.
    for (std::int64_t rows : {1, 2, 3, 4, 5, 31, 33, 64}) {
      for (std::int64_t tokens : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 17}) {
        for (std::int64_t cols :
             {block == 1 ? 1 + fresh.below(70) : block, block == 1 ? 31 : 2 * block, block == 1 ? 65 : 3 * block}) {
          check_matmul(fresh, index, dtype, rows, cols, tokens);
        }
      }
    }
    for (std::int64_t tokens : {1, 4, 7, 9}) {
      for (std::int64_t cols : {1024, 1024 + 256, 2048 + 512}) check_matmul(fresh, index, dtype, 37, cols, tokens);
    }
    // Where a block of packed weights no longer meets all tokens at once.
    for (std::int64_t tokens : {30, 63, 64, 65}) check_matmul(fresh, index, dtype, 37, 2 * block + 256, tokens);
  }

  // E4M3 has two codes for NaN: every row with one is NaN, wherever it stands, and no other row is.
  void eight_bit_nan_is_kept_data() { targets(); }
  void eight_bit_nan_is_kept() {
    QFETCH(int, index);
    Fresh fresh;
    const std::int64_t rows = 37;
    for (const std::int64_t cols : {32, 33, 128, 200}) {
      std::vector<std::byte> data(static_cast<std::size_t>(rows * cols), std::byte{0x7E});  // 448, the largest
      std::vector<bool> bad(static_cast<std::size_t>(rows));
      for (std::int64_t row = 0; row < rows; row += 1 + fresh.below(3)) {
        const auto at = static_cast<std::size_t>(row * cols + fresh.below(cols));
        data[at] = fresh.below(2) == 0 ? std::byte{0x7F} : std::byte{0xFF};
        bad[static_cast<std::size_t>(row)] = true;
      }
      std::vector<float> scales(static_cast<std::size_t>((cols + 127) / 128), 0.5F);
      const WeightView w{data.data(), rows, cols, DType::f8_e4m3, reinterpret_cast<const std::byte*>(scales.data())};
      for (const std::int64_t tokens : {1, 4, 9}) {
        const auto x = fresh.normals(tokens * cols);
        std::vector<float> got(static_cast<std::size_t>(tokens * rows)), expected(got.size());
        ops::matmul(cpu(index), w, x.data(), tokens, got.data());
        ops::matmul(plain(), w, x.data(), tokens, expected.data());
        for (std::size_t i = 0; i < got.size(); ++i) {
          QCOMPARE(std::isnan(got[i]), static_cast<bool>(bad[i % static_cast<std::size_t>(rows)]));
          QCOMPARE(std::isnan(expected[i]), std::isnan(got[i]));
        }
      }
    }
  }

  void several_matrices_at_once_data() { targets(); }
  void several_matrices_at_once() {
    QFETCH(int, index);
    Fresh fresh;
    const std::int64_t cols = 256;
    const DType types[] = {DType::q4_1, DType::q6_k, DType::f16};
    for (std::int64_t tokens : {1, 3, 9}) {
      const auto x = fresh.normals(tokens * cols);
      std::vector<std::vector<std::byte>> data;
      std::vector<std::vector<float>> together, alone, bias;
      std::vector<MatmulPart> parts;
      for (DType type : types) {
        const std::int64_t rows = 1 + fresh.below(200);
        data.push_back(hadal::testing::random_weights(fresh, type, rows, cols));
        together.emplace_back(static_cast<std::size_t>(rows * tokens));
        alone.emplace_back(together.back().size());
        const WeightView w{data.back().data(), rows, cols, type};
        bias.push_back(fresh.normals(rows));
        parts.push_back({w, together.back().data(), bias.back().data()});
        ops::matmul(cpu(index), w, x.data(), tokens, alone.back().data());
        for (std::size_t i = 0; i < alone.back().size(); ++i)
          alone.back()[i] += bias.back()[i % static_cast<std::size_t>(rows)];
      }
      for (const Context& context : {cpu(index), plain()}) {
        ops::matmul(context, parts, x.data(), tokens);
        for (std::size_t i = 0; i < parts.size(); ++i) {
          for (std::size_t j = 0; j < alone[i].size(); ++j) {
            // The SIMD twin to the last bit; the plain one as close as its sums of 256 products of about 1 by 8, and
            // activations below 6 that the other rounds to 14 bits.
            const double rounding = 256 * 8.0 * (6.0 / 8191) / 2;
            compare(together[i][j], alone[i][j],
                    context.backend == Backend::cpu ? 0.0 : sum_bound(cols, 256 * 16.0) + rounding, "matmul",
                    static_cast<std::int64_t>(j));
          }
        }
      }
    }
  }

  void embedding_dequantises_rows() {
    Fresh fresh;
    for (const DType type : hadal::testing::kComputableTypes) {
      const auto data = hadal::testing::random_weights(fresh, type, 5, 256);
      const WeightView table{data.data(), 5, 256, type};
      const std::array<TokenId, 3> ids{4, 0, 4};
      std::vector<float> got(3 * 256), expected(256);
      ops::embedding(plain(), table, ids.data(), 3, got.data());
      for (std::size_t t = 0; t < ids.size(); ++t) {
        dequantise_row(type, table.row(ids[t]), 256, expected.data());
        for (std::size_t i = 0; i < 256; ++i) QCOMPARE(got[t * 256 + i], expected[i]);
      }
    }
  }

  void attention_joins_spans_data() {
    QTest::addColumn<int>("index");
    QTest::addColumn<int>("window");
    for (const CpuTarget& target : cpu_targets()) {
      // None; one within a span; one over several; one that ends where a row sits at the first place of a block.
      for (const int window : {0, 100, 700, 513}) {
        QTest::addRow("%s window %d", target.name.c_str(), window) << static_cast<int>(target.index) << window;
      }
    }
  }
  void attention_joins_spans() {
    QFETCH(int, index);
    QFETCH(int, window);
    Fresh fresh;
    const AttentionShape shape{6, 2, 32, 0.2F, window};
    const std::int64_t tokens = 1200 + fresh.below(300), width = 64, q_width = 192;
    std::vector<std::int32_t> table(48);
    std::iota(table.begin(), table.end(), 0);
    std::vector<AttentionRow> rows;
    for (std::int32_t p = 0; p < tokens; ++p) rows.push_back({table.data(), p});
    const LayerCaches caches(shape, 48);
    const auto keys = fresh.normals(tokens * width), values = fresh.normals(tokens * width);
    store_kv(plain(), shape, caches.plain, rows.data(), tokens, keys.data(), values.data());
    store_kv(cpu(index), shape, caches.own, rows.data(), tokens, keys.data(), values.data());
    const auto q = fresh.normals(tokens * q_width);
    std::vector<float> all(q.size()), alone(static_cast<std::size_t>(q_width)), expected(alone.size());
    attention(cpu(index), shape, caches.own, rows.data(), tokens, q.data(), all.data());
    for (std::int64_t row : {std::int64_t{511}, std::int64_t{512}, std::int64_t{1024}, tokens - 1}) {
      // Alone it is split over the threads, among all it is not; both give the same bits.
      attention(cpu(index), shape, caches.own, rows.data() + row, 1, q.data() + row * q_width, alone.data());
      attention(plain(), shape, caches.plain, rows.data() + row, 1, q.data() + row * q_width, expected.data());
      for (std::size_t i = 0; i < alone.size(); ++i) {
        QCOMPARE(alone[i], all[static_cast<std::size_t>(row * q_width) + i]);
        // As in check_attention, with sums over up to 1500 positions.
        const double bound = 5.0 * (2 * sum_bound(32, 40.0) + sum_bound(1500, 1.0)) + rounding_bound(32);
        compare(alone[i], expected[i], bound, "attention", static_cast<std::int64_t>(i));
      }
    }
  }

  void attention_sums_fit_their_integers_data() {
    QTest::addColumn<int>("index");
    for (const CpuTarget& target : cpu_targets())
      QTest::addRow("%s", target.name.c_str()) << static_cast<int>(target.index);
  }
  // Vectors along one another, spread or on a single element: their integers' products add up to as much as they can.
  void attention_sums_fit_their_integers() {
    QFETCH(int, index);
    const std::int64_t tokens = 200, size = 64;
    const AttentionShape shape{1, 1, static_cast<int>(size), 0.125F, 0};
    std::vector<std::int32_t> table(7);
    std::iota(table.begin(), table.end(), 0);
    std::vector<AttentionRow> rows;
    for (std::int32_t p = 0; p < tokens; ++p) rows.push_back({table.data(), p});
    const LayerCaches caches(shape, 7);
    for (const bool spread : {true, false}) {
      for (const float sign : {1.0F, -1.0F}) {
        std::vector<float> x(static_cast<std::size_t>(tokens * size));
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = spread || i % 64 == 37 ? 1.0F : 0.0F;
        std::vector<float> q(x.begin(), x.begin() + size), got(q.size()), expected(q.size());
        for (float& value : x) value *= sign;
        store_kv(plain(), shape, caches.plain, rows.data(), tokens, x.data(), x.data());
        store_kv(cpu(index), shape, caches.own, rows.data(), tokens, x.data(), x.data());
        attention(cpu(index), shape, caches.own, &rows.back(), 1, q.data(), got.data());
        attention(plain(), shape, caches.plain, &rows.back(), 1, q.data(), expected.data());
        for (std::size_t i = 0; i < got.size(); ++i)
          compare(got[i], expected[i], 1e-3, "attention", static_cast<std::int64_t>(i));
      }
    }
  }

  void attention_keeps_nan_data() { attention_sums_fit_their_integers_data(); }
  // What is not finite is seen in the output, and only by those that look at it.
  void attention_keeps_nan() {
    QFETCH(int, index);
    Fresh fresh;
    const std::int64_t tokens = 90, size = 40;
    const AttentionShape shape{1, 1, static_cast<int>(size), 0.2F, 0};
    const std::array<std::int32_t, 3> table{0, 1, 2};
    std::vector<AttentionRow> rows;
    for (std::int32_t p = 0; p < tokens; ++p) rows.push_back({table.data(), p});
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      for (const int where : {0, 1, 2}) {
        auto q = fresh.normals(tokens * size), k = q, v = q;
        (where == 0 ? q : where == 1 ? k : v)[50 * size + 7] = bad;
        std::vector<float> out(q.size());
        const LayerCaches caches(shape, 3);
        store_kv(cpu(index), shape, caches.own, rows.data(), tokens, k.data(), v.data());
        attention(cpu(index), shape, caches.own, rows.data(), tokens, q.data(), out.data());
        for (std::int64_t t = 0; t < tokens; ++t) {
          const bool sees = where == 0 ? t == 50 : t >= 50;
          QCOMPARE(std::isnan(out[static_cast<std::size_t>(t * size)]), sees);
        }
      }
    }
  }

  void attention_matches_data() {
    QTest::addColumn<int>("index");
    for (const CpuTarget& target : cpu_targets()) {
      QTest::addRow("%s", target.name.c_str()) << static_cast<int>(target.index);
    }
  }
  void attention_matches() {
    QFETCH(int, index);
    Fresh fresh;
    for (int head_size : {2, 16, 30, 64, 72, 128}) {
      for (int group : {1, 3, 4, 7}) {
        for (const int window : {0, 1, 3, 33, 64}) {
          const float scale = 1.0F / std::sqrt(static_cast<float>(head_size));
          check_attention(fresh, index, {2 * group, 2, head_size, scale, window});
        }
      }
    }
  }

 private:
  /// A layer's cache as the plain twin reads it, and as the cpu twins do.
  struct LayerCaches {
    std::vector<float> plain_keys, plain_values;
    std::vector<std::int16_t> own_keys, own_values;
    KvLayerView plain, own;

    LayerCaches(const AttentionShape& shape, int blocks)
        : plain_keys(static_cast<std::size_t>(blocks * 32 * shape.kv_heads * stored_size(shape.head_size))),
          plain_values(plain_keys.size()),
          own_keys(plain_keys.size(), -1),  // what is not stored yet: scales that are no numbers
          own_values(plain_keys.size(), -1),
          plain{reinterpret_cast<std::byte*>(plain_keys.data()), reinterpret_cast<std::byte*>(plain_values.data()),
                DType::f32, 32 * shape.kv_heads * stored_size(shape.head_size) * std::int64_t{sizeof(float)}},
          own{reinterpret_cast<std::byte*>(own_keys.data()), reinterpret_cast<std::byte*>(own_values.data()),
              DType::i16, plain.block_bytes / 2} {}
  };

  void check_matmul(Fresh& fresh, int index, DType type, std::int64_t rows, std::int64_t cols, std::int64_t tokens) {
    const auto data = hadal::testing::random_weights(fresh, type, rows, cols);
    // Of 8-bit floats, part of a matrix whose blocks of 128 rows the view lies across.
    const std::int64_t first_row = type == DType::f8_e4m3 ? fresh.below(200) : 0;
    auto scales = fresh.normals(((first_row + rows - 1) / 128 + 1) * ((cols - 1) / 128 + 1));
    for (float& scale : scales) scale *= 0x1p-8F;
    const auto* scale_bytes = reinterpret_cast<const std::byte*>(scales.data());
    const WeightView w{data.data(), rows, cols, type, type == DType::f8_e4m3 ? scale_bytes : nullptr, first_row};
    const auto x = fresh.normals(tokens * cols);
    // A sentinel past the end: nothing may be written there.
    std::vector<float> got(static_cast<std::size_t>(tokens * rows) + 1, 12345.0F), expected = got;
    ops::matmul(cpu(index), w, x.data(), tokens, got.data());
    // Weights that are quantised meet rounded activations; what comes after the rounding is as exact as float32.
    const auto seen = hadal::testing::rounded_activations(type, x);
    ops::matmul(plain(), w, seen.data(), tokens, expected.data());
    std::vector<float> row(static_cast<std::size_t>(cols));
    for (std::int64_t r = 0; r < rows; ++r) {
      dequantise_row(w, r, row.data());
      for (std::int64_t t = 0; t < tokens; ++t) {
        double magnitude = 0.0, input = 0.0;
        for (std::int64_t k = 0; k < cols; ++k) {
          magnitude += std::abs(static_cast<double>(row[static_cast<std::size_t>(k)]) *
                                static_cast<double>(seen[static_cast<std::size_t>(t * cols + k)]));
          input += std::abs(static_cast<double>(seen[static_cast<std::size_t>(t * cols + k)]));
        }
        const auto at = static_cast<std::size_t>(t * rows + r);
        // A weight is scale * code + minimum, whose terms are summed apart and may cancel: they are rounded eight times
        // at most, and once more for every block of 32 that is added.
        const double weights = dtype_traits(type).block_size == 1 ? 0.0
                                                                  : static_cast<double>(8 + cols / 32) * 0x1p-24 *
                                                                        hadal::testing::kLargestTerm * input;
        const double chunks =
            type == DType::bf16 ? hadal::testing::chunk_bound(row.data(), seen.data() + t * cols, cols) : 0.0;
        compare(got[at], expected[at], sum_bound(cols, magnitude) + weights + chunks, "matmul",
                static_cast<std::int64_t>(at));
      }
    }
    QCOMPARE(got.back(), 12345.0F);
    check_packed(index, w, x, tokens, got);
    // One token alone gives the same to the last bit, whichever path it takes.
    std::vector<float> alone(static_cast<std::size_t>(rows));
    const std::int64_t token = fresh.below(tokens);
    ops::matmul(cpu(index), w, x.data() + token * cols, 1, alone.data());
    for (std::size_t r = 0; r < alone.size(); ++r) QCOMPARE(alone[r], got[static_cast<std::size_t>(token * rows) + r]);
  }

  /// Packed rows give the same bits, where the type can be packed.
  void check_packed(int index, const WeightView& w, const std::vector<float>& x, std::int64_t tokens,
                    const std::vector<float>& expected) {
    if (packed_bytes(w) == 0) return;
    PackedMatrices packed;
    QVERIFY(packed.reserve(packed_bytes(w)));
    packed.add(w);
    QVERIFY(!packed.find(w).packed);
    packed.pack(pool_, static_cast<std::size_t>(index), {&w, 1});
    Context context = cpu(index);
    context.packed = &packed;
    std::vector<float> got(expected.size(), expected.back());
    ops::matmul(context, w, x.data(), tokens, got.data());
    QCOMPARE(got, expected);
    // The original is not looked at.
    WeightView gone = packed.find(w);
    QVERIFY(gone.packed);
    std::vector<std::byte> nothing(static_cast<std::size_t>(w.row_bytes() * w.rows));
    gone.data = nothing.data();
    ops::matmul(cpu(index), gone, x.data(), tokens, got.data());
    QCOMPARE(got, expected);
  }

  /// Two sequences of different lengths in scattered blocks; the last rows of both are compared.
  void check_attention(Fresh& fresh, int index, const AttentionShape& shape) {
    const std::int64_t width = shape.kv_heads * shape.head_size;
    const std::array<std::int32_t, 4> first{5, 0, 7, 2}, second{1, 6, 3, 4};
    const std::int64_t first_length = 1 + fresh.below(120), second_length = 1 + fresh.below(120);
    std::vector<AttentionRow> rows;
    for (std::int32_t p = 0; p < first_length; ++p) rows.push_back({first.data(), p});
    for (std::int32_t p = 0; p < second_length; ++p) rows.push_back({second.data(), p});
    const auto tokens = static_cast<std::int64_t>(rows.size());
    const auto keys = fresh.normals(tokens * width), values = fresh.normals(tokens * width);
    const LayerCaches caches(shape, 8);
    store_kv(plain(), shape, caches.plain, rows.data(), tokens, keys.data(), values.data());
    store_kv(cpu(index), shape, caches.own, rows.data(), tokens, keys.data(), values.data());
    const auto q = fresh.normals(tokens * shape.heads * shape.head_size);
    std::vector<float> expected(q.size()), got(q.size());
    attention(plain(), shape, caches.plain, rows.data(), tokens, q.data(), expected.data());
    attention(cpu(index), shape, caches.own, rows.data(), tokens, q.data(), got.data());
    // Scores are sums of head_size products, at most |q||k| * scale, about 3 * head_size^(1/2) here; their error moves
    // every weight by its exponential, and values are below 5. The sum over positions adds its own roundings.
    const double score = sum_bound(shape.head_size, 5.0 * std::sqrt(shape.head_size)) + 4 * 0x1p-24 * 5.0;
    const double bound = 5.0 * (2 * score + sum_bound(128, 1.0)) + rounding_bound(shape.head_size);
    for (std::size_t i = 0; i < got.size(); ++i)
      compare(got[i], expected[i], bound, "attention", static_cast<std::int64_t>(i));
    // A row alone, as in decode, gives the same to the last bit: an answer must not depend on what else was computed.
    const std::int64_t q_width = shape.heads * shape.head_size;
    std::vector<float> alone(static_cast<std::size_t>(q_width));
    for (std::int64_t row : {tokens - 1, fresh.below(tokens)}) {
      attention(cpu(index), shape, caches.own, rows.data() + row, 1, q.data() + row * q_width, alone.data());
      for (std::size_t i = 0; i < alone.size(); ++i)
        QCOMPARE(alone[i], got[static_cast<std::size_t>(row * q_width) + i]);
    }
  }
};

QTEST_GUILESS_MAIN(OpsTest)
#include "ops_test.moc"
