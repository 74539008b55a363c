#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/text.h"
#include "hadal/result.h"

namespace hadal::test {

/// A way by which a stranger's bytes come in. `enter` goes it with one input and throws BrokenPromise where the engine
/// does not keep what its headers promise; whatever else is wrong the sanitizers see. The fuzzers and the test suite,
/// which goes over the inputs that are kept, share these functions.
struct Entrance {
  std::string_view name;
  void (*enter)(std::string_view input);
};

std::span<const Entrance> entrances();

void enter_gguf(std::string_view input);
void enter_tokenizer(std::string_view input);
void enter_template(std::string_view input);
void enter_grammar(std::string_view input);
void enter_answer(std::string_view input);
void enter_conversation(std::string_view input);
void enter_folder(std::string_view input);

struct BrokenPromise : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Parts>
void promise(bool kept, const Parts&... what) {
  if (!kept) throw BrokenPromise(concat(what...));
}

/// An error's message is one that can be shown: a clause or sentence of UTF-8 in one line, of moderate length.
void promise_sentence(const Error& error, std::string_view begins_with = {}, bool whole = true);

}  // namespace hadal::test
