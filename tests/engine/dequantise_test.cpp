#include <QtTest>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tensor/dequantise.h"
#include "tensor/dtype.h"
#include "tensor/half.h"

using namespace hadal;

class DequantiseTest : public QObject {
  Q_OBJECT
 private slots:
  void agreesWithReference_data();
  void agreesWithReference();
  void halvesOfEveryKind();
  void traitsKnowTheirNumbers();
};

namespace {

nlohmann::json referenceCases() {
  std::ifstream file(qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/dequantise.json");
  return nlohmann::json::parse(file);
}

}  // namespace

void DequantiseTest::agreesWithReference_data() {
  QTest::addColumn<int>("index");
  int index = 0;
  for (const auto& test : referenceCases()) QTest::newRow(test["type"].get<std::string>().c_str()) << index++;
}

void DequantiseTest::agreesWithReference() {
  QFETCH(int, index);
  const auto test = referenceCases().at(static_cast<std::size_t>(index));
  const QByteArray bytes = QByteArray::fromHex(QByteArray::fromStdString(test["bytes"]));
  const QByteArray values = QByteArray::fromHex(QByteArray::fromStdString(test["values"]));
  std::vector<float> expected(static_cast<std::size_t>(values.size()) / sizeof(float));
  std::memcpy(expected.data(), values.data(), expected.size() * sizeof(float));
  std::optional<DType> type;
  for (std::uint32_t number = 0; number < 64; ++number) {
    const DTypeTraits* traits = dtype_traits(number);
    if (traits != nullptr && traits->name == test["type"].get<std::string>()) type = static_cast<DType>(number);
  }
  QVERIFY(type.has_value());
  const DTypeTraits& traits = dtype_traits(*type);
  QVERIFY(traits.computable);
  QCOMPARE(static_cast<std::size_t>(bytes.size()), expected.size() / traits.block_size * traits.block_bytes);

  std::vector<float> actual(expected.size(), -1.0F);
  // An odd address: rows need no alignment.
  const QByteArray shifted = QByteArray(1, '\0') + bytes;
  dequantise_row(*type, reinterpret_cast<const std::byte*>(shifted.constData()) + 1,
                 static_cast<std::int64_t>(expected.size()), actual.data());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    QVERIFY2(std::bit_cast<std::uint32_t>(actual[i]) == std::bit_cast<std::uint32_t>(expected[i]),
             qPrintable(QString("element %1: %2 instead of %3").arg(i).arg(actual[i]).arg(expected[i])));
  }
}

void DequantiseTest::halvesOfEveryKind() {
  QCOMPARE(half_to_float(0x0000), 0.0F);
  QVERIFY(std::signbit(half_to_float(0x8000)));
  QCOMPARE(half_to_float(0x0001), 0x1p-24F);
  QCOMPARE(half_to_float(0x83FF), -1023 * 0x1p-24F);
  QCOMPARE(half_to_float(0x3C00), 1.0F);
  QCOMPARE(half_to_float(0xFBFF), -65504.0F);
  QVERIFY(std::isinf(half_to_float(0x7C00)));
  QVERIFY(std::isnan(half_to_float(0x7E01)));
}

void DequantiseTest::traitsKnowTheirNumbers() {
  QVERIFY(dtype_traits(4U) == nullptr);
  QVERIFY(dtype_traits(38U) == nullptr);
  QVERIFY(dtype_traits(42U) == nullptr);
  QVERIFY(dtype_traits(0xFFFFFFFFU) == nullptr);
  QCOMPARE(dtype_traits(DType::q6_k).block_bytes, 210U);
  QVERIFY(dtype_traits(DType::mxfp4).name == "MXFP4");
  QVERIFY(dtype_traits(DType::bf16).name == "BF16");
}

QTEST_GUILESS_MAIN(DequantiseTest)
#include "dequantise_test.moc"
