#include "formats/gguf_writer.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <QFile>
#include <QTemporaryDir>
#include <QtTest>
#include <csignal>
#include <thread>

#include "formats/gguf.h"

using namespace hadal;

namespace {

QByteArray content(const QString& path) {
  QFile file(path);
  if (!file.open(QFile::ReadOnly)) qFatal("%s", qPrintable(file.errorString()));
  return file.readAll();
}

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

/// What tests/reference/gguf_writer.py writes.
GgufPlan reference_plan() {
  GgufPlan plan;
  plan.string("general.architecture", "test");
  plan.align(64);
  plan.number("u8", std::uint8_t{200});
  plan.number("i8", std::int8_t{-100});
  plan.number("u16", std::uint16_t{60000});
  plan.number("i16", std::int16_t{-30000});
  plan.number("u32", std::uint32_t{4000000000});
  plan.number("i32", std::int32_t{-2000000000});
  plan.number("u64", std::uint64_t{1} << 63);
  plan.number("i64", -(std::int64_t{1} << 62));
  plan.number("f32", 0.1F);
  plan.number("f64", 0.1);
  plan.boolean("yes", true);
  plan.boolean("no", false);
  plan.string("text", "café 🐋");
  plan.strings("texts", std::vector<std::string>{"a", "", "｜"});
  plan.numbers<std::int32_t>("numbers", std::array{1, -2, 3});
  plan.numbers<float>("floats", std::array{0.5F, -1.5F});
  plan.numbers<bool>("flags", std::array{true, false, true});
  plan.tensor("halves", DType::f16, std::array<std::uint64_t, 2>{5, 3});
  plan.tensor("blocks", DType::q8_0, std::array<std::uint64_t, 2>{32, 2});
  plan.tensor("experts", DType::q4_0, std::array<std::uint64_t, 3>{32, 3, 2});
  plan.tensor("vector", DType::f32, std::array<std::uint64_t, 1>{7});
  return plan;
}

/// 0, 1, 2 ... as binary16; exact below 2048.
std::vector<std::uint16_t> halves_from_zero(int count) {
  std::vector<std::uint16_t> out;
  for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
    unsigned exponent = 0;
    while (i >> (exponent + 1) != 0) ++exponent;
    out.push_back(static_cast<std::uint16_t>(i == 0 ? 0 : (exponent + 15) << 10 | ((i << (10 - exponent)) & 0x3FF)));
  }
  return out;
}

std::vector<std::uint8_t> counting(int count) {
  std::vector<std::uint8_t> out;
  for (int i = 0; i < count; ++i) out.push_back(static_cast<std::uint8_t>(i % 251));
  return out;
}

std::string sentence(const Result<void>& result) {
  return result ? "" : result.error().message;
}

}  // namespace

class GgufWriterTest : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;

  std::string path(const char* name) const { return folder_.filePath(name).toStdString(); }
  QStringList files() const { return QDir(folder_.path()).entryList(QDir::Files | QDir::Hidden | QDir::System); }

 private slots:
  void cleanup() {
    for (const QString& name : files()) QFile::remove(folder_.filePath(name));
  }

  void writes_what_the_gguf_package_writes() {
    auto writer = GgufWriter::create(path("a.gguf"), reference_plan());
    QVERIFY2(bool(writer), writer ? "" : writer.error().message.c_str());
    const auto forecast = writer->plan().file_bytes();
    // In pieces that end anywhere.
    const auto halves = halves_from_zero(15);
    QVERIFY(writer->append(bytes_of(halves).first(7)));
    QVERIFY(writer->append(bytes_of(halves).subspan(7)));
    QVERIFY(writer->append(bytes_of(counting(68))));
    QVERIFY(writer->append(bytes_of(counting(108))));
    QVERIFY(writer->append(bytes_of(std::vector<float>{0, 1, 2, 3, 4, 5, 6})));
    QVERIFY(!QFile::exists(folder_.filePath("a.gguf")));
    const auto done = writer->finish();
    QVERIFY2(bool(done), sentence(done).c_str());
    const QByteArray ours = content(folder_.filePath("a.gguf"));
    QCOMPARE(static_cast<std::uint64_t>(ours.size()), forecast);
    QCOMPARE(ours, content(qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/gguf_writer.gguf"));
    QCOMPARE(files(), QStringList{"a.gguf"});
  }

  void copies_every_value_of_another_file() {
    const std::string source = qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/gguf_writer.gguf";
    const auto file = open_gguf(source);
    QVERIFY(bool(file));
    GgufPlan plan;
    for (const std::string_view key : file->keys()) {
      if (key == "general.alignment") plan.align(*file->u32(key));
      if (key != "general.alignment") plan.copy(key, *file->value(key));
    }
    for (const CheckpointTensor& tensor : file->tensors()) {
      plan.tensor(tensor.name, tensor.type, std::span(tensor.shape).first(tensor.dimensions));
    }
    auto writer = GgufWriter::create(path("copy.gguf"), std::move(plan));
    QVERIFY2(bool(writer), writer ? "" : writer.error().message.c_str());
    for (const CheckpointTensor& tensor : file->tensors()) QVERIFY(writer->append(tensor.data));
    QVERIFY(writer->finish());
    QCOMPARE(content(folder_.filePath("copy.gguf")), content(QString::fromStdString(source)));
  }

  void takes_tensors_from_threads_in_any_order() {
    constexpr std::size_t tensors = 8;
    constexpr std::uint64_t columns = 3000;
    GgufPlan plan;
    plan.string("general.architecture", "test");
    for (std::size_t i = 0; i < tensors; ++i) {
      plan.tensor("t" + std::to_string(i), DType::f32, std::array<std::uint64_t, 1>{columns});
    }
    auto writer = GgufWriter::create(path("threads.gguf"), std::move(plan));
    QVERIFY(bool(writer));
    std::vector<std::thread> threads;
    for (std::size_t i = tensors; i-- > 0;) {
      threads.emplace_back([&, i] {
        const std::vector<float> values(columns / 3, static_cast<float>(i));
        const auto part = bytes_of(values);
        for (std::uint64_t k = 3; k-- > 0;) {
          if (!writer->write(i, k * part.size(), part)) qFatal("write failed");
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    QCOMPARE(writer->written(), tensors * columns * 4);
    QVERIFY(writer->finish());
    const auto file = open_gguf(path("threads.gguf"));
    QVERIFY(bool(file));
    for (std::size_t i = 0; i < tensors; ++i) {
      const CheckpointTensor* tensor = file->find_tensor("t" + std::to_string(i));
      QVERIFY(tensor != nullptr);
      const std::vector<float> expected(columns, static_cast<float>(i));
      QVERIFY(std::ranges::equal(tensor->data, bytes_of(expected)));
    }
  }

  void nothing_stays_of_a_file_that_was_not_finished() {
    QFile old(folder_.filePath("old.gguf"));
    QVERIFY(old.open(QFile::WriteOnly));
    old.write("old content");
    old.close();
    {
      auto writer = GgufWriter::create(path("old.gguf"), reference_plan());
      QVERIFY(bool(writer));
      QVERIFY(writer->append(bytes_of(counting(30))));
      const auto early = writer->finish();
      QVERIFY(!early);
      QCOMPARE(QString::fromStdString(sentence(early)), "Of the tensors' 234 bytes 30 were written.");
      QCOMPARE(files().size(), 2);
    }
    QCOMPARE(files(), QStringList{"old.gguf"});
    QCOMPARE(content(folder_.filePath("old.gguf")), QByteArray("old content"));
  }

  void follows_links_and_keeps_the_mode() {
    QFile old(folder_.filePath("real.gguf"));
    QVERIFY(old.open(QFile::WriteOnly));
    old.close();
    QCOMPARE(::chmod(path("real.gguf").c_str(), 0640), 0);
    QVERIFY(QFile::link("real.gguf", folder_.filePath("link.gguf")));
    QVERIFY(QFile::link("new.gguf", folder_.filePath("dangling.gguf")));
    for (const char* name : {"link.gguf", "dangling.gguf"}) {
      GgufPlan plan;
      plan.string("general.architecture", "test");
      auto writer = GgufWriter::create(path(name), std::move(plan));
      QVERIFY2(bool(writer), writer ? "" : writer.error().message.c_str());
      QVERIFY(writer->finish());
      QVERIFY(QFileInfo(folder_.filePath(name)).isSymLink());
    }
    struct stat status {};
    QCOMPARE(::stat(path("real.gguf").c_str(), &status), 0);
    QCOMPARE(static_cast<int>(status.st_mode & 07777), 0640);
    QVERIFY(bool(open_gguf(path("real.gguf"))));
    QVERIFY(bool(open_gguf(path("new.gguf"))));
  }

  void refuses_what_cannot_be_written_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("expected");
    QTest::newRow("folder") << "."
                            << "is a folder; the output must be a regular file.";
    QTest::newRow("device") << "/dev/full"
                            << "is a device or pipe; the output must be a regular file.";
    QTest::newRow("missing folder") << "absent/a.gguf"
                                    << "cannot be written: No such file or directory.";
  }
  void refuses_what_cannot_be_written() {
    QFETCH(QString, name);
    QFETCH(QString, expected);
    const auto writer = GgufWriter::create(QDir(folder_.path()).absoluteFilePath(name).toStdString(), reference_plan());
    QVERIFY(!writer);
    QVERIFY2(QString::fromStdString(writer.error().message).endsWith(expected), writer.error().message.c_str());
    QCOMPARE(files(), QStringList());
  }

  void says_what_the_disk_lacks_before_a_byte_is_written() {
    GgufPlan plan;
    plan.tensor("huge", DType::f32, std::array<std::uint64_t, 2>{1 << 20, 1 << 30});
    const auto writer = GgufWriter::create(path("huge.gguf"), std::move(plan));
    QVERIFY(!writer);
    QVERIFY(writer.error().code == ErrorCode::io);
    const QString said = QString::fromStdString(writer.error().message);
    QVERIFY2(said.contains("needs 4503.6 TB, and its disk has "), qPrintable(said));
    QCOMPARE(files(), QStringList());
  }

  void a_disk_that_takes_no_more_ends_it() {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
    GgufPlan plan;
    plan.tensor("t", DType::f32, std::array<std::uint64_t, 1>{1 << 16});
    {
      auto writer = GgufWriter::create(path("limited.gguf"), std::move(plan));
      QVERIFY(bool(writer));
      const rlimit small{1 << 12, before.rlim_max};
      QCOMPARE(::setrlimit(RLIMIT_FSIZE, &small), 0);
      const auto written = writer->append(bytes_of(std::vector<float>(1 << 16)));
      QCOMPARE(::setrlimit(RLIMIT_FSIZE, &before), 0);
      QVERIFY(!written);
      QVERIFY2(sentence(written).ends_with("limited.gguf cannot be written: File too large."),
               sentence(written).c_str());
    }
    QCOMPARE(files(), QStringList());
  }

  void refuses_what_the_format_forbids_data() {
    QTest::addColumn<std::function<void(GgufPlan&)>>("make");
    QTest::addColumn<QString>("expected");
    const auto add = [](const char* name, const char* expected, std::function<void(GgufPlan&)> make) {
      QTest::newRow(name) << make << QString(expected);
    };
    add("key twice", "Metadata a was given twice.", [](GgufPlan& plan) {
      plan.boolean("a", true);
      plan.string("a", "b");
    });
    add("empty key", "A metadata key has 1 to 65535 bytes, not 0.", [](GgufPlan& plan) { plan.boolean("", true); });
    add("alignment", "The alignment of a GGUF file must be a power of two from 8, not 48.",
        [](GgufPlan& plan) { plan.align(48); });
    add("tensor twice", "Tensor t was given twice.", [](GgufPlan& plan) {
      for (int i = 0; i < 2; ++i) plan.tensor("t", DType::f32, std::array<std::uint64_t, 1>{4});
    });
    add("block", "Tensor t cannot be written as Q4_K: it needs 1 to 4 dimensions above 0, the first a multiple of 256.",
        [](GgufPlan& plan) {
          plan.tensor("t", DType::q4_k, std::array<std::uint64_t, 2>{1408, 3});
        });
    add("zero", "Tensor t cannot be written as F32: it needs 1 to 4 dimensions above 0, the first a multiple of 1.",
        [](GgufPlan& plan) {
          plan.tensor("t", DType::f32, std::array<std::uint64_t, 2>{4, 0});
        });
    add("name",
        "The name of a tensor has 1 to 63 bytes; \"ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"
        "t\" has 64.",
        [](GgufPlan& plan) { plan.tensor(std::string(64, 't'), DType::f32, std::array<std::uint64_t, 1>{4}); });
  }
  void refuses_what_the_format_forbids() {
    QFETCH(std::function<void(GgufPlan&)>, make);
    QFETCH(QString, expected);
    GgufPlan plan;
    make(plan);
    const auto writer = GgufWriter::create(path("bad.gguf"), std::move(plan));
    QVERIFY(!writer);
    QCOMPARE(QString::fromStdString(writer.error().message), expected);
    QCOMPARE(files(), QStringList());
  }

  void refuses_more_than_was_planned() {
    auto writer = GgufWriter::create(path("a.gguf"), reference_plan());
    QVERIFY(bool(writer));
    const auto much = writer->append(bytes_of(counting(31)));
    QCOMPARE(QString::fromStdString(sentence(much)), "Tensor halves has 30 bytes; 31 were given.");
  }
};

QTEST_GUILESS_MAIN(GgufWriterTest)
#include "gguf_writer_test.moc"
