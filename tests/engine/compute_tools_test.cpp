#include <QFile>
#include <QJsonArray>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QtTest>

#include "support/engine_tool.h"

using Outcome = hadal::test::ToolOutcome;
using hadal::test::engine_tool;

/// hadal-engine logits, generate and bench as scripts use them: output, exit codes, one sentence on stderr.
class ComputeToolsTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString model_;

  QString file(const QString& name, const QByteArray& content) const {
    QFile out(folder_.filePath(name));
    if (!out.open(QFile::WriteOnly) || out.write(content) != content.size()) qFatal("no scratch file");
    return out.fileName();
  }

 private slots:
  void initTestCase() {
    model_ = qEnvironmentVariable("HADAL_TEST_MODEL");
    if (!QFile::exists(model_)) QSKIP("the starter model is not there");
  }

  void logits_are_written_as_floats() {
    const QString out = folder_.filePath("logits.bin");
    const Outcome whole = engine_tool({"logits", model_, "--ids", "504,3575,282", "--out", out});
    QCOMPARE(whole.code, 0);
    QCOMPARE(whole.json(), (QJsonObject{{"tokens", 3}, {"vocab", 49152}}));
    QFile first(out);
    QVERIFY(first.open(QFile::ReadOnly));
    const QByteArray bytes = first.readAll();
    QCOMPARE(bytes.size(), qsizetype{3} * 49152 * 4);
    const Outcome stepped =
        engine_tool({"logits", model_, "--ids=504,3575,282", "--out", out, "--step", "--device", "cpu"});
    QCOMPARE(stepped.code, 0);
    QFile second(out);
    QVERIFY(second.open(QFile::ReadOnly));
    QVERIFY(second.readAll() == bytes);  // the same to the last bit
  }

  void generates_text_and_json() {
    const QStringList prompt{"generate", model_, "--prompt", "1, 2, 3, 4,", "--max-tokens", "9"};
    const Outcome text = engine_tool(prompt);
    QCOMPARE(text.code, 0);
    const Outcome json = engine_tool(prompt + QStringList{"--json"});
    QCOMPARE(json.code, 0);
    QCOMPARE(json.json()["text"].toString().toUtf8() + "\n", text.output);
    QCOMPARE(json.json()["tokens"].toArray().size(), 9);
    QCOMPARE(json.json()["finish_reason"].toString(), "max_tokens");
    QCOMPARE(json.json()["generated_tokens"].toInt(), 9);
    QVERIFY(json.json()["decode_tokens_per_s"].toDouble() > 0);
    const Outcome stopped = engine_tool(prompt + QStringList{"--json", "--stop", "7", "--stop", "6"});
    QCOMPARE(stopped.json()["finish_reason"].toString(), "stop_string");
    QVERIFY(!stopped.json()["text"].toString().contains('6'));
    const QStringList drawn = prompt + QStringList{"--temperature", "1.5", "--top-k", "50", "--top-p", "0.9", "--seed"};
    const QByteArray one = engine_tool(drawn + QStringList{"1"}).output;
    QCOMPARE(engine_tool(drawn + QStringList{"1"}).output, one);
    QVERIFY(engine_tool(drawn + QStringList{"2"}).output != one);
  }

  void answers_keep_a_schema_or_a_pattern() {
    const QString schema = file("schema.json",
                                "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\","
                                "\"maxLength\":20},\"age\":{\"type\":\"integer\",\"minimum\":3}},"
                                "\"required\":[\"name\",\"age\"]}");
    const QStringList ask{"generate", model_, "--prompt", "A person as JSON: ", "--json", "--max-tokens", "40"};
    const Outcome kept = engine_tool(ask + QStringList{"--json-schema", schema});
    QCOMPARE(kept.code, 0);
    const QJsonObject person = QJsonDocument::fromJson(kept.json()["text"].toString().toUtf8()).object();
    QVERIFY2(person["name"].isString() && person["age"].toInt() >= 3, kept.output.constData());
    const Outcome date = engine_tool(ask + QStringList{"--regex", "\\d{4}-\\d{2}", "--temperature", "1.5"});
    QVERIFY(QRegularExpression("^\\d{4}-\\d{2}$").match(date.json()["text"].toString()).hasMatch());
    QCOMPARE(date.json()["finish_reason"].toString(), "end_of_text");
    const Outcome cut =
        engine_tool({"generate", model_, "--prompt", "x", "--max-tokens", "3", "--json-schema", schema});
    QCOMPARE(cut.code, 1);
    QVERIFY2(cut.errors.contains("only 3"), cut.errors.constData());
    const Outcome refused =
        engine_tool(ask + QStringList{"--json-schema", file("not.json", "{\"items\":{\"not\":{}}}")});
    QCOMPARE(refused.code, 1);
    QVERIFY2(refused.errors.contains("#/items/not"), refused.errors.constData());
  }

  void sampling_options_reach_the_sampler() {
    const QStringList ask{"generate", model_, "--prompt", "1, 2, 3, 4,", "--json", "--max-tokens", "6"};
    const QJsonObject plain = engine_tool(ask + QStringList{"--logprobs", "3"}).json();
    const QJsonArray tokens = plain["tokens"].toArray(), logprobs = plain["logprobs"].toArray();
    QCOMPARE(logprobs.size(), tokens.size());
    for (qsizetype i = 0; i < tokens.size(); ++i) {
      const QJsonObject one = logprobs[i].toObject();
      QCOMPARE(one["token"], tokens[i]);
      QCOMPARE(one["likeliest"].toArray().size(), 3);
      QCOMPARE(one["likeliest"].toArray()[0].toObject()["token"], tokens[i]);  // greedy
      QVERIFY(one["logprob"].toDouble() <= 0.0);
    }
    const QString first = QString::number(tokens[0].toInt());
    QVERIFY(engine_tool(ask + QStringList{"--logit-bias", first + "=-inf"}).json()["tokens"].toArray()[0] != tokens[0]);
    const QJsonArray biased = engine_tool(ask + QStringList{"--logit-bias", "300=100"}).json()["tokens"].toArray();
    for (const auto& token : biased) QCOMPARE(token.toInt(), 300);
    for (const char* option : {"--repetition-penalty", "--frequency-penalty", "--presence-penalty"}) {
      const auto other =
          engine_tool(ask + QStringList{option, "9", "--penalty-window", "50"}).json()["tokens"].toArray();
      QVERIFY2(other != tokens, option);
    }
    for (const char* option : {"--min-p", "--typical-p"}) {
      const QStringList drawn = ask + QStringList{"--temperature", "3", option};
      QVERIFY2(engine_tool(drawn + QStringList{"0.99"}).json()["tokens"] !=
                   engine_tool(drawn + QStringList{"0.01"}).json()["tokens"],
               option);
    }
  }

  void perplexity_is_that_of_transformers() {
    // 20.7777011 by tests/reference/perplexity.py; see there for the windows.
    const QString text = qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/logits_text.txt";
    const Outcome outcome = engine_tool({"perplexity", model_, "--file", text, "--context", "256", "--json"});
    QCOMPARE(outcome.code, 0);
    QCOMPARE(outcome.json()["tokens"].toInt(), 555);
    QVERIFY2(std::abs(outcome.json()["perplexity"].toDouble() / 20.7777011 - 1.0) < 1e-3, outcome.output.constData());
    QVERIFY(
        engine_tool({"perplexity", model_, "--file", text, "--context", "256"}).output.startsWith("perplexity 20.7"));
  }

  void generates_from_messages() {
    const QString messages = file("m.json", R"([{"role": "user", "content": "What is the capital of France?"}])");
    const Outcome outcome = engine_tool({"generate", model_, "--messages", messages, "--json"});
    QCOMPARE(outcome.code, 0);
    QVERIFY(outcome.json()["text"].toString().contains("Paris"));
    QCOMPARE(outcome.json()["finish_reason"].toString(), "end_of_text");
  }

  void tool_turns_reach_the_template() {
    const QString messages = file("t.json", R"([{"role": "system", "content": "s"}, {"role": "user", "content": "u"},
      {"role": "assistant", "tool_calls": [{"id": "1", "type": "function",
        "function": {"name": "f", "arguments": {"x": 1}}}], "content": ""},
      {"role": "tool", "tool_call_id": "1", "content": "Paris 巴黎"}])");
    const QString prompt = QString::fromUtf8(engine_tool({"template", model_, "--messages", messages}).output);
    QVERIFY2(prompt.contains("tool") && prompt.contains("Paris 巴黎"), qPrintable(prompt));
    const Outcome counted = engine_tool({"tokenize", model_, "--text", prompt, "--json"});
    const Outcome outcome = engine_tool({"generate", model_, "--messages", messages, "--max-tokens", "1", "--json"});
    QVERIFY2(outcome.code == 0, outcome.errors.constData());
    QCOMPARE(outcome.json()["prompt_tokens"].toInt(), counted.json()["ids"].toArray().size());
    const QString tools = file("tools.json", R"([{"type": "function", "function": {"name": "f"}}])");
    QCOMPARE(engine_tool({"generate", model_, "--messages", messages, "--tools", tools, "--max-tokens", "1"}).code, 0);
    QVERIFY(engine_tool({"generate", model_, "--prompt", "x", "--tools", tools}).refused(2));
    const Outcome broken = engine_tool({"generate", model_, "--messages", messages, "--tools", file("n.json", "[7]")});
    QVERIFY2(broken.refused(1) && broken.errors.contains("needs an object as tool 1"), broken.errors.constData());
  }

  void bench_reports_its_figures() {
    const Outcome outcome = engine_tool({"bench", model_, "--prompt", "64", "--generate", "4", "--depth", "32",
                                         "--threads", "1", "--repetitions", "1", "--json"});
    QCOMPARE(outcome.code, 0);
    const QJsonObject json = outcome.json();
    for (const char* key :
         {"prefill_tokens_per_s", "decode_tokens_per_s", "load_s", "peak_rss_bytes", "prefill_share_of_peak",
          "decode_share_of_bandwidth", "bandwidth_gb_per_s", "int8_gop_per_s", "bf16_gop_per_s", "float32_gop_per_s"}) {
      QVERIFY2(json[key].toDouble() > 0, key);
    }
    // Nothing reads a prompt faster than the processor multiplies.
    QVERIFY(json["prefill_share_of_peak"].toDouble() < 1.0);
    QVERIFY(!json.contains("breakdown"));
    QCOMPARE(json["depth"].toInt(), 32);
    QCOMPARE(json["model"].toString(), QFileInfo(model_).fileName());
    QVERIFY(json["device"].toString().contains("1 thread"));
  }

  void bench_breaks_its_figures_down() {
    const QStringList arguments{"bench", model_,          "--prompt", "16",         "--generate",
                                "2",     "--repetitions", "1",        "--breakdown"};
    const Outcome outcome = engine_tool(arguments + QStringList{"--json"});
    QCOMPARE(outcome.code, 0);
    for (const char* phase : {"prefill", "decode"}) {
      const QJsonArray operations = outcome.json()["breakdown"][QLatin1String(phase)].toArray();
      QVERIFY2(operations.size() > 5, phase);
      // The starter model's 30 layers: q, k and v of 576 + 2 * 192 rows.
      const auto found = std::ranges::find_if(operations, [](const QJsonValue& operation) {
        return operation["name"].toString() == "matmul Q4_1 [576, 576] x 3";
      });
      QVERIFY2(found != operations.end(), phase);
      const QJsonObject operation = found->toObject();
      QVERIFY(operation["milliseconds_per_token"].toDouble() > 0 && operation["gop_per_s"].toDouble() > 0);
    }
    const Outcome text = engine_tool(arguments);
    QVERIFY(text.output.contains("of the peak") && text.output.contains("of the bandwidth"));
    QVERIFY(text.output.contains("matmul Q4_1 [576, 576] x 3"));
  }

  void forced_target_is_the_one_that_runs() {
    const QStringList arguments{"generate", model_, "--prompt", "The sea", "--max-tokens", "2", "--json"};
    const Outcome forced = engine_tool(arguments, {"HADAL_CPU_TARGET=SSE2"});
    QCOMPARE(forced.code, 0);
    QVERIFY(forced.json()["device"].toString().endsWith("SSE2"));
    const Outcome unknown = engine_tool(arguments, {"HADAL_CPU_TARGET=6502"});
    QCOMPARE(unknown.code, 1);
    QVERIFY(unknown.errors.contains("\"6502\""));
  }

  void refuses_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* name, const QStringList& arguments, int code, const char* says) {
      QTest::newRow(name) << arguments << code << QByteArray(says);
    };
    row("logits without ids", {"logits", "MODEL", "--out", "/dev/null"}, 2, "--ids");
    row("logits of nonsense", {"logits", "MODEL", "--ids", "1,x", "--out", "/dev/null"}, 2, "number 2 is \"x\"");
    row("logits of an id beyond any integer", {"logits", "MODEL", "--ids", "1,2147483648", "--out", "/dev/null"}, 1,
        "id 2147483648 is not in the vocabulary of 49152 tokens");
    row("logits outside the vocabulary", {"logits", "MODEL", "--ids", "1,49152", "--out", "/dev/null"}, 1, "49152");
    row("logits to nowhere", {"logits", "MODEL", "--ids", "1", "--out", "/no/such/folder/f"}, 1, "/no/such/folder/f");
    row("logits on a full disk", {"logits", "MODEL", "--ids", "1", "--out", "/dev/full"}, 1, "/dev/full");
    row("unknown device", {"generate", "MODEL", "--prompt", "x", "--device", "abacus"}, 2, "abacus");
    row("device that is not there", {"generate", "MODEL", "--prompt", "x", "--device", "cuda"}, 1, "GPU");
    row("neither prompt nor messages", {"generate", "MODEL"}, 2, "--prompt");
    row("both prompt and messages", {"generate", "MODEL", "--prompt", "x", "--messages", "y"}, 2, "--messages");
    row("empty prompt", {"generate", "MODEL", "--prompt", ""}, 1, "no token");
    row("longer than the context", {"generate", "MODEL", "--prompt", "a b c d e f g h", "--context", "4"}, 1,
        "too long: the context holds 4, of which an answer needs 1 at least");
    row("too long by one", {"generate", "MODEL", "--prompt", "a b c d", "--context", "4"}, 1, " 1 token too long");
    row("too long, with choices", {"generate", "MODEL", "--prompt", "a b c d", "--context", "4"}, 1,
        "never cut; shorten it, or choose a longer context: this model was trained for 8192. Option --context");
    row("too long for the model", {"bench", "MODEL", "--prompt", "8192", "--generate", "0"}, 1,
        "needs a context of 8193 tokens, and there are 8192: choose");
    row("longer answer than the context", {"bench", "MODEL", "--prompt", "1", "--generate", "64", "--context", "32"}, 1,
        "needs a context of 66 tokens");
    row("bench of nothing", {"bench", "MODEL", "--prompt", "0", "--generate", "0"}, 2, "nothing to measure");
    row("empty stop string", {"generate", "MODEL", "--prompt", "x", "--stop", ""}, 2, "--stop");
    row("messages that are not there", {"generate", "MODEL", "--messages", "/no/file"}, 1, "/no/file");
    const char* const numbers[][2] = {
        {"--max-tokens", "a whole number from 0 to 16777216"},      {"--temperature", "a number from 0 to 100"},
        {"--top-k", "a whole number from 0 to 16777216"},           {"--top-p", "a number from 0 to 1"},
        {"--seed", "a whole number from 0 to 9223372036854775807"}, {"--threads", "a whole number from 0 to 1024"},
        {"--context", "a whole number from 2 to 16777216"}};
    for (const auto& [option, range] : numbers) {
      for (const char* value : {"-1", "nan", "1e3", "99999999999999999999", "", " 1"}) {
        const std::string says = std::string("Option ") + option + " takes " + range + ", not \"" + value + "\".";
        row((std::string(option) + "=" + value).c_str(), {"generate", "MODEL", "--prompt", "x", option, value}, 2,
            says.c_str());
      }
    }
    for (const char* option : {"--prompt", "--generate", "--depth", "--repetitions", "--step-milliseconds"}) {
      for (const char* value : {"-1", "nan", "1e3", "99999999999999999999"}) {
        const std::string says = std::string("Option ") + option + " takes a whole number from ";
        row((std::string(option) + "=" + value).c_str(), {"bench", "MODEL", option, value}, 2, says.c_str());
      }
    }
    row("bench without repetitions", {"bench", "MODEL", "--repetitions", "0"}, 2,
        "--repetitions takes a whole number from 1");
    row("perplexity of nothing", {"perplexity", "MODEL"}, 2, "--file");
    row("perplexity of no file", {"perplexity", "MODEL", "--file", "/no/file"}, 1, "/no/file");
    row("schema and pattern", {"generate", "MODEL", "--prompt", "x", "--json-schema", "a", "--regex", "b"}, 2,
        "not both");
    row("no schema", {"generate", "MODEL", "--prompt", "x", "--json-schema", "/no/file"}, 1, "/no/file");
    row("bad pattern", {"generate", "MODEL", "--prompt", "x", "--regex", "(a"}, 1, "lacks a )");
    row("bias of nothing", {"generate", "MODEL", "--prompt", "x", "--logit-bias", "5"}, 2, "--logit-bias");
    row("bias of no token", {"generate", "MODEL", "--prompt", "x", "--logit-bias", "99999=1"}, 1, "99999");
    row("penalty of 0", {"generate", "MODEL", "--prompt", "x", "--repetition-penalty", "0"}, 2, "--repetition-penalty");
    row("no model", {"bench", "/no/model.gguf"}, 1, "model.gguf");
  }
  void refuses() {
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QByteArray, says);
    arguments.replaceInStrings("MODEL", model_);
    const Outcome outcome = engine_tool(arguments);
    QVERIFY2(outcome.refused(code), outcome.errors.constData());
    QVERIFY2(outcome.errors.contains(says), outcome.errors.constData());
  }

  void broken_messages_are_told_apart_data() {
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* name, const QByteArray& content, const char* says) {
      QTest::newRow(name) << content << QByteArray(says);
    };
    const QByteArray good = R"([{"role": "user", "content": "x"}])";
    const auto content = [](const QByteArray& value) { return R"([{"role": "user", "content": )" + value + "}]"; };
    row("no JSON", "[{\"role\": \"user\",\n \"content\" 3}]",
        "is no JSON: it breaks off at line 2, column 12, at \"3}]\"");
    row("empty file", "", "is empty");
    row("white space", " \n\t", "nothing but white space");
    row("cut in a list", good.chopped(1), "is cut short: its JSON breaks off at byte 33");
    row("cut in a text", good.chopped(4), "is cut short: its JSON breaks off at byte 30");
    row("cut in a word", "[tru", "is cut short: its JSON breaks off at byte 4");
    row("trailing text", good + "\n tail", "has text after the end of its JSON, at line 2, column 2");
    row("trailing bracket", good + "]", "has text after the end of its JSON, at line 1, column 35");
    row("lone high surrogate", content(R"("\ud800")"), "surrogate pair (\\uD800 to \\uDFFF) stands alone at line 1");
    row("lone low surrogate", content(R"("\udc00")"), "surrogate pair (\\uD800 to \\uDFFF) stands alone at line 1");
    row("no UTF-8", content("\"\xff\""), "is not valid UTF-8: the byte 0xFF at byte offset 30");
    row("huge number", "[1e999]", "number beyond all bounds");
    row("no list", R"({"role": "user"})", "must be a list of messages, each with a role and a content, not an object");
    row("null", "null", "must be a list of messages, each with a role and a content, not null");
    row("empty list", "[]", "is an empty list; it needs a message of the role user");
    row("assistant only", R"([{"role": "assistant", "content": "x"}])", "has no message of the role user");
    row("no role", R"([{"content": "x"}])", "needs a text \"role\" in message 1");
    row("no content", R"([{"role": "user"}])", "needs a text \"content\" in message 1");
    row("number as content", content("1"), "needs a text as \"content\" in message 1, not a number");
    row("list as content", content("[]"), "needs a text as \"content\" in message 1, not an array");
    row("no object", good.chopped(1) + ", 7]", "needs a role and a content in message 2, not a number");
    row("unknown role", R"([{"role": "pirate", "content": "x"}])", "has the unknown role \"pirate\" in message 1");
    row("calls without a list", R"([{"role": "assistant", "tool_calls": "f"}])",
        "needs a list of objects as \"tool_calls\" in message 1");
    row("neither content nor calls", R"([{"role": "assistant", "tool_calls": []}])",
        "needs a text \"content\" in message 1");
    row("deep", QByteArray(100'000, '['), "is cut short: its JSON breaks off at byte 100000");
    row("deep and whole", QByteArray(100'000, '[') + QByteArray(100'000, ']'), "nested more than 256 levels deep");
    row("deep in a message",
        R"([{"role":"user","content":)" + QByteArray(100'000, '[') + QByteArray(100'000, ']') + "}]",
        "nested more than 256 levels deep");
  }
  void broken_messages_are_told_apart() {
    QFETCH(QByteArray, content);
    QFETCH(QByteArray, says);
    const Outcome outcome = engine_tool({"generate", model_, "--messages", file("bad.json", content)});
    QVERIFY2(outcome.refused(1) && outcome.errors.contains(says), outcome.errors.constData());
  }
};

QTEST_GUILESS_MAIN(ComputeToolsTest)
#include "compute_tools_test.moc"
