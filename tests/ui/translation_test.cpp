// Every sentence of the program is there in Chinese, under the context that it is asked for with.
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

namespace {

struct Sentence {
  QString context, source, comment, translation, state;
  bool plural = false;
};

QList<Sentence> readTs(const QString& path) {
  QFile file(path);
  QList<Sentence> result;
  if (!file.open(QIODevice::ReadOnly)) return result;
  QXmlStreamReader xml(&file);
  QString context;
  Sentence now;
  while (!xml.atEnd()) {
    xml.readNext();
    if (xml.isEndElement() && xml.name() == QLatin1String("message")) result << now;
    if (!xml.isStartElement()) continue;
    if (xml.name() == QLatin1String("name")) context = xml.readElementText();
    if (xml.name() == QLatin1String("message")) {
      now = {};
      now.context = context;
      now.plural = xml.attributes().value(QLatin1String("numerus")) == QLatin1String("yes");
    }
    if (xml.name() == QLatin1String("source")) now.source = xml.readElementText();
    if (xml.name() == QLatin1String("comment")) now.comment = xml.readElementText();
    if (xml.name() == QLatin1String("translation")) {
      now.state = xml.attributes().value(QLatin1String("type")).toString();
      now.translation = xml.readElementText(QXmlStreamReader::IncludeChildElements).trimmed();
    }
  }
  return result;
}

QStringList keysOf(const QList<Sentence>& sentences) {
  QStringList keys;
  for (const Sentence& s : sentences)
    keys << s.context + QStringLiteral(" / ") + s.source + QStringLiteral(" / ") + s.comment;
  keys.sort();
  return keys;
}

QStringList placeholders(const QString& text) {
  static const QRegularExpression pattern(QStringLiteral("%(L?\\d|n)"));
  QStringList found;
  for (auto match = pattern.globalMatch(text); match.hasNext();)
    found << match.next().captured(1).remove(QLatin1Char('L'));
  found.sort();
  found.removeDuplicates();
  return found;
}

QString lupdate() {
  for (const auto* folder : {"/usr/lib/qt6/bin", "/usr/lib64/qt6/bin"}) {
    const QString found = QStandardPaths::findExecutable(QStringLiteral("lupdate"), {QLatin1String(folder)});
    if (!found.isEmpty()) return found;
  }
  return QStandardPaths::findExecutable(QStringLiteral("lupdate6"));
}

}  // namespace

class TranslationTest : public QObject {
  Q_OBJECT

 private:
  const QDir root_{qEnvironmentVariable("HADAL_SOURCE_DIR")};
  QString ts() const { return root_.filePath(QStringLiteral("resources/translations/hadal_zh_CN.ts")); }

 private Q_SLOTS:
  void everythingIsTranslated() {
    const QList<Sentence> sentences = readTs(ts());
    QVERIFY(sentences.size() > 100);
    for (const Sentence& s : sentences) {
      QVERIFY2(s.state.isEmpty(), qPrintable(QStringLiteral("%1: \"%2\" is %3").arg(s.context, s.source, s.state)));
      QVERIFY2(!s.translation.isEmpty(), qPrintable(s.source));
      QVERIFY2(placeholders(s.source) == placeholders(s.translation) || s.source.contains(QLatin1String("MMM")),
               qPrintable(s.source + QStringLiteral(" -> ") + s.translation));
    }
  }

  // A sentence left in English looks finished to the tools. Only names may be the same in both.
  void nothingIsLeftInEnglish() {
    static const QRegularExpression chinese(QStringLiteral("[\\x{4e00}-\\x{9fff}]"));
    static const QRegularExpression words(QStringLiteral("[A-Za-z]{3,}"));
    const QStringList names{QStringLiteral("Top-k"), QStringLiteral("Top-p"), QStringLiteral("Min-p"),
                            QStringLiteral("Esc")};
    for (const Sentence& s : readTs(ts())) {
      const bool wordless = !s.source.contains(words);
      QVERIFY2(wordless || names.contains(s.source) || s.translation.contains(chinese), qPrintable(s.source));
    }
  }

  void theFileIsUpToDate() {
    const QString tool = lupdate();
    if (tool.isEmpty()) QSKIP("lupdate is not installed");
    QTemporaryDir folder;
    const QString fresh = folder.filePath(QStringLiteral("fresh.ts"));
    QProcess process;
    process.setWorkingDirectory(root_.path());
    process.start(tool,
                  {QStringLiteral("-silent"), QStringLiteral("-I"), QStringLiteral("."), QStringLiteral("-locations"),
                   QStringLiteral("none"), QStringLiteral("app"), QStringLiteral("ui"), QStringLiteral("plugins"),
                   QStringLiteral("-target-language"), QStringLiteral("zh_CN"), QStringLiteral("-ts"), fresh});
    QVERIFY(process.waitForFinished(120000));
    const QString complaints = QString::fromLocal8Bit(process.readAllStandardError());
    // Without a class of Qt's, or Q_DECLARE_TR_FUNCTIONS, a sentence is filed under another context than it is looked
    // for.
    QVERIFY2(
        !complaints.contains(QLatin1String("lacks Q_OBJECT")) && !complaints.contains(QLatin1String("without context")),
        qPrintable(complaints));
    const QStringList kept = keysOf(readTs(ts()));
    for (const QString& key : keysOf(readTs(fresh))) {
      QVERIFY2(kept.contains(key), qPrintable(QStringLiteral("not in hadal_zh_CN.ts: ") + key));
    }
  }
};

QTEST_GUILESS_MAIN(TranslationTest)
#include "translation_test.moc"
