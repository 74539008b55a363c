#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hadal/result.h"
#include "text/grammar/nfa.h"

namespace hadal::grammar {

/// A deterministic automaton over bytes. Bytes that no state tells apart share a class. Some states also call rules of
/// the grammar the automaton belongs to. State 0 is the start; there may be none: the empty language.
struct Dfa {
  struct Call {
    std::int32_t rule;
    std::int32_t to;
  };
  static constexpr std::int32_t dead = -1;

  std::array<std::uint8_t, 256> class_of{};
  std::int32_t classes = 1;
  std::vector<std::int32_t> next;        ///< [states, classes]
  std::vector<std::uint8_t> accepting;   ///< [states]
  std::vector<std::vector<Call>> calls;  ///< [states]

  std::int32_t states() const { return static_cast<std::int32_t>(accepting.size()); }
  std::int32_t step(std::int32_t state, std::uint8_t byte) const {
    return next[static_cast<std::size_t>(state * classes + class_of[byte])];
  }
  bool leaf() const;  ///< Calls nothing.
  bool matches(std::string_view text) const;
};

/// States of an automaton; expressions that need more ("the 20th letter from the end is an a") are refused.
inline constexpr std::int32_t most_dfa_states = 50'000;

/// The subset construction, without states from which nothing is accepted. `what` names the source in errors.
Result<Dfa> determinise(const Nfa& nfa, Nfa::State accept, std::string_view what);

enum class Product { both, first_only };
/// The texts of both, or of the first that are not of the second. Neither may call rules.
Result<Dfa> product(const Dfa& a, const Dfa& b, Product kind, std::string_view what);

/// The same texts between double quotes.
Dfa quoted(const Dfa& inside);

/// Without states from which nothing is accepted; calls count as edges.
Dfa trimmed(const Dfa& dfa);

}  // namespace hadal::grammar
