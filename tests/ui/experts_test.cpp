// The experts of a mixture, in the real window: from the engine's count to the colour of a square.
#include <QAction>
#include <QApplication>
#include <cmath>

#include "../app/model_folder.h"
#include "stage.h"
#include "ui/chat/transcript_view.h"
#include "ui/experts/experts_page.h"
#include "ui/experts/heat_map.h"
#include "ui/theme/theme.h"
#include "ui/widgets/button.h"
#include "ui/widgets/label.h"

// QTRY_COMPARE narrows a duration inside Qt's own macro.
#pragma GCC diagnostic ignored "-Wconversion"

using namespace hadal;
using namespace hadal::ui;

class ExpertsTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> place_;
  QString mixture_, dense_;

  static ExpertUse use(Stage& stage) { return stage.services().inference.experts(); }
  static QAction* action(Stage& stage) { return stage.window().actions().find(QStringLiteral("experts")); }
  /// Until the answer is complete.
  static const Message* ask(Stage& stage, const QString& text) {
    stage.window().chat().takeQuestion(text, true);
    auto* transcript = stage.find<TranscriptView>("transcript");
    const auto ended = [&] {
      const Message* last = transcript->last(hadal::MessageRole::Assistant);
      return last && last->state != hadal::MessageState::Streaming;
    };
    if (!QTest::qWaitFor(ended, 60000)) qFatal("no answer came");
    return transcript->last(hadal::MessageRole::Assistant);
  }

 private Q_SLOTS:
  void init() {
    place_ = std::make_unique<QTemporaryDir>();
    mixture_ = makeModelFolder(place_->filePath(QStringLiteral("Tiny-MoE")), QStringLiteral("qwen3-moe"));
    dense_ = makeModelFolder(place_->filePath(QStringLiteral("Tiny-Dense")), QStringLiteral("llama"));
  }

  void areCountedAndDrawn() {
    Stage stage;
    stage.start({.model = mixture_});
    QVERIFY(stage.waitForModel());
    QCOMPARE(stage.services().inference.status().error, QString());
    QCOMPARE(stage.services().inference.status().experts, 6);
    QCOMPARE(stage.services().inference.status().expertsUsed, 2);
    QVERIFY(action(stage)->isEnabled());
    action(stage)->trigger();
    auto* page = stage.find<ExpertsPage>("expertsPage");
    QVERIFY(page->isVisible());
    QVERIFY(stage.find<TextLabel>("expertsLead")->text().contains(QStringLiteral("2 of 6 experts")));
    QVERIFY(stage.find<TextLabel>("expertsNone")->isVisible());
    QVERIFY(!stage.find<HeatMap>("heatMap")->isVisible());

    // The page is open while the answer comes, and follows.
    const Message* answer = ask(stage, QStringLiteral("Which?"));
    QVERIFY(answer->tokens > 0);
    stage.window().showExperts();
    QTRY_VERIFY(stage.find<HeatMap>("heatMap")->isVisible());
    const ExpertUse counted = use(stage);
    // Every token of the prompt and of the answer went through the model, but for the last, which nobody asked about;
    // and what was guessed in vain, for each of the answer's tokens 24 at most.
    QVERIFY(counted.tokens + 1 >= quint64(answer->promptTokens + answer->tokens) &&
            counted.tokens <= quint64(answer->promptTokens + 25 * answer->tokens));
    QCOMPARE(counted.layers.size(), 2);
    for (const ExpertLayer& layer : counted.layers) {
      QCOMPARE(layer.share.size(), 6);
      double sum = 0;
      for (const double share : layer.share) sum += share;
      QVERIFY(std::abs(sum - 2) < 1e-9);
      const double busiest = *std::max_element(layer.share.begin(), layer.share.end());
      QVERIFY(std::abs(layer.evenness.busiest - busiest / counted.meanShare()) < 1e-9);
    }
    QVERIFY(stage.find<QWidget>("expertTokens")->accessibleDescription().startsWith(QString::number(counted.tokens)));
    drawnAs(*stage.find<HeatMap>("heatMap"), counted);

    // More of it, counted on top.
    stage.window().showChat();
    ask(stage, QStringLiteral("And now?"));
    QTRY_VERIFY(use(stage).tokens > counted.tokens);
  }

  /// The colours of the squares are those of the counts.
  void drawnAs(HeatMap& map, const ExpertUse& counted) {
    const QImage image = map.grab().toImage();
    QVERIFY(map.rect().contains(map.cell(counted.layers.size() - 1, counted.experts - 1)));
    QVERIFY(map.height() - map.cell(counted.layers.size() - 1, 0).bottom() <= 3);
    for (qsizetype row = 0; row < counted.layers.size(); ++row) {
      for (int expert = 0; expert < counted.experts; ++expert) {
        const double part = counted.layers[row].share[expert] / (map.top() * counted.meanShare());
        const QPoint at = map.cell(row, expert).center() * image.devicePixelRatio();
        const QColor wanted = HeatMap::shade(part), found = image.pixelColor(at);
        QVERIFY2(std::abs(wanted.red() - found.red()) <= 1 && std::abs(wanted.blue() - found.blue()) <= 1,
                 qPrintable(wanted.name() + u' ' + found.name()));
      }
    }
    QCOMPARE(HeatMap::shade(0), colour(Role::Raised));
    QCOMPARE(HeatMap::shade(1), colour(Role::Accent));
  }

  void aSquareTellsItsFigures() {
    Stage stage;
    stage.start({.model = mixture_});
    QVERIFY(stage.waitForModel());
    ask(stage, QStringLiteral("Which?"));
    stage.window().showExperts();
    auto* map = stage.find<HeatMap>("heatMap");
    auto* detail = stage.find<ElidedLabel>("expertDetail");
    QTRY_VERIFY(map->isVisible());
    const ExpertUse counted = use(stage);
    const auto figures = [&](int row, int expert) {
      return QStringLiteral("Layer %1, expert %2: %3 % of the tokens, mean weight %4")
          .arg(counted.layers[row].number)
          .arg(expert)
          .arg(QLocale().toString(100 * counted.layers[row].share[expert], 'f', 1),
               QLocale().toString(counted.layers[row].weight[expert], 'f', 2));
    };
    QTest::mouseMove(map, map->cell(1, 4).center());
    QTRY_COMPARE(detail->text(), figures(1, 4));
    map->setFocus(Qt::TabFocusReason);
    for (const Qt::Key key : {Qt::Key_Home, Qt::Key_Up, Qt::Key_Right, Qt::Key_Right}) QTest::keyClick(map, key);
    QCOMPARE(detail->text(), figures(0, 2));
    QCOMPARE(map->accessibleDescription(), figures(0, 2));
    QTest::keyClick(map, Qt::Key_Escape);
    QTRY_VERIFY(!stage.find<ExpertsPage>("expertsPage")->isVisible());
  }

  void aModelWithoutExpertsHasNone() {
    Stage stage;
    stage.start({.model = mixture_});
    QVERIFY(stage.waitForModel());
    ask(stage, QStringLiteral("Which?"));
    stage.window().showExperts();
    stage.window().chat().useModel(dense_);
    QTRY_VERIFY_WITH_TIMEOUT(stage.services().inference.status().path == dense_ &&
                                 stage.services().inference.status().state == ModelStatus::State::Ready,
                             30000);
    QTRY_VERIFY(!stage.find<HeatMap>("heatMap")->isVisible());
    QCOMPARE(stage.find<TextLabel>("expertsNone")->text(),
             QStringLiteral("Tiny-Dense has no experts: every token goes through all of it."));
    QVERIFY(!action(stage)->isEnabled());
    QCOMPARE(use(stage).experts, 0);
    // Back to the mixture, which counts anew.
    stage.window().chat().useModel(mixture_);
    QTRY_VERIFY_WITH_TIMEOUT(action(stage)->isEnabled(), 30000);
    QCOMPARE(use(stage).tokens, quint64{0});
    QTest::mouseClick(stage.find<IconButton>("expertsClose"), Qt::LeftButton);
    QTRY_VERIFY(!stage.find<ExpertsPage>("expertsPage")->isVisible());
  }
};

QTEST_MAIN(ExpertsTest)
#include "experts_test.moc"
