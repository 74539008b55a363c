#include <QElapsedTimer>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include "app/inference/local_inference.h"
#include "app/inference/measured_threads.h"
#include "waiting.h"

using namespace hadal;

namespace {

const QString kModel = qEnvironmentVariable("HADAL_TEST_MODEL");

GenerationRequest question(const QString& text, int maxTokens = 0) {
  GenerationRequest request;
  request.messages = {{MessageRole::User, text}};
  request.sampling.temperature = 0;
  request.maxTokens = maxTokens;
  return request;
}

/// Gathers what a generation says.
struct Listener {
  explicit Listener(Generation& generation) {
    QObject::connect(&generation, &Generation::delta, &generation, [this](const QString& piece) {
      text += piece;
      ++pieces;
    });
    QObject::connect(&generation, &Generation::finished, &generation,
                     [this](GenerationEnd e, const QString& why, const GenerationStats& s) {
                       end = e;
                       error = why;
                       stats = s;
                       ++ends;
                     });
  }
  QString text;
  int pieces = 0;
  int ends = 0;
  GenerationEnd end = GenerationEnd::Failed;
  QString error;
  GenerationStats stats;
};

bool becomes(LocalInference& inference, ModelStatus::State state, int milliseconds = 60000) {
  return QTest::qWaitFor([&] { return inference.status().state == state; }, milliseconds);
}

}  // namespace

class InferenceTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    if (!QFile::exists(kModel)) QSKIP("The starter model is not there (./dev setup fetches it).");
  }

  void loadsAndTells() {
    LocalInference inference;
    QCOMPARE(inference.status().state, ModelStatus::State::Loading);
    QSignalSpy changes(&inference, &InferenceService::statusChanged);
    inference.load(kModel);
    QVERIFY(becomes(inference, ModelStatus::State::Ready));
    const ModelStatus& status = inference.status();
    QCOMPARE(status.path, kModel);
    QVERIFY(!status.name.isEmpty());
    QCOMPARE(status.quantisation, QStringLiteral("Q4_1"));
    QVERIFY2(status.device.contains(QStringLiteral("CPU")), qPrintable(status.device));
    QCOMPARE(status.contextLength, 8192);
    QVERIFY(status.memoryBytes > 90'000'000);
    QVERIFY(changes.size() >= 2);
  }

  /// While the weights of the first are laid out.
  void anotherChoiceMayComeInTheMiddle_data() {
    QTest::addColumn<bool>("unload");
    QTest::newRow("another model") << false;
    QTest::newRow("none") << true;
  }
  void anotherChoiceMayComeInTheMiddle() {
    QFETCH(bool, unload);
    QTemporaryDir folder;
    const QString other = folder.filePath(QStringLiteral("other.Q4_1.gguf"));
    QVERIFY(QFile::link(kModel, other));
    LocalInference inference;
    bool chosen = false;
    connect(&inference, &InferenceService::statusChanged, this, [&](const ModelStatus& status) {
      if (chosen || status.state != ModelStatus::State::Loading || status.progress < 0.5F) return;
      chosen = true;
      if (unload)
        inference.unload();
      else
        inference.load(other);
    });
    QSignalSpy loaded(&inference, &InferenceService::modelLoaded);
    inference.load(kModel);
    QTRY_VERIFY_WITH_TIMEOUT(chosen, 60000);
    if (unload) {
      QVERIFY(becomes(inference, ModelStatus::State::NoModel));
      return;
    }
    QTRY_VERIFY_WITH_TIMEOUT(!loaded.isEmpty() && loaded.last()[0].toString() == other, 60000);
    QCOMPARE(inference.status().state, ModelStatus::State::Ready);
    QCOMPARE(inference.status().path, other);
    const auto generation = inference.generate(question(QStringLiteral("What is the capital of France?"), 12));
    Listener listener(*generation);
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 60000);
    QVERIFY(listener.text.contains(QStringLiteral("Paris")));
  }

  void threadsAreMeasuredOnceAndKept() {
    const QString key = QLatin1String(setting::measuredThreads);
    const int cores = QThread::idealThreadCount();
    if (cores < 2) QSKIP("With one core there is nothing to choose.");
    Settings settings;
    {
      LocalInference inference;
      keepMeasuredThreads(settings, inference);
      QSignalSpy measured(&inference, &InferenceService::threadsMeasured);
      inference.load(kModel);
      // What is asked meanwhile is answered.
      const auto generation = inference.generate(question(QStringLiteral("What is the capital of France?"), 12));
      Listener listener(*generation);
      QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 60000);
      QVERIFY(listener.text.contains(QStringLiteral("Paris")));
      QTRY_COMPARE_WITH_TIMEOUT(measured.size(), 1, 60000);
      QCOMPARE(inference.status().readingThreads, measured[0][0].toInt());
      QCOMPARE(inference.status().writingThreads, measured[0][1].toInt());
    }
    const auto kept = MeasuredThreads::parse(settings.value(key).toString(), cores);
    QVERIFY2(kept, qPrintable(settings.value(key).toString()));
    settings.setValue(key, MeasuredThreads{cores, 1, 1}.text());
    LocalInference next;
    keepMeasuredThreads(settings, next);
    QSignalSpy again(&next, &InferenceService::threadsMeasured);
    next.load(kModel);
    QVERIFY(becomes(next, ModelStatus::State::Ready));
    QCOMPARE(next.status().readingThreads, 1);
    QVERIFY2(next.status().device.contains(QStringLiteral("1 thread,")), qPrintable(next.status().device));
    const auto generation = next.generate(question(QStringLiteral("What is the capital of France?"), 12));
    Listener listener(*generation);
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 60000);
    // What the person says wins.
    next.configure(2, 0);
    QTRY_VERIFY_WITH_TIMEOUT(next.status().device.contains(QStringLiteral("2 threads,")), 60000);
    QCOMPARE(next.status().readingThreads, 0);
    QVERIFY(again.isEmpty());
  }

  void whatIsNoMeasurement_data() {
    QTest::addColumn<QString>("text");
    for (const char* text : {"", "4", "4/4", "4/0/2", "4/5/2", "8/4/2", "4/4/2/1", "a/b/c", "4/-1/2"})
      QTest::newRow(text) << QString::fromLatin1(text);
  }
  void whatIsNoMeasurement() {
    QFETCH(QString, text);
    QVERIFY(!MeasuredThreads::parse(text, 4));
    QVERIFY(MeasuredThreads::parse(QStringLiteral("4/4/2"), 4));
  }

  void answersAndCounts() {
    LocalInference inference;
    inference.load(kModel);
    // Asked while it loads: waits for it.
    const auto generation = inference.generate(question(QStringLiteral("What is the capital of France?"), 12));
    Listener listener(*generation);
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 60000);
    QCOMPARE(listener.end, GenerationEnd::Done);
    QVERIFY2(listener.text.contains(QStringLiteral("Paris")), qPrintable(listener.text));
    QVERIFY(listener.stats.promptTokens > 10);
    QVERIFY(listener.stats.tokens > 4 && listener.stats.tokens <= 12);
    QVERIFY(listener.stats.tokensPerSecond > 0);
    QVERIFY(listener.stats.firstTokenSeconds > 0);

    QSignalSpy measured(&inference, &InferenceService::promptMeasured);
    const quint64 ticket = inference.measure({{MessageRole::User, QStringLiteral("What is the capital of France?")}});
    QVERIFY(measured.wait());
    QCOMPARE(measured[0][0].toULongLong(), ticket);
    QCOMPARE(measured[0][1].toInt(), listener.stats.promptTokens);
  }

  void stopsSoonAndStreamsGently() {
    LocalInference inference;
    inference.load(kModel);
    const auto generation =
        inference.generate(question(QStringLiteral("Tell me a long story about a whale, in ten chapters.")));
    Listener listener(*generation);
    QTRY_VERIFY_WITH_TIMEOUT(listener.pieces > 0, 60000);
    QElapsedTimer streaming;
    streaming.start();
    const int before = listener.pieces;
    QTest::qWait(1000);
    QVERIFY2((listener.pieces - before) * 1000 <= 31 * streaming.elapsed(),
             qPrintable(QString::number(listener.pieces)));
    QCOMPARE(listener.ends, 0);

    QElapsedTimer stopping;
    stopping.start();
    generation->stop();
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 5000);
    qInfo("stopped after %lld ms", stopping.elapsed());
    QVERIFY(stopping.elapsed() <= 200);
    QCOMPARE(listener.end, GenerationEnd::Stopped);
    generation->stop();
    QTest::qWait(50);
    QCOMPARE(listener.ends, 1);
  }

  void stopsWhileReadingThePrompt() {
    LocalInference inference;
    inference.load(kModel);
    QVERIFY(becomes(inference, ModelStatus::State::Ready));
    const auto generation =
        inference.generate(question(QStringLiteral("The sea is deep and dark and cold. ").repeated(180)));
    Listener listener(*generation);
    QSignalSpy progress(generation.get(), &Generation::promptProgress);
    QVERIFY(progress.wait(60000));
    QVERIFY(progress[0][0].toInt() < progress[0][1].toInt());
    QElapsedTimer stopping;
    stopping.start();
    generation->stop();
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 5000);
    qInfo("stopped after %lld ms", stopping.elapsed());
    QVERIFY(stopping.elapsed() <= 200);
    QCOMPARE(listener.text, QString());
  }

  void stopsWhileWaitingForAModel() {
    LocalInference inference;  // Nothing is loaded, but something might be.
    const auto generation = inference.generate(question(QStringLiteral("Hello?")));
    Listener listener(*generation);
    generation->stop();
    QTRY_COMPARE(listener.ends, 1);
    QCOMPARE(listener.end, GenerationEnd::Stopped);
  }

  void deletingCancels() {
    LocalInference inference;
    inference.load(kModel);
    auto generation =
        inference.generate(question(QStringLiteral("Tell me a long story about a whale, in ten chapters.")));
    QSignalSpy delta(generation.get(), &Generation::delta);
    QVERIFY(delta.wait(60000));
    generation.reset();
    // The next one has the engine for itself and is not mixed up with the first.
    const auto next = inference.generate(question(QStringLiteral("What is the capital of France?"), 12));
    Listener listener(*next);
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 60000);
    QVERIFY2(listener.text.contains(QStringLiteral("Paris")), qPrintable(listener.text));
  }

  void answersSeveralAtOnce() {
    LocalInference inference;
    inference.load(kModel);
    const auto one = inference.generate(question(QStringLiteral("What is the capital of France?"), 10));
    const auto two = inference.generate(question(QStringLiteral("What is the capital of Japan?"), 10));
    Listener first(*one);
    Listener second(*two);
    QTRY_COMPARE_WITH_TIMEOUT(first.ends + second.ends, 2, 60000);
    QVERIFY2(first.text.contains(QStringLiteral("Paris")), qPrintable(first.text));
    QVERIFY2(second.text.contains(QStringLiteral("Tokyo")), qPrintable(second.text));
  }

  void saysThatThePromptIsTooLong() {
    LocalInference inference;
    inference.configure(0, 256);
    inference.load(kModel);
    const auto generation = inference.generate(question(QStringLiteral("word ").repeated(400)));
    Listener listener(*generation);
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 60000);
    QCOMPARE(listener.end, GenerationEnd::PromptTooLong);
    QVERIFY2(listener.error.contains(QStringLiteral("256")), qPrintable(listener.error));
    QVERIFY(listener.stats.promptTokens > 400);
    QCOMPARE(listener.text, QString());
  }

  void saysThatTheContextIsFull() {
    LocalInference inference;
    inference.configure(0, 64);
    inference.load(kModel);
    const auto generation =
        inference.generate(question(QStringLiteral("Tell me a long story about a whale, in ten chapters.")));
    Listener listener(*generation);
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 60000);
    QCOMPARE(listener.end, GenerationEnd::ContextFull);
    QVERIFY2(listener.error.contains(QStringLiteral("64")), qPrintable(listener.error));
    QVERIFY(!listener.text.isEmpty());
  }

  void configuresWhenIdle() {
    LocalInference inference;
    inference.load(kModel);
    QVERIFY(becomes(inference, ModelStatus::State::Ready));
    const auto generation =
        inference.generate(question(QStringLiteral("Tell me a long story about a whale, in ten chapters.")));
    Listener listener(*generation);
    QTRY_VERIFY_WITH_TIMEOUT(listener.pieces > 0, 60000);
    inference.configure(1, 512);
    const auto waiting = inference.generate(question(QStringLiteral("What is the capital of France?"), 12));
    Listener second(*waiting);
    QTest::qWait(100);
    QCOMPARE(inference.status().contextLength, 8192);  // The answer that runs is not disturbed.
    QCOMPARE(second.ends, 0);
    generation->stop();
    QTRY_COMPARE_WITH_TIMEOUT(inference.status().contextLength, 512, 60000);
    QVERIFY2(inference.status().device.contains(QStringLiteral("1 thread")), qPrintable(inference.status().device));
    QTRY_COMPARE_WITH_TIMEOUT(second.ends, 1, 60000);
    QVERIFY(second.text.contains(QStringLiteral("Paris")));
  }

  void failsWithASentence_data() {
    QTest::addColumn<QByteArray>("contents");
    QFile model(kModel);
    QVERIFY(model.open(QIODevice::ReadOnly));
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("not a model") << QByteArray("hello, world");
    QTest::newRow("truncated") << model.read(1000000);
  }
  void failsWithASentence() {
    QFETCH(QByteArray, contents);
    QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("broken.gguf")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(contents);
    file.close();
    LocalInference inference;
    inference.load(file.fileName());
    const auto generation = inference.generate(question(QStringLiteral("Hello?")));
    Listener listener(*generation);
    QVERIFY(becomes(inference, ModelStatus::State::Failed));
    QCOMPARE(inference.status().path, file.fileName());
    QVERIFY2(inference.status().error.size() > 20, qPrintable(inference.status().error));
    QTRY_COMPARE(listener.ends, 1);
    QCOMPARE(listener.end, GenerationEnd::Failed);
    QCOMPARE(listener.error, inference.status().error);
    // A good one afterwards works.
    inference.load(kModel);
    QVERIFY(becomes(inference, ModelStatus::State::Ready));
  }

  void aMissingFile() {
    LocalInference inference;
    inference.load(QStringLiteral("/no/such/model.gguf"));
    QVERIFY(becomes(inference, ModelStatus::State::Failed));
    QVERIFY2(inference.status().error.contains(QStringLiteral("/no/such/model.gguf")),
             qPrintable(inference.status().error));
  }

  void theNewestLoadWins() {
    LocalInference inference;
    for (int i = 0; i < 10; ++i) inference.load(i % 2 == 0 ? kModel : QStringLiteral("/no/such/model.gguf"));
    inference.load(kModel);
    QVERIFY(becomes(inference, ModelStatus::State::Ready));
    QTest::qWait(200);
    QCOMPARE(inference.status().state, ModelStatus::State::Ready);
  }

  void unloadingEndsAnswers() {
    LocalInference inference;
    inference.load(kModel);
    const auto generation =
        inference.generate(question(QStringLiteral("Tell me a long story about a whale, in ten chapters.")));
    Listener listener(*generation);
    QTRY_VERIFY_WITH_TIMEOUT(listener.pieces > 0, 60000);
    inference.unload();
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 5000);
    QCOMPARE(listener.end, GenerationEnd::Stopped);
    QCOMPARE(inference.status().state, ModelStatus::State::NoModel);
    const auto next = inference.generate(question(QStringLiteral("Hello?")));
    Listener second(*next);
    QTRY_COMPARE(second.ends, 1);
    QCOMPARE(second.end, GenerationEnd::NoModel);
    QVERIFY(second.error.contains(QStringLiteral("GGUF")));
  }

  void findsModelsInOrder() {
    QTemporaryDir folder;
    const QString a = folder.filePath(QStringLiteral("a"));
    const QString b = folder.filePath(QStringLiteral("b"));
    QDir().mkpath(a);
    QDir().mkpath(b);
    const ModelSearch search{{}, {folder.filePath(QStringLiteral("missing")), a, b}};
    QCOMPARE(search.find(), QString());
    QVERIFY(QFile(b + QStringLiteral("/m.gguf")).open(QIODevice::WriteOnly));
    QCOMPARE(search.find(), b + QStringLiteral("/m.gguf"));
    QVERIFY(QFile(a + QStringLiteral("/z.gguf")).open(QIODevice::WriteOnly));
    QVERIFY(QFile(a + QStringLiteral("/readme.txt")).open(QIODevice::WriteOnly));
    QCOMPARE(search.find(), a + QStringLiteral("/z.gguf"));
    QCOMPARE((ModelSearch{QStringLiteral("/chosen.gguf"), {a}}).find(), QStringLiteral("/chosen.gguf"));
  }

  /// Greedy, so that an answer that goes on says what it would have said at once.
  void goesOnWhereAnAnswerEnded() {
    LocalInference inference;
    inference.load(kModel);
    const auto whole = inference.generate(question(QStringLiteral("What is the capital of France?"), 7));
    Listener all(*whole);
    QTRY_COMPARE_WITH_TIMEOUT(all.ends, 1, 60000);
    const auto first = inference.generate(question(QStringLiteral("What is the capital of France?"), 4));
    Listener begun(*first);
    QTRY_COMPARE_WITH_TIMEOUT(begun.ends, 1, 60000);
    QVERIFY(all.text.size() > begun.text.size());
    GenerationRequest rest = question(QStringLiteral("What is the capital of France?"), 3);
    rest.messages.append({MessageRole::Assistant, begun.text});
    rest.continueLast = true;
    const auto second = inference.generate(rest);
    Listener gone(*second);
    QTRY_COMPARE_WITH_TIMEOUT(gone.ends, 1, 60000);
    QCOMPARE(begun.text + gone.text, all.text);
  }

  void aModelThatFailsLeavesTheOtherWorking() {
    LocalInference inference;
    inference.load(kModel);
    QVERIFY(becomes(inference, ModelStatus::State::Ready));
    const auto running = inference.generate(question(QStringLiteral("Tell me a long story about a whale."), 40));
    Listener listener(*running);
    QTRY_VERIFY_WITH_TIMEOUT(listener.pieces > 0, 60000);
    QSignalSpy failed(&inference, &InferenceService::modelFailed);
    inference.load(QStringLiteral("/no/such/model.gguf"));
    QTRY_COMPARE(failed.size(), 1);
    QCOMPARE(inference.status().state, ModelStatus::State::Ready);
    QCOMPARE(inference.status().path, kModel);
    QCOMPARE(inference.status().failedPath, QStringLiteral("/no/such/model.gguf"));
    QVERIFY(inference.status().error.contains(QStringLiteral("/no/such/model.gguf")));
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 60000);
    QCOMPARE(listener.end, GenerationEnd::Done);
    QCOMPARE(listener.stats.tokens, 40);
  }

  void typedControlTokensStayText() {
    LocalInference inference;
    inference.load(kModel);
    QVERIFY(becomes(inference, ModelStatus::State::Ready));
    QSignalSpy measured(&inference, &InferenceService::promptMeasured);
    inference.measure({{MessageRole::User, QStringLiteral("x")}});
    inference.measure({{MessageRole::User, QStringLiteral("x<|im_end|>")}});
    QTRY_COMPARE(measured.size(), 2);
    // As a control token it would be one.
    QVERIFY(measured[1][1].toInt() - measured[0][1].toInt() > 2);
  }
};

QTEST_GUILESS_MAIN(InferenceTest)
#include "inference_test.moc"
