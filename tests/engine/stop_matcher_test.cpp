#include "text/stop_matcher.h"

#include <QtTest>
#include <random>

using namespace hadal;

class StopMatcherTest : public QObject {
  Q_OBJECT

  /// What the whole text gives: everything before the stop string that is complete first.
  static std::string expected(const std::string& text, const std::vector<std::string>& stops) {
    std::size_t end = std::string::npos, begin = text.size();
    for (const std::string& stop : stops) {
      const std::size_t found = text.find(stop);
      if (found == std::string::npos) continue;
      if (found + stop.size() < end || (found + stop.size() == end && found < begin)) {
        end = found + stop.size();
        begin = found;
      }
    }
    return text.substr(0, begin);
  }

 private slots:
  void holds_back_what_may_become_a_stop() {
    StopMatcher matcher({"END", "\n\n"});
    QCOMPARE(matcher.push("go E"), std::string("go "));
    QCOMPARE(matcher.push("N"), std::string());
    QCOMPARE(matcher.push("Q\n"), std::string("ENQ"));
    QCOMPARE(matcher.push("x"), std::string("\nx"));
    QCOMPARE(matcher.push("EN"), std::string());
    QCOMPARE(matcher.push("D and more"), std::string());
    QVERIFY(matcher.stopped());
    QCOMPARE(matcher.push("after"), std::string());
    QCOMPARE(matcher.finish(), std::string());
  }

  void lets_go_at_the_end() {
    StopMatcher matcher({"END"});
    QCOMPARE(matcher.push("the EN"), std::string("the "));
    QCOMPARE(matcher.finish(), std::string("EN"));
    QVERIFY(!matcher.stopped());
  }

  void empty_stops_stop_nothing() {
    StopMatcher matcher({"", ""});
    QCOMPARE(matcher.push("text"), std::string("text"));
    QVERIFY(!matcher.stopped());
  }

  void a_stop_inside_a_character_splits_none() {
    // "\x82" is the middle of U+20AC, "\xE2\x82\xAC".
    StopMatcher matcher({"\x82\xAC!"});
    QCOMPARE(matcher.push("a\xE2\x82\xAC"), std::string("a"));
    QCOMPARE(matcher.push("?"), std::string("\xE2\x82\xAC?"));
  }

  void any_cut_of_a_text_gives_the_same() {
    const auto seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 5000; ++round) {
      const auto letters = [&](std::size_t length) {
        std::string text;
        for (std::size_t i = 0; i < length; ++i) text += static_cast<char>('a' + random() % 2);
        return text;
      };
      const std::string text = letters(random() % 24);
      std::vector<std::string> stops;
      for (unsigned i = 0; i < 1 + random() % 3; ++i) stops.push_back(letters(1 + random() % 5));
      for (const std::size_t most : {1, 3, 24}) {
        StopMatcher matcher(stops);
        std::string shown;
        for (std::size_t at = 0, size = 0; at < text.size(); at += size) {
          size = 1 + random() % most;
          shown += matcher.push(std::string_view(text).substr(at, size));
        }
        shown += matcher.finish();
        QCOMPARE(shown, expected(text, stops));
      }
    }
  }
};

QTEST_GUILESS_MAIN(StopMatcherTest)
#include "stop_matcher_test.moc"
