#include "tensor/random_blocks.h"

#include <QtTest>
#include <cmath>
#include <set>
#include <vector>

#include "tensor/blocks.h"
#include "tensor/dequantise.h"
#include "tensor/half.h"

using namespace hadal;

class RandomBlocksTest : public QObject {
  Q_OBJECT

  static std::vector<std::byte> blocks(DType type, float variance, std::uint64_t key, std::size_t elements) {
    const DTypeTraits& traits = dtype_traits(type);
    std::vector<std::byte> out(elements / traits.block_size * traits.block_bytes);
    RandomBlocks(type, variance).fill(key, out);
    return out;
  }

  static std::vector<float> weights(DType type, float variance, std::uint64_t key, std::size_t elements) {
    const auto bytes = blocks(type, variance, key, elements);
    std::vector<float> out(elements);
    dequantise_row(type, bytes.data(), static_cast<std::int64_t>(elements), out.data());
    return out;
  }

  static void add_types() {
    QTest::addColumn<int>("type");
    for (std::uint32_t number = 0; number < 48; ++number) {
      const DTypeTraits* traits = dtype_traits(number);
      if (traits != nullptr && traits->computable) QTest::newRow(traits->name.data()) << static_cast<int>(number);
    }
  }

 private slots:
  void the_generator_is_the_published_one() {
    // Vigna's xoshiro256plusplus.c, from the state that splitmix64.c gives for seed 0 (tests/reference/xoshiro.py).
    RandomWords words(0);
    for (const std::uint64_t expected : {0x53175d61490b23dfULL, 0x61da6f3dc380d507ULL, 0x5c0fdf91ec9a7bfcULL}) {
      QCOMPARE(words.next(), expected);
    }
  }

  void weights_have_mean_0_and_the_variance_wanted_data() { add_types(); }
  void weights_have_mean_0_and_the_variance_wanted() {
    QFETCH(int, type);
    constexpr std::size_t count = 1 << 20;
    // Of a matrix with 1408, with 18432 columns and of a table whose rows are read.
    for (const float variance : {1.0F / 1408, 1.0F / 18432, 1.0F}) {
      const auto found = weights(static_cast<DType>(type), variance, 7, count);
      double sum = 0.0, squares = 0.0, largest = 0.0;
      for (const float weight : found) {
        QVERIFY(std::isfinite(weight));
        sum += static_cast<double>(weight);
        squares += static_cast<double>(weight) * static_cast<double>(weight);
        largest = std::max(largest, std::abs(static_cast<double>(weight)));
      }
      const double deviation = std::sqrt(static_cast<double>(variance));
      // Blocks share a sign and a scale: of 4096 super-blocks the mean's own deviation is below 1/64.
      QVERIFY2(std::abs(sum / count) < 0.06 * deviation, qPrintable(QString::number(sum / count / deviation)));
      QVERIFY2(std::abs(squares / count / static_cast<double>(variance) - 1) < 0.04,
               qPrintable(QString::number(squares / count / static_cast<double>(variance))));
      QVERIFY(largest < 12 * deviation);
    }
  }

  void a_key_gives_the_same_bytes_and_another_others_data() { add_types(); }
  void a_key_gives_the_same_bytes_and_another_others() {
    QFETCH(int, type);
    const auto kind = static_cast<DType>(type);
    QVERIFY(blocks(kind, 0.01F, 5, 4096) == blocks(kind, 0.01F, 5, 4096));
    QVERIFY(blocks(kind, 0.01F, 5, 4096) != blocks(kind, 0.01F, 6, 4096));
  }

  void every_code_occurs() {
    const auto bytes = blocks(DType::q4_0, 1.0F, 1, 1 << 14);
    std::set<int> codes, scales;
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(BlockQ4_0)) {
      BlockQ4_0 block;
      std::memcpy(&block, bytes.data() + at, sizeof block);
      scales.insert(block.scale);
      for (const std::uint8_t pair : block.nibbles) codes.insert({pair & 15, pair >> 4});
    }
    QCOMPARE(codes.size(), 16U);
    QCOMPARE(scales.size(), 32U);  // of both signs
  }

  void codes_no_quantiser_writes_do_not_occur() {
    const auto bytes = blocks(DType::q8_0, 1.0F, 1, 1 << 16);
    std::set<int> codes;
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(BlockQ8_0)) {
      BlockQ8_0 block;
      std::memcpy(&block, bytes.data() + at, sizeof block);
      codes.insert(std::begin(block.values), std::end(block.values));
    }
    QCOMPARE(*codes.begin(), -127);
    QCOMPARE(*codes.rbegin(), 127);
    QCOMPARE(codes.size(), 255U);
  }
};

QTEST_GUILESS_MAIN(RandomBlocksTest)
#include "random_blocks_test.moc"
