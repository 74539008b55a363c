// Markdown: what becomes of it, and that a text that streams in comes to the same as the whole.
#include <QTest>

#include "ui/markdown/block_splitter.h"
#include "ui/markdown/markdown.h"

using namespace hadal::ui;
using Kind = MarkdownBlock::Kind;
using Marker = MarkdownBlock::Marker;

namespace {

const InlineRun* runWith(const RichText& text, int flag) {
  for (const InlineRun& run : text.runs) {
    if (run.flags & flag) return &run;
  }
  return nullptr;
}

QString covered(const RichText& text, const InlineRun& run) {
  return text.text.mid(run.start, run.length);
}

QList<MarkdownBlock> inPieces(const QString& text, int step) {
  BlockSplitter splitter;
  QList<MarkdownBlock> blocks;
  for (qsizetype at = 0; at < text.size(); at += step) {
    for (const QString& piece : splitter.append(QStringView(text).mid(at, step))) blocks << parseMarkdown(piece);
  }
  return blocks << parseMarkdown(splitter.open());
}

QString describe(const QList<MarkdownBlock>& blocks) {
  QString out;
  for (const MarkdownBlock& b : blocks) {
    out += QStringLiteral("%1|%2|%3|%4|%5|%6\n")
               .arg(int(b.kind))
               .arg(b.containers.size())
               .arg(int(b.marker))
               .arg(b.number)
               .arg(b.text.text, b.code);
  }
  return out;
}

}  // namespace

class MarkdownTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void headingsListsAndQuotes() {
    const auto blocks = parseMarkdown(u"# One\n\ntext *it* **bold** `code` ~~gone~~\n\n- a\n- b\n  1. c\n\n> quoted\n");
    QCOMPARE(blocks.size(), 6);
    QCOMPARE(blocks[0].kind, Kind::Heading);
    QCOMPARE(blocks[0].level, 1);
    QCOMPARE(covered(blocks[1].text, *runWith(blocks[1].text, InlineRun::Italic)), QStringLiteral("it"));
    QCOMPARE(covered(blocks[1].text, *runWith(blocks[1].text, InlineRun::Bold)), QStringLiteral("bold"));
    QCOMPARE(covered(blocks[1].text, *runWith(blocks[1].text, InlineRun::Code)), QStringLiteral("code"));
    QCOMPARE(covered(blocks[1].text, *runWith(blocks[1].text, InlineRun::Strike)), QStringLiteral("gone"));
    QCOMPARE(blocks[2].marker, Marker::Bullet);
    QCOMPARE(blocks[2].text.text, QStringLiteral("a"));
    QCOMPARE(blocks[4].marker, Marker::Number);
    QCOMPARE(blocks[4].number, 1);
    QCOMPARE(blocks[4].containers, (QList<Container>{Container::List, Container::List}));
    QCOMPARE(blocks[5].containers, QList<Container>{Container::Quote});
  }

  void tasksTablesAndCode() {
    const auto blocks =
        parseMarkdown(u"- [x] done\n- [ ] open\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\nx = 1\n\ny\n```\n");
    QCOMPARE(blocks.size(), 4);
    QCOMPARE(blocks[0].marker, Marker::TaskDone);
    QCOMPARE(blocks[1].marker, Marker::TaskOpen);
    QCOMPARE(blocks[2].kind, Kind::Table);
    QCOMPARE(blocks[2].rows.size(), 2);
    QCOMPARE(blocks[2].rows[1][1].text, QStringLiteral("2"));
    QCOMPARE(blocks[2].columns[1], Qt::Alignment(Qt::AlignRight));
    QCOMPARE(blocks[3].language, QStringLiteral("python"));
    QCOMPARE(blocks[3].code, QStringLiteral("x = 1\n\ny"));
  }

  void linksAndPicturesAreWords() {
    const auto blocks =
        parseMarkdown(u"[docs](https://example.org/a) ![a cat](https://example.org/c.png) ![](file:///etc/passwd)");
    const RichText& text = blocks[0].text;
    QCOMPARE(runWith(text, InlineRun::Link)->target, QStringLiteral("https://example.org/a"));
    QCOMPARE(covered(text, *runWith(text, InlineRun::Image)), QStringLiteral("a cat"));
    QVERIFY(text.text.endsWith(QStringLiteral("passwd")));
  }

  void htmlIsText() {
    const auto blocks =
        parseMarkdown(u"<img src=\"http://example.org/x.png\"> <script>alert(1)</script> &lt;b&gt; &#x1F600;");
    QVERIFY(blocks[0].text.text.startsWith(QStringLiteral("<img src=")));
    QVERIFY(blocks[0].text.text.contains(QStringLiteral("<b>")));
    QVERIFY(blocks[0].text.text.endsWith(QString::fromUcs4(U"\U0001F600")));
    QVERIFY(blocks[0].text.runs.isEmpty());
  }

  void streamedIsTheSame_data() {
    QTest::addColumn<QString>("text");
    const auto row = [](const char* name, const char* text) { QTest::newRow(name) << QString::fromUtf8(text); };
    row("paragraphs", "one\ntwo\n\nthree\n\n\nfour");
    row("headings", "# a\ntext\n## b\n\ntext\n### c");
    row("setext", "Title\n===\n\nbody\n\nSub\n---\nmore");
    row("tight list", "before\n\n- a\n- b\n- c\n\nafter");
    row("loose list", "- a\n\n- b\n\n  still b\n\n- c\n\nafter");
    row("nested list", "1. a\n   - x\n   - y\n\n     deep\n2. b\n\nend");
    row("numbered gap", "1. a\n\nbetween\n\n2. b\n\nbetween\n\n3. c");
    row("list with code", "- a\n\n  ```c\n  int x;\n\n  int y;\n  ```\n\n- b\n\nafter");
    row("code", "text\n```cpp\nint a;\n\n# not a heading\n- not a list\n```\nmore\n\n~~~\ntilde\n```\n~~~\nend");
    row("open code", "text\n\n```python\nfor x in y:\n\n    pass");
    row("longer fence", "````md\n```\ninner\n```\n````\nafter");
    row("quote", "> a\n> b\n\n> c\nlazy\n\nafter");
    row("table", "before\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nafter");
    row("table after text", "before\n| a | b |\n|---|---|\n| 1 | 2 |\nafter");
    row("indented code", "para\n\n    code\n\n    more code\n\npara");
    row("rules", "a\n\n---\n\nb\n***\nc");
    row("chinese", "# 标题\n\n第一段**重点**。\n\n1. 甲\n2. 乙\n\n| 列 | 值 |\n|---|---:|\n| 一 | 1 |\n\n> 引用\n\n完");
    row("carriage returns", "a\r\n\r\n- b\r\n- c\r\n\r\n```\r\nx\r\n```\r\nend");
    row("heading in list", "- a\n# b\n- c\n");
    row("star then dash", "- a\n\n* b\n\n+ c\n\nend");
    row("blank lines", "\n\n\na\n\n\n\nb\n\n");
  }

  void streamedIsTheSame() {
    QFETCH(QString, text);
    const QString whole = describe(parseMarkdown(text));
    for (const int step : {1, 2, 3, 7, 1000}) {
      const QString pieces = describe(inPieces(text, step));
      QVERIFY2(pieces == whole, qPrintable(QStringLiteral("step %1\n%2\ninstead of\n%3").arg(step).arg(pieces, whole)));
    }
  }

  // What is finished is handed out once: the work for a text grows with its length, not with its square.
  void finishedIsNotTouchedAgain() {
    BlockSplitter splitter;
    qsizetype longest = 0;
    int pieces = 0;
    const QString paragraph = QStringLiteral("Some words that make up a paragraph of an answer.\n\n");
    for (int i = 0; i < 2000; ++i) {
      pieces += static_cast<int>(splitter.append(paragraph).size());
      longest = qMax(longest, splitter.open().size());
    }
    QCOMPARE(pieces, 1999);
    QVERIFY(longest < 3 * paragraph.size());
  }
};

QTEST_GUILESS_MAIN(MarkdownTest)
#include "markdown_test.moc"
