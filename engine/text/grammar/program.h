#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "text/grammar/dfa.h"
#include "text/grammar/vocabulary.h"

namespace hadal::grammar {

inline constexpr std::uint32_t unreachable = std::numeric_limits<std::uint32_t>::max() / 4;

/// A rule of a grammar before it is put together: an automaton that may call other rules, or a JSON string of `least`
/// to `most` characters, whatever they are.
struct Rule {
  enum class Kind { automaton, string };
  static constexpr std::int32_t unbounded = -1;

  Kind kind = Kind::automaton;
  Dfa dfa{};
  std::int32_t least = 0, most = unbounded;
};

/// What single tokens may follow a state of a rule that calls nothing, as far as the rule alone can tell.
struct LeafTokens {
  std::vector<TokenId> few;           ///< Stay in the rule, or end with it.
  std::vector<std::uint64_t> mask{};  ///< The same, if there are many.
  /// Trie nodes, which have descendants, where the rule may be over: what follows is the callers' to say.
  std::vector<std::uint32_t> exits;
};

/// A grammar put together for a vocabulary: a pushdown automaton over bytes. States are numbered across all rules.
/// Every distance is in bytes that have single-byte tokens, so that at most as many tokens go that way. Immutable but
/// for a cache behind a lock; any thread.
class Program {
 public:
  Program(std::vector<Rule> rules, std::int32_t root, std::shared_ptr<const Vocabulary> vocabulary);

  const Vocabulary& vocabulary() const { return *vocabulary_; }
  std::int32_t root_start() const { return starts_[static_cast<std::size_t>(root_)]; }
  std::int32_t start_of(std::int32_t rule) const { return starts_[static_cast<std::size_t>(rule)]; }
  const Rule& rule_at(std::int32_t state) const { return rules_[rule_index(state)]; }
  std::int32_t local(std::int32_t state) const { return state - starts_[rule_index(state)]; }

  /// Shortest way from a state to its rule's end; of a string's only while no character is counted.
  std::uint32_t distance(std::int32_t state) const { return distances_[static_cast<std::size_t>(state)]; }
  /// The shortest that begins with a byte, and that byte; only of automata.
  std::uint32_t byte_distance(std::int32_t state) const { return byte_distances_[static_cast<std::size_t>(state)]; }
  std::uint8_t nearest_byte(std::int32_t state) const { return nearest_bytes_[static_cast<std::size_t>(state)]; }
  /// Nothing but the rule's end can follow.
  bool only_ends(std::int32_t state) const;

  /// For a state of a rule without calls; computed once and kept, within bounds.
  std::shared_ptr<const LeafTokens> leaf_tokens(std::int32_t state) const;
  bool leaf(std::int32_t state) const { return leaf_[rule_index(state)]; }

 private:
  std::size_t rule_index(std::int32_t state) const {
    return static_cast<std::size_t>(rule_of_[static_cast<std::size_t>(state)]);
  }
  void number_states();
  void find_distances();
  bool improve(std::size_t rule);
  LeafTokens walk_leaf(std::int32_t state) const;

  std::vector<Rule> rules_;
  std::int32_t root_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  std::vector<std::int32_t> starts_;   ///< By rule: its first state.
  std::vector<std::uint8_t> leaf_;     ///< By rule.
  std::vector<std::int32_t> rule_of_;  ///< By state.
  std::vector<std::uint32_t> distances_, byte_distances_;
  std::vector<std::uint8_t> nearest_bytes_;

  mutable std::mutex lock_;
  mutable std::unordered_map<std::int32_t, std::shared_ptr<const LeafTokens>> cache_;
  mutable std::size_t cached_bytes_ = 0;
};

}  // namespace hadal::grammar
