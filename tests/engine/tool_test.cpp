#include <QJsonArray>
#include <QTemporaryDir>
#include <QtTest>

#include "support/engine_tool.h"
#include "support/gguf_writer.h"

using namespace hadal;
using Outcome = hadal::test::ToolOutcome;
using hadal::test::GgufWriter;

// hadal-engine as scripts use it: output, exit codes, one sentence on stderr.
class ToolTest : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase();
  void inspectsTheStarterModel();
  void inspectsAnyArchitecture();
  void tokenizesAndBack();
  void writesTemplates();
  void helps();
  void refuses_data();
  void refuses();

 private:
  QTemporaryDir folder_;
  QString model_;
};

void ToolTest::initTestCase() {
  model_ = qEnvironmentVariable("HADAL_TEST_MODEL");
  if (!QFile::exists(model_)) QSKIP("the starter model is not there");
  QVERIFY(folder_.isValid());
}

// Expected values counted with the gguf package.
void ToolTest::inspectsTheStarterModel() {
  const Outcome outcome = test::engine_tool({"inspect", model_, "--json"});
  QCOMPARE(outcome.code, 0);
  const QJsonObject json = outcome.json();
  QCOMPARE(json["architecture"].toString(), "llama");
  QCOMPARE(json["name"].toString(), "Smollm2 135M 8k Lc100K Mix1 Ep2");
  QCOMPARE(json["parameters"].toInteger(), 134515008);
  QCOMPARE(json["active_parameters"].toInteger(), 134515008);
  QCOMPARE(json["context_length"].toInt(), 8192);
  QCOMPARE(json["layers"].toInt(), 30);
  QCOMPARE(json["tensor_types"].toObject(), (QJsonObject{{"F32", 61}, {"Q4_1", 210}, {"Q8_0", 1}}));
  QCOMPARE(json["tokenizer"].toString(), "gpt2/smollm");
  QCOMPARE(json["file_bytes"].toInteger(), QFileInfo(model_).size());
  const Outcome text = test::engine_tool({"inspect", model_});
  QCOMPARE(text.code, 0);
  QVERIFY(text.output.contains("134.5 million"));
}

void ToolTest::inspectsAnyArchitecture() {
  // A Mixture-of-Experts of 4 experts, 1 used: 256 + 4 * 64 elements, of which 256 + 64 are active.
  GgufWriter writer;
  writer.text("general.architecture", "mystery").u32("mystery.expert_count", 4).u32("mystery.expert_used_count", 1);
  writer.u32("mystery.block_count", 7).tensor("blk.0.attn.weight", {16, 16}, DType::bf16);
  writer.tensor("blk.0.ffn_up_exps.weight", {8, 8, 4}, DType::f16);
  const QString path = folder_.filePath("mixture.gguf");
  test::write_file(path.toStdString(), writer.bytes());
  const Outcome outcome = test::engine_tool({"inspect", "--json", path});
  QCOMPARE(outcome.code, 0);
  QCOMPARE(outcome.json()["architecture"].toString(), "mystery");
  QCOMPARE(outcome.json()["name"].toString(), "mixture.gguf");
  QCOMPARE(outcome.json()["layers"].toInt(), 7);
  QCOMPARE(outcome.json()["parameters"].toInt(), 512);
  QCOMPARE(outcome.json()["active_parameters"].toInt(), 320);
  QCOMPARE(outcome.json()["tokenizer"].toString(), "none");
}

void ToolTest::tokenizesAndBack() {
  const Outcome ids = test::engine_tool({"tokenize", model_, "--text", "hello world<|im_end|>深", "--json"});
  QCOMPARE(ids.code, 0);
  const QJsonArray actual = ids.json()["ids"].toArray();
  QCOMPARE(actual.first().toInt(), 28120);
  QVERIFY(actual.contains(2));
  const Outcome plain =
      test::engine_tool({"tokenize", model_, "--text=hello world<|im_end|>深", "--no-special", "--json"});
  QVERIFY(!plain.json()["ids"].toArray().contains(2));

  for (const QJsonArray& list : {actual, plain.json()["ids"].toArray()}) {
    QStringList numbers;
    for (const auto& id : list) numbers += QString::number(id.toInt());
    const Outcome text = test::engine_tool({"detokenize", model_, "--ids", numbers.join(",")});
    QCOMPARE(text.code, 0);
    QCOMPARE(QString::fromUtf8(text.output), QString("hello world<|im_end|>深"));
  }
  const QByteArray content = "one\r\ntwo 深 three\n";
  test::write_file(folder_.filePath("text").toStdString(), content.toStdString());
  const Outcome file = test::engine_tool({"tokenize", model_, "--file", folder_.filePath("text"), "--json"});
  QCOMPARE(file.code, 0);
  QVERIFY(file.json()["ids"].toArray().size() > 5);
  test::write_file(folder_.filePath("empty").toStdString(), "");
  QCOMPARE(test::engine_tool({"tokenize", model_, "--file", folder_.filePath("empty"), "--json"}).output,
           QByteArray("{\"ids\":[]}\n"));
  QCOMPARE(test::engine_tool({"detokenize", model_, "--ids", "2,28120", "--no-special"}).output, QByteArray("hello"));
  QVERIFY(test::engine_tool({"tokenize", model_, "--text", "hello"}).output.startsWith("28120\t\"hello\"\n"));

  test::write_file(folder_.filePath("several").toStdString(), std::string("hello\0\0hello hello", 18));
  const QStringList texts = {"tokenize", model_, "--file", folder_.filePath("several"), "--null"};
  QCOMPARE(test::engine_tool(texts).output, QByteArray("28120\n\n28120 33662\n"));
  QCOMPARE(test::engine_tool(texts + QStringList{"--json"}).output,
           QByteArray("{\"ids\":[[28120],[],[28120,33662]]}\n"));
  const QJsonObject speed =
      test::engine_tool({"tokenize", model_, "--text", "hello hello", "--speed", "--json"}).json();
  QCOMPARE(speed["bytes"].toInt(), 11);
  QCOMPARE(speed["tokens"].toInt(), 2);
  QVERIFY(speed["mb_per_second"].toDouble() > 0);
}

void ToolTest::writesTemplates() {
  GgufWriter writer;
  writer.text("general.architecture", "llama").texts("tokenizer.ggml.tokens", {"<s>", "</s>"});
  writer.u32("tokenizer.ggml.bos_token_id", 0).u32("tokenizer.ggml.eos_token_id", 1);
  writer.text("tokenizer.chat_template",
              "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{{ eos_token }}\n{% endfor %}"
              "{% for t in tools or [] %}{{ t | tojson }}\n{% endfor %}{% if add_generation_prompt %}<a>{% endif %}");
  // A vocabulary is enough.
  const QString model = folder_.filePath("words.gguf");
  test::write_file(model.toStdString(), writer.bytes());
  const auto file = [&](const char* name, const char* text) {
    test::write_file(folder_.filePath(name).toStdString(), text);
    return folder_.filePath(name);
  };
  const QString messages =
      file("messages.json", R"([{"role": "user", "content": " 你好\r\n"}, {"role": "x", "content": 1.0}])");
  const QString tools = file("tools.json", R"([{"b": [1e5, null], "a": "<ü>"}])");
  const Outcome prompt = test::engine_tool({"template", model, "--messages", messages});
  QCOMPARE(prompt.code, 0);
  QCOMPARE(prompt.output, QByteArray("<s><user> 你好\r\n</s>\n<x>1.0</s>\n<a>"));
  const Outcome more =
      test::engine_tool({"template", model, "--messages", messages, "--tools", tools, "--no-generation-prompt"});
  QCOMPARE(more.output, QByteArray("<s><user> 你好\r\n</s>\n<x>1.0</s>\n{\"b\": [100000.0, null], \"a\": \"<ü>\"}\n"));
  const QString answer = file("answer.json", R"([{"role": "assistant", "content": "Once "}])");
  QCOMPARE(test::engine_tool({"template", model, "--messages", answer, "--continue"}).output,
           QByteArray("<s><assistant>Once "));
  const QString other = file("other.jinja", "{{ raise_exception('not ' ~ messages[0].role) }}");
  const Outcome refused = test::engine_tool({"template", model, "--messages", messages, "--template", other});
  QCOMPARE(refused.code, 1);
  QVERIFY(refused.output.isEmpty());
  QCOMPARE(refused.errors, QByteArray("hadal-engine: The chat template refuses this conversation: not user.\n"));
}

void ToolTest::helps() {
  QVERIFY(test::engine_tool({"--help"}).output.contains("inspect"));
  for (const char* command : {"inspect", "tokenize", "detokenize"}) {
    const Outcome outcome = test::engine_tool({command, "--help"});
    QCOMPARE(outcome.code, 0);
    QVERIFY(outcome.output.startsWith(QByteArray("hadal-engine ") + command + " MODEL"));
    QVERIFY(outcome.errors.isEmpty());
  }
}

void ToolTest::refuses_data() {
  QTest::addColumn<QStringList>("arguments");
  QTest::addColumn<int>("code");
  QTest::addColumn<QString>("says");
  const auto file = [&](const char* name, const std::string& bytes) {
    test::write_file(folder_.filePath(name).toStdString(), bytes);
    return folder_.filePath(name);
  };
  const auto row = [](const char* name, const QStringList& arguments, int code, const char* says) {
    QTest::newRow(*name ? name : "empty") << arguments << code << says;
  };
  row("no command", {}, 2, "Which command");
  row("unknown command", {"launch"}, 2, "no command \"launch\"");
  row("no model", {"inspect"}, 2, "needs MODEL");
  row("two models", {"inspect", "a", "b"}, 2, "what to do with \"b\"");
  row("unknown option", {"inspect", model_, "--jsn"}, 2, "Unknown option --jsn for inspect; did you mean --json?");
  row("option without value", {"tokenize", model_, "--text"}, 2, "--text needs a value");
  row("flag with value", {"inspect", model_, "--json=1"}, 2, "takes no value");
  row("option twice", {"tokenize", model_, "--text", "a", "--text", "b"}, 2, "given twice");
  row("neither text nor file", {"tokenize", model_}, 2, "either --text or --file");
  row("both text and file", {"tokenize", model_, "--text", "a", "--file", "b"}, 2, "either --text or --file");
  row("no ids", {"detokenize", model_}, 2, "needs --ids");
  row("missing model", {"inspect", "/nowhere/model.gguf"}, 1, "/nowhere/model.gguf cannot be opened");
  row("folder", {"inspect", folder_.path()}, 1, "the folder has no config.json");
  row("zero-length", {"inspect", file("zero.gguf", "")}, 1, "zero.gguf: the file is empty");
  row("not a model", {"tokenize", file("text.gguf", "hello"), "--text", "a"}, 1, "not a GGUF file");
  row("no architecture", {"inspect", file("bare.gguf", GgufWriter().u32("x", 1).bytes())}, 1,
      "no general.architecture");
  row("architecture of another type",
      {"inspect", file("typed.gguf", GgufWriter().u32("general.architecture", 1).bytes())}, 1,
      "should be of type string, but is u32");
  row("no tokenizer",
      {"detokenize", file("mute.gguf", GgufWriter().text("general.architecture", "a").bytes()), "--ids", "1"}, 1,
      "no tokenizer.ggml.model");
  row("no messages", {"template", model_}, 2, "needs --messages");
  row("messages that are no list", {"template", model_, "--messages", file("object.json", "{}")}, 1,
      "must be a list of messages, not an object");
  row("a message that is no object", {"template", model_, "--messages", file("words.json", "[{}, 1]")}, 1,
      "needs an object as message 2, not a number");
  row("tools that break off",
      {"template", model_, "--messages", file("none.json", "[]"), "--tools", file("broken.json", "[{")}, 1,
      "breaks off");
  row("missing text file", {"tokenize", model_, "--file", "/nowhere/text"}, 1, "/nowhere/text cannot be opened");
  for (const char* id : {"49152", "2147483648", "99999999999999999999", "-1", "-99999999999999999999"}) {
    const std::string says = std::string("id ") + id + " is not in the vocabulary of 49152 tokens";
    row(id, {"detokenize", model_, "--ids", QString("1,") + id}, 1, says.c_str());
  }
  const char* const bad_lists[][2] = {
      {"", "the list is empty"},      {"1,", "nothing follows the last comma"},
      {",1", "number 1 is missing"},  {"1,,2", "number 2 is missing"},
      {"1, 2", "number 2 is \" 2\""}, {"1,x", "number 2 is \"x\""},
      {"1.5", "number 1 is \"1.5\""}, {"+1", "number 1 is \"+1\""},
  };
  for (const auto& [list, says] : bad_lists) row(list, {"detokenize", model_, "--ids", list}, 2, says);
  row("near option", {"generate", model_, "--max-token", "1"}, 2, "did you mean --max-tokens?");
  row("beginning of an option", {"generate", model_, "--temp", "1"}, 2, "did you mean --temperature?");
  row("option like none", {"inspect", model_, "--frobnicate"}, 2, "Unknown option --frobnicate for inspect. See");
  row("short option", {"inspect", model_, "-x"}, 2, "Unknown option -x");
  row("near command", {"tokenise"}, 2, "did you mean tokenize?");
  row("empty model", {"inspect", ""}, 2, "needs MODEL, not an empty text");
  row("empty file", {"tokenize", model_, "--file", ""}, 2, "--file needs a file's name");
  GgufWriter whole;
  whole.text("general.architecture", "a").tensor("t", {250'000});
  row("one byte short", {"inspect", file("short.gguf", whole.bytes().substr(0, whole.bytes().size() - 1))}, 1,
      qPrintable(QString("%1 of %2 bytes are there").arg(whole.bytes().size() - 1).arg(whole.bytes().size())));
}

void ToolTest::refuses() {
  QFETCH(QStringList, arguments);
  QFETCH(int, code);
  QFETCH(QString, says);
  const Outcome outcome = test::engine_tool(arguments);
  QVERIFY2(outcome.refused(code), outcome.errors.constData());
  QVERIFY2(outcome.errors.contains(says.toUtf8()), outcome.errors.constData());
}

QTEST_GUILESS_MAIN(ToolTest)
#include "tool_test.moc"
