#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include "app/chat/chat_service.h"
#include "app/settings/settings.h"
#include "app/store/backup.h"
#include "app/store/conversations.h"
#include "app/store/search.h"
#include "mounts.h"
#include "scripted_inference.h"
#include "waiting.h"

using namespace hadal;

namespace {

Message message(ConversationId conversation, MessageId parent, MessageRole role, const QString& content) {
  Message m;
  m.conversation = conversation;
  m.parent = parent;
  m.role = role;
  m.content = content;
  return m;
}

/// One conversation whose messages follow each other.
Conversation fill(Store& store, const QString& title, const QStringList& contents) {
  return kept(store.write([&](Connection& c) {
    Conversations conversations(c);
    Messages messages(c);
    const ConversationId id = conversations.insert(title).id;
    MessageId parent = 0;
    bool question = true;
    for (const QString& content : contents) {
      parent = messages.insert(message(id, parent, question ? MessageRole::User : MessageRole::Assistant, content)).id;
      question = !question;
    }
    conversations.setLeaf(id, parent);
    return conversations.get(id);
  }));
}

int countMessages(Store& store) {
  return kept(
      store.read([](Connection& c) { return c.scalar(QStringLiteral("SELECT count(*) FROM messages")).toInt(); }));
}

}  // namespace

class StoreTest : public QObject {
  Q_OBJECT

 public:
  explicit StoreTest(Mounts& mounts) : mounts_(mounts) {}

 private Q_SLOTS:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void worksInItsOwnThreads() {
    Store store(options());
    kept(store.open());
    QThread* writer = kept(store.write([](Connection&) { return QThread::currentThread(); }));
    QThread* reader = kept(store.read([](Connection&) { return QThread::currentThread(); }));
    QVERIFY(writer != reader);
    QVERIFY(writer != QThread::currentThread() && reader != QThread::currentThread());
    QCOMPARE(kept(store.write([](Connection&) { return QThread::currentThread(); })), writer);
  }

  void theReaderCannotWrite() {
    Store store(options());
    kept(store.open());
    const auto outcome =
        waited(store.read([](Connection& c) { return Conversations(c).insert(QStringLiteral("no")).id; }));
    QVERIFY(!outcome);
  }

  void aFailedTransactionLeavesNothing() {
    Store store(options());
    kept(store.open());
    const auto outcome = waited(store.write([](Connection& c) {
      Conversations(c).insert(QStringLiteral("half"));
      c.execute(QStringLiteral(
          "INSERT INTO messages(conversation_id, role, state, created) VALUES (1, 'nobody', 'done', 1)"));
      Conversations(c).insert(QStringLiteral("never"));
      return Nothing{};
    }));
    QVERIFY(!outcome);
    QVERIFY(kept(store.read([](Connection& c) { return Conversations(c).all(); })).isEmpty());
    // The next transaction is not affected.
    fill(store, QStringLiteral("whole"), {});
    QCOMPARE(kept(store.read([](Connection& c) { return Conversations(c).all(); })).size(), 1);
  }

  void foreignKeysHold() {
    Store store(options());
    kept(store.open());
    QVERIFY(!waited(store.write(
        [](Connection& c) { return Messages(c).insert(message(99, 0, MessageRole::User, QStringLiteral("x"))).id; })));
  }

  void workBeforeOpeningWaits() {
    Store store(options());
    auto list = store.read([](Connection& c) { return Conversations(c).all(); });
    auto added = store.write([](Connection& c) { return Conversations(c).insert(QStringLiteral("a")).id; });
    QVERIFY(!list.isFinished());
    QVERIFY(!added.isFinished());
    store.open();
    QVERIFY(waited(added));
    QVERIFY(waited(list));
  }

  void closingFinishesWhatWasGiven() {
    {
      Store store(options());
      store.open();
      for (int i = 0; i < 200; ++i)
        store.write([](Connection& c) { return Conversations(c).insert(QStringLiteral("a")).id; });
      store.close();
      QVERIFY(!waited(store.write([](Connection&) { return Nothing{}; })));
    }
    QVERIFY(!QFile::exists(file() + QStringLiteral("-wal")));
    Store store(options());
    kept(store.open());
    QCOMPARE(kept(store.read([](Connection& c) { return Conversations(c).all(); })).size(), 200);
  }

  void treeOfMessages() {
    Store store(options());
    kept(store.open());
    const Conversation c =
        fill(store, QStringLiteral("t"),
             {QStringLiteral("q"), QStringLiteral("a1"), QStringLiteral("q2"), QStringLiteral("a2")});
    kept(store.write([&](Connection& connection) {
      Messages messages(connection);
      const QList<Message> branch = messages.branch(c.id, c.leaf);
      const Message sibling =
          messages.insert(message(c.id, branch[0].id, MessageRole::Assistant, QStringLiteral("a1b")));
      if (sibling.branch != 2 || sibling.branches != 2) connection.fail(QStringLiteral("wrong place"));
      if (messages.newestLeaf(c.id, branch[0].id) != sibling.id) connection.fail(QStringLiteral("wrong leaf"));
      if (messages.newestLeaf(c.id, branch[1].id) != branch[3].id) connection.fail(QStringLiteral("wrong old leaf"));
      if (messages.branch(c.id, sibling.id).size() != 2) connection.fail(QStringLiteral("wrong branch"));
      if (messages.branch(c.id, c.leaf)[1].branches != 2) connection.fail(QStringLiteral("wrong count"));
      return Nothing{};
    }));
  }

  void deepConversationsCanBePurged() {
    Store store(options());
    kept(store.open());
    // Deeper than SQLite's 1,000 nested triggers.
    const Conversation c = fill(store, QStringLiteral("deep"), QStringList(3000, QStringLiteral("m")));
    kept(store.write([&](Connection& connection) {
      Conversations(connection).setRemoved(c.id, true);
      Conversations(connection).purgeRemoved();
      return Nothing{};
    }));
    QCOMPARE(countMessages(store), 0);
    QCOMPARE(kept(store.checkIntegrity()), QString());
  }

  void finds_data() {
    QTest::addColumn<QString>("query");
    QTest::addColumn<QStringList>("found");
    QTest::newRow("word") << QStringLiteral("trench") << QStringList{QStringLiteral("The Mariana Trench is deep.")};
    QTest::newRow("part of a word") << QStringLiteral("rian")
                                    << QStringList{QStringLiteral("The Mariana Trench is deep.")};
    QTest::newRow("two words, any order")
        << QStringLiteral("deep mariana") << QStringList{QStringLiteral("The Mariana Trench is deep.")};
    QTest::newRow("one of two missing") << QStringLiteral("deep atlantic") << QStringList{};
    QTest::newRow("chinese") << QStringLiteral("马里亚纳")
                             << QStringList{QStringLiteral("马里亚纳海沟是世界上最深的海沟。")};
    QTest::newRow("two characters") << QStringLiteral("海沟")
                                    << QStringList{QStringLiteral("马里亚纳海沟是世界上最深的海沟。")};
    QTest::newRow("one character") << QStringLiteral("沟")
                                   << QStringList{QStringLiteral("马里亚纳海沟是世界上最深的海沟。")};
    QTest::newRow("long and short") << QStringLiteral("世界上 海沟")
                                    << QStringList{QStringLiteral("马里亚纳海沟是世界上最深的海沟。")};
    QTest::newRow("percent sign") << QStringLiteral("%") << QStringList{QStringLiteral("100% sure_")};
    QTest::newRow("underscore") << QStringLiteral("e_") << QStringList{QStringLiteral("100% sure_")};
    QTest::newRow("quote") << QStringLiteral("\"quoted\"") << QStringList{QStringLiteral("a \"quoted\" word AND more")};
    QTest::newRow("operator") << QStringLiteral("AND") << QStringList{QStringLiteral("a \"quoted\" word AND more")};
    QTest::newRow("query syntax") << QStringLiteral("NEAR( * ^") << QStringList{};
    QTest::newRow("nothing") << QStringLiteral("  ") << QStringList{};
    QTest::newRow("title") << QStringLiteral("seas") << QStringList{QStringLiteral("About the seas")};
  }
  void finds() {
    QFETCH(QString, query);
    QFETCH(QStringList, found);
    Store store(options());
    kept(store.open());
    fill(store, QStringLiteral("About the seas"),
         {QStringLiteral("The Mariana Trench is deep."), QStringLiteral("马里亚纳海沟是世界上最深的海沟。"),
          QStringLiteral("a \"quoted\" word AND more"), QStringLiteral("100% sure_")});
    QStringList texts;
    const auto hits = kept(store.read([&](Connection& c) { return Search(c).find(query); }));
    for (const SearchHit& hit : hits) {
      QVERIFY(hit.snippet.contains(QChar(2)) && hit.snippet.contains(QChar(3)));
      texts.append(QString(hit.snippet).remove(QChar(2)).remove(QChar(3)));
    }
    QCOMPARE(texts, found);
  }

  void theExcerptShowsThePhrase() {
    Store store(options());
    kept(store.open());
    const QString far = QStringLiteral("red is warm. ") + QStringLiteral("filler ").repeated(40);
    fill(store, QStringLiteral("Untitled"), {far + QStringLiteral("a red kite flew. ") + far});
    const auto hits = kept(store.read([](Connection& c) { return Search(c).find(QStringLiteral("red kite")); }));
    QCOMPARE(hits.size(), 1);
    const QString shown = QString(hits.first().snippet).remove(QChar(2)).remove(QChar(3));
    QVERIFY2(shown.contains(QStringLiteral("a red kite flew")), qPrintable(shown));
  }

  void theIndexFollows() {
    Store store(options());
    kept(store.open());
    const auto hits = [&](const char* text) {
      return kept(store.read([text](Connection& c) { return Search(c).find(QString::fromLatin1(text)); })).size();
    };
    const Conversation c = fill(store, QStringLiteral("Untitled"), {QStringLiteral("question")});
    const MessageId answer = kept(store.write([&](Connection& connection) {
      Message m = message(c.id, c.leaf, MessageRole::Assistant, {});
      m.state = MessageState::Streaming;
      return Messages(connection).insert(m).id;
    }));
    kept(store.write([&](Connection& connection) {
      Messages(connection).setContent(answer, QStringLiteral("albatross"), {});
      return Nothing{};
    }));
    QCOMPARE(hits("albatross"), 0);  // Not while it is streaming.
    kept(store.write([&](Connection& connection) {
      Message m = Messages(connection).get(answer);
      m.state = MessageState::Done;
      Messages(connection).finish(m);
      return Nothing{};
    }));
    QCOMPARE(hits("albatross"), 1);
    kept(store.write([&](Connection& connection) {
      Messages(connection).setContent(answer, QStringLiteral("cormorant"), {});
      Conversations(connection).setTitle(c.id, QStringLiteral("Birds"));
      return Nothing{};
    }));
    QCOMPARE(hits("albatross"), 0);
    QCOMPARE(hits("cormorant"), 1);
    QCOMPARE(hits("Untitled"), 0);
    QCOMPARE(hits("Birds"), 1);
    kept(store.write([&](Connection& connection) {
      Conversations(connection).setRemoved(c.id, true);
      return Nothing{};
    }));
    QCOMPARE(hits("cormorant"), 0);
    kept(store.write([](Connection& connection) {
      Conversations(connection).purgeRemoved();
      return Nothing{};
    }));
    for (const char* index : {"message_search", "title_search"}) {
      kept(store.write([index](Connection& connection) {
        connection.execute(
            QStringLiteral("INSERT INTO %1(%1, rank) VALUES ('integrity-check', 1)").arg(QLatin1String(index)));
        return Nothing{};
      }));
    }
  }

  void tenThousandMessages() {
    Store store(options());
    kept(store.open());
    QStringList contents;
    QRandomGenerator random(7);
    const QStringList words{QStringLiteral("current "), QStringLiteral("pressure "), QStringLiteral("深海 "),
                            QStringLiteral("light "),   QStringLiteral("creature "), QStringLiteral("海沟 "),
                            QStringLiteral("vent ")};
    for (int i = 0; i < 10000; ++i) {
      QString text;
      while (text.size() < 600) text += words[random.bounded(words.size())];
      contents.append(i == 5000 ? text + QStringLiteral(" coelacanth 腔棘鱼") : text);
    }
    const Conversation c = fill(store, QStringLiteral("Long"), contents);
    ScriptedInference inference;
    Settings settings;
    ChatService chat(store, inference, settings);

    QElapsedTimer timer;
    timer.start();
    const Transcript transcript = kept(chat.open(c.id));
    const qint64 opened = timer.elapsed();
    QCOMPARE(transcript.messages.size(), 10000);
    qInfo("opening a chat of 10,000 messages: %lld ms", opened);
    QVERIFY2(opened <= 500, qPrintable(QString::number(opened)));

    struct Query {
      QString text;
      int atLeast;
    };
    for (const Query& query :
         {Query{QStringLiteral("coelacanth"), 1}, Query{QStringLiteral("腔棘鱼"), 1}, Query{QStringLiteral("腔棘"), 1},
          Query{QStringLiteral("海沟"), 100}, Query{QStringLiteral("pressure"), 100}, Query{QStringLiteral("zzyzx"), 0},
          Query{QStringLiteral("qx"), 0}}) {
      timer.restart();
      const auto hits = kept(chat.search(query.text));
      const qint64 searched = timer.elapsed();
      qInfo("searching for %s: %lld ms, %lld found", qPrintable(query.text), searched, hits.size());
      QVERIFY(hits.size() >= query.atLeast);
      QVERIFY2(searched <= 100, qPrintable(query.text + QString::number(searched)));
    }
  }

  void damagedFilesAreSetAsideAndRestored_data() {
    QTest::addColumn<qint64>("at");
    QTest::newRow("header") << qint64(0);
    QTest::newRow("schema") << qint64(200);
    QTest::newRow("pages") << qint64(4096 * 5);
  }
  void damagedFilesAreSetAsideAndRestored() {
    QFETCH(qint64, at);
    {
      Store store(options());
      kept(store.open());
      fill(store, QStringLiteral("Kept"), {QStringLiteral("safe")});
      store.close();
      Connection connection;
      QVERIFY(connection.open(file(), Connection::Access::Immutable));
      QVERIFY(Backups(file(), backupFolder()).make(connection));
    }
    QFile damaged(file());
    QVERIFY(damaged.open(QIODevice::ReadWrite));
    damaged.seek(at);
    damaged.write(QByteArray(4096 * 8, '\x5a'));
    damaged.seek(0);
    const QByteArray before = damaged.readAll();
    damaged.close();

    Store store(options());
    const StoreReport report = kept(store.open());
    QCOMPARE(report.notices.size(), 1);
    QVERIFY2(report.notices[0].contains(QStringLiteral("restored")), qPrintable(report.notices[0]));
    QCOMPARE(kept(store.read([](Connection& c) { return Conversations(c).all(); })).value(0).title,
             QStringLiteral("Kept"));
    const QStringList aside = QDir(folder_->path()).entryList({QStringLiteral("hadal.db.damaged-*")}, QDir::Files);
    QCOMPARE(aside.size(), 1);
    QFile quarantined(folder_->filePath(aside[0]));
    QVERIFY(quarantined.open(QIODevice::ReadOnly));
    QCOMPARE(quarantined.readAll(), before);
    fill(store, QStringLiteral("New"), {QStringLiteral("after")});
  }

  void damagedFilesWithoutABackup() {
    QFile nonsense(file());
    QVERIFY(nonsense.open(QIODevice::WriteOnly));
    nonsense.write(QByteArray(20000, 'x'));
    nonsense.close();
    Store store(options());
    const StoreReport report = kept(store.open());
    QVERIFY2(report.notices.value(0).contains(QStringLiteral("no backup")), qPrintable(report.notices.value(0)));
    fill(store, QStringLiteral("New"), {QStringLiteral("works")});
  }

  void readOnlyFileSystem_data() {
    QTest::addColumn<bool>("killed");
    QTest::newRow("closed well") << false;
    QTest::newRow("with a log left behind") << true;
  }
  void readOnlyFileSystem() {
    if (!mounts_.possible()) QSKIP(mounts_.reason());
    QFETCH(bool, killed);
    const QString place = folder_->filePath(QStringLiteral("mount"));
    QVERIFY(mounts_.tmpfs(place, 65536));
    {
      Store store(options());
      kept(store.open());
      fill(store, QStringLiteral("Old"), {QStringLiteral("question"), QStringLiteral("answer")});
      // A copy of the open database is what a killed program leaves.
      for (const char* companion : {"", "-wal"}) {
        if (killed)
          QVERIFY(QFile::copy(file() + QLatin1String(companion),
                              place + QStringLiteral("/hadal.db") + QLatin1String(companion)));
      }
    }
    if (!killed) QVERIFY(QFile::copy(file(), place + QStringLiteral("/hadal.db")));
    QVERIFY(mounts_.makeReadOnly(place));

    QElapsedTimer timer;
    timer.start();
    StoreOptions o = options();
    o.file = place + QStringLiteral("/hadal.db");
    o.readOnly = true;
    Store store(o);
    const StoreReport report = kept(store.open());
    QVERIFY(timer.elapsed() < 3000);
    QCOMPARE(report.mode, StoreReport::Mode::Scratch);
    QCOMPARE(kept(store.read([](Connection& c) { return Search(c).find(QStringLiteral("answer")); })).size(), 1);
    // Everything works; nothing of it is kept.
    fill(store, QStringLiteral("New"), {QStringLiteral("scratch")});
    QCOMPARE(countMessages(store), 3);
    store.close();
    mounts_.release(place);
  }

  void readOnlyAndTooLargeToCopy() {
    if (!mounts_.possible()) QSKIP(mounts_.reason());
    const QString place = folder_->filePath(QStringLiteral("mount"));
    QVERIFY(mounts_.tmpfs(place, 65536));
    {
      Store store(options());
      kept(store.open());
      fill(store, QStringLiteral("Old"), {QStringLiteral("question")});
    }
    QVERIFY(QFile::copy(file(), place + QStringLiteral("/hadal.db")));
    QVERIFY(mounts_.makeReadOnly(place));
    StoreOptions o = options();
    o.file = place + QStringLiteral("/hadal.db");
    o.readOnly = true;
    o.scratchLimit = 1000;
    Store store(o);
    QCOMPARE(kept(store.open()).mode, StoreReport::Mode::ReadingOnly);
    QCOMPARE(countMessages(store), 1);
    const auto refused = waited(store.write([](Connection&) { return Nothing{}; }));
    QVERIFY2(refused.error.contains(QStringLiteral("read-only")), qPrintable(refused.error));
    store.close();
    mounts_.release(place);
  }

  void fullDisk() {
    if (!mounts_.possible()) QSKIP(mounts_.reason());
    const QString place = folder_->filePath(QStringLiteral("mount"));
    QVERIFY(mounts_.tmpfs(place, 3072));
    StoreOptions o = options();
    o.file = place + QStringLiteral("/hadal.db");
    o.backupFolder = place + QStringLiteral("/backups");
    int acknowledged = 0;
    QString refusal;
    {
      Store store(o);
      kept(store.open());
      const ConversationId id = fill(store, QStringLiteral("c"), {}).id;
      const QString text(20000, u'x');
      while (refusal.isEmpty() && acknowledged < 1000) {
        const auto outcome = waited(
            store.write([&](Connection& c) { return Messages(c).insert(message(id, 0, MessageRole::User, text)).id; }));
        if (outcome)
          ++acknowledged;
        else
          refusal = outcome.error;
      }
      QVERIFY2(refusal.contains(QStringLiteral("full")), qPrintable(refusal));
      QVERIFY(acknowledged > 3);
      // Reading goes on, and nothing that was said to be kept is missing.
      QCOMPARE(countMessages(store), acknowledged);
    }
    Store store(o);
    const StoreReport report = kept(store.open());
    QCOMPARE(countMessages(store), acknowledged);
    QCOMPARE(kept(store.checkIntegrity()), QString());
    const QList<int> lengths = kept(store.read([](Connection& c) {
      QList<int> result;
      Statement s(c, QStringLiteral("SELECT DISTINCT length(content) FROM messages"));
      while (s.next()) result.append(static_cast<int>(s.integer(0)));
      return result;
    }));
    QCOMPARE(lengths, QList<int>{20000});
    store.close();
    mounts_.release(place);
  }

  /// An answer whose end does not fit on the disk stays in memory and is kept once there is room.
  void fullDiskDuringAnAnswer() {
    if (!mounts_.possible()) QSKIP(mounts_.reason());
    const QString place = folder_->filePath(QStringLiteral("mount"));
    QVERIFY(mounts_.tmpfs(place, 3072));
    StoreOptions o = options();
    o.file = place + QStringLiteral("/hadal.db");
    o.backupFolder = folder_->filePath(QStringLiteral("b"));
    Store store(o);
    kept(store.open());
    ScriptedInference inference;
    Settings settings;
    ChatService chat(store, inference, settings);
    QSignalSpy failed(&chat, &ChatService::storeFailed);
    QSignalSpy finished(&chat, &ChatService::messageFinished);
    const Message answer = kept(chat.ask(0, QStringLiteral("Question?")));

    QFile filler(place + QStringLiteral("/filler"));
    QVERIFY(filler.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    while (filler.write(QByteArray(4096, 'f')) == 4096) {
    }
    const QString text = QStringLiteral("long answer ").repeated(20000);
    inference.last->say(text);
    inference.last->end(GenerationEnd::Done, {}, {});
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(failed.size(), 1);
    QVERIFY(failed[0][0].toString().contains(QStringLiteral("full")));
    QCOMPARE(finished[0][0].value<Message>().content, text);
    QCOMPARE(stored(store, answer.id).state, MessageState::Streaming);

    QVERIFY(filler.resize(0));
    QTRY_COMPARE_WITH_TIMEOUT(stored(store, answer.id).state, MessageState::Done, 10000);
    QCOMPARE(stored(store, answer.id).content, text);
    store.close();
    mounts_.release(place);
  }

 private:
  QString file() const { return folder_->filePath(QStringLiteral("hadal.db")); }
  QString backupFolder() const { return folder_->filePath(QStringLiteral("backups")); }
  StoreOptions options() const { return {.file = file(), .backupFolder = backupFolder()}; }

  Mounts& mounts_;
  std::unique_ptr<QTemporaryDir> folder_;
};

HADAL_MOUNTING_TEST_MAIN(StoreTest)
#include "store_test.moc"
