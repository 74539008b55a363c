#include <QTemporaryDir>
#include <QtTest>

#include "base/aligned_buffer.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "support/gguf_writer.h"

using namespace hadal;

class BaseTest : public QObject {
  Q_OBJECT
 private slots:
  void concatenates();
  void printsWhatFilesSay_data();
  void printsWhatFilesSay();
  void printsSizes();
  void alignsBuffers();
  void mapsFiles();
};

void BaseTest::concatenates() {
  QCOMPARE(QString::fromStdString(concat("a", 1, ' ', std::uint64_t{UINT64_MAX}, ' ', -2, ' ', 0.5F, std::string("z"))),
           QString("a1 18446744073709551615 -2 0.5z"));
}

void BaseTest::printsWhatFilesSay_data() {
  QTest::addColumn<QByteArray>("text");
  QTest::addColumn<QString>("printed");
  QTest::newRow("plain") << QByteArray("blk.0 深渊 é") << "blk.0 深渊 é";
  QTest::newRow("control") << QByteArray("a\n\x1b[31m\x7f\0b", 10) << "a??[31m??b";
  QTest::newRow("control in two bytes") << QByteArray("a\xC2\x9B\xC2\xA0") << "a?\u00a0";
  QTest::newRow("no UTF-8") << QByteArray("a\xff\xc3") << "a??";
  QTest::newRow("long") << QByteArray(1000, 'x') << QString(96, 'x') + "...";
  QTest::newRow("just short enough") << QByteArray(96, 'x') << QString(96, 'x');
}

void BaseTest::printsWhatFilesSay() {
  QFETCH(QByteArray, text);
  QFETCH(QString, printed);
  QCOMPARE(QString::fromStdString(printable(text.toStdString())), printed);
}

void BaseTest::printsSizes() {
  QCOMPARE(QString::fromStdString(human_bytes(0)), QString("0 bytes"));
  QCOMPARE(QString::fromStdString(human_bytes(9999)), QString("9999 bytes"));
  QCOMPARE(QString::fromStdString(human_bytes(98'362'432)), QString("98.4 MB"));
  QCOMPARE(QString::fromStdString(human_part(1'200'000'000, 4'700'000'000)), QString("1.2 of 4.7 GB"));
  QCOMPARE(QString::fromStdString(human_part(0, UINT64_MAX)), QString("0.0 of 18446744.1 TB"));
  QCOMPARE(QString::fromStdString(human_part(98'362'431, 98'362'432)), QString("98362431 of 98362432 bytes"));
  QCOMPARE(QString::fromStdString(human_part(98'362'432, 98'362'432)), QString("98.4 of 98.4 MB"));
  QCOMPARE(QString::fromStdString(counted(1, "token")), QString("1 token"));
  QCOMPARE(QString::fromStdString(counted(0, "token")), QString("0 tokens"));
}

void BaseTest::alignsBuffers() {
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{65}, std::size_t{100'000}}) {
    const auto buffer = AlignedBuffer::create(size);
    QVERIFY(bool(buffer));
    QCOMPARE(buffer->size(), size);
    QCOMPARE(reinterpret_cast<std::uintptr_t>(buffer->data()) % 64, 0U);
    std::memset(buffer->data(), 1, size);
  }
  QVERIFY(AlignedBuffer::create(0)->data() == nullptr);
#ifndef __SANITIZE_ADDRESS__  // which ends the program where malloc would say no
  for (const std::size_t size : {SIZE_MAX, SIZE_MAX - 10, SIZE_MAX / 2}) {
    const auto buffer = AlignedBuffer::create(size);
    QVERIFY(!buffer);
    QVERIFY(buffer.error().code == ErrorCode::out_of_memory);
  }
#endif
}

void BaseTest::mapsFiles() {
  const QTemporaryDir folder;
  const std::string path = folder.filePath("file").toStdString();
  test::write_file(path, "hello");
  auto file = MappedFile::open(path);
  QVERIFY(bool(file));
  QCOMPARE(file->bytes().size(), 5U);
  const MappedFile moved = std::move(*file);
  QVERIFY(file->bytes().empty());
  QCOMPARE(std::to_integer<char>(moved.bytes()[4]), 'o');
  for (const auto advice :
       {MappedFile::Advice::sequential, MappedFile::Advice::random, MappedFile::Advice::will_need}) {
    moved.advise(moved.bytes().subspan(1, 3), advice);
    moved.advise({}, advice);
  }
  const auto missing = MappedFile::open(path + ".missing");
  QVERIFY(!missing && missing.error().code == ErrorCode::not_found);
  const auto below_a_file = MappedFile::open(path + "/below");
  QVERIFY(!below_a_file && below_a_file.error().code == ErrorCode::not_found);
  const auto loop = MappedFile::open(folder.path().toStdString());
  QVERIFY(!loop && loop.error().code == ErrorCode::io);
}

QTEST_GUILESS_MAIN(BaseTest)
#include "base_test.moc"
