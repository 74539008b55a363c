// The figures a person feels: how soon the window is there, how smooth it stays while an answer streams, how soon Stop
// stops, and that a very long chat opens at once. Every figure is printed.
#include <QApplication>
#include <QDateTime>
#include <QElapsedTimer>
#include <QProcess>
#include <QScrollBar>
#include <QSignalSpy>
#include <QStandardPaths>
#include <algorithm>
#include <cmath>
#include <ctime>

#include "app/store/conversations.h"
#include "app/store/messages.h"
#include "stage.h"
#include "ui/chat/composer.h"
#include "ui/chat/transcript_view.h"
#include "ui/widgets/label.h"

using namespace hadal;
using namespace hadal::ui;

namespace {

// Times between two turns of the event loop, in ms. A timer without delay is due every time the loop turns, and the
// loop sleeps only while nothing is due: so a gap is the time in which the GUI thread could not react.
class GapMeter : public QObject {
 public:
  GapMeter() {
    timer_.setTimerType(Qt::PreciseTimer);
    timer_.setInterval(1);
    connect(&timer_, &QTimer::timeout, this, [this] {
      gaps_.push_back(static_cast<double>(clock_.nsecsElapsed()) / 1e6);
      clock_.restart();
      const double now = processorMilliseconds();
      work_.push_back(now - workBefore_);
      workBefore_ = now;
    });
  }
  void start() {
    gaps_.clear();
    work_.clear();
    workBefore_ = processorMilliseconds();
    clock_.start();
    timer_.start();
  }
  void stop() {
    timer_.stop();
    std::sort(gaps_.begin(), gaps_.end());
  }
  double percentile(double share) const {
    const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(gaps_.size()))) - 1;
    return gaps_.empty() ? 0 : gaps_[std::min(at, gaps_.size() - 1)];
  }
  /// The longest turn as the thread's own processor time: what we did, whatever else the machine did meanwhile.
  double longestWork() const { return work_.empty() ? 0 : *std::max_element(work_.begin(), work_.end()); }
  double longest() const { return gaps_.empty() ? 0 : gaps_.back(); }
  std::size_t count() const { return gaps_.size(); }

 private:
  static double processorMilliseconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  }

  QTimer timer_;
  QElapsedTimer clock_;
  std::vector<double> gaps_, work_;
  double workBefore_ = 0;
};

double median(QList<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

class ResponsivenessTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  // The real program under a virtual display, from exec to the first picture.
  void theWindowIsThereAtOnce() {
    const QString program = qEnvironmentVariable("HADAL_BIN_DIR") + QStringLiteral("/hadal");
    const QString display = QStandardPaths::findExecutable(QStringLiteral("Xvfb"));
    if (!QFileInfo::exists(program) || display.isEmpty()) QSKIP("needs the program and Xvfb");
    QProcess server;
    server.start(display,
                 {QStringLiteral("-displayfd"), QStringLiteral("1"), QStringLiteral("-screen"), QStringLiteral("0"),
                  QStringLiteral("1920x1200x24"), QStringLiteral("-nolisten"), QStringLiteral("tcp")});
    QVERIFY(server.waitForReadyRead(10000));
    const QString number = QString::fromLatin1(server.readLine().trimmed());
    QTemporaryDir profile;
    QList<double> times;
    constexpr int rounds = 5;
    for (int round = 0; round < rounds; ++round) {
      QProcess hadal;
      QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
      environment.insert(QStringLiteral("DISPLAY"), QLatin1Char(':') + number);
      environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("xcb"));
      environment.insert(QStringLiteral("HADAL_PRINT_FIRST_PAINT"), QStringLiteral("1"));
      hadal.setProcessEnvironment(environment);
      QByteArray said;
      const qint64 start = QDateTime::currentMSecsSinceEpoch();
      hadal.start(program, {QStringLiteral("--profile"), profile.path()});
      hadal.setReadChannel(QProcess::StandardError);
      while (!said.contains("first paint") && hadal.waitForReadyRead(20000)) said += hadal.readAllStandardError();
      const auto at = said.indexOf("first paint ");
      QVERIFY2(at >= 0, said.constData());
      times << static_cast<double>(said.mid(at + 12).split('\n').first().toLongLong() - start);
      hadal.terminate();
      QVERIFY(hadal.waitForFinished(10000));
    }
    server.terminate();
    server.waitForFinished(5000);
    qInfo("first paint after %.0f ms (median of %d; first %.0f, worst %.0f)", median(times), rounds, times.first(),
          *std::max_element(times.begin(), times.end()));
    QVERIFY(median(times) <= 500);
  }

  void streamingStaysSmoothAndStopsAtOnce() {
    if (Stage::starterModel().isEmpty()) QSKIP("the starter model is not here");
    Stage stage;
    stage.start({.model = Stage::starterModel()});
    QVERIFY(stage.waitForModel());
    auto* transcript = stage.find<TranscriptView>("transcript");
    stage.window().chat().takeQuestion(
        QStringLiteral("Write a long guide to sorting in Python with headings, lists and code."), true);
    const auto answer = [&] { return transcript->last(hadal::MessageRole::Assistant); };
    QVERIFY(QTest::qWaitFor([&] { return answer() && answer()->content.size() > 10; }, 60000));
    // An answer is as long as the model likes: when one ends, the next is asked for, so that one always streams.
    QTimer again;
    connect(&again, &QTimer::timeout, this, [&] {
      if (answer() && answer()->state == hadal::MessageState::Streaming) return;
      stage.window().chat().takeQuestion(QStringLiteral("Write another long guide, with lists and code."), true);
    });
    again.start(50);
    // Whatever else the machine computes counts against us, so a disturbed measurement may be taken again.
    GapMeter meter;
    for (int attempt = 0; attempt < 3; ++attempt) {
      meter.start();
      QTest::qWait(6000);
      meter.stop();
      qInfo(
          "event loop while streaming: %zu turns, p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, longest %.1f ms "
          "(longest of our own work %.1f ms)",
          meter.count(), meter.percentile(0.5), meter.percentile(0.99), meter.percentile(0.999), meter.longest(),
          meter.longestWork());
      if (meter.percentile(0.999) <= 33 && meter.longest() <= 100) break;
    }
    again.stop();

    QList<double> stops;
    for (int round = 0; round < 5; ++round) {
      stage.window().chat().stop();
      stage.window().chat().takeQuestion(QStringLiteral("Write a long story, number %1.").arg(round), true);
      QVERIFY(QTest::qWaitFor(
          [&] { return answer() && answer()->state == hadal::MessageState::Streaming && !answer()->content.isEmpty(); },
          60000));
      QElapsedTimer clock;
      clock.start();
      stage.window().chat().stop();
      QVERIFY(QTest::qWaitFor([&] { return answer()->state == hadal::MessageState::Stopped; }, 10000));
      stops << static_cast<double>(clock.nsecsElapsed()) / 1e6;
    }
    qInfo("stop took effect after %.0f ms (median of %lld; worst %.0f)", median(stops),
          static_cast<long long>(stops.size()), *std::max_element(stops.begin(), stops.end()));
    QVERIFY(meter.percentile(0.999) <= 33);
    QVERIFY(meter.longest() <= 100);
    QVERIFY(*std::max_element(stops.begin(), stops.end()) <= 200);
  }

  void tenThousandMessagesOpenAtOnce() {
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) {
      const Conversation chat = Conversations(connection).insert(QStringLiteral("Long"));
      Messages messages(connection);
      hadal::MessageId parent = 0;
      for (int i = 0; i < 10000; ++i) {
        Message message;
        message.conversation = chat.id;
        message.parent = parent;
        message.role = i % 2 == 0 ? hadal::MessageRole::User : hadal::MessageRole::Assistant;
        message.content =
            QStringLiteral("Message %1.\n\n- a list\n- of **things**\n\n```python\nprint(%1)\n```\n").arg(i) +
            QStringLiteral("Words that fill a paragraph of an answer. ").repeated(8);
        parent = messages.insert(message).id;
      }
      Conversations(connection).setLeaf(chat.id, parent);
      return chat.id;
    });
    stage.start({});
    auto* transcript = stage.find<TranscriptView>("transcript");
    QElapsedTimer clock;
    GapMeter meter;
    meter.start();
    // As above: a disturbed measurement may be taken again.
    double opened = 0;
    for (int attempt = 0; attempt < 3 && (attempt == 0 || opened > 500); ++attempt) {
      stage.window().chat().newChat();
      QVERIFY(QTest::qWaitFor([&] { return transcript->isEmpty(); }, 30000));
      clock.start();
      stage.window().chat().openConversation(id);
      QVERIFY(QTest::qWaitFor([&] { return !transcript->isEmpty(); }, 30000));
      opened = static_cast<double>(clock.nsecsElapsed()) / 1e6;
    }
    QTest::qWait(200);
    QVERIFY(transcript->turn(transcript->last(hadal::MessageRole::Assistant)->id));
    // Reading upwards, a page at a time.
    QElapsedTimer page;
    double slowest = 0;
    for (int i = 0; i < 60; ++i) {
      page.start();
      transcript->verticalScrollBar()->triggerAction(QAbstractSlider::SliderPageStepSub);
      QCoreApplication::processEvents();
      slowest = qMax(slowest, static_cast<double>(page.nsecsElapsed()) / 1e6);
    }
    meter.stop();
    qInfo("10,000 messages opened in %.0f ms; slowest page %.1f ms; longest gap %.1f ms", opened, slowest,
          meter.longest());
    QVERIFY(opened <= 500);
    QVERIFY(slowest <= 100);
  }
};

QTEST_MAIN(ResponsivenessTest)
#include "responsiveness_test.moc"
