#include <QtTest>
#include <cstring>
#include <string>

#include "formats/safetensors.h"

using namespace hadal;

/// The checks of a safetensors file's header, on files made here by hand.
class SafetensorsTest : public QObject {
  Q_OBJECT

  static std::string file(const std::string& header, std::size_t data) {
    const std::uint64_t length = header.size();
    std::string out(sizeof length, '\0');
    std::memcpy(out.data(), &length, sizeof length);
    out += header;
    for (std::size_t i = 0; i < data; ++i) out += static_cast<char>(i);
    return out;
  }
  static Result<std::vector<SafetensorsTensor>> parse(const std::string& bytes) {
    // A copy of the exact size, so that a sanitizer sees every byte read past it.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    auto tensors = parse_safetensors(std::as_bytes(std::span(exact)), "bad.safetensors");
    if (tensors) qFatal("accepted");
    return tensors;
  }
  static std::string tensor(const char* name, const char* type, const char* shape, const char* offsets) {
    return std::string("\"") + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape +
           ",\"data_offsets\":" + offsets + "}";
  }

 private slots:
  void reads_what_is_there() {
    // In an order of their own, with a scalar, metadata and spaces behind the header.
    const std::string bytes =
        file("{" + tensor("b", "BF16", "[2,3]", "[4,16]") + ",\"__metadata__\":{\"format\":\"pt\"}," +
                 tensor("a", "F32", "[]", "[0,4]") + "," + tensor("c", "F8_E4M3", "[5]", "[16,21]") + "}   ",
             21);
    const auto tensors = parse_safetensors(std::as_bytes(std::span(bytes)), "x");
    QVERIFY2(bool(tensors), tensors ? "" : tensors.error().message.c_str());
    QCOMPARE(tensors->size(), 3U);
    QCOMPARE((*tensors)[0].name, std::string("a"));
    QCOMPARE((*tensors)[0].elements, 1U);
    QVERIFY((*tensors)[1].type == "BF16");
    QVERIFY((*tensors)[1].shape == (std::vector<std::uint64_t>{2, 3}));
    QCOMPARE((*tensors)[1].data.size(), 12U);
    QCOMPARE(std::to_integer<int>((*tensors)[1].data[0]), 4);
    QCOMPARE(std::to_integer<int>((*tensors)[2].data[4]), 20);
  }

  void refuses_bad_files_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("says");
    const auto raw = [](const char* name, const std::string& bytes, const char* says) {
      QTest::newRow(name) << QByteArray::fromStdString(bytes) << QString(says);
    };
    const auto header = [&](const char* name, const std::string& json, const char* says) {
      raw(name, file(json, 8), says);
    };
    const std::string good = tensor("a", "F32", "[2]", "[0,8]");

    raw("empty", "", "the file is empty");
    raw("short", "\1\2", "ends inside the length of its header");
    raw("pointer", "version https://git-lfs.github.com/spec/v1", "Git LFS");
    raw("header of 10^12 bytes", std::string("\0\x10\xA5\xD4\xE8\0\0\0", 8) + "{}", "1000000000000 bytes long");
    raw("header past the end", file("{}", 0).replace(0, 1, "\x40"), "ends inside its header");
    header("list", "[1]", "does not begin with");
    header("cut", "{" + good, "is no JSON");
    header("no UTF-8", "{\"\xFF\":1}", "is no JSON");
    header("nested", "{\"a\":{\"dtype\":{}}}", "tensor a: dtype holds an object");
    header("deep", "{\"a\":{\"shape\":" + std::string(100'000, '[') + "}}", "tensor a: shape holds a list");
    header("name twice", "{" + good + "," + good + "}", "tensor a occurs twice");
    header("field twice", "{\"a\":{\"shape\":[1],\"shape\":[2]}}", "tensor a: shape occurs twice");
    header("type twice", "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F16\"}}", "tensor a: dtype occurs twice");
    header("number for a tensor", "{\"a\":7}", "tensor a is a number");
    header("number beyond", "{\"a\":{\"shape\":[1e999]}}", "is no JSON");
    header("no name", "{" + tensor("", "F32", "[2]", "[0,8]") + "}", "has no name");
    header("long name", "{" + tensor(std::string(2000, 'n').c_str(), "F32", "[2]", "[0,8]") + "}", "at most 1024");
    header("unknown field", "{\"a\":{\"type\":1}}", "tensor a has the unknown field type");
    header("no dtype", "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", "tensor a has no dtype");
    header("no shape", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "tensor a has no shape");
    header("no offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "tensor a: data_offsets");
    header("one offset", "{" + tensor("a", "F32", "[2]", "[8]") + "}", "tensor a: data_offsets");
    header("unknown dtype", "{" + tensor("a", "F7", "[2]", "[0,8]") + "}", "tensor a has the unknown dtype F7");
    header("negative", "{" + tensor("a", "F32", "[-2]", "[0,8]") + "}", "tensor a: shape holds a negative number");
    header("fraction", "{" + tensor("a", "F32", "[2.5]", "[0,8]") + "}",
           "tensor a: shape holds a number that is not whole");
    header("dimension of 0", "{" + tensor("a", "F32", "[2,0]", "[0,0]") + "}", "tensor a has a dimension of 0");
    header("nine dimensions", "{" + tensor("a", "F32", "[1,1,1,1,1,1,1,1,1]", "[0,8]") + "}", "more than 8 elements");
    header("2^63 elements", "{" + tensor("a", "F32", "[4294967296,4294967296]", "[0,8]") + "}", "more than 2^63");
    header("10^12 elements", "{" + tensor("a", "F32", "[1000000000000]", "[0,8]") + "}", "do not fit its shape");
    header("bytes that wrap", "{" + tensor("a", "F64", "[2305843009213693953]", "[0,8]") + "}", "do not fit its shape");
    header("ends before it begins", "{" + tensor("a", "F32", "[2]", "[8,0]") + "}", "do not fit its shape");
    header("past the end", "{" + tensor("a", "F32", "[4]", "[0,16]") + "}", "the file ends inside it");
    header("far past the end", "{" + tensor("a", "F32", "[2]", "[1099511627776,1099511627784]") + "}",
           "the file ends before it");
    header("overlap", "{" + tensor("a", "F32", "[2]", "[0,8]") + "," + tensor("b", "F32", "[1]", "[4,8]") + "}",
           "tensors a and b overlap");
    header("gap", "{" + tensor("b", "F32", "[1]", "[4,8]") + "}", "4 bytes before tensor b");
    header("rest", "{" + tensor("a", "F32", "[1]", "[0,4]") + "}", "4 bytes at the end of the file");
  }
  void refuses_bad_files() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, says);
    const QString sentence = QString::fromStdString(parse(bytes.toStdString()).error().message);
    QVERIFY2(sentence.contains(says), qPrintable(sentence));
    QVERIFY2(sentence.startsWith("bad.safetensors: ") && sentence.endsWith('.'), qPrintable(sentence));
  }

  void refuses_every_truncation() {
    const std::string whole = file("{" + tensor("a", "F32", "[2]", "[0,8]") + "}", 8);
    QVERIFY(bool(parse_safetensors(std::as_bytes(std::span(whole)), "x")));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      QVERIFY(!parse(whole.substr(0, size)).error().message.empty());
    }
  }
};

QTEST_GUILESS_MAIN(SafetensorsTest)
#include "safetensors_test.moc"
