// Tags that a vocabulary holds as control tokens: they reach the answer's parser, and other control tokens do not.
#include "runtime/sequence.h"

#include <QtTest>
#include <map>

#include "hadal/reasoning.h"

using namespace hadal;

namespace {

/// Six tokens: text, two tags as control tokens, one tag as text, another control token, and one that ends the text.
class Tiny : public Tokenizer {
 public:
  std::string piece(TokenId id, bool special) const override {
    return is_control(id) && !special ? std::string() : spellings().at(id);
  }
  std::int32_t vocabulary_size() const override { return 6; }
  bool is_end(TokenId id) const override { return id == 5; }
  bool is_control(TokenId id) const override { return id == 1 || id == 2 || id >= 4; }
  TokenId bos() const override { return -1; }
  TokenId eos() const override { return 5; }

 protected:
  std::vector<TokenId> encode_valid(std::string_view text, EncodeOptions) const override {
    for (const auto& [id, spelling] : spellings())
      if (spelling == text) return {id};
    return {0, 0};
  }
  std::vector<TokenId> encode_valid(std::span<const TextPart>) const override { return {}; }

 private:
  static const std::map<TokenId, std::string>& spellings() {
    static const std::map<TokenId, std::string> all{{0, "hm"},          {1, "<think>"},      {2, "</think>"},
                                                    {3, "<tool_call>"}, {4, "<|im_start|>"}, {5, "<|im_end|>"}};
    return all;
  }
};

std::string text_of(std::vector<TokenId> spelled, bool ignore_end) {
  const Tiny tokenizer;
  Request request;
  request.prompt = {0};
  request.spelled = std::move(spelled);
  request.ignore_end = ignore_end;
  Sequence sequence(1, std::move(request), Clock::now());
  std::vector<Event> events;
  for (const TokenId id : {1, 0, 2, 4, 0, 5, 0}) {
    if (sequence.accept(id, tokenizer, 100, Clock::now(), events)) break;
  }
  std::string text;
  for (const Event& event : events) text += event.text;
  return text;
}

}  // namespace

class AnswerTagsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void areTheControlTokensThatSpellATag() { QCOMPARE(answer_tags(Tiny()), (std::vector<TokenId>{1, 2})); }

  void areSpelledIfAskedFor() {
    QCOMPARE(text_of(answer_tags(Tiny()), false), std::string("<think>hm</think>hm"));
    QCOMPARE(text_of({}, false), std::string("hmhm"));
    // What ends the text is no part of it, even where it is passed over.
    QCOMPARE(text_of({1, 2, 5}, true), std::string("<think>hm</think>hmhm"));
  }
};

QTEST_GUILESS_MAIN(AnswerTagsTest)
#include "answer_tags_test.moc"
