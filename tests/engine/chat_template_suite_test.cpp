#include <QCryptographicHash>
#include <QFile>
#include <QtTest>
#include <fstream>
#include <nlohmann/json.hpp>

#include "text/builtin_templates.h"
#include "text/jinja_chat_template.h"

using namespace hadal;
using nlohmann::ordered_json;

// Whole chat templates over 30 conversations each, byte for byte what Jinja2 renders:
// tests/reference/chat_template_suite.py. The published ones are read from the folder in HADAL_TEST_TEMPLATES.
class ChatTemplateSuiteTest : public QObject {
  Q_OBJECT
 private slots:
  void published_data();
  void published();
  void builtIn_data();
  void builtIn();
  void ours_data();
  void ours();
};

namespace {

const ordered_json& suite() {
  static const auto json = [] {
    std::ifstream file(qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/chat_template_suite.json");
    return ordered_json::parse(file);
  }();
  return json;
}

QByteArray sum(const QByteArray& bytes) {
  return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

QByteArray read(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void add_rows(const char* part) {
  QTest::addColumn<int>("index");
  int index = 0;
  for (const auto& test : suite()[part]) QTest::newRow(test["name"].get<std::string>().c_str()) << index++;
}

/// Variables the conversation gives beside messages and tools reach the template as words of its own.
Result<std::string> rendered(const std::string& source, const ordered_json& conversation, bool prompt) {
  ordered_json words = suite()["words"];
  words.update(conversation["variables"]);
  const auto made = JinjaChatTemplate::create(source, {}, words);
  if (!made) return made.error();
  const auto& time = suite()["time"];
  TemplateOptions options{.add_generation_prompt = prompt};
  options.time = LocalTime{time[0], time[1], time[2], time[3], time[4], time[5]};
  if (!conversation["tools"].is_null()) options.tools = conversation["tools"].dump();
  const auto parts = (*made)->parts_of_json(conversation["messages"].dump(), options);
  if (!parts) return parts.error();
  std::string out;
  for (const TextPart& piece : *parts) out += piece.text;
  return out;
}

/// Compares with the results of one template: texts, or their SHA-256 sums.
void check(const ordered_json& test, const QByteArray& source, bool sums) {
  QCOMPARE(sum(source), QByteArray::fromStdString(test["source_sha256"]));
  const auto& conversations = suite()["conversations"];
  QCOMPARE(conversations.size(), std::size_t{30});
  QCOMPARE(test["results"].size(), 2 * conversations.size());
  for (std::size_t i = 0; i < test["results"].size(); ++i) {
    const auto& conversation = conversations[i / 2];
    const auto text = rendered(source.toStdString(), conversation, i % 2 == 0);
    const std::string where = conversation["name"].get<std::string>() + ": " + (text ? *text : text.error().message);
    const auto& expected = test["results"][i];
    QVERIFY2(bool(text) == !expected.is_null(), where.c_str());
    if (!text) continue;
    const QByteArray bytes = QByteArray::fromStdString(*text);
    QVERIFY2((sums ? sum(bytes) : bytes) == QByteArray::fromStdString(expected), where.c_str());
  }
}

}  // namespace

void ChatTemplateSuiteTest::published_data() {
  add_rows("published");
}

void ChatTemplateSuiteTest::published() {
  QFETCH(int, index);
  const auto& test = suite()["published"][static_cast<std::size_t>(index)];
  const QString path = qEnvironmentVariable("HADAL_TEST_TEMPLATES") + "/" +
                       QString::fromStdString(test["name"].get<std::string>()) + ".jinja";
  if (!QFile::exists(path)) QSKIP("HADAL_TEST_TEMPLATES does not name a folder with this template");
  check(test, read(path), true);
}

void ChatTemplateSuiteTest::builtIn_data() {
  add_rows("built_in");
}

void ChatTemplateSuiteTest::builtIn() {
  QFETCH(int, index);
  const auto& test = suite()["built_in"][static_cast<std::size_t>(index)];
  const BuiltinTemplate* found = find_builtin_template(test["name"].get<std::string>());
  QVERIFY(found != nullptr);
  check(test, QByteArray(found->source.data(), static_cast<qsizetype>(found->source.size())), true);
}

void ChatTemplateSuiteTest::ours_data() {
  add_rows("ours");
}

void ChatTemplateSuiteTest::ours() {
  QFETCH(int, index);
  const auto& test = suite()["ours"][static_cast<std::size_t>(index)];
  check(test,
        read(qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/templates/" +
             QString::fromStdString(test["name"].get<std::string>()) + ".jinja"),
        false);
}

QTEST_GUILESS_MAIN(ChatTemplateSuiteTest)
#include "chat_template_suite_test.moc"
