#include "fuzz/entrances/entrance.h"

#include <algorithm>

#include "base/utf8.h"

namespace hadal::test {

std::span<const Entrance> entrances() {
  static constexpr Entrance all[] = {{"gguf", enter_gguf},         {"tokenizer", enter_tokenizer},
                                     {"template", enter_template}, {"grammar", enter_grammar},
                                     {"answer", enter_answer},     {"conversation", enter_conversation},
                                     {"folder", enter_folder}};
  return all;
}

void promise_sentence(const Error& error, std::string_view begins_with, bool whole) {
  const std::string& text = error.message;
  promise(!text.empty(), "an error without words");
  promise(text.starts_with(begins_with), "an error that does not begin with its place: ", text);
  promise(!whole || text.ends_with('.') || text.ends_with('!'), "an error that is no sentence: ", text);
  promise(text.size() < 2000, "an error of ", text.size(), " bytes");
  promise(bool(check_utf8(text, "An error")), "an error that is no UTF-8");
}

}  // namespace hadal::test
