#include "text/canonical_composition.h"

#include <algorithm>
#include <tuple>

#include "base/utf8.h"

namespace hadal {
namespace {

// Hangul syllables are made by arithmetic (Unicode 16, section 3.12).
constexpr std::uint32_t leads = 0x1100, vowels = 0x1161, tails = 0x11A7, syllables = 0xAC00;
constexpr std::uint32_t lead_count = 19, vowel_count = 21, tail_count = 28;
constexpr std::uint32_t syllable_count = lead_count * vowel_count * tail_count;

/// Of a valid character.
std::uint32_t decoded(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(character[i])); };
  if (character.size() == 1) return byte(0);
  std::uint32_t point = byte(0) & (0x7FU >> character.size());
  for (std::size_t i = 1; i < character.size(); ++i) point = point << 6 | (byte(i) & 0x3F);
  return point;
}

auto sides(const CanonicalPair& pair) {
  return std::tuple(pair.first, pair.second);
}

}  // namespace

CanonicalComposition::CanonicalComposition() {
  const auto mark = [&](std::uint32_t first, std::uint32_t last) {
    if (unsettled_.size() <= last) unsettled_.resize(last + 1);
    for (std::uint32_t point = first; point <= last; ++point) unsettled_[point] = true;
  };
  for (const CanonicalPair& pair : canonical_pairs()) {
    if (pair.composes) {
      composing_.push_back(pair);
      mark(pair.second, pair.second);
    } else {
      mark(pair.whole, pair.whole);
    }
  }
  for (const CombiningRange& range : combining_ranges()) mark(range.first, range.last);
  mark(vowels, vowels + vowel_count - 1);
  mark(tails + 1, tails + tail_count - 1);
  std::ranges::sort(composing_, {}, sides);
}

bool CanonicalComposition::settled(std::uint32_t point) const {
  return point >= unsettled_.size() || !unsettled_[point];
}

std::uint8_t CanonicalComposition::combining_class(std::uint32_t point) const {
  if (settled(point)) return 0;
  const auto ranges = combining_ranges();
  const auto range = std::ranges::lower_bound(ranges, point, {}, &CombiningRange::last);
  return range != ranges.end() && range->first <= point ? range->combining_class : std::uint8_t{0};
}

void CanonicalComposition::decompose(std::uint32_t point, Points& out) const {
  const auto pairs = canonical_pairs();
  const auto pair = std::ranges::lower_bound(pairs, point, {}, &CanonicalPair::whole);
  if (pair != pairs.end() && pair->whole == point) {
    decompose(pair->first, out);  // nested a few levels deep in the table
    if (pair->second != 0) out.push_back(pair->second);
  } else if (point >= syllables && point < syllables + syllable_count) {
    const std::uint32_t index = point - syllables, tail = index % tail_count;
    out.push_back(leads + index / (vowel_count * tail_count));
    out.push_back(vowels + index / tail_count % vowel_count);
    if (tail != 0) out.push_back(tails + tail);
  } else {
    out.push_back(point);
  }
}

void CanonicalComposition::put_in_order(Points& points) const {
  for (auto from = points.begin(); from != points.end();) {
    const auto marks = std::find_if(from, points.end(), [&](std::uint32_t p) { return combining_class(p) != 0; });
    from = std::find_if(marks, points.end(), [&](std::uint32_t p) { return combining_class(p) == 0; });
    std::stable_sort(marks, from, [&](auto a, auto b) { return combining_class(a) < combining_class(b); });
  }
}

std::uint32_t CanonicalComposition::composite(std::uint32_t first, std::uint32_t second) const {
  if (first - leads < lead_count && second - vowels < vowel_count) {
    return syllables + ((first - leads) * vowel_count + (second - vowels)) * tail_count;
  }
  const bool open = first - syllables < syllable_count && (first - syllables) % tail_count == 0;
  if (open && second - tails - 1 < tail_count - 1) return first + (second - tails);
  const auto pair = std::ranges::lower_bound(composing_, std::tuple(first, second), {}, sides);
  return pair != composing_.end() && sides(*pair) == std::tuple(first, second) ? pair->whole : 0;
}

// UAX 15, D117: a character joins the last starter unless one of its own or a higher class stands between.
void CanonicalComposition::compose(Points& points) const {
  std::size_t starter = points.size(), written = 0;
  int last_class = -1;  // of the last character kept after the starter; -1: there is none
  for (const std::uint32_t point : points) {
    const std::uint8_t own = combining_class(point);
    if (starter < points.size() && last_class < own) {
      if (const std::uint32_t whole = composite(points[starter], point); whole != 0) {
        points[starter] = whole;
        continue;
      }
    }
    if (own == 0) {
      starter = written;
      last_class = -1;
    } else {
      last_class = own;
    }
    points[written++] = point;
  }
  points.resize(written);
}

void CanonicalComposition::rewrite(std::string_view stretch, std::string& out) const {
  Points points;
  while (!stretch.empty()) {
    const std::size_t length = utf8_head(stretch).length;
    decompose(decoded(stretch.substr(0, length)), points);
    stretch.remove_prefix(length);
  }
  put_in_order(points);
  compose(points);
  for (const std::uint32_t point : points) append_utf8(point, out);
}

std::string CanonicalComposition::apply(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  // A stretch is a settled character and the unsettled ones behind it; what has no unsettled ones is copied.
  std::size_t copied = 0, begin = 0, at = 0;
  bool changes = false;
  const auto finish = [&] {
    if (changes) {
      out += text.substr(copied, begin - copied);
      rewrite(text.substr(begin, at - begin), out);
      copied = at;
    }
    begin = at;
    changes = false;
  };
  while (at < text.size()) {
    const bool ascii = static_cast<unsigned char>(text[at]) < 0x80;
    const Utf8Head head = ascii ? Utf8Head{Utf8State::valid, 1} : utf8_head(text.substr(at));
    const bool valid = head.state == Utf8State::valid;
    const bool joins = !ascii && valid && !settled(decoded(text.substr(at, head.length)));
    if (!joins) finish();
    changes |= joins;
    at += head.length;
    if (!valid) finish();
  }
  finish();
  out += text.substr(copied);
  return out;
}

}  // namespace hadal
