#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>
#include <functional>

#include "formats/gguf.h"
#include "support/gguf_writer.h"

using namespace hadal;
using hadal::test::GgufWriter;

class GgufTest : public QObject {
  Q_OBJECT
 private slots:
  void readsWhatWasWritten();
  void gettersCheckTypes();
  void refusesBadFiles_data();
  void refusesBadFiles();
  void refusesEveryTruncation();
  void opensFiles();
  void sizesAgreeWithWideArithmetic();
  void opensTheStarterModel();
};

namespace {

GgufWriter small() {
  GgufWriter writer;
  writer.text("general.architecture", "llama").u32("llama.block_count", 2).f32("llama.eps", 0.5F);
  writer.boolean("llama.flag", true).texts("words", {"a", "", "ccc"}).numbers<std::int32_t>("ids", 5, {1, -2});
  writer.tensor("first", {32, 2}, DType::q8_0).tensor("second", {4}, DType::f32, std::string(16, 'x'));
  return writer;
}

QString sentence(const Error& error) {
  return QString::fromStdString(error.message);
}

}  // namespace

void GgufTest::readsWhatWasWritten() {
  for (const std::uint32_t version : {2U, 3U}) {
    GgufWriter writer = small();
    writer.version = version;
    const std::string bytes = writer.bytes();
    const auto file = test::parse(bytes);
    QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
    QVERIFY(*file->string("general.architecture") == "llama");
    QCOMPARE(*file->u32("llama.block_count"), 2U);
    QCOMPARE(*file->f32("llama.eps"), 0.5F);
    QCOMPARE(*file->boolean("llama.flag"), true);
    QVERIFY((*file->strings("words") == std::vector<std::string_view>{"a", "", "ccc"}));
    QVERIFY((*file->i32s("ids") == std::vector<std::int32_t>{1, -2}));
    QCOMPARE(*file->u32_or("absent", 7), 7U);
    QCOMPARE(file->tensors().size(), 2U);
    const CheckpointTensor* first = file->find_tensor("first");
    QVERIFY(first != nullptr);
    QCOMPARE(first->columns(), 32);
    QCOMPARE(first->rows(), 2);
    QCOMPARE(first->bytes(), 68U);
    const auto second = file->tensor("second");
    QVERIFY(bool(second));
    QCOMPARE((*second)->data.data() - first->data.data(), 96);
    QCOMPARE(std::to_integer<char>((*second)->data[15]), 'x');
    QVERIFY(!file->tensor("third"));
  }
}

void GgufTest::gettersCheckTypes() {
  const std::string bytes = small().bytes();
  const auto file = test::parse(bytes);
  QVERIFY(bool(file));
  const auto wrong = file->u32("general.architecture");
  QVERIFY(!wrong);
  QVERIFY2(sentence(wrong.error()).contains("general.architecture should be of type u32, but is string"),
           wrong.error().message.c_str());
  QVERIFY(!file->string("llama.block_count"));
  QVERIFY(!file->f32("llama.block_count"));
  QVERIFY(!file->boolean("llama.block_count"));
  QVERIFY(!file->u32_or("llama.eps", 1));
  QVERIFY(!file->f32_or("words", 1));
  QVERIFY(!file->string_or("ids", ""));
  QVERIFY(!file->boolean_or("ids", false));
  const auto array = file->strings("ids");
  QVERIFY(!array);
  QVERIFY2(sentence(array.error()).contains("ids should be of type array of string, but is array of i32"),
           array.error().message.c_str());
  QVERIFY(!file->i32s("words"));
  QVERIFY(!file->u32s("ids"));
  QVERIFY(!file->f32s("general.architecture"));
  const auto missing = file->u32("nowhere");
  QVERIFY(!missing);
  QVERIFY(sentence(missing.error()).contains("has no nowhere (u32)"));
}

void GgufTest::refusesBadFiles_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<QString>("says");
  const auto row = [](const char* name, const std::string& bytes, const char* says) {
    QTest::newRow(name) << QByteArray::fromStdString(bytes) << QString(says);
  };
  const auto built = [&](const char* name, const char* says, const std::function<void(GgufWriter&)>& spoil) {
    GgufWriter writer = small();
    spoil(writer);
    row(name, writer.bytes(), says);
  };
  using W = GgufWriter;
  const std::uint64_t huge = UINT64_MAX;

  row("zero-length", "", "the file is empty");
  row("one byte", "G", "ends inside");
  row("magic only", "GGUF", "ends inside");
  row("text", "hello, this is not a model", "not a GGUF file");
  row("safetensors", std::string("\x20\0\0\0\0\0\0\0{\"a\": 1}", 16), "safetensors");
  row("zip", std::string("PK\x03\x04") + std::string(40, 'z'), "ZIP");
  row("html", "\n <!DOCTYPE html><html>", "web page");
  row("lfs pointer", "version https://git-lfs.github.com/spec/v1\noid", "Git LFS");
  row("zeros", std::string(4096, '\0'), "unfinished download");
  row("ggml", "lmgg0000", "GGML");
  built("version 1", "version 1;", [](W& w) { w.version = 1; });
  built("version 4", "version 4;", [](W& w) { w.version = 4; });
  built("version 0", "version 0;", [](W& w) { w.version = 0; });
  built("big-endian", "big-endian", [](W& w) { w.version = 0x03000000; });
  built("2^64 entries", "the header announces", [=](W& w) { w.metadata_count = huge; });
  built("2^64 tensors", "the header announces", [=](W& w) { w.tensor_count = huge; });
  built("counts that wrap", "the header announces", [](W& w) { w.tensor_count = w.metadata_count = 1ULL << 63; });
  built("one entry too many", "the name of tensor 1 of 2", [](W& w) { w.metadata_count = 7; });
  built("one tensor too many", "tensor 3 of 3", [](W& w) { w.tensor_count = 3; });
  built("key twice", "llama.eps occurs twice", [](W& w) { w.f32("llama.eps", 1); });
  built("empty key", "the metadata key after ids is empty", [](W& w) { w.f32("", 1); });
  built("long key", "at most 65535", [](W& w) { w.f32(std::string(70000, 'k'), 1); });
  built("unknown metadata type", "extra has the unknown type 77", [](W& w) { w.raw("extra", 77, "1234"); });
  built("bool of 2", "extra should be true or false", [](W& w) { w.raw("extra", 7, "\x02"); });
  built("string of 2^64", "metadata extra should be 18446744073709551615 bytes long",
        [](W& w) { w.raw("extra", 8, std::string(8, '\xFF')); });
  built("array of arrays", "extra is an array of arrays",
        [](W& w) { w.raw("extra", 9, std::string("\x09\0\0\0\1\0\0\0\0\0\0\0", 12)); });
  built("array of type 99", "extra is an array of the unknown type 99",
        [](W& w) { w.raw("extra", 9, std::string("\x63\0\0\0\1\0\0\0\0\0\0\0", 12)); });
  built("array of 2^61 f64", "extra should have 2305843009213693953", [](W& w) {
    // 8 * (2^61 + 1) wraps to 8 in 64 bits.
    w.raw("extra", 9, std::string("\x0C\0\0\0\1\0\0\0\0\0\0\x20", 12));
  });
  built("array of 2^61 strings", "extra should have 2305843009213693953",
        [](W& w) { w.raw("extra", 9, std::string("\x08\0\0\0\1\0\0\0\0\0\0\x20", 12)); });
  built("string in array beyond the end", "extra: element 0 of 1",
        [](W& w) { w.raw("extra", 9, std::string("\x08\0\0\0\1\0\0\0\0\0\0\0", 12) + std::string(8, '\x7F')); });
  built("alignment 0", "general.alignment is 0", [](W& w) { w.u32("general.alignment", 0); });
  built("alignment 24", "general.alignment is 24", [](W& w) { w.u32("general.alignment", 24); });
  built("alignment 4", "general.alignment is 4", [](W& w) { w.u32("general.alignment", 4); });
  built("alignment 2^31", "general.alignment is 2147483648", [](W& w) { w.u32("general.alignment", 1U << 31); });
  built("alignment as text", "general.alignment should be of type u32, but is string",
        [](W& w) { w.text("general.alignment", "32"); });
  built("tensor name twice", "tensor second occurs twice", [](W& w) { w.tensor("second", {4}); });
  built("tensor without name", "tensor 3 of 3 has no name", [](W& w) { w.tensor("", {4}); });
  built("tensor name too long", "at most 1024", [](W& w) { w.tensor(std::string(2000, 'n'), {4}); });
  built("no dimensions", "tensor bad has 0 dimensions", [](W& w) { w.tensors.push_back({"bad", {}, 0, 4, {}, {}}); });
  built("five dimensions", "tensor bad has 5 dimensions", [](W& w) { w.tensor("bad", {1, 1, 1, 1, 1}); });
  built("dimension 0", "tensor bad: dimension 1 is 0", [](W& w) { w.tensor("bad", {4, 0}); });
  built("unknown tensor type", "tensor bad has the unknown type 4", [](W& w) {
    w.tensors.push_back({"bad", {32}, 4, 16, {}, {}});
  });
  built("dimension of 2^64", "tensor bad has more than 2^63", [=](W& w) {
    w.tensors.push_back({"bad", {huge}, 0, 16, {}, {}});
  });
  built("dimensions whose product wraps", "tensor bad has more than 2^63", [](W& w) {
    w.tensors.push_back({"bad", {1ULL << 32, 1ULL << 32, 1}, 0, 16, {}, {}});
  });
  built("bytes that wrap", "tensor bad is larger than any file", [](W& w) {
    w.tensors.push_back({"bad", {1ULL << 62}, 0, 16, {}, {}});
  });
  built("huge dimension", "tensor bad (offset", [](W& w) {
    w.tensors.push_back({"bad", {1ULL << 40}, 0, 16, {}, {}});
  });
  built("columns no multiple of the block", "tensor bad has rows of 33",
        [](W& w) { w.tensor("bad", {33}, DType::q4_1); });
  built("misaligned offset", "tensor bad: offset 8 is no multiple of 32", [](W& w) {
    w.tensors.push_back({"bad", {4}, 0, 16, 8, {}});
  });
  built("overlap", "tensors first and bad overlap", [](W& w) { w.tensors.push_back({"bad", {4}, 0, 16, 64, {}}); });
  built("same place twice", "overlap", [](W& w) { w.tensors.push_back({"bad", {4}, 0, 16, 0, {}}); });
  GgufWriter far = small();
  far.tensors.push_back({"bad", {4}, 0, 16, 1ULL << 40, {}});
  row("offset beyond the end", far.header(), "Download it again");
  far.tensors.back().offset = huge - 31;
  row("offset that wraps", far.header() + std::string(4096, '\0'), "tensor bad (offset 18446744073709551584");
}

void GgufTest::refusesBadFiles() {
  QFETCH(QByteArray, bytes);
  QFETCH(QString, says);
  // A copy of the exact size, so that a sanitizer sees every byte read past it.
  const std::vector<std::byte> exact(reinterpret_cast<const std::byte*>(bytes.constData()),
                                     reinterpret_cast<const std::byte*>(bytes.constData()) + bytes.size());
  const auto file = parse_gguf(exact, "bad.gguf");
  QVERIFY(!file);
  QVERIFY2(sentence(file.error()).contains(says), file.error().message.c_str());
  QVERIFY(sentence(file.error()).startsWith("bad.gguf: "));
  QVERIFY(sentence(file.error()).endsWith('.'));
}

void GgufTest::refusesEveryTruncation() {
  const std::string whole = small().bytes();
  QVERIFY(bool(test::parse(whole)));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string part(whole.data(), size);
    const auto file = test::parse(part);
    QVERIFY2(!file, qPrintable(QString("%1 of %2 bytes were accepted").arg(size).arg(whole.size())));
    QVERIFY(sentence(file.error()).contains("again") || size < 4);
  }
}

void GgufTest::opensFiles() {
  const QTemporaryDir folder;
  const auto path = [&](const char* name) { return folder.filePath(name).toStdString(); };
  test::write_file(path("good.gguf"), small().bytes());
  auto opened = open_gguf(path("good.gguf"));
  QVERIFY(bool(opened));
  const Checkpoint moved = std::move(*opened);
  QCOMPARE(std::to_integer<char>(moved.find_tensor("second")->data[0]), 'x');
  moved.advise(*moved.find_tensor("second"), MappedFile::Advice::will_need);

  const auto missing = open_gguf(path("missing.gguf"));
  QVERIFY(!missing);
  QVERIFY(missing.error().code == ErrorCode::not_found);
  QVERIFY(!open_gguf(folder.path().toStdString()));
  test::write_file(path("empty.gguf"), "");
  const auto empty = open_gguf(path("empty.gguf"));
  QVERIFY(!empty);
  QCOMPARE(sentence(empty.error()), QString("empty.gguf: the file is empty. Download it again."));
  QCOMPARE(::mkfifo(path("pipe.gguf").c_str(), 0600), 0);
  const auto pipe = open_gguf(path("pipe.gguf"));
  QVERIFY(!pipe);
  QVERIFY(sentence(pipe.error()).contains("not a regular file"));
}

// The validator accepts a tensor exactly where arithmetic that cannot wrap says that it lies inside the file.
void GgufTest::sizesAgreeWithWideArithmetic() {
  __extension__ typedef unsigned __int128 Wide;
  QRandomGenerator random(20240117);
  const auto any = [&] {
    // Every magnitude is as likely: the borders of the types matter more than the middle.
    const std::uint64_t bits = random.generate64() >> random.bounded(64);
    return random.bounded(2) == 0 ? bits : bits & ~std::uint64_t{31};
  };
  int accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    GgufWriter writer;
    GgufWriter::Tensor tensor{"t", {}, random.bounded(45U), 0, 0, {}};
    const auto dimensions = static_cast<std::size_t>(random.bounded(1, 5));
    const bool tame = random.bounded(2) == 0;
    for (std::size_t d = 0; d < dimensions; ++d) tensor.shape.push_back(tame ? 1U << random.bounded(9) : any());
    tensor.offset = tame ? 32 * random.bounded(4U) : any();
    writer.tensors.push_back(tensor);
    const std::string head = writer.header();
    const std::string bytes = head + std::string(4096, '\0');

    bool fits = false;
    if (const DTypeTraits* traits = dtype_traits(tensor.type)) {
      long double estimate = 1;  // no product of four 64-bit numbers overflows this
      Wide elements = 1;
      for (const auto dimension : tensor.shape) {
        estimate *= static_cast<long double>(dimension);
        elements *= dimension;
      }
      if (estimate > 0 && estimate < 1e18L && tensor.shape[0] % traits->block_size == 0 && *tensor.offset % 32 == 0) {
        fits = head.size() + Wide{*tensor.offset} + elements / traits->block_size * traits->block_bytes <= bytes.size();
      }
    }
    const auto file = test::parse(bytes);
    QVERIFY2(bool(file) == fits, file ? "accepted" : file.error().message.c_str());
    accepted += fits;
  }
  QVERIFY2(accepted > 1000, qPrintable(QString::number(accepted)));
}

void GgufTest::opensTheStarterModel() {
  const std::string path = qEnvironmentVariable("HADAL_TEST_MODEL").toStdString();
  if (!QFile::exists(QString::fromStdString(path))) QSKIP("the starter model is not there");
  const auto mapped = MappedFile::open(path);
  QVERIFY(bool(mapped));
  const auto file = parse_gguf(mapped->bytes(), "starter");
  QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
  QCOMPARE(file->tensors().size(), 272U);
  QCOMPARE(file->strings("tokenizer.ggml.tokens")->size(), 49152U);
  const CheckpointTensor* embeddings = file->find_tensor("token_embd.weight");
  QVERIFY(embeddings != nullptr);
  QCOMPARE(embeddings->data.data() - mapped->bytes().data(), 1785664);  // as the gguf package says
  QCOMPARE(embeddings->rows(), 49152);
}

QTEST_GUILESS_MAIN(GgufTest)
#include "gguf_test.moc"
