#include <QDir>
#include <QHash>
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QTest>

#include "app/chat/chat_service.h"
#include "app/settings/settings.h"
#include "hadal_process.h"
#include "scripted_inference.h"
#include "waiting.h"

using namespace hadal;

namespace {

// The journal is written every 300 ms; a crowded machine may be late.
constexpr qint64 kJournaledMilliseconds = 1500;

struct Piece {
  qint64 at;     ///< Milliseconds, when it was read here.
  QString text;  ///< All of the answer up to here.
};

/// What a program said before it was killed.
struct Witness {
  MessageId question = 0;
  MessageId answer = 0;
  ConversationId conversation = 0;
  QList<Piece> pieces;
  qint64 killed = 0;

  QString mustBeKept() const {
    QString text;
    for (const Piece& piece : pieces) {
      if (piece.at + kJournaledMilliseconds < killed) text = piece.text;
    }
    return text;
  }
};

}  // namespace

/// kill -9 at a random moment of `hadal --ask` with the real model. HADAL_KILL_RUNS says how often; a run takes about
/// half a second.
class KillTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    if (!QFile::exists(qEnvironmentVariable("HADAL_TEST_MODEL")))
      QSKIP("The starter model is not there (./dev setup fetches it).");
  }
  void nothingAcknowledgedIsLost() {
    const int runs =
        qEnvironmentVariableIsSet("HADAL_KILL_RUNS") ? qEnvironmentVariableIntValue("HADAL_KILL_RUNS") : 200;
    const quint32 seed = testSeed();
    qInfo("%d runs, seed %u", runs, seed);
    QRandomGenerator random(seed);
    QTemporaryDir folder;
    QHash<MessageId, QString> acknowledged;  // Every message that was ever said to be kept, with its text.
    int whileStreaming = 0;
    int beforeAcknowledgement = 0;

    for (int run = 0; run < runs; ++run) {
      const Witness witness =
          killOne(folder.path(), QStringLiteral("Tell a story about the number %1.").arg(run), random);
      if (witness.answer == 0) ++beforeAcknowledgement;
      if (!witness.pieces.isEmpty()) ++whileStreaming;
      inspect(folder.path(), run, witness, acknowledged);
      if (QTest::currentTestFailed()) return;
    }
    qInfo("%d killed while streaming, %d before the question was kept, %lld messages acknowledged and found every time",
          whileStreaming, beforeAcknowledgement, acknowledged.size());
    QVERIFY(whileStreaming > runs / 4);
  }

 private:
  /// Starts one, listens, and kills it: after a few events, or a moment after the start.
  static Witness killOne(const QString& profile, const QString& question, QRandomGenerator& random) {
    HadalProcess program(profile, {QStringLiteral("--ask"), question, QStringLiteral("--json"),
                                   QStringLiteral("--threads"), QStringLiteral("2")});
    Witness witness;
    QElapsedTimer clock;
    clock.start();
    program.start();
    program.waitForStarted();
    // Mostly early, where the steps are; sometimes after the journal was written. 0: not even the acknowledgement is
    // waited for.
    const int events = random.bounded(random.bounded(4) == 0 ? 20 : 5);
    QString text;
    for (int i = 0; i < events; ++i) {
      const QJsonObject event = program.event();
      if (event.isEmpty() || event.contains(QStringLiteral("finished"))) break;
      if (event.contains(QStringLiteral("message"))) {
        witness.conversation = event[QStringLiteral("conversation")].toInteger();
        witness.question = event[QStringLiteral("question")].toInteger();
        witness.answer = event[QStringLiteral("message")].toInteger();
      }
      text += event[QStringLiteral("delta")].toString();
      if (!text.isEmpty()) witness.pieces.append({clock.elapsed(), text});
    }
    QTest::qSleep(random.bounded(events == 0 ? 150 : 60));
    witness.killed = clock.elapsed();
    program.kill();
    program.waitForFinished();
    // What was still in the pipe was said as well.
    while (witness.answer == 0 && program.canReadLine()) {
      const QJsonObject event = program.event();
      witness.conversation = event[QStringLiteral("conversation")].toInteger();
      witness.question = event[QStringLiteral("question")].toInteger();
      witness.answer = event[QStringLiteral("message")].toInteger();
    }
    return witness;
  }

  /// Opens the profile as the next start does, and looks for all that was ever promised.
  void inspect(const QString& profile, int run, const Witness& witness, QHash<MessageId, QString>& acknowledged) {
    Store store({.file = profile + QStringLiteral("/hadal.db"), .backupFolder = profile + QStringLiteral("/backups")});
    const StoreReport report = kept(store.open());
    QVERIFY2(report.notices.isEmpty(), qPrintable(report.notices.join(u' ')));
    QCOMPARE(kept(store.checkIntegrity()), QString());
    for (auto it = acknowledged.cbegin(); it != acknowledged.cend(); ++it)
      QCOMPARE(stored(store, it.key()).content, it.value());
    if (witness.answer == 0) return;

    const Message question = stored(store, witness.question);
    QCOMPARE(question.content, QStringLiteral("Tell a story about the number %1.").arg(run));
    QCOMPARE(question.state, MessageState::Done);
    ScriptedInference inference;
    Settings settings;
    ChatService chat(store, inference, settings);
    const Transcript transcript = kept(chat.open(witness.conversation));
    QCOMPARE(transcript.messages.size(), 2);
    const Message& answer = transcript.messages[1];
    QCOMPARE(answer.id, witness.answer);
    QCOMPARE(answer.state, MessageState::Interrupted);
    const QString promised = witness.mustBeKept();
    QVERIFY2(answer.content.startsWith(promised), qPrintable(answer.content + QStringLiteral(" / ") + promised));
    // What is kept and what was said are one text, whichever of them is longer.
    const QString said = witness.pieces.isEmpty() ? QString() : witness.pieces.last().text;
    QVERIFY2(answer.content.startsWith(said) || said.startsWith(answer.content),
             qPrintable(answer.content + QStringLiteral(" / ") + said));
    acknowledged.insert(question.id, question.content);
    acknowledged.insert(answer.id, answer.content);
  }
};

QTEST_GUILESS_MAIN(KillTest)
#include "kill_test.moc"
