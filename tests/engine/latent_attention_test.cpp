#include "ops/latent_attention/latent_attention.h"

#include <array>
#include <numeric>

#include "ops/dequantise/dequantise.h"
#include "ops/latent_attention/plan.h"
#include "ops/matmul/activations.h"
#include "ops/matmul/packed_matrices.h"
#include "ops_support.h"
#include "tensor/dequantise.h"

using namespace hadal;
using namespace hadal::ops;
using hadal::testing::Fresh;
using hadal::testing::sum_bound;

/// Latent attention: both modes of every compiled cpu variant against the plain twin.
class LatentAttentionTest : public QObject {
  Q_OBJECT

  ComputePool pool_{3};
  Context cpu(int index) { return {pool_, Backend::cpu, static_cast<std::size_t>(index)}; }
  Context plain() { return {pool_, Backend::reference, 0}; }

  /// A head's matrices in one stored weight, in one of the layouts that files have.
  struct Weights {
    std::vector<std::byte> key_data, value_data;
    LatentWeights views;

    Weights(Fresh& fresh, const LatentShape& s, DType type, bool apart) {
      const std::int64_t rank = s.rank, nope = s.nope, both = s.nope + s.value;
      if (apart) {
        key_data = hadal::testing::random_weights(fresh, type, s.heads * rank, nope);
        value_data = hadal::testing::random_weights(fresh, type, s.heads * std::int64_t{s.value}, rank);
        views.key = {{key_data.data(), s.heads * rank, nope, type}, 0, rank, true};
        views.value = {{value_data.data(), s.heads * std::int64_t{s.value}, rank, type}, 0, s.value, false};
      } else {
        key_data = hadal::testing::random_weights(fresh, type, s.heads * both, rank);
        const WeightView all{key_data.data(), s.heads * both, rank, type};
        views.key = {all, 0, both, false};
        views.value = {all, nope, both, false};
      }
    }
  };

  /// Sequences in scattered blocks of one layer's cache, in the plain twin's type and in another.
  struct Cache {
    std::vector<std::vector<std::int32_t>> tables;
    std::vector<AttentionRow> rows;  ///< Of all tokens of all sequences.
    std::vector<float> plain_data;
    std::vector<std::int16_t> own_data;
    KvLayerView plain, own;

    Cache(Fresh& fresh, const LatentShape& s, const std::vector<std::int32_t>& lengths) {
      std::int32_t blocks = 0;
      for (const std::int32_t length : lengths) blocks += length / 32 + 2;
      std::vector<std::int32_t> all(static_cast<std::size_t>(blocks));
      std::iota(all.begin(), all.end(), 0);
      for (std::size_t i = all.size(); i > 1; --i)
        std::swap(all[i - 1], all[static_cast<std::size_t>(fresh.below(static_cast<std::int64_t>(i)))]);
      for (const std::int32_t length : lengths) {
        const auto count = length / 32 + 1;
        tables.emplace_back(all.end() - count, all.end());
        all.resize(all.size() - static_cast<std::size_t>(count));
      }
      for (std::size_t i = 0; i < lengths.size(); ++i) {
        for (std::int32_t p = 0; p < lengths[i]; ++p) rows.push_back({tables[i].data(), p});
      }
      plain_data.resize(static_cast<std::size_t>(blocks * 32 * s.stored()));
      own_data.resize(plain_data.size());
      plain = {reinterpret_cast<std::byte*>(plain_data.data()), nullptr, DType::f32,
               32 * s.stored() * std::int64_t{sizeof(float)}};
      own = {reinterpret_cast<std::byte*>(own_data.data()), nullptr, DType::i16, plain.block_bytes / 2};
    }
  };

  /// Largest difference, against the size of the outputs.
  static double difference(const std::vector<float>& got, const std::vector<float>& expected) {
    double worst = 0.0, size = 0.0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (!std::isfinite(got[i])) return INFINITY;
      worst = std::max(worst, std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i])));
      size = std::max(size, std::abs(static_cast<double>(expected[i])));
    }
    return worst / size;
  }

  /// Queries whose scores are a few units, so that the softmax neither vanishes nor takes one position alone.
  static LatentShape shape_of(int heads, int rank, int rope, int nope, int value) {
    return {heads, rank, rope, nope, value, 1.5F / std::sqrt(static_cast<float>(nope * rank + rope))};
  }

  /// Of an output, relative to the largest: a score is a sum of row() products of which the query's factors are
  /// themselves sums of nope; it errs by its roundings times its magnitude, at most about 40 here, and moves every
  /// weight by its exponential. Then sums over `positions` and rank. All roundings together are as bad as their count
  /// at worst and as its root on average; a tenth of the worst is far above what was ever seen.
  static double bound(const LatentShape& s, std::int64_t positions) {
    const double score = (s.row() + s.nope + 8) * 0x1p-24 * 40.0;
    return 0.1 * (2 * score + static_cast<double>(positions + s.rank + 8) * 0x1p-24) + 1e-6 +
           hadal::testing::rounding_bound(s.row());
  }

  /// What rounding to 8 bits adds, where a query and a latent meet weights of a type that takes such (activations.h):
  /// in blocks whose largest element is up to three times the usual one, an element errs by 3 / (254 sqrt(3)) of that,
  /// and so does a sum of products; four standard deviations.
  static double bytes_bound(DType type) {
    return activation_format(type).planes == 1 ? 4 * 3 / (254 * std::sqrt(3.0)) : 0.0;
  }

  void check(Fresh& fresh, int index, const LatentShape& s, DType type, bool apart,
             const std::vector<std::int32_t>& lengths) {
    const Weights weights(fresh, s, type, apart);
    Cache cache(fresh, s, lengths);
    const auto tokens = static_cast<std::int64_t>(cache.rows.size());
    const auto stored = fresh.normals(tokens * s.row()), q = fresh.normals(tokens * s.heads * s.key());
    store_latents(plain(), s, cache.plain, cache.rows.data(), tokens, stored.data());
    store_latents(cpu(index), s, cache.own, cache.rows.data(), tokens, stored.data());
    const std::int64_t out_width = static_cast<std::int64_t>(s.heads) * s.value;
    std::vector<float> expected(static_cast<std::size_t>(tokens * out_width)), got(expected.size() + 1, 12345.0F);
    latent_attention(plain(), s, weights.views, cache.plain, cache.rows.data(), tokens, q.data(), expected.data());
    std::int32_t longest = 0;
    for (const std::int32_t length : lengths) longest = std::max(longest, length);
    for (const LatentMode mode : {LatentMode::absorbed, LatentMode::decompressed, LatentMode::automatic}) {
      std::fill(got.begin(), got.end() - 1, 0.0F);
      latent_attention(cpu(index), s, weights.views, cache.own, cache.rows.data(), tokens, q.data(), got.data(), mode);
      QCOMPARE(got.back(), 12345.0F);
      const std::vector<float> own(got.begin(), got.end() - 1);
      const double off = difference(own, expected), within = bound(s, longest) + bytes_bound(type);
      QVERIFY2(off <= within,
               qPrintable(QString("mode %1: %2, not within %3").arg(static_cast<int>(mode)).arg(off).arg(within)));
      if (mode == LatentMode::automatic) continue;
      // In one mode a row gives the same to the last bit, whatever else is computed with it.
      std::vector<float> alone(static_cast<std::size_t>(out_width));
      for (const std::int64_t row : {tokens - 1, fresh.below(tokens)}) {
        latent_attention(cpu(index), s, weights.views, cache.own, cache.rows.data() + row, 1,
                         q.data() + row * s.heads * s.key(), alone.data(), mode);
        for (std::size_t i = 0; i < alone.size(); ++i)
          QCOMPARE(alone[i], own[static_cast<std::size_t>(row * out_width) + i]);
      }
    }
  }

  static void targets() {
    QTest::addColumn<int>("index");
    for (const CpuTarget& target : cpu_targets())
      QTest::addRow("%s", target.name.c_str()) << static_cast<int>(target.index);
  }

 private slots:
  void dequantised_rows_are_those_of_the_plain_twin_data() { targets(); }
  void dequantised_rows_are_those_of_the_plain_twin() {
    QFETCH(int, index);
    Fresh fresh;
    for (const DType type : hadal::testing::kComputableTypes) {
      const bool blocks = dtype_traits(type).block_size > 1;
      for (const std::int64_t cols : {std::int64_t{blocks ? 256 : 1}, std::int64_t{blocks ? 512 : 37}}) {
        const auto data = hadal::testing::random_weights(fresh, type, 7, cols);
        const WeightView w{data.data(), 7, cols, type};
        std::vector<float> got(static_cast<std::size_t>(3 * cols) + 1, 12345.0F), expected = got;
        ops::dequantise_rows(cpu(index), w, 2, 3, got.data());
        ops::dequantise_rows(plain(), w, 2, 3, expected.data());
        for (std::size_t i = 0; i < got.size(); ++i) {
          // scale * code + minimum with other roundings, where the terms may cancel.
          const double off = std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i]));
          QVERIFY(off <= (blocks ? 8 * 0x1p-24 * hadal::testing::kLargestTerm : 0.0));
        }
      }
    }
  }

  void eight_bit_rows_have_their_scales_data() { targets(); }
  void eight_bit_rows_have_their_scales() {
    QFETCH(int, index);
    Fresh fresh;
    // Around the blocks of 128 rows and columns that share a scale.
    for (const std::int64_t cols : {128, 160, 300}) {
      const auto data = hadal::testing::random_weights(fresh, DType::f8_e4m3, 300, cols);
      const auto scales = fresh.normals(3 * ((cols + 127) / 128));
      const WeightView w{data.data(), 300, cols, DType::f8_e4m3, reinterpret_cast<const std::byte*>(scales.data())};
      std::vector<float> got(static_cast<std::size_t>(4 * cols)), expected(got.size());
      for (const std::int64_t first : {0, 126, 254}) {
        ops::dequantise_rows(cpu(index), w, first, 4, got.data());
        ops::dequantise_rows(plain(), w, first, 4, expected.data());
        for (std::size_t i = 0; i < got.size(); ++i) QCOMPARE(got[i], expected[i]);
      }
    }
  }

  // The two codes of NaN are NaN, and nothing beside them is.
  void eight_bit_rows_keep_nan_data() { targets(); }
  void eight_bit_rows_keep_nan() {
    QFETCH(int, index);
    std::vector<std::byte> data;
    for (int i = 0; i < 4 * 256; ++i) data.push_back(static_cast<std::byte>(i * 37));  // every code in every row
    const float scales[] = {0.5F, 0.0F};
    const WeightView w{data.data(), 4, 256, DType::f8_e4m3, reinterpret_cast<const std::byte*>(scales)};
    std::vector<float> got(data.size()), expected(data.size());
    ops::dequantise_rows(cpu(index), w, 0, 4, got.data());
    ops::dequantise_rows(plain(), w, 0, 4, expected.data());
    for (std::size_t i = 0; i < got.size(); ++i) {
      QCOMPARE(std::isnan(got[i]), (data[i] & std::byte{0x7F}) == std::byte{0x7F});
      QVERIFY(std::isnan(expected[i]) ? std::isnan(got[i]) : got[i] == expected[i]);
    }
  }

  void both_modes_match_data() {
    QTest::addColumn<int>("index");
    QTest::addColumn<bool>("apart");
    for (const CpuTarget& target : cpu_targets()) {
      for (const bool apart : {false, true}) {
        QTest::addRow("%s %s", target.name.c_str(), apart ? "k_b and v_b" : "kv_b")
            << static_cast<int>(target.index) << apart;
      }
    }
  }
  void both_modes_match() {
    QFETCH(int, index);
    QFETCH(bool, apart);
    Fresh fresh;
    // Heads around the groups of four, sizes around the vectors and the panels of four rows.
    for (const int heads : {1, 3, 4, 6}) {
      check(fresh, index, shape_of(heads, 32, 16, 32, 32), DType::q8_0, apart,
            {static_cast<std::int32_t>(1 + fresh.below(40)), static_cast<std::int32_t>(1 + fresh.below(100))});
      for (const int size : {1, 5, 18, 33}) {
        check(fresh, index, shape_of(heads, 2 * size + 1, 2 + 2 * (size % 3), size, size + 2), DType::f32, apart,
              {static_cast<std::int32_t>(1 + fresh.below(70))});
      }
    }
    check(fresh, index, shape_of(2, 512, 64, 128, 128), DType::q4_0, apart, {37});
  }

  void packed_matrices_give_the_same_bits_data() { targets(); }
  void packed_matrices_give_the_same_bits() {
    QFETCH(int, index);
    Fresh fresh;
    const LatentShape s = shape_of(3, 64, 16, 32, 48);
    for (const DType type : {DType::q4_0, DType::q8_0}) {
      for (const bool apart : {false, true}) {
        const Weights weights(fresh, s, type, apart);
        Cache cache(fresh, s, {40});
        const auto tokens = static_cast<std::int64_t>(cache.rows.size());
        const auto stored = fresh.normals(tokens * s.row()), q = fresh.normals(tokens * s.heads * s.key());
        store_latents(cpu(index), s, cache.own, cache.rows.data(), tokens, stored.data());
        std::vector<float> plain_out(static_cast<std::size_t>(tokens * s.heads * s.value)),
            packed_out(plain_out.size());
        latent_attention(cpu(index), s, weights.views, cache.own, cache.rows.data(), tokens, q.data(), plain_out.data(),
                         LatentMode::absorbed);
        const std::array matrices{weights.views.key.all, weights.views.value.all};
        PackedMatrices packed;
        bool released = false;
        QVERIFY(packed.reserve(packed_bytes(matrices[0]) + packed_bytes(matrices[1]),
                               [&](std::span<const std::byte>) { released = true; }));
        for (const WeightView& w : matrices) packed.add(w, PackedMatrices::Original::kept);
        packed.pack(pool_, static_cast<std::size_t>(index), matrices);
        QVERIFY(packed.find(matrices[0]).packed && packed.find(matrices[1]).packed);
        QVERIFY(!released);
        Context context = cpu(index);
        context.packed = &packed;
        latent_attention(context, s, weights.views, cache.own, cache.rows.data(), tokens, q.data(), packed_out.data(),
                         LatentMode::absorbed);
        QCOMPARE(packed_out, plain_out);
      }
    }
  }

  void spans_are_joined_data() { targets(); }
  void spans_are_joined() {
    QFETCH(int, index);
    Fresh fresh;
    const LatentShape s = shape_of(5, 32, 8, 16, 16);
    check(fresh, index, s, DType::f16, false, {static_cast<std::int32_t>(1030 + fresh.below(100)), 70});
  }

  void a_span_is_a_matter_of_the_position() {
    QCOMPARE(latent_span(0), 256);
    QCOMPARE(latent_span(256 * 32 - 1), 256);
    QCOMPARE(latent_span(256 * 32), 512);
    QCOMPARE(latent_span(512 * 32), 1024);
    QCOMPARE(latent_span(163839), 8192);
    for (const std::int32_t position : {0, 511, 16383, 16384, 163839, (1 << 24) - 1})
      QVERIFY(position / latent_span(position) < 32);
  }

  void tiles_have_one_span() {
    const std::int32_t block = 0;
    std::vector<AttentionRow> rows;
    for (std::int32_t p = 16380; p < 16390; ++p) rows.push_back({&block, p});
    const LatentShape s = shape_of(16, 512, 64, 128, 128);
    const auto tiles = tile_latents(s, rows.data(), {0, 10, LatentMode::absorbed});
    QCOMPARE(tiles.size(), std::size_t{2});
    QCOMPARE(tiles[0].rows, 4);
    QCOMPARE(tiles[0].spans, 32);
    QCOMPARE(tiles[1].row, std::int64_t{4});
    QCOMPARE(tiles[1].rows, 6);
    QCOMPARE(tiles[1].spans, 17);
    // Many heads: fewer rows, for their partial outputs take memory.
    QCOMPARE(tile_latents(shape_of(128, 512, 64, 128, 128), rows.data(), {0, 4, LatentMode::absorbed})[0].rows, 2);
  }

  void the_mode_is_the_cheaper_one() {
    const LatentShape s = shape_of(16, 512, 64, 128, 128);
    const std::int32_t first = 0, second = 0;
    const auto mode = [&](std::int32_t position, int count) {
      std::vector<AttentionRow> rows;
      for (int i = 0; i < count; ++i) rows.push_back({&first, position + i});
      const auto runs = plan_latents(s, rows.data(), count, LatentMode::automatic);
      return runs.size() == 1 ? runs[0].mode : LatentMode::automatic;
    };
    QVERIFY(mode(5000, 1) == LatentMode::absorbed);     // decode
    QVERIFY(mode(5000, 8) == LatentMode::absorbed);     // a few tokens behind a reused prefix
    QVERIFY(mode(0, 256) == LatentMode::decompressed);  // a prompt's chunks
    QVERIFY(mode(8192, 256) == LatentMode::decompressed);
    QVERIFY(mode(8192, 128) == LatentMode::absorbed);
    // A batch is cut where a sequence ends, also if the next one begins at the following position.
    const std::vector<AttentionRow> rows{{&first, 7}, {&first, 8}, {&second, 9}, {&second, 3}};
    const auto runs = plan_latents(s, rows.data(), 4, LatentMode::absorbed);
    QCOMPARE(runs.size(), std::size_t{3});
    QCOMPARE(runs[0].rows, std::int64_t{2});
    QCOMPARE(runs[2].row, std::int64_t{3});
  }

  void one_position_gives_its_value() {
    // With a single position the softmax is 1: out = W_UV c, whatever the query.
    Fresh fresh;
    const LatentShape s = shape_of(2, 8, 2, 3, 5);
    const Weights weights(fresh, s, DType::f32, false);
    Cache cache(fresh, s, {1});
    const auto stored = fresh.normals(s.row()), q = fresh.normals(s.heads * s.key());
    store_latents(plain(), s, cache.plain, cache.rows.data(), 1, stored.data());
    std::vector<float> out(static_cast<std::size_t>(s.heads * s.value)), row(static_cast<std::size_t>(s.rank));
    latent_attention(plain(), s, weights.views, cache.plain, cache.rows.data(), 1, q.data(), out.data());
    for (int h = 0; h < s.heads; ++h) {
      for (int v = 0; v < s.value; ++v) {
        dequantise_row(DType::f32, weights.views.value.all.row(h * 8 + 3 + v), s.rank, row.data());
        double sum = 0.0;
        for (std::size_t i = 0; i < row.size(); ++i)
          sum += static_cast<double>(row[i]) * static_cast<double>(stored[i]);
        QCOMPARE(out[static_cast<std::size_t>(h * s.value + v)], static_cast<float>(sum));
      }
    }
  }
};

QTEST_GUILESS_MAIN(LatentAttentionTest)
#include "latent_attention_test.moc"
