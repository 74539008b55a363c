#include <QtTest>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "text/jinja/template.h"

using namespace hadal;

// Templates that loop for ever, recurse, grow or reach for what they must not: tests/reference/jinja_hostile.py.
class JinjaHostileTest : public QObject {
  Q_OBJECT
 private slots:
  void endsWithinTheCaps_data();
  void endsWithinTheCaps();
};

namespace {

const nlohmann::json& cases() {
  static const auto json = [] {
    std::ifstream file(qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/jinja_hostile.json");
    return nlohmann::json::parse(file);
  }();
  return json;
}

std::string source_of(const nlohmann::json& test) {
  std::string out;
  for (const auto& part : test["parts"]) {
    for (int i = 0; i < part[1].get<int>(); ++i) out += part[0].get_ref<const std::string&>();
  }
  return out;
}

/// Seconds of processor time: what else the machine does is not the template's fault.
double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

constexpr bool slowed_down =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#else
    false;
#endif

}  // namespace

void JinjaHostileTest::endsWithinTheCaps_data() {
  QTest::addColumn<int>("index");
  int index = 0;
  for (const auto& test : cases()) {
    QTest::addRow("%s", test["name"].get<std::string>().c_str()) << index;
    ++index;
  }
  QVERIFY(index >= 200);
}

void JinjaHostileTest::endsWithinTheCaps() {
  QFETCH(int, index);
  const auto& test = cases()[static_cast<std::size_t>(index)];
  const std::string source = source_of(test);
  const nlohmann::ordered_json own = {{"bos_token", "<s>"}};
  const nlohmann::ordered_json written = {
      {"messages", {{{"role", "user"}, {"content", "Hi"}}, {{"role", "assistant"}, {"content", "Hello"}}}}};
  const double start = processor_seconds();
  std::string error;
  std::size_t size = 0;
  {
    const auto parsed = jinja::Template::parse(source);
    if (!parsed) {
      error = parsed.error().message;
    } else if (const auto text = (*parsed)->render({own, written, LocalTime{}}); !text) {
      error = text.error().message;
    } else {
      size = text->size();
    }
  }
  const double seconds = processor_seconds() - start;
  QVERIFY2(seconds < (slowed_down ? 20.0 : 1.0), qPrintable(QString("%1 s, %2").arg(seconds).arg(error.c_str())));
  QVERIFY(size < 20'000'000);
  if (test["ends"] == "error") QVERIFY2(!error.empty(), qPrintable(QString("it wrote %1 bytes").arg(size)));
  const bool says_where = error.empty() || error.find("line ") != std::string::npos ||
                          error.find("refuses this conversation") != std::string::npos || source.size() > 1'000'000;
  QVERIFY2(says_where, error.c_str());
  QVERIFY2(error.size() < 600, error.c_str());
}

QTEST_GUILESS_MAIN(JinjaHostileTest)
#include "jinja_hostile_test.moc"
