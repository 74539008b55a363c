#include <QDirIterator>
#include <QElapsedTimer>
#include <QtTest>
#include <fstream>
#include <sstream>

#include "fuzz/entrances/entrance.h"

using namespace hadal::test;

// The fuzzers' entrances without a fuzzer: every input that is kept, found ones above all.
class EntrancesTest : public QObject {
  Q_OBJECT
 private slots:
  void keptInputs_data();
  void keptInputs();
  void cutInputs_data();
  void cutInputs();
};

namespace {

std::string content(const QString& path) {
  std::stringstream out;
  out << std::ifstream(path.toStdString(), std::ios::binary).rdbuf();
  return out.str();
}

QStringList inputs_of(const Entrance& entrance) {
  QStringList out;
  for (const char* kind : {"corpus", "findings"}) {
    const QString folder = QString(HADAL_SOURCE_DIR "/tests/fuzz/%1/%2").arg(kind, entrance.name.data());
    for (QDirIterator files(folder, QDir::Files); files.hasNext();) out.append(files.next());
  }
  out.sort();
  return out;
}

void list_entrances() {
  QTest::addColumn<int>("index");
  for (std::size_t i = 0; i < entrances().size(); ++i) QTest::newRow(entrances()[i].name.data()) << static_cast<int>(i);
}

/// What went wrong; empty if nothing did.
QByteArray gone(const Entrance& entrance, std::string_view input) try {
  entrance.enter(input);
  return {};
} catch (const BrokenPromise& broken) {
  return broken.what();
}

}  // namespace

void EntrancesTest::keptInputs_data() {
  list_entrances();
}

void EntrancesTest::keptInputs() {
  QFETCH(int, index);
  const Entrance& entrance = entrances()[static_cast<std::size_t>(index)];
  const QStringList files = inputs_of(entrance);
  QVERIFY(files.size() >= 5);
  for (const QString& file : files) {
    QElapsedTimer timer;
    timer.start();
    const QByteArray broken = gone(entrance, content(file));
    QVERIFY2(broken.isEmpty(), (file.toUtf8() + ": " + broken).constData());
    QVERIFY2(timer.elapsed() < 20'000, qPrintable(QString("%1: %2 ms").arg(file).arg(timer.elapsed())));
  }
}

void EntrancesTest::cutInputs_data() {
  list_entrances();
}

// Each kept input cut short at a few places, which differ from input to input.
void EntrancesTest::cutInputs() {
  QFETCH(int, index);
  const Entrance& entrance = entrances()[static_cast<std::size_t>(index)];
  std::size_t at = 1;
  for (const QString& file : inputs_of(entrance)) {
    const std::string whole = content(file);
    for (int i = 0; i < 3 && !whole.empty(); ++i) {
      at = (at * 7919 + 17) % whole.size();
      const QByteArray broken = gone(entrance, std::string_view(whole).substr(0, at));
      QVERIFY2(broken.isEmpty(),
               (file.toUtf8() + ", the first " + QByteArray::number(qulonglong(at)) + " bytes: " + broken).constData());
    }
  }
}

QTEST_GUILESS_MAIN(EntrancesTest)
#include "entrances_test.moc"
