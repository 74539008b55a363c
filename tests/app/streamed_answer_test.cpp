// What the engine says, told apart and gathered: tool calls stay in the text, and nothing is lost.
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include "app/inference/streamed_answer.h"

using namespace hadal;

namespace {

Event said(const char* text) {
  Event event;
  event.text = text;
  event.tokens = {1};
  return event;
}

struct Told {
  QString thinking, text;
};

/// The answer in the pieces given, and its end.
Told told(bool thinking, bool afterText, const QList<const char*>& pieces) {
  StreamedAnswer answer(1, {}, AnswerParser(thinking), afterText);
  for (const char* piece : pieces) answer.take(said(piece));
  answer.end({});
  return {answer.takeThinking(), answer.takeText()};
}

}  // namespace

class StreamedAnswerTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void thinkingAndText() {
    const Told answer = told(true, false, {"Let me ", "see.\n</th", "ink>\n\nIt ", "is 4."});
    QCOMPARE(answer.thinking, QStringLiteral("Let me see."));
    QCOMPARE(answer.text, QStringLiteral("It is 4."));
  }

  void toolCallsStayInTheText() {
    const Told answer = told(false, false,
                             {"I look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": "
                              "\"Köln\", \"digits\": 0.125}}\n</tool_",
                              "call>\nDone."});
    const QStringList parts = answer.text.split(QStringLiteral("\n\n"));
    QCOMPARE(parts.size(), 3);
    QCOMPARE(parts[0], QStringLiteral("I look."));
    QCOMPARE(parts[2], QStringLiteral("Done."));
    QVERIFY(parts[1].startsWith(QStringLiteral("```json\n")) && parts[1].endsWith(QStringLiteral("\n```")));
    const QString json = parts[1].mid(8, parts[1].size() - 12);
    const QJsonObject call = QJsonDocument::fromJson(json.toUtf8()).object();
    QCOMPARE(call[QStringLiteral("name")].toString(), QStringLiteral("weather"));
    QCOMPARE(call[QStringLiteral("arguments")][QStringLiteral("city")].toString(), QStringLiteral("Köln"));
    QVERIFY2(json.contains(QStringLiteral("0.125")), qPrintable(json));
  }

  void aFenceInTheArgumentsEndsNoBlock() {
    const Told answer =
        told(false, true, {"<tool_call>{\"name\": \"write\", \"arguments\": {\"text\": \"```\"}}</tool_call>"});
    QVERIFY2(answer.text.startsWith(QStringLiteral("\n\n````json\n")), qPrintable(answer.text));
    QVERIFY(answer.text.endsWith(QStringLiteral("\n````")));
  }

  void callsInsideThinkingAreThoughts() {
    const Told answer = told(true, false, {"<tool_call>{\"name\": \"a\", \"arguments\": {}}</tool_call></think>No."});
    QVERIFY(answer.thinking.contains(QStringLiteral("<tool_call>")));
    QCOMPARE(answer.text, QStringLiteral("No."));
  }

  void goesOnBehindItsThinking() {
    Request request;
    request.prompt = {10, 11};
    request.max_tokens = 8;
    StreamedAnswer answer(1, request, AnswerParser(true), false);
    Event first = said("Hm");
    first.stats.prompt_tokens = 2;
    first.stats.generated_tokens = 1;
    first.stats.first_token_seconds = 0.5;
    answer.take(first);
    answer.answerNow = true;
    Event cancelled;
    cancelled.tokens = {7};
    cancelled.stats = first.stats;
    cancelled.stats.generated_tokens = 2;
    cancelled.stats.decode_seconds = 0.5;
    answer.end(cancelled);
    const Request next = answer.behindThinking({20, 21});
    QCOMPARE(next.prompt, (std::vector<TokenId>{10, 11, 1, 7, 20, 21}));
    QCOMPARE(next.max_tokens, 6);
    answer.closeThinking(next);
    QVERIFY(!answer.thinking());
    Event text = said("Four.");
    text.stats.prompt_tokens = 6;
    text.stats.generated_tokens = 3;
    text.stats.decode_seconds = 1;
    answer.take(text);
    answer.end(text);
    QCOMPARE(answer.takeThinking(), QStringLiteral("Hm"));
    QCOMPARE(answer.takeText(), QStringLiteral("Four."));
    const GenerationStats stats = answer.stats();
    QCOMPARE(stats.promptTokens, 2);
    QCOMPARE(stats.tokens, 5);
    QCOMPARE(stats.firstTokenSeconds, 0.5);
    QCOMPARE(stats.tokensPerSecond, 2.0);  // Three tokens behind a first one, in 1.5 s.
  }
};

QTEST_GUILESS_MAIN(StreamedAnswerTest)
#include "streamed_answer_test.moc"
