#include <QtTest>

#include "hadal/reasoning.h"

using namespace hadal;

class ReasoningTest : public QObject {
  Q_OBJECT
 private slots:
  void parses_data();
  void parses();
  void nestedCallsStayText();
  void streams();
  void dropsASpaceThatNobodyMeans();
  void beginsWhereThePromptSays_data();
  void beginsWhereThePromptSays();
};

namespace {

/// "T:" thinking, "A:" text, "C:name arguments", one event a line; neighbours of a kind are joined.
std::string spelled(const std::vector<AnswerEvent>& events) {
  std::string out;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const AnswerEvent& event = events[i];
    if (event.kind == AnswerEvent::Kind::tool_call) {
      out += "C:" + event.call.name + " " + event.call.arguments + "\n";
      continue;
    }
    const bool joined = i > 0 && events[i - 1].kind == event.kind;
    if (joined) out.pop_back();
    out += (joined ? "" : event.kind == AnswerEvent::Kind::text ? "A:" : "T:") + event.text + "\n";
  }
  return out;
}

std::string parsed(bool thinking, const std::vector<std::string>& pieces) {
  AnswerParser parser(thinking);
  std::vector<AnswerEvent> events;
  const auto add = [&](const std::vector<AnswerEvent>& more) { events.insert(events.end(), more.begin(), more.end()); };
  for (const auto& piece : pieces) add(parser.push(piece));
  add(parser.finish());
  for (const AnswerEvent& event : events) {
    if (event.kind != AnswerEvent::Kind::tool_call && event.text.empty()) return "an empty event";
  }
  return spelled(events);
}

}  // namespace

// The formats as the models' own templates write them in the history.
void ReasoningTest::parses_data() {
  QTest::addColumn<bool>("thinking");
  QTest::addColumn<QString>("answer");
  QTest::addColumn<QString>("expected");
  const auto row = [](const char* name, bool thinking, const char* answer, const char* expected) {
    QTest::newRow(name) << thinking << QString(answer) << QString(expected);
  };
  row("nothing", false, "", "");
  row("nothing, thinking", true, "", "");
  row("text", false, "Hello\n", "A:Hello\n\n");
  row("text with space in front", false, "\n\n Hello", "A:\n\n Hello\n");
  row("only space", false, " \n", "A: \n\n");
  row("text with angles", false, "a < b <thin> </thin", "A:a < b <thin> </thin\n");
  row("thought", false, "<think>\nTwo.\n</think>\n\nFour.", "T:Two.\nA:Four.\n");
  row("thought behind space", false, "\n <think>a</think>b", "T:a\nA:b\n");
  row("thought begun by the prompt", true, "Two.\n\nThree.\n</think>\n\nFour.\n", "T:Two.\n\nThree.\nA:Four.\n\n");
  row("no thought", true, "\n\n</think>\n\nFour.", "A:Four.\n");
  row("empty thought", false, "<think>\n\n</think>\n\nFour.", "A:Four.\n");
  row("thought cut short", true, "Two. \n", "T:Two.\n");
  row("thought cut short in its tag", true, "Two.</thi", "T:Two.</thi\n");
  row("thought alone", false, "<think>a</think>\n\n", "T:a\n");
  row("tag in the text", false, "Write <think>x</think> so.", "A:Write <think>x</think> so.\n");
  row("tag in the thought", true, "a <think> b</think>c", "T:a <think> b\nA:c\n");
  row("second close", true, "a</think>b</think>c", "T:a\nA:b</think>c\n");
  row("unfinished open", false, "<thin", "A:<thin\n");
  row("emoji", true, "你好 👋</think>再见 👋", "T:你好 👋\nA:再见 👋\n");

  row("call", false, "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1, \"ü\"]}}\n</tool_call>",
      "C:f {\"a\":[1,\"ü\"]}\n");
  row("call after text", false, "Let me see.\n\n<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>\n",
      "A:Let me see.\nC:f {}\n");
  row("two calls", false,
      "<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>\n<tool_call>{\"name\":\"g\"}</tool_call> done",
      "C:f {}\nC:g {}\nA:done\n");
  row("parameters", false, "<tool_call>{\"name\":\"f\",\"parameters\":{\"x\":1}}</tool_call>", "C:f {\"x\":1}\n");
  row("arguments in a string", false, "<tool_call>{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}</tool_call>",
      "C:f {\"x\":1}\n");
  row("numbers as written", false,
      "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 123456789012345678901234567890, \"b\" : -0, \"c\": [1.10, "
      "1E-40 ,0.1000000000000000055511151231257827]}}</tool_call>",
      "C:f {\"a\":123456789012345678901234567890,\"b\":-0,\"c\":[1.10,1E-40,0.1000000000000000055511151231257827]}\n");
  row("numbers in a string", false,
      "<tool_call>{\"arguments\": \"{\\\"x\\\": 12345678901234567890123}\", \"name\": \"f\"}</tool_call>",
      "C:f {\"x\":12345678901234567890123}\n");
  row("strings as written", false,
      "<tool_call>{\"arguments\": 1, \"name\": \"f\", \"\\u0061rguments\": { \"a b\" : \"} \\\" ]  {\" }}</tool_call>",
      "C:f {\"a b\":\"} \\\" ]  {\"}\n");
  row("call in a thought", true, "<tool_call>{\"name\":\"f\"}</tool_call></think>a",
      "T:<tool_call>{\"name\":\"f\"}</tool_call>\nA:a\n");
  row("call after a thought", true, "t\n</think>\n\n<tool_call>{\"name\":\"f\"}</tool_call>", "T:t\nC:f {}\n");
  row("no JSON", false, "a\n<tool_call>{\"name\": f}</tool_call>\nb", "A:a\n<tool_call>{\"name\": f}</tool_call>\nb\n");
  row("no name", false, "<tool_call>{\"arguments\":{}}</tool_call>", "A:<tool_call>{\"arguments\":{}}</tool_call>\n");
  row("arguments no object", false, "<tool_call>{\"name\":\"f\",\"arguments\":[1]}</tool_call>",
      "A:<tool_call>{\"name\":\"f\",\"arguments\":[1]}</tool_call>\n");
  row("call cut short", false, "a <tool_call>{\"name\":", "A:a <tool_call>{\"name\":\n");
  row("broken call, then a whole one", false, "<tool_call>x <tool_call>{\"name\":\"f\"}</tool_call>",
      "A:<tool_call>x\nC:f {}\n");
  row("close alone", false, "a</tool_call>b", "A:a</tool_call>b\n");

  const char* r1 =
      "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"a\": "
      "\"}\"}\n```<｜tool▁call▁end｜>\n"
      "<｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>";
  row("R1", true, (std::string("t</think>\n") + r1).c_str(), "T:t\nC:f {\"a\":\"}\"}\nC:g {}\n");
  row("V3.1", false,
      "a<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"x\": "
      "1}<｜tool▁call▁end｜><｜tool▁call▁begin｜>g<｜tool▁sep｜>{}"
      "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
      "A:a\nC:f {\"x\":1}\nC:g {}\n");
  row("numbers as written, V3.1", false,
      "<｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"x\": 12345678901234567890.50}<｜tool▁call▁end｜>",
      "C:f {\"x\":12345678901234567890.50}\n");
  row("without its end", false, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{}<｜tool▁call▁end｜>",
      "C:f {}\n");
  row("without its beginning", false, "<｜tool▁call▁begin｜>f<｜tool▁sep｜>{}<｜tool▁call▁end｜>", "C:f {}\n");
  row("without a fence", false, "<｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n[]<｜tool▁call▁end｜>",
      "A:<｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n[]<｜tool▁call▁end｜>\n");
  row("block without calls", false, "<｜tool▁calls▁begin｜><｜tool▁calls▁end｜>",
      "A:<｜tool▁calls▁begin｜><｜tool▁calls▁end｜>\n");
  row("block cut short", false, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{",
      "A:<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\n");
}

void ReasoningTest::parses() {
  QFETCH(bool, thinking);
  QFETCH(QString, answer);
  QFETCH(QString, expected);
  const std::string text = answer.toStdString();
  QCOMPARE(QString::fromStdString(parsed(thinking, {text})), expected);
  // Cut in two at every byte, and into single bytes.
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const QString cut = QString::fromStdString(parsed(thinking, {text.substr(0, i), text.substr(i)}));
    QVERIFY2(cut == expected, qPrintable(QString("cut at %1: %2").arg(i).arg(cut)));
  }
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  QCOMPARE(QString::fromStdString(parsed(thinking, bytes)), expected);
}

// Deeper than any call, and than a stack holds.
void ReasoningTest::nestedCallsStayText() {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  const std::string deep = "{\"a\":" + nested(300'000) + "}";
  const std::string calls[] = {"<tool_call>{\"name\":\"f\",\"arguments\":" + deep + "}</tool_call>",
                               "<｜tool▁call▁begin｜>f<｜tool▁sep｜>" + deep + "<｜tool▁call▁end｜>"};
  for (const std::string& call : calls) QVERIFY(parsed(false, {call}) == "A:" + call + "\n");
  const std::string fits = "{\"a\":" + nested(200) + "}";
  QCOMPARE(parsed(false, {"<tool_call>{\"name\":\"f\",\"arguments\":" + fits + "}</tool_call>"}), "C:f " + fits + "\n");
}

void ReasoningTest::streams() {
  AnswerParser parser(true);
  QVERIFY(parser.thinking());
  QCOMPARE(spelled(parser.push("one two")), std::string("T:one two\n"));
  QCOMPARE(spelled(parser.push(" </th")), std::string());
  QCOMPARE(spelled(parser.push("x")), std::string("T: </thx\n"));
  QCOMPARE(spelled(parser.push("</think>\n\nYes")), std::string("A:Yes\n"));
  QVERIFY(!parser.thinking());
  QCOMPARE(spelled(parser.push(" and < no")), std::string("A: and < no\n"));
  QCOMPARE(spelled(parser.push("\n\n")), std::string());
  QCOMPARE(spelled(parser.finish()), std::string("A:\n\n\n"));
}

void ReasoningTest::dropsASpaceThatNobodyMeans() {
  const auto parsed = [](const std::vector<std::string>& pieces) {
    AnswerParser parser(false);
    parser.drop_first_space();
    std::string out;
    for (const std::string& piece : pieces) {
      for (const AnswerEvent& event : parser.push(piece)) out += event.text;
    }
    for (const AnswerEvent& event : parser.finish()) out += event.text;
    return out;
  };
  QCOMPARE(parsed({" Yes", " and no"}), std::string("Yes and no"));
  QCOMPARE(parsed({"", " ", " x"}), std::string(" x"));
  QCOMPARE(parsed({"Yes", " and"}), std::string("Yes and"));
  QCOMPARE(parsed({"\n x"}), std::string("\n x"));
  QCOMPARE(parsed({" "}), std::string());
}

void ReasoningTest::beginsWhereThePromptSays_data() {
  QTest::addColumn<QStringList>("parts");  // in turn the template's and a person's
  QTest::addColumn<bool>("thinking");
  QTest::newRow("nothing") << QStringList() << false;
  QTest::newRow("R1") << QStringList{"<｜User｜>", "Hi", "<｜Assistant｜><think>\n"} << true;
  QTest::newRow("V3.1 thinking") << QStringList{"<｜User｜>", "Hi", "<｜Assistant｜><think>"} << true;
  QTest::newRow("V3.1 at once") << QStringList{"<｜User｜>", "Hi", "<｜Assistant｜></think>"} << false;
  QTest::newRow("Qwen at once") << QStringList{"<|im_start|>user\n", "Hi", "<think>\n\n</think>\n\n"} << false;
  QTest::newRow("a person's tag") << QStringList{"<|im_start|>user\n", "<think>", "<|im_end|>\n"} << false;
  QTest::newRow("an earlier turn") << QStringList{"<think>", "a", "x", "b", "<|im_end|>"} << false;
  QTest::newRow("continued thought") << QStringList{"<a>", "Hi", "<b>", "<think>\nabc"} << true;
  QTest::newRow("continued thought of the prompt") << QStringList{"<a>", "Hi", "<b><think>\n", "abc"} << true;
  QTest::newRow("continued answer") << QStringList{"<a>", "Hi", "<b>", "<think>a</think>b"} << false;
}

void ReasoningTest::beginsWhereThePromptSays() {
  QFETCH(QStringList, parts);
  QFETCH(bool, thinking);
  std::vector<TextPart> prompt;
  for (const QString& part : parts) prompt.push_back({part.toStdString(), prompt.size() % 2 == 1});
  QCOMPARE(begins_thinking(prompt), thinking);
  QCOMPARE(AnswerParser(prompt).thinking(), thinking);
}

QTEST_GUILESS_MAIN(ReasoningTest)
#include "reasoning_test.moc"
