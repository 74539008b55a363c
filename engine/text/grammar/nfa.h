#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hadal/result.h"
#include "text/grammar/code_set.h"
#include "text/grammar/regex.h"

namespace hadal::grammar {

/// How a character of a language is written in the answer.
enum class Spelling {
  plain,        ///< UTF-8.
  json_string,  ///< As inside a JSON string, in exactly one way; see json_string.h.
};

/// A nondeterministic automaton over bytes in the making, whose edges may also call other rules of a grammar. Parts are
/// added behind a state and return the state they end in.
class Nfa {
 public:
  using State = std::int32_t;
  /// States of one automaton; beyond it adding does nothing and full() holds.
  static constexpr std::size_t most_states = 200'000;

  Nfa() { state(); }
  State start() const { return 0; }
  State state();
  bool full() const { return full_; }
  std::size_t size() const { return states_.size(); }

  enum class When { always, at_begin, at_end };
  void skip(State from, State to, When when = When::always);
  void bytes(State from, std::uint8_t first, std::uint8_t last, State to);
  void call(State from, std::int32_t rule, State to);

  State literal(State from, std::string_view text);
  State called(State from, std::int32_t rule);
  State characters(State from, const CodeSet& set, Spelling spelling);
  State regex(State from, const Regex& regex, Spelling spelling);

  struct Edge {
    std::uint8_t first, last;
    State to;
  };
  struct Skip {
    State to;
    When when;
  };
  struct Call {
    std::int32_t rule;
    State to;
  };
  struct Node {
    std::vector<Edge> edges;
    std::vector<Skip> skips;
    std::vector<Call> calls;
  };
  const Node& node(State state) const { return states_[static_cast<std::size_t>(state)]; }

 private:
  Node& at(State state) { return states_[static_cast<std::size_t>(state)]; }
  void utf8(State from, char32_t first, char32_t last, State to);
  void utf8_tails(State from, std::span<const std::uint8_t> first, std::span<const std::uint8_t> last, State to);
  State repeated(State from, const Regex& what, int least, int most, Spelling spelling);

  std::vector<Node> states_;
  bool full_ = false;
};

}  // namespace hadal::grammar
