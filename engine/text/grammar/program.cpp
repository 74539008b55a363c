#include "text/grammar/program.h"

#include <algorithm>

namespace hadal::grammar {
namespace {

constexpr std::size_t kMostCachedBytes = 32 << 20;
/// Up to here a list is smaller than a mask, and quicker.
constexpr std::size_t kFew = 512;

}  // namespace

Program::Program(std::vector<Rule> rules, std::int32_t root, std::shared_ptr<const Vocabulary> vocabulary)
    : rules_(std::move(rules)), root_(root), vocabulary_(std::move(vocabulary)) {
  number_states();
  find_distances();
}

void Program::number_states() {
  std::int32_t next = 0;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    starts_.push_back(next);
    leaf_.push_back(rule.kind == Rule::Kind::automaton && rule.dfa.leaf());
    // A rule without states still has a number to be called by.
    next += rule.kind == Rule::Kind::string ? string_state::count : std::max(rule.dfa.states(), 1);
    rule_of_.resize(static_cast<std::size_t>(next), static_cast<std::int32_t>(i));
  }
  distances_.assign(rule_of_.size(), unreachable);
  byte_distances_.assign(rule_of_.size(), unreachable);
  nearest_bytes_.assign(rule_of_.size(), 0);
}

/// Bellman and Ford's rounds: the shortest text of a rule may hang on those of the rules it calls.
void Program::find_distances() {
  const StringAutomaton& strings = string_automaton();
  for (std::size_t r = 0; r < rules_.size(); ++r) {
    const Rule& rule = rules_[r];
    if (rule.kind != Rule::Kind::string || !vocabulary_->has_byte('"') || !vocabulary_->has_byte('a')) continue;
    const auto first = static_cast<std::size_t>(starts_[r]);
    const auto least = static_cast<std::uint32_t>(rule.least);
    distances_[first] = least + 2;
    for (std::uint8_t s = string_state::between; s < string_state::count; ++s) {
      if (!vocabulary_->can_finish(s)) continue;
      distances_[first + s] = strings.to_between[s] + least + 1;
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t r = rules_.size(); r-- > 0;) changed = improve(r) || changed;
  }
}

bool Program::improve(std::size_t r) {
  const Rule& rule = rules_[r];
  if (rule.kind == Rule::Kind::string) return false;
  const Dfa& dfa = rule.dfa;
  const auto first = static_cast<std::size_t>(starts_[r]);
  bool improved = false;
  for (bool changed = true; changed;) {
    changed = false;
    for (std::int32_t s = dfa.states(); s-- > 0;) {
      const std::size_t state = first + static_cast<std::size_t>(s);
      std::uint32_t best = distances_[state];
      if (dfa.accepting[static_cast<std::size_t>(s)]) best = 0;
      std::array<bool, 256> seen{};
      for (int byte = 0; byte < 256; ++byte) {
        const auto b = static_cast<std::uint8_t>(byte);
        // One byte of each class will do, if a token has it.
        if (!vocabulary_->has_byte(b) || seen[dfa.class_of[b]]) continue;
        seen[dfa.class_of[b]] = true;
        const std::int32_t to = dfa.step(s, b);
        if (to == Dfa::dead) continue;
        const std::uint32_t way = std::min(distances_[first + static_cast<std::size_t>(to)] + 1, unreachable);
        if (way >= byte_distances_[state]) continue;
        byte_distances_[state] = way;
        nearest_bytes_[state] = b;
        changed = true;
      }
      best = std::min(best, byte_distances_[state]);
      for (const auto& call : dfa.calls[static_cast<std::size_t>(s)]) {
        const std::uint32_t called = distances_[static_cast<std::size_t>(start_of(call.rule))];
        best = std::min(best, called + distances_[first + static_cast<std::size_t>(call.to)]);
      }
      if (best >= distances_[state]) continue;
      distances_[state] = best;
      changed = true;
    }
    improved = improved || changed;
  }
  return improved;
}

bool Program::only_ends(std::int32_t state) const {
  const Rule& rule = rule_at(state);
  if (rule.kind == Rule::Kind::string || rule.dfa.states() == 0) return false;
  const auto s = static_cast<std::size_t>(local(state)), classes = static_cast<std::size_t>(rule.dfa.classes);
  if (!rule.dfa.accepting[s] || !rule.dfa.calls[s].empty()) return false;
  const auto row = std::span(rule.dfa.next).subspan(s * classes, classes);
  return std::ranges::all_of(row, [](std::int32_t to) { return to == Dfa::dead; });
}

std::shared_ptr<const LeafTokens> Program::leaf_tokens(std::int32_t state) const {
  {
    const std::lock_guard guard(lock_);
    const auto found = cache_.find(state);
    if (found != cache_.end()) return found->second;
  }
  auto made = std::make_shared<const LeafTokens>(walk_leaf(state));
  const std::size_t bytes = made->few.size() * 4 + made->mask.size() * 8 + made->exits.size() * 4 + 128;
  const std::lock_guard guard(lock_);
  if (cached_bytes_ + bytes <= kMostCachedBytes && cache_.emplace(state, made).second) cached_bytes_ += bytes;
  return made;
}

LeafTokens Program::walk_leaf(std::int32_t state) const {
  const Dfa& dfa = rule_at(state).dfa;
  const std::int32_t first = state - local(state);
  const auto nodes = vocabulary_->nodes();
  LeafTokens out;
  const std::int32_t* const next = dfa.next.data();
  // A state by depth; a node's parent is one less deep.
  std::vector<std::int32_t> path(vocabulary_->deepest() + 1U);
  path[0] = local(state);
  for (std::uint32_t i = 1; i < nodes.size();) {
    const auto& node = nodes[i];
    const std::int32_t to = next[path[node.depth - 1U] * dfa.classes + dfa.class_of[node.byte]];
    if (to == Dfa::dead) {
      i = node.end;
      continue;
    }
    path[node.depth] = to;
    if (node.token >= 0 && distance(first + to) < unreachable) {
      for (TokenId token = node.token; token >= 0; token = vocabulary_->same_as(token)) out.few.push_back(token);
    }
    if (dfa.accepting[static_cast<std::size_t>(to)] && node.end > i + 1) out.exits.push_back(i);
    ++i;
  }
  if (out.few.size() <= kFew) return out;
  out.mask.assign(vocabulary_->mask_words(), 0);
  for (const TokenId token : out.few) out.mask[static_cast<std::size_t>(token) / 64] |= std::uint64_t{1} << token % 64;
  out.few.clear();
  out.few.shrink_to_fit();
  return out;
}

}  // namespace hadal::grammar
