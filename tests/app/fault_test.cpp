#include <QDir>
#include <QFile>
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QTest>

#include "app/store/backup.h"
#include "app/store/conversations.h"
#include "app/store/search.h"
#include "faulty_vfs.h"
#include "waiting.h"

using namespace hadal;

namespace {

/// What was said to be kept, and when.
struct Acknowledged {
  MessageId id = 0;
  QString content;
  std::size_t operations = 0;  ///< Of the recording, when it was said.
};

StoreOptions optionsFor(const QString& folder) {
  return {.file = folder + QStringLiteral("/hadal.db"), .backupFolder = folder + QStringLiteral("/backups")};
}

/// Small logs, so that the recording has many checkpoints.
void checkpointOften(Store& store) {
  waited(store.write([](Connection& c) { return c.scalar(QStringLiteral("PRAGMA wal_autocheckpoint=12")).toInt(); }));
}

/// A question and its answer in `steps` pieces, each a transaction. Failures are left out of `said`.
void converse(Store& store, int number, int steps, const std::function<void(const Message&)>& said) {
  struct Pair {
    Message question, answer;
  };
  const auto asked = waited(store.write([number](Connection& c) {
    Conversations conversations(c);
    Messages messages(c);
    Message question;
    question.conversation = conversations.insert(QStringLiteral("Chat %1").arg(number)).id;
    question.role = MessageRole::User;
    question.content = QStringLiteral("Question %1 about the deep sea").arg(number);
    question = messages.insert(question);
    Message answer;
    answer.conversation = question.conversation;
    answer.parent = question.id;
    answer.role = MessageRole::Assistant;
    answer.state = MessageState::Streaming;
    answer = messages.insert(answer);
    conversations.setLeaf(question.conversation, answer.id);
    return Pair{question, answer};
  }));
  if (!asked) return;
  said(asked->question);
  Message answer = asked->answer;
  for (int step = 0; step < steps; ++step) {
    answer.content += QStringLiteral("piece %1 of the answer, long enough to matter; ").arg(step).repeated(8);
    waited(store.write([answer](Connection& c) {
      Messages(c).setContent(answer.id, answer.content, {});
      return Nothing{};
    }));
  }
  answer.state = MessageState::Done;
  const auto done = waited(store.write([answer](Connection& c) {
    Messages(c).finish(answer);
    return Nothing{};
  }));
  if (done) said(answer);
}

}  // namespace

/// The store on disks that lose, refuse and spoil.
class FaultTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    // In memory where that can be had: the disk's own speed is not what is tried here.
    const QString memory = QStringLiteral("/dev/shm");
    folder_ = std::make_unique<QTemporaryDir>((QFileInfo(memory).isWritable() ? memory : QDir::tempPath()) +
                                              QStringLiteral("/hadal-XXXXXX"));
  }

  /// The power goes at 500 moments; only what was synced is sure to be there.
  void losingPowerLosesNothingAcknowledged() {
    const quint32 seed = testSeed();
    QRandomGenerator random(seed);
    const QString live = folder_->filePath(QStringLiteral("live"));
    QDir().mkpath(live);
    QList<Acknowledged> acknowledged;
    FaultyVfs vfs;
    vfs.record(true);
    for (int start = 0; start < 3; ++start) {
      Store store(optionsFor(live));
      kept(store.open());
      checkpointOften(store);
      for (int i = 0; i < 8; ++i) {
        converse(store, start * 8 + i, 4, [&](const Message& m) {
          acknowledged.append({m.id, m.content, vfs.count()});
        });
      }
    }
    const std::size_t operations = vfs.count();
    vfs.record(false);
    QVERIFY2(operations > 300, "the connections did not go through the faulty layer");
    QCOMPARE(acknowledged.size(), 48);

    qInfo("%zu operations, seed %u", operations, seed);
    for (int point = 0; point < 500; ++point) {
      const std::size_t cut = random.bounded(static_cast<quint32>(operations)) + 1;
      const QString disk = folder_->filePath(QString::number(point));
      QDir().mkpath(disk);
      vfs.writeImage(cut, live.toUtf8() + "/hadal.db", disk + QStringLiteral("/hadal.db"), random);
      Store store(optionsFor(disk));
      const auto report = waited(store.open());
      QVERIFY2(report, qPrintable(report.error));
      QVERIFY2(report->notices.isEmpty(),
               qPrintable(QStringLiteral("after %1: %2").arg(cut).arg(report->notices.join(u' '))));
      QCOMPARE(kept(store.checkIntegrity()), QString());
      for (const Acknowledged& a : acknowledged) {
        if (a.operations <= cut) QCOMPARE(stored(store, a.id).content, a.content);
      }
      store.close();
      QDir(disk).removeRecursively();
    }
  }

  /// Every single operation fails once, alone or with all after it.
  void failingOperations_data() {
    QTest::addColumn<bool>("lasting");
    QTest::addColumn<int>("code");
    QTest::newRow("one error") << false << SQLITE_IOERR;
    QTest::newRow("a disk that stays full") << true << SQLITE_FULL;
  }
  void failingOperations() {
    QFETCH(bool, lasting);
    QFETCH(int, code);
    FaultyVfs vfs;
    int failing = 1;
    for (; failing <= 500; ++failing) {
      const QString disk = folder_->filePath(QString::number(failing));
      QDir().mkpath(disk);
      QList<Acknowledged> acknowledged;
      vfs.fail(failing, lasting, code);
      {
        Store store(optionsFor(disk));
        const auto report = waited(store.open());
        QVERIFY(report || !report.error.isEmpty());
        checkpointOften(store);
        for (int i = 0; i < 3; ++i)
          converse(store, i, 2, [&](const Message& m) { acknowledged.append({m.id, m.content, 0}); });
        // A scratch copy in memory promises nothing.
        if (report && report->mode != StoreReport::Mode::Kept) acknowledged.clear();
      }
      const int failures = vfs.failures();
      vfs.fail(0, false, code);
      Store store(optionsFor(disk));
      const auto report = waited(store.open());
      QVERIFY2(report, qPrintable(report.error));
      QVERIFY2(report->notices.isEmpty(), qPrintable(report->notices.join(u' ')));
      QCOMPARE(kept(store.checkIntegrity()), QString());
      for (const Acknowledged& a : acknowledged) QCOMPARE(stored(store, a.id).content, a.content);
      store.close();
      QDir(disk).removeRecursively();
      if (failures == 0) break;  // All operations of the scenario have had their turn.
    }
    qInfo("%d operations failed in turn", failing - 1);
    QVERIFY(failing > 50);
  }

  /// Damaged anywhere, the database opens: as it is if the damage is harmless, else from the backup.
  void damagedAnywhere() {
    const quint32 seed = testSeed();
    QRandomGenerator random(seed);
    const QString good = folder_->filePath(QStringLiteral("good"));
    QDir().mkpath(good);
    {
      Store store(optionsFor(good));
      kept(store.open());
      for (int i = 0; i < 30; ++i) converse(store, i, 3, [](const Message&) {});
    }
    QDir(good + QStringLiteral("/backups")).removeRecursively();
    {
      Connection connection;
      QVERIFY(connection.open(good + QStringLiteral("/hadal.db"), Connection::Access::Immutable));
      QVERIFY(Backups(good + QStringLiteral("/hadal.db"), good + QStringLiteral("/backups")).make(connection));
    }
    const qint64 size = QFileInfo(good + QStringLiteral("/hadal.db")).size();
    int restored = 0;
    for (int i = 0; i < 200; ++i) {
      const QString disk = folder_->filePath(QStringLiteral("disk"));
      QDir().mkpath(disk + QStringLiteral("/backups"));
      const QString file = disk + QStringLiteral("/hadal.db");
      QVERIFY(QFile::copy(good + QStringLiteral("/hadal.db"), file));
      const QString backup =
          Backups(good + QStringLiteral("/hadal.db"), good + QStringLiteral("/backups")).files().first();
      QVERIFY(QFile::copy(backup, disk + QStringLiteral("/backups/") + QFileInfo(backup).fileName()));
      damage(file, size, random);

      Store store(optionsFor(disk));
      const auto report = waited(store.open());
      const auto where = [&](const QString& what) {
        return QStringLiteral("%1 (damage %2, seed %3)").arg(what).arg(i).arg(seed).toUtf8();
      };
      if (!report) {
        // Its header says now that it is somebody else's, or of another time.
        QVERIFY2(report.error.contains(QStringLiteral("left as it was")), where(report.error));
        store.close();
        QDir(disk).removeRecursively();
        continue;
      }
      if (!report->notices.isEmpty()) {
        ++restored;
        QVERIFY2(QDir(disk).entryList({QStringLiteral("hadal.db.damaged-*")}).size() >= 1,
                 where(report->notices.join(u' ')));
        QCOMPARE(kept(store.read([](Connection& c) { return Conversations(c).all(); })).size(), 30);
      }
      // Whatever it is now, it can be worked with.
      int said = 0;
      converse(store, 99, 1, [&](const Message&) { ++said; });
      const auto found = waited(store.read([](Connection& c) { return Search(c).find(QStringLiteral("deep sea")); }));
      QVERIFY2(said == 2 && found, where(found.error));
      store.close();
      QDir(disk).removeRecursively();
    }
    qInfo("200 damages, %d restored, seed %u", restored, seed);
    QVERIFY(restored > 50);
  }

 private:
  /// A flipped bit, a run of noise or zeros, or a lost end.
  static void damage(const QString& path, qint64 size, QRandomGenerator& random) {
    QFile file(path);
    if (!file.open(QIODevice::ReadWrite)) qFatal("cannot damage");
    const qint64 at = random.bounded(static_cast<quint32>(size));
    const auto length = static_cast<qsizetype>(std::min<qint64>(size - at, random.bounded(1, 6000)));
    switch (random.bounded(4)) {
      case 0: {
        file.seek(at);
        char byte = 0;
        file.getChar(&byte);
        file.seek(at);
        file.putChar(static_cast<char>(byte ^ (1 << random.bounded(8))));
        return;
      }
      case 1: {
        QByteArray noise(length, '\0');
        for (char& c : noise) c = static_cast<char>(random.bounded(256));
        file.seek(at);
        file.write(noise);
        return;
      }
      case 2:
        file.seek(at);
        file.write(QByteArray(length, '\0'));
        return;
      default:
        file.resize(at);
    }
  }

  std::unique_ptr<QTemporaryDir> folder_;
};

QTEST_GUILESS_MAIN(FaultTest)
#include "fault_test.moc"
