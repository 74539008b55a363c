#include <QtTest>

#include "plugins/loader/plugin_host.h"

using namespace hadal;

/// The shipped reader of plain text against texts that Python encoded (tests/reference/encodings.py).
class PlainTextTest : public QObject {
  Q_OBJECT

  PluginHost host_ = PluginHost::load(PluginHost::own_folder().value());

  Result<DocumentText> read(const QByteArray& bytes, const char* name = "a.txt", std::size_t limit = 1 << 20) const {
    return host_.read(
        {.name = name, .mime = {}, .bytes = std::string_view(bytes.data(), static_cast<std::size_t>(bytes.size()))},
        limit);
  }

 private Q_SLOTS:
  void decodes_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("text");
    QFile file(qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/encodings.json");
    QVERIFY(file.open(QIODevice::ReadOnly));
    const auto cases = QJsonDocument::fromJson(file.readAll()).array();
    QVERIFY(cases.size() >= 16);
    for (const auto& value : cases) {
      const auto entry = value.toObject();
      QTest::newRow(qPrintable(entry["name"].toString()))
          << QByteArray::fromHex(entry["bytes"].toString().toLatin1()) << entry["text"].toString();
    }
  }
  void decodes() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, text);
    const auto result = read(bytes);
    QVERIFY2(result, result ? "" : result.error().message.c_str());
    QCOMPARE(QString::fromStdString(result->text), text);
    QCOMPARE(result->remark, std::string());
  }

  void refusesBinary() {
    QByteArray bytes = QByteArray::fromHex("7f454c4602010100000000000000000003003e00");
    const auto result = read(bytes, "program.txt");
    QVERIFY(!result);
    QCOMPARE(result.error().code, ErrorCode::invalid_file);
    QCOMPARE(result.error().message, std::string("program.txt cannot be read: It holds binary data, not text."));
    QByteArray controls;
    for (int i = 0; i < 400; ++i) controls += char(1 + i % 250);
    QVERIFY(!read(controls));
  }

  void tellsOfDamage() {
    const auto result = read(QByteArray("\xFF\xFE"
                                        "a\0\0\xD8"
                                        "b\0",
                                        8),
                             "half.txt");
    QVERIFY(result);
    QCOMPARE(QString::fromStdString(result->text), QString("a\uFFFD"
                                                           "b"));
    QVERIFY2(result->remark.find("damaged") != std::string::npos, result->remark.c_str());
    const auto cut =
        read(QByteArray("\xFF\xFE"
                        "a\0b",
                        5));
    QVERIFY(cut && cut->text == "a\xEF\xBF\xBD");
  }

  void cutsAtACharacter() {
    const QByteArray text = QString("深海深海").toUtf8();
    for (std::size_t limit = 0; limit <= 13; ++limit) {
      const auto result = read(text, "a.md", limit);
      QVERIFY(result);
      QCOMPARE(result->text.size(), std::min<std::size_t>(limit / 3 * 3, 12));
      QCOMPARE(result->truncated, limit < 12);
    }
  }

  void knowsItsFiles() {
    QVERIFY(host_.reader_for("README.MD", ""));
    QVERIFY(host_.reader_for("noname", "text/x-whatever"));
    QVERIFY(!host_.reader_for("photo.png", "image/png"));
    QVERIFY(!host_.reader_for("noname", ""));
    const auto result = read("x", "photo.png");
    QVERIFY(!result);
    QCOMPARE(result.error().message, std::string("No plugin reads files like photo.png."));
  }

  /// Whatever the bytes, the outcome is text that is valid UTF-8, or a sentence.
  void survivesNoise() {
    QRandomGenerator random = QRandomGenerator::securelySeeded();
    const quint32 seed = random.generate();
    random.seed(seed);
    for (int round = 0; round < 2000; ++round) {
      QByteArray bytes(random.bounded(64), Qt::Uninitialized);
      for (char& c : bytes) c = char(random.bounded(round % 2 ? 256 : 128));
      const auto result = read(bytes);
      if (!result) continue;
      const QByteArray text = QByteArray::fromStdString(result->text);
      QVERIFY2(text.isValidUtf8(),
               qPrintable(QString("seed %1: %2").arg(seed).arg(QString::fromLatin1(bytes.toHex()))));
    }
  }
};

QTEST_GUILESS_MAIN(PlainTextTest)
#include "plain_text_test.moc"
