// Formulas: what is one, what becomes of it, how it is laid out, and that no input takes long or is lost.
#include <QApplication>
#include <QClipboard>
#include <QElapsedTimer>
#include <QTest>

#include "resources/resources.h"
#include "ui/markdown/formula_layout.h"
#include "ui/markdown/formula_spans.h"
#include "ui/markdown/formula_symbols.h"
#include "ui/markdown/markdown.h"
#include "ui/markdown/markdown_view.h"
#include "ui/theme/theme.h"

#pragma GCC diagnostic ignored "-Wconversion"

using namespace hadal::ui;
using Kind = MarkdownBlock::Kind;

namespace {

constexpr int pixels = 14;

// The sources that Markdown is not to read, one after the other.
QStringList found(const QString& text) {
  QList<FormulaSpan> spans;
  takeFormulas(text, spans);
  QStringList result;
  for (const FormulaSpan& span : spans) result << (span.open ? QStringLiteral("open ") : QString()) + span.source;
  return result;
}

FormulaBox laid(const QString& source, bool display = true) {
  const FormulaPtr tree = parseFormula(source);
  if (!tree) return {};
  return layFormula(*tree, pixels, display);
}

// All that is drawn as letters, in order.
QString letters(const QString& source) {
  QString result;
  for (const FormulaBox::Glyph& glyph : laid(source).glyphs) result += glyph.text;
  return result;
}

}  // namespace

class FormulaTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    hadal::initResources();
    Theme::install(*qApp, Theme::Mode::Light);
  }

  // ---- what is a formula
  // ----------------------------------------------------------------------------------------------

  void formulasAreFound_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("formulas");
    const auto row = [](const char* name, const char* text, const QStringList& formulas) {
      QTest::newRow(name) << QString::fromUtf8(text) << formulas;
    };
    row("inline", "so $x_1*y$ and \\(a*b\\).", {"$x_1*y$", "\\(a*b\\)"});
    row("display", "so\n$$\nx\n$$\nand \\[ y \\]", {"$$\nx\n$$", "\\[ y \\]"});
    row("beside Chinese", "设$x$为实数，则$x^2$非负", {"$x$", "$x^2$"});
    row("in brackets", "($x$), $y$.", {"$x$", "$y$"});
    row("money", "It costs $5 and $6 more, or US$7.", {});
    row("money in a range", "$5-$6", {});
    row("money twice", "From $5 to $10, then 3$ or $4", {});
    row("money at both ends", "$5 for me and 6$", {});
    row("money in Chinese", "价格是$5，另一个是6$", {});
    row("a shell", "set $HOME/bin:$PATH and $x", {});
    row("escaped", "\\$x$ and \\\\(y\\\\)", {});
    row("code", "`$x$` and ``a ` $y$`` $z$", {"$z$"});
    row("fence", "```sh\necho $a $b $$\n$$x$$\n```\n$z$", {"$z$"});
    row("no blank line in it", "$$\nx\n\ny\n$$", {"open $$\nx", "open $$"});
    row("not ended", "see \\[ a_1 * b_2", {"open \\[ a_1 * b_2"});
    row("empty", "$$$$ and $ $", {});
  }

  void formulasAreFound() {
    QFETCH(QString, text);
    QFETCH(QStringList, formulas);
    QCOMPARE(found(text), formulas);
  }

  void displayedOnesStandAlone() {
    const auto blocks = parseMarkdown(u"First\n$$\na*b*c\n$$\nthen $x_1$ and `$y$`.\n\n- item \\[z\\] end\n");
    QCOMPARE(blocks.size(), 6);
    QCOMPARE(blocks[0].text.text, QStringLiteral("First"));
    QCOMPARE(blocks[1].kind, Kind::Formula);
    QCOMPARE(blocks[1].formula, QStringLiteral("a*b*c"));
    QCOMPARE(blocks[1].code, QStringLiteral("$$\na*b*c\n$$"));
    QCOMPARE(blocks[2].text.text, QStringLiteral("then $x_1$ and $y$."));
    QCOMPARE(blocks[2].text.runs.size(), 2);
    QCOMPARE(blocks[2].text.runs[0].target, QStringLiteral("x_1"));
    QCOMPARE(blocks[2].text.runs[1].flags, int(InlineRun::Code));
    QCOMPARE(blocks[3].marker, MarkdownBlock::Marker::Bullet);
    QCOMPARE(blocks[4].kind, Kind::Formula);
    QCOMPARE(blocks[4].containers.size(), 1);
    QCOMPARE(blocks[5].marker, MarkdownBlock::Marker::None);
  }

  void tableCellsMayHoldABar() {
    const auto blocks = parseMarkdown(u"| a | b |\n|---|---|\n| $|x|$ | 2 |\n");
    QCOMPARE(blocks[0].rows[1].size(), 2);
    QCOMPARE(blocks[0].rows[1][0].text, QStringLiteral("$|x|$"));
  }

  void codeKeepsItsDollars() {
    const auto blocks = parseMarkdown(u"    indented $x$ code\n\n```c\n$y$\n```\n");
    QCOMPARE(blocks[0].code, QStringLiteral("indented $x$ code"));
    QCOMPARE(blocks[1].code, QStringLiteral("$y$"));
    // What looks like our own mark is none.
    const auto marked = parseMarkdown(
        u"a \xFDD0"
        u"0\xFDD1 $x$");
    QVERIFY(marked[0].text.text.endsWith(QStringLiteral("$x$")));
    QCOMPARE(marked[0].text.runs.size(), 1);
  }

  // ---- reading
  // --------------------------------------------------------------------------------------------------------

  void treesHaveTheRightShape() {
    using Node = FormulaNode::Kind;
    const auto first = [](const char* source) {
      FormulaPtr tree = parseFormula(QString::fromUtf8(source));
      return tree && !tree->children.empty() ? std::move(tree->children[0]) : nullptr;
    };
    QVERIFY(first("\\frac{a}{b}")->kind == Node::Fraction);
    QVERIFY(first("\\frac12")->children[1]->text == QStringLiteral("2"));
    const FormulaPtr sum = first("\\sum_{i=1}^n i");
    QVERIFY(sum->kind == Node::Scripts && sum->limits && sum->children[1] && sum->children[2]);
    QVERIFY(!first("\\int_0^1")->limits);
    QVERIFY(first("\\int\\limits_0^1")->limits);
    QVERIFY(first("\\sqrt[3]{x}")->children[1] != nullptr);
    const FormulaPtr matrix = first("\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\\\ \\end{pmatrix}");
    QVERIFY(matrix->kind == Node::Fenced && matrix->open == QStringLiteral("("));
    QCOMPARE(matrix->children[0]->columns, 2);
    QCOMPARE(matrix->children[0]->children.size(), std::size_t(4));
    QVERIFY(first("\\left( x \\right.")->close.isEmpty());
    QVERIFY(first("\\text{if } x")->text == QStringLiteral("if "));
    QVERIFY(first("f''")->kind == Node::Scripts);
  }

  void everyKindIsLaidOut_data() {
    QTest::addColumn<QString>("source");
    for (const char* source : {"\\frac{a}{b}",
                               "\\dfrac{a}{b}",
                               "\\binom{n}{k}",
                               "x^2",
                               "x_i^{2}",
                               "\\sqrt{x}",
                               "\\sqrt[3]{x}",
                               "\\alpha\\Omega",
                               "\\sum_{i=1}^n i",
                               "\\int_0^1 f",
                               "\\prod_i x_i",
                               "\\lim_{x \\to 0} x",
                               "\\left(\\frac{a}{b}\\right)",
                               "\\left\\{ x \\mid y \\right\\}",
                               "\\begin{matrix}a&b\\\\c&d\\end{matrix}",
                               "\\begin{bmatrix}1\\\\2\\end{bmatrix}",
                               "\\begin{cases}1 & x > 0\\\\0 & \\text{else}\\end{cases}",
                               "\\begin{aligned}a&=b\\\\&=c\\end{aligned}",
                               "\\begin{array}{lr}a&b\\end{array}",
                               "\\hat x\\bar y\\vec z\\dot a\\ddot b\\tilde c\\widehat{ab}",
                               "\\mathbb{R}",
                               "\\mathbf{x}",
                               "\\mathcal{L}",
                               "\\mathrm{d}x",
                               "a\\,b\\;c\\quad d\\!e",
                               "a \\leq b \\neq c \\to d",
                               "\\not= x",
                               "\\overline{ab}\\underline{c}",
                               "\\underbrace{a+b}_{n}",
                               "\\overbrace{a}^{m}",
                               "\\boxed{x}",
                               "\\big( x \\Big]",
                               "\\overset{!}{=}",
                               "\\operatorname{softmax}(x)",
                               "a \\pmod{n}",
                               "\\|x\\|_2",
                               "f'(x)",
                               "{}^2x",
                               "50\\%"}) {
      QTest::newRow(source) << QString::fromUtf8(source);
    }
  }

  void everyKindIsLaidOut() {
    QFETCH(QString, source);
    QVERIFY(parseFormula(source));
    for (const bool display : {true, false}) {
      const FormulaBox box = laid(source, display);
      QVERIFY(box.width > 2 && box.width < 400);
      QVERIFY(box.height() > 2 && box.height() < 200);
      for (const FormulaBox::Glyph& glyph : box.glyphs) QVERIFY2(!glyph.unknown, qPrintable(glyph.text));
      // Nothing is drawn outside of what is said to be needed.
      QImage image(int(box.width) + 80, int(box.height()) + 80, QImage::Format_RGB32);
      image.fill(Qt::white);
      QPainter painter(&image);
      box.paint(painter, QPointF(40, 40 + box.ascent), Qt::black, Qt::red);
      painter.end();
      bool any = false;
      for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
          if (image.pixel(x, y) == qRgb(255, 255, 255)) continue;
          any = true;
          QVERIFY2(
              x >= 36 && x <= 44 + box.width && y >= 37 && y <= 43 + box.height(),
              qPrintable(QStringLiteral("%1,%2 of %3x%4").arg(x - 40).arg(y - 40).arg(box.width).arg(box.height())));
        }
      }
      QVERIFY(any);
    }
  }

  void unknownCommandsAreShown() {
    QVERIFY(letters(QStringLiteral("a + \\foobar{b}")).contains(QStringLiteral("\\foobar")));
    bool unknown = false;
    for (const FormulaBox::Glyph& glyph : laid(QStringLiteral("\\foobar x")).glyphs) unknown = unknown || glyph.unknown;
    QVERIFY(unknown);
  }

  void whatIsNotWellFormedIsSource_data() {
    QTest::addColumn<QString>("source");
    for (const char* source :
         {"\\frac{a", "a}", "\\left( x", "\\right)", "\\begin{matrix} a", "a & b", "\\begin{foo}x\\end{foo}",
          "\\begin{matrix}a\\end{pmatrix}", "\\frac{a}", "x^", "\\text{a", "\\left"}) {
      QTest::newRow(source) << QString::fromUtf8(source);
    }
  }

  void whatIsNotWellFormedIsSource() {
    QFETCH(QString, source);
    QVERIFY(!parseFormula(source));
    // And is not lost in the view.
    MarkdownView view(nullptr);
    view.setText(QStringLiteral("so $$%1$$ and \\(%1\\) end").arg(source));
    view.lay(600);
    view.selectAll();
    QVERIFY(view.selectedText().contains(source));
  }

  // ---- sizes
  // ----------------------------------------------------------------------------------------------------------

  void sizesFollow() {
    const auto height = [](const char* source) { return laid(QString::fromUtf8(source)).height(); };
    const auto width = [](const char* source) { return laid(QString::fromUtf8(source)).width; };
    QVERIFY(height("\\frac{a}{b}") > 1.6 * height("a"));
    QVERIFY(height("x^2") > height("x"));
    // A script is smaller than what it stands at.
    QVERIFY(width("x^{MM}") < width("xMM"));
    // In a line of its own a sum carries its limits above and below, else beside.
    QVERIFY(laid(QStringLiteral("\\sum_{i=1}^n"), true).height() >
            laid(QStringLiteral("\\sum_{i=1}^n"), false).height());
    QVERIFY(laid(QStringLiteral("\\sum_{i=1}^n"), true).width < laid(QStringLiteral("\\sum_{i=1}^n"), false).width);
    // Delimiters grow with what they hold.
    const FormulaBox inside = laid(QStringLiteral("\\frac{\\frac ab}{\\frac cd}"));
    const FormulaBox fenced = laid(QStringLiteral("\\left(\\frac{\\frac ab}{\\frac cd}\\right)"));
    QVERIFY(!fenced.paths.isEmpty());
    QVERIFY(fenced.paths[0].boundingRect().height() > 0.9 * inside.height());
    QVERIFY(laid(QStringLiteral("\\sqrt{\\frac ab}")).height() > height("\\frac ab"));
    QVERIFY(height("\\begin{matrix}a\\\\b\\\\c\\end{matrix}") > 2.5 * height("b"));
    // A sign is closer than an operation.
    QVERIFY(width("a-b") > width("{-}ab"));
    QVERIFY(width("a\\quad b") > width("ab") + pixels * 0.9);
  }

  void facesAreUnicodes() {
    QCOMPARE(inFace(U'R', MathFace::Blackboard), char32_t(0x211D));
    QCOMPARE(inFace(U'A', MathFace::Bold), char32_t(0x1D400));
    QCOMPARE(inFace(U'h', MathFace::Italic), char32_t(0x210E));
    QCOMPARE(inFace(U'α', MathFace::Italic), char32_t(0x1D6FC));
    QCOMPARE(inFace(U'ϵ', MathFace::Italic), char32_t(0x1D716));
    QCOMPARE(inFace(U'L', MathFace::Script), char32_t(0x2112));
    QCOMPARE(inFace(U'x', MathFace::Upright), char32_t(0));
  }

  // ---- hostile input
  // --------------------------------------------------------------------------------------------------

  void noInputTakesLong_data() {
    QTest::addColumn<QString>("text");
    const auto row = [](const char* name, const QString& text) { QTest::newRow(name) << text; };
    constexpr int size = 100'000;
    const auto repeat = [](const char* part) {
      return QString::fromUtf8(part).repeated(size / static_cast<int>(qstrlen(part)));
    };
    row("long", QStringLiteral("$$") + repeat("x+") + QStringLiteral("$$"));
    row("deep braces", QStringLiteral("$$") + repeat("{") + repeat("}") + QStringLiteral("$$"));
    row("deep fractions", QStringLiteral("$$") + QStringLiteral("\\frac{").repeated(600) + QStringLiteral("$$"));
    row("deep accents", QStringLiteral("$$") + QStringLiteral("\\hat").repeated(900) + QStringLiteral("x$$"));
    row("deep scripts", QStringLiteral("$$") + QStringLiteral("x^{").repeated(1200) +
                            QStringLiteral("}").repeated(1200) + QStringLiteral("$$"));
    row("scripts of nothing", QStringLiteral("$$") + QStringLiteral("^").repeated(3900) + QStringLiteral("$$"));
    row("many scripts", QStringLiteral("$$x") + QStringLiteral("^2").repeated(1900) + QStringLiteral("$$"));
    row("many cells", QStringLiteral("$$\\begin{matrix}") + QStringLiteral("&").repeated(1500) +
                          QStringLiteral("\\\\").repeated(900) + QStringLiteral("\\end{matrix}$$"));
    row("openers", repeat("\\[ "));
    row("round openers", repeat("\\( "));
    row("dollars", repeat("$a "));
    row("double dollars", repeat("$$ a "));
    row("ticks", repeat("` $ "));
    row("paragraphs of openers", repeat("\\[ a\n\n"));
    row("short formulas", repeat("$x$ "));
    row("lines", repeat("$$\n"));
  }

  void noInputTakesLong() {
    QFETCH(QString, text);
    QElapsedTimer clock;
    clock.start();
    MarkdownView view(nullptr);
    view.setText(text);
    view.lay(600);
    qInfo("%lld ms", static_cast<long long>(clock.elapsed()));
    QVERIFY(clock.elapsed() < 6000);
    view.selectAll();
    QVERIFY(view.selectedText().size() > 100);
  }

  // ---- the view
  // -------------------------------------------------------------------------------------------------------

  void copyGivesTheSource() {
    MarkdownView view(nullptr);
    const QString text = QStringLiteral("The value $x_1^2$ is **large** and $y$ too.\n\n\\[ \\frac{a}{b} \\]\n\nEnd.");
    view.setText(text);
    view.resize(600, view.lay(600));
    view.show();
    QVERIFY(QTest::qWaitForWindowExposed(&view));
    view.selectAll();
    QCOMPARE(view.selectedText(),
             QStringLiteral("The value $x_1^2$ is large and $y$ too.\n\n\\[ \\frac{a}{b} \\]\n\nEnd."));
    QVERIFY(view.setNeedle(QStringLiteral("frac")) == 1);
    // By the mouse over the first formula alone: all of it or nothing.
    QTest::mousePress(&view, Qt::LeftButton, {}, QPoint(0, 11));
    QTest::mouseMove(&view, QPoint(590, 11));
    QTest::mouseRelease(&view, Qt::LeftButton, {}, QPoint(590, 11));
    QCOMPARE(view.selectedText(), QStringLiteral("The value $x_1^2$ is large and $y$ too."));
  }

  void themesTintIt() {
    MarkdownView view(nullptr);
    view.setText(QStringLiteral("$$\\frac{a}{b}$$"));
    view.resize(600, view.lay(600));
    const QImage light = view.grab().toImage();
    theme().setMode(Theme::Mode::Dark);
    const QImage dark = view.grab().toImage();
    theme().setMode(Theme::Mode::Light);
    QVERIFY(light != dark);
    QCOMPARE(view.grab().toImage(), light);
  }

  // While a formula is not ended it is its source, read by nobody; then it is there, and what came before never moved.
  void streamingShowsTheSourceFirst() {
    const QString text = QStringLiteral("Before it.\n\n$$\na_1 * b_2 * \\frac{c}{d}\n$$\n\nAfter $x$ it.");
    MarkdownView view(nullptr);
    view.lay(600);
    QString shown;
    for (const QChar c : text) {
      view.append(c);
      view.flush();
      shown += c;
      view.selectAll();
      if (!shown.contains(QStringLiteral("a_1"))) continue;
      // Nothing of what has come is missing or turned into something else.
      QVERIFY2(view.selectedText().remove(u'\n').remove(u' ').startsWith(QString(shown).left(10).remove(u' ')),
               qPrintable(view.selectedText()));
      QVERIFY2(view.selectedText().contains(QStringLiteral("a_1")), qPrintable(view.selectedText()));
    }
    MarkdownView whole(nullptr);
    whole.setText(text);
    QCOMPARE(view.lay(600), whole.lay(600));
  }
};

QTEST_MAIN(FormulaTest)
#include "formula_test.moc"
