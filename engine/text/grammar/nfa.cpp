#include "text/grammar/nfa.h"

#include <algorithm>
#include <array>

#include "text/grammar/json_string.h"

namespace hadal::grammar {

Nfa::State Nfa::state() {
  if (states_.size() >= most_states) {
    full_ = true;
    return static_cast<State>(states_.size()) - 1;
  }
  states_.emplace_back();
  return static_cast<State>(states_.size()) - 1;
}

void Nfa::skip(State from, State to, When when) {
  at(from).skips.push_back({to, when});
}

void Nfa::bytes(State from, std::uint8_t first, std::uint8_t last, State to) {
  at(from).edges.push_back({first, last, to});
}

void Nfa::call(State from, std::int32_t rule, State to) {
  at(from).calls.push_back({rule, to});
}

Nfa::State Nfa::literal(State from, std::string_view text) {
  for (const char c : text) {
    const State next = state();
    bytes(from, static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(c), next);
    from = next;
  }
  return from;
}

Nfa::State Nfa::called(State from, std::int32_t rule) {
  const State to = state();
  call(from, rule, to);
  return to;
}

Nfa::State Nfa::characters(State from, const CodeSet& set, Spelling spelling) {
  const State to = state();
  const CodeSet raw = spelling == Spelling::plain ? set : intersection(set, json_raw_characters());
  for (const CodeRange& range : intersection(raw, {{0, 0xD7FF}, {0xE000, last_code_point}})) {
    // Each length of UTF-8 for itself.
    char32_t first = range.first;
    for (const char32_t longest : {char32_t{0x7F}, char32_t{0x7FF}, char32_t{0xFFFF}, last_code_point}) {
      if (first > longest || first > range.last) continue;
      utf8(from, first, std::min(range.last, longest), to);
      first = longest + 1;
    }
  }
  if (spelling == Spelling::plain) return to;
  const CodeSet escaped = intersection({{0, 0x7F}}, complement(json_raw_characters()));
  for (const CodeRange& range : intersection(set, escaped)) {
    for (char32_t code = range.first; code <= range.last; ++code) skip(literal(from, json_escape(code)), to);
  }
  return to;
}

void Nfa::utf8(State from, char32_t first, char32_t last, State to) {
  const auto encoded = [](char32_t code) {
    std::array<std::uint8_t, 4> bytes{};
    const std::size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (std::size_t i = length; i-- > 1; code >>= 6) bytes[i] = static_cast<std::uint8_t>(0x80 | (code & 0x3F));
    constexpr std::uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    bytes[0] = static_cast<std::uint8_t>(lead[length] | code);
    return std::pair(bytes, length);
  };
  const auto [low, length] = encoded(first);
  const auto [high, same] = encoded(last);
  utf8_tails(from, std::span(low).first(length), std::span(high).first(length), to);
}

/// Byte sequences of one length from `first` to `last`: the sequences that share their first byte with one of the ends
/// are cut further, those between take any continuation.
void Nfa::utf8_tails(State from, std::span<const std::uint8_t> first, std::span<const std::uint8_t> last, State to) {
  static constexpr std::array<std::uint8_t, 3> least{0x80, 0x80, 0x80}, most{0xBF, 0xBF, 0xBF};
  if (first.size() == 1) return bytes(from, first[0], last[0], to);
  const auto branch = [&](std::uint8_t low, std::uint8_t high, std::span<const std::uint8_t> tail_first,
                          std::span<const std::uint8_t> tail_last) {
    const State middle = state();
    bytes(from, low, high, middle);
    utf8_tails(middle, tail_first, tail_last, to);
  };
  const auto lowest = std::span(least).first(first.size() - 1), highest = std::span(most).first(first.size() - 1);
  std::uint8_t low = first[0], high = last[0];
  if (low == high) return branch(low, high, first.subspan(1), last.subspan(1));
  if (!std::ranges::equal(first.subspan(1), lowest)) {
    branch(low, low, first.subspan(1), highest);
    ++low;
  }
  if (!std::ranges::equal(last.subspan(1), highest)) {
    branch(high, high, lowest, last.subspan(1));
    --high;
  }
  if (low <= high) branch(low, high, lowest, highest);
}

Nfa::State Nfa::regex(State from, const Regex& regex, Spelling spelling) {
  switch (regex.kind) {
    case Regex::Kind::empty:
      return from;
    case Regex::Kind::set:
      return characters(from, regex.set, spelling);
    case Regex::Kind::sequence:
      for (const Regex& child : regex.children) from = this->regex(from, child, spelling);
      return from;
    case Regex::Kind::choice: {
      const State to = state();
      for (const Regex& child : regex.children) {
        const State branch = state();
        skip(from, branch);
        skip(this->regex(branch, child, spelling), to);
      }
      return to;
    }
    case Regex::Kind::repeat:
      return repeated(from, regex.children.front(), regex.least, regex.most, spelling);
    case Regex::Kind::begin:
    case Regex::Kind::end: {
      const State to = state();
      skip(from, to, regex.kind == Regex::Kind::begin ? When::at_begin : When::at_end);
      return to;
    }
  }
  return from;
}

Nfa::State Nfa::repeated(State from, const Regex& what, int least, int most, Spelling spelling) {
  for (int i = 0; i < least && !full_; ++i) {
    const State next = regex(from, what, spelling);
    if (next == from) return from;  // nothing, however often
    from = next;
  }
  if (most == Regex::unbounded) {
    const State loop = state();
    skip(from, loop);
    skip(regex(loop, what, spelling), loop);
    return loop;
  }
  const State to = state();
  for (int i = least; i < most && !full_; ++i) {
    skip(from, to);
    const State next = regex(from, what, spelling);
    if (next == from) break;
    from = next;
  }
  skip(from, to);
  return to;
}

}  // namespace hadal::grammar
