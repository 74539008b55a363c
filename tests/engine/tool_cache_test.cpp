#include <QTemporaryDir>
#include <QtTest>

#include "support/engine_tool.h"

using hadal::test::engine_tool;
using hadal::test::ToolOutcome;

/// generate --save-cache and --load-cache: a long beginning is read once.
class ToolCacheTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString model_ = qEnvironmentVariable("HADAL_TEST_MODEL");
  QString text_ = QString("The sea is deep and the light is far. ").repeated(20);

  QStringList generate(const QString& prompt, const QStringList& more) const {
    return QStringList{"generate", model_, "--prompt", prompt, "--max-tokens", "6", "--json"} + more;
  }

 private slots:
  void initTestCase() {
    if (!QFile::exists(model_)) QSKIP("the starter model is not there");
  }

  void a_later_run_goes_on_from_it() {
    const QString file = folder_.filePath("sea.kv");
    const ToolOutcome first = engine_tool(generate(text_, {"--save-cache", file}));
    QCOMPARE(first.code, 0);
    QCOMPARE(first.json()["reused_tokens"].toInt(), 0);
    const ToolOutcome again = engine_tool(generate(text_, {"--load-cache", file}));
    QCOMPARE(again.code, 0);
    QCOMPARE(again.json()["text"].toString(), first.json()["text"].toString());
    QCOMPARE(again.json()["tokens"], first.json()["tokens"]);
    QVERIFY(again.json()["reused_tokens"].toInt() > again.json()["prompt_tokens"].toInt() - 33);
    // Another end of the same beginning, with the same file.
    const ToolOutcome other = engine_tool(generate(text_ + "But", {"--load-cache", file, "--save-cache", file}));
    QCOMPARE(other.code, 0);
    QCOMPARE(other.json()["tokens"], engine_tool(generate(text_ + "But", {})).json()["tokens"]);
  }

  void nothing_that_is_read_is_written_over() {
    const QString model = folder_.filePath("model.gguf"), schema = folder_.filePath("schema.json");
    QVERIFY(QFile::copy(model_, model));
    QFile form(schema);
    QVERIFY(form.open(QFile::WriteOnly) && form.write("{}") == 2);
    form.close();
    for (const QString& file : {model, schema}) {
      const qint64 size = QFileInfo(file).size();
      const ToolOutcome refused =
          engine_tool({"generate", model, "--prompt", text_, "--json-schema", schema, "--save-cache", file});
      QVERIFY(refused.refused(1));
      QVERIFY(refused.errors.contains("is read from and left as it is"));
      QCOMPARE(QFileInfo(file).size(), size);
    }
  }

  void files_that_cannot_be_used_are_refused() {
    const QString file = folder_.filePath("odd.kv");
    QVERIFY(engine_tool(generate("x", {"--load-cache", file})).refused(1));
    QFile odd(file);
    QVERIFY(odd.open(QFile::WriteOnly) && odd.write(QByteArray(5000, 'x')) == 5000);
    odd.close();
    QVERIFY(engine_tool(generate("x", {"--load-cache", file})).refused(1));
    const ToolOutcome unwritten = engine_tool(generate(text_, {"--save-cache", folder_.filePath("no/folder/x.kv")}));
    QVERIFY(unwritten.refused(1));
  }
};

QTEST_GUILESS_MAIN(ToolCacheTest)
#include "tool_cache_test.moc"
