#include "text/grammar/dfa.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/text.h"

namespace hadal::grammar {
namespace {

Error too_large(std::string_view what) {
  return {ErrorCode::unsupported,
          concat(what, " describes too many different states to keep track of; a simpler expression may do.")};
}

using Set = std::vector<Nfa::State>;

struct SetHash {
  std::size_t operator()(const Set& set) const {
    std::uint64_t hash = 1469598103934665603ULL;  // FNV-1a
    for (const Nfa::State state : set) hash = (hash ^ static_cast<std::uint64_t>(state)) * 1099511628211ULL;
    return static_cast<std::size_t>(hash);
  }
};

class SubsetConstruction {
 public:
  SubsetConstruction(const Nfa& nfa, Nfa::State accept, std::string_view what)
      : nfa_(nfa), accept_(accept), what_(what), seen_(nfa.size()) {}

  Result<Dfa> run() {
    if (nfa_.full()) return too_large(what_);
    classify();
    Set start{nfa_.start()};
    close(start, true);
    find_or_add(std::move(start), true);
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      expand(i);
      if (sets_.size() > static_cast<std::size_t>(most_dfa_states) || work_ > kMostWork) return too_large(what_);
    }
    return trimmed(out_);
  }

 private:
  /// Steps through sets of states: some tenths of a second, and no more than a few hundred megabytes of sets.
  static constexpr std::size_t kMostWork = 30'000'000;

  void classify() {
    std::array<bool, 257> cut{};
    for (std::size_t i = 0; i < nfa_.size(); ++i) {
      for (const auto& edge : nfa_.node(static_cast<Nfa::State>(i)).edges) cut[edge.first] = cut[edge.last + 1U] = true;
    }
    std::uint8_t current = 0;
    for (std::size_t byte = 0; byte < 256; ++byte) {
      if (byte > 0 && cut[byte]) ++current;
      if (byte == 0 || cut[byte]) representative_.push_back(static_cast<std::uint8_t>(byte));
      out_.class_of[byte] = current;
    }
    out_.classes = current + 1;
  }

  void close(Set& set, bool at_begin) {
    for (const Nfa::State state : set) seen_[static_cast<std::size_t>(state)] = true;
    for (std::size_t i = 0; i < set.size(); ++i) {
      for (const auto& skip : nfa_.node(set[i]).skips) {
        if (skip.when == Nfa::When::at_end || (skip.when == Nfa::When::at_begin && !at_begin)) continue;
        if (seen_[static_cast<std::size_t>(skip.to)]) continue;
        seen_[static_cast<std::size_t>(skip.to)] = true;
        set.push_back(skip.to);
      }
    }
    work_ += set.size();
    for (const Nfa::State state : set) seen_[static_cast<std::size_t>(state)] = false;
    std::ranges::sort(set);
  }

  bool accepts(const Set& set, bool at_begin) {
    Set ends = set;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends[i] == accept_) return true;
      for (const auto& skip : nfa_.node(ends[i]).skips) {
        if (skip.when == Nfa::When::at_begin && !at_begin) continue;
        if (std::ranges::find(ends, skip.to) == ends.end()) ends.push_back(skip.to);
      }
    }
    return false;
  }

  bool has_ends(const Set& set) const {
    return std::ranges::any_of(set, [this](Nfa::State state) {
      return std::ranges::any_of(nfa_.node(state).skips, [](const auto& s) { return s.when == Nfa::When::at_end; });
    });
  }

  std::int32_t find_or_add(Set set, bool at_begin = false) {
    if (set.empty()) return Dfa::dead;
    if (!at_begin) {
      const auto found = ids_.find(set);
      if (found != ids_.end()) return found->second;
    }
    const auto id = static_cast<std::int32_t>(sets_.size());
    out_.accepting.push_back(std::ranges::binary_search(set, accept_) || (has_ends(set) && accepts(set, at_begin)));
    out_.calls.emplace_back();
    out_.next.resize(out_.next.size() + static_cast<std::size_t>(out_.classes), Dfa::dead);
    // The start is a state of its own: ^ holds nowhere else.
    if (!at_begin) ids_.emplace(set, id);
    sets_.push_back(std::move(set));
    return id;
  }

  void expand(std::size_t from) {
    std::map<std::int32_t, Set> calls;
    std::vector<Nfa::Edge> edges;
    for (const Nfa::State state : sets_[from]) {
      const auto& node = nfa_.node(state);
      edges.insert(edges.end(), node.edges.begin(), node.edges.end());
      for (const auto& call : node.calls) calls[call.rule].push_back(call.to);
    }
    for (std::size_t c = 0; c < representative_.size() && !edges.empty(); ++c) {
      const std::uint8_t byte = representative_[c];
      Set targets;
      for (const auto& edge : edges) {
        if (edge.first <= byte && byte <= edge.last) targets.push_back(edge.to);
      }
      work_ += edges.size();
      out_.next[from * static_cast<std::size_t>(out_.classes) + c] = reached(std::move(targets));
    }
    for (auto& [rule, targets] : calls) {
      const std::int32_t to = reached(std::move(targets));
      out_.calls[from].push_back({rule, to});
    }
  }

  std::int32_t reached(Set targets) {
    std::ranges::sort(targets);
    targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
    close(targets, false);
    return find_or_add(std::move(targets));
  }

  const Nfa& nfa_;
  Nfa::State accept_;
  std::string_view what_;
  std::vector<bool> seen_;
  std::vector<std::uint8_t> representative_;
  std::vector<Set> sets_;
  std::unordered_map<Set, std::int32_t, SetHash> ids_;
  std::size_t work_ = 0;
  Dfa out_;
};

/// States from which something is accepted.
std::vector<bool> useful(const Dfa& dfa) {
  const auto states = static_cast<std::size_t>(dfa.states()), classes = static_cast<std::size_t>(dfa.classes);
  std::vector<std::vector<std::int32_t>> before(states);
  std::vector<std::int32_t> reached;
  std::vector<bool> out(states);
  for (std::size_t s = 0; s < states; ++s) {
    for (std::size_t c = 0; c < classes; ++c) {
      const std::int32_t to = dfa.next[s * classes + c];
      if (to != Dfa::dead) before[static_cast<std::size_t>(to)].push_back(static_cast<std::int32_t>(s));
    }
    for (const auto& call : dfa.calls[s])
      before[static_cast<std::size_t>(call.to)].push_back(static_cast<std::int32_t>(s));
    if (dfa.accepting[s]) {
      out[s] = true;
      reached.push_back(static_cast<std::int32_t>(s));
    }
  }
  while (!reached.empty()) {
    const auto state = static_cast<std::size_t>(reached.back());
    reached.pop_back();
    for (const std::int32_t from : before[state]) {
      if (out[static_cast<std::size_t>(from)]) continue;
      out[static_cast<std::size_t>(from)] = true;
      reached.push_back(from);
    }
  }
  return out;
}

}  // namespace

bool Dfa::leaf() const {
  return std::ranges::all_of(calls, &std::vector<Call>::empty);
}

bool Dfa::matches(std::string_view text) const {
  if (states() == 0) return false;
  std::int32_t state = 0;
  for (const char c : text) {
    state = step(state, static_cast<std::uint8_t>(c));
    if (state == dead) return false;
  }
  return accepting[static_cast<std::size_t>(state)] != 0;
}

Result<Dfa> determinise(const Nfa& nfa, Nfa::State accept, std::string_view what) {
  return SubsetConstruction(nfa, accept, what).run();
}

Dfa trimmed(const Dfa& dfa) {
  const std::vector<bool> keep = useful(dfa);
  Dfa out;
  out.class_of = dfa.class_of;
  out.classes = dfa.classes;
  if (keep.empty() || !keep[0]) return out;
  std::vector<std::int32_t> renamed(keep.size(), Dfa::dead);
  std::int32_t count = 0;
  for (std::size_t s = 0; s < keep.size(); ++s) {
    if (keep[s]) renamed[s] = count++;
  }
  const auto classes = static_cast<std::size_t>(dfa.classes);
  for (std::size_t s = 0; s < keep.size(); ++s) {
    if (!keep[s]) continue;
    for (std::size_t c = 0; c < classes; ++c) {
      const std::int32_t to = dfa.next[s * classes + c];
      out.next.push_back(to == Dfa::dead ? Dfa::dead : renamed[static_cast<std::size_t>(to)]);
    }
    out.accepting.push_back(dfa.accepting[s]);
    auto& calls = out.calls.emplace_back();
    for (const auto& call : dfa.calls[s]) {
      const std::int32_t to = renamed[static_cast<std::size_t>(call.to)];
      if (to != Dfa::dead) calls.push_back({call.rule, to});
    }
  }
  return out;
}

Result<Dfa> product(const Dfa& a, const Dfa& b, Product kind, std::string_view what) {
  Dfa out;
  std::map<std::pair<std::uint8_t, std::uint8_t>, std::uint8_t> classes;
  std::vector<std::uint8_t> representative;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const auto [found, added] =
        classes.try_emplace({a.class_of[byte], b.class_of[byte]}, static_cast<std::uint8_t>(classes.size()));
    if (added) representative.push_back(static_cast<std::uint8_t>(byte));
    out.class_of[byte] = found->second;
  }
  out.classes = static_cast<std::int32_t>(representative.size());
  if (a.states() == 0) return out;
  using Pair = std::pair<std::int32_t, std::int32_t>;
  std::map<Pair, std::int32_t> ids;
  std::vector<Pair> pairs;
  const auto find_or_add = [&](Pair pair) {
    if (pair.first == Dfa::dead || (kind == Product::both && pair.second == Dfa::dead)) return Dfa::dead;
    const auto [found, added] = ids.try_emplace(pair, static_cast<std::int32_t>(pairs.size()));
    if (added) {
      pairs.push_back(pair);
      const bool second = pair.second != Dfa::dead && b.accepting[static_cast<std::size_t>(pair.second)];
      out.accepting.push_back(a.accepting[static_cast<std::size_t>(pair.first)] && second == (kind == Product::both));
      out.calls.emplace_back();
    }
    return found->second;
  };
  find_or_add({0, b.states() > 0 ? 0 : Dfa::dead});
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (pairs.size() > static_cast<std::size_t>(most_dfa_states)) return too_large(what);
    const Pair pair = pairs[i];
    for (const std::uint8_t byte : representative) {
      const std::int32_t second = pair.second == Dfa::dead ? Dfa::dead : b.step(pair.second, byte);
      out.next.push_back(find_or_add({a.step(pair.first, byte), second}));
    }
  }
  return trimmed(out);
}

Dfa quoted(const Dfa& inside) {
  Dfa out;
  if (inside.states() == 0) return out;
  out.class_of = inside.class_of;
  const std::uint8_t shared = inside.class_of['"'];
  // The quote becomes a class of its own.
  out.classes = inside.classes + 1;
  out.class_of['"'] = static_cast<std::uint8_t>(inside.classes);
  const std::int32_t first = 1, end = inside.states() + 1;
  const auto row = [&](std::int32_t quote, auto next) {
    for (std::int32_t c = 0; c < inside.classes; ++c) out.next.push_back(next(c));
    out.next.push_back(quote);
  };
  row(first, [](std::int32_t) { return Dfa::dead; });
  for (std::int32_t s = 0; s < inside.states(); ++s) {
    const auto step = [&](std::int32_t c) {
      const std::int32_t to = inside.next[static_cast<std::size_t>(s * inside.classes + c)];
      return to == Dfa::dead ? Dfa::dead : to + first;
    };
    // After a backslash the quote is a character.
    const std::int32_t escaped = step(shared);
    row(escaped != Dfa::dead ? escaped : inside.accepting[static_cast<std::size_t>(s)] ? end : Dfa::dead, step);
  }
  row(Dfa::dead, [](std::int32_t) { return Dfa::dead; });
  out.accepting.assign(static_cast<std::size_t>(end) + 1, 0);
  out.accepting.back() = 1;
  out.calls.resize(out.accepting.size());
  return trimmed(out);
}

}  // namespace hadal::grammar
