#include <QtTest>
#include <fstream>
#include <nlohmann/json.hpp>

#include "text/jinja/template.h"

using namespace hadal;

// The language itself against Jinja2: tests/reference/jinja_language.py.
class JinjaLanguageTest : public QObject {
  Q_OBJECT
 private slots:
  void agreesWithJinja_data();
  void agreesWithJinja();
};

namespace {

const nlohmann::ordered_json& references() {
  static const auto json = [] {
    std::ifstream file(qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/jinja_language.json");
    return nlohmann::ordered_json::parse(file);
  }();
  return json;
}

}  // namespace

void JinjaLanguageTest::agreesWithJinja_data() {
  QTest::addColumn<int>("index");
  int index = 0;
  for (const auto& test : references()["cases"]) {
    QTest::addRow("%d: %.60s", index, test["template"].get<std::string>().c_str()) << index;
    ++index;
  }
  QVERIFY(index > 700);
}

void JinjaLanguageTest::agreesWithJinja() {
  QFETCH(int, index);
  const auto& test = references()["cases"][static_cast<std::size_t>(index)];
  const auto& time = references()["time"];
  const auto parsed = jinja::Template::parse(test["template"].get<std::string>());
  if (!parsed) {
    QVERIFY2(test["text"].is_null(), parsed.error().message.c_str());
    return;
  }
  const auto own = nlohmann::ordered_json::object();
  const auto text = (*parsed)->render(
      {own, references()["variables"], LocalTime{time[0], time[1], time[2], time[3], time[4], time[5]}});
  if (test["text"].is_null()) {
    QVERIFY2(!text, text ? text->bytes().c_str() : "");
    return;
  }
  QVERIFY2(bool(text), text ? "" : text.error().message.c_str());
  QCOMPARE(QString::fromStdString(text->bytes()), QString::fromStdString(test["text"].get<std::string>()));
}

QTEST_GUILESS_MAIN(JinjaLanguageTest)
#include "jinja_language_test.moc"
