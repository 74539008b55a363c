#include "text/grammar/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>
#include <tuple>

#include "base/text.h"

namespace hadal::grammar {
namespace {

constexpr std::size_t kUsualWhole = 15, kMostWhole = 19, kMostFraction = 10;
constexpr int kMostDigits = 15;
constexpr std::uint32_t kMostFactor = 10'000;

Decimal from_text(std::string_view text) {
  Decimal out;
  out.negative = text.starts_with('-');
  if (out.negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  out.whole = text.substr(0, point);
  if (point != std::string_view::npos) out.fraction = text.substr(point + 1);
  out.whole.erase(0, std::min(out.whole.find_first_not_of('0'), out.whole.size()));
  out.fraction.erase(out.fraction.find_last_not_of('0') + 1);
  if (out.whole.empty() && out.fraction.empty()) out.negative = false;
  return out;
}

int compare_magnitude(const Decimal& a, const Decimal& b) {
  if (a.whole.size() != b.whole.size()) return a.whole.size() < b.whole.size() ? -1 : 1;
  if (const int whole = a.whole.compare(b.whole); whole != 0) return whole;
  return a.fraction.compare(b.fraction);  // a prefix is less, and trailing zeros are not there
}

/// A number being read, as far as its limits care: what may follow and how it compares so far.
struct Progress {
  enum Phase : std::int8_t { begin, sign, zero, whole, point, fraction };
  std::int8_t phase = begin;
  bool negative = false, nonzero = false;
  std::int8_t digits = 0;                ///< Before the point.
  std::int8_t behind = 0;                ///< Behind it.
  std::int8_t left = 0;                  ///< Digits that may yet follow there.
  std::array<std::int8_t, 2> against{};  ///< Magnitude so far against that of minimum and maximum.
  std::uint32_t rest = 0;                ///< All digits so far, modulo the factor.

  auto key() const { return std::tuple(phase, negative, nonzero, digits, behind, left, against, rest); }
  bool operator<(const Progress& other) const { return key() < other.key(); }
};

class Builder {
 public:
  Builder(const NumberLimits& limits, std::string_view what) : limits_(limits), what_(what) {
    bounds_ = {limits.minimum ? &*limits.minimum : nullptr, limits.maximum ? &*limits.maximum : nullptr};
    std::size_t whole = kUsualWhole;
    for (const Decimal* bound : bounds_) whole = std::max(whole, bound ? bound->whole.size() : 0);
    most_whole_ = static_cast<int>(std::min(whole, kMostWhole));
  }

  Result<Dfa> run() {
    if (const auto factor = read_factor(); !factor) return factor.error();
    for (const char c : std::string_view("0123456789-.")) {
      out_.class_of[static_cast<std::uint8_t>(c)] = static_cast<std::uint8_t>(out_.classes++);
    }
    find_or_add({});
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (states_.size() > static_cast<std::size_t>(most_dfa_states)) {
        return Error{ErrorCode::unsupported,
                     concat(what_, " combines limits that need too many states; a smaller multipleOf may do.")};
      }
      out_.next.push_back(Dfa::dead);  // every other byte
      for (const char c : std::string_view("0123456789-.")) {
        const auto next = step(states_[i], c);
        out_.next.push_back(next ? find_or_add(*next) : Dfa::dead);
      }
    }
    if (std::ranges::find(out_.accepting, 1) == out_.accepting.end()) {
      if (const Decimal* bound = too_fine()) return unwritable(*bound);
    }
    return trimmed(out_);
  }

 private:
  /// A limit that no number is near to for want of digits; null if there is none.
  const Decimal* too_fine() const {
    const auto found = std::ranges::find_if(bounds_, [](const Decimal* bound) {
      return bound && (bound->whole.size() > kMostWhole || bound->fraction.size() > kMostFraction ||
                       (!bound->fraction.empty() && bound->whole.size() + bound->fraction.size() > kMostDigits));
    });
    return found == bounds_.end() ? nullptr : *found;
  }
  Error unwritable(const Decimal& bound) const {
    const std::string digits = concat(bound.negative ? "-" : "", bound.whole.empty() ? "0" : bound.whole,
                                      bound.fraction.empty() ? "" : ".", bound.fraction);
    return {ErrorCode::unsupported,
            concat(what_, " has the limit ", printable(digits, 40), ", and numbers are written with ", kMostWhole,
                   " digits before the point and ", kMostFraction, " behind it at most.")};
  }

  Result<void> read_factor() {
    if (!limits_.multiple_of) return {};
    const Decimal& factor = *limits_.multiple_of;
    const std::string scaled = factor.whole + factor.fraction;
    decimals_ = static_cast<int>(factor.fraction.size());
    factor_ = static_cast<std::uint32_t>(std::strtoul(scaled.substr(0, 9).c_str(), nullptr, 10));
    if (scaled.size() > 9 || factor_ == 0 || factor_ > kMostFactor || decimals_ > static_cast<int>(kMostFraction) || factor.negative) {
      return Error{ErrorCode::unsupported,
                   concat(what_, " has a multipleOf with more digits than can be kept track of (", kMostFactor,
                          " at most, without its point).")};
    }
    return {};
  }

  std::int32_t find_or_add(const Progress& progress) {
    const auto [found, added] = ids_.try_emplace(progress, static_cast<std::int32_t>(states_.size()));
    if (added) {
      states_.push_back(progress);
      out_.accepting.push_back(accepts(progress));
      out_.calls.emplace_back();
    }
    return found->second;
  }

  std::optional<Progress> step(const Progress& from, char c) const {
    Progress next = from;
    if (c == '-') {
      if (from.phase != Progress::begin) return std::nullopt;
      next.phase = Progress::sign;
      next.negative = true;
      return next;
    }
    if (c == '.') return to_fraction(next);
    switch (from.phase) {
      case Progress::begin:
      case Progress::sign:
        if (c == '0') {
          next.phase = Progress::zero;
          return next;
        }
        next.phase = Progress::whole;
        return with_whole(next, c);
      case Progress::whole:
        return with_whole(next, c);
      case Progress::point:
      case Progress::fraction:
        return with_fraction(next, c);
      default:
        return std::nullopt;
    }
  }

  std::optional<Progress> with_whole(Progress next, char c) const {
    if (next.digits == most_whole_) return std::nullopt;
    next.nonzero = true;
    const auto place = static_cast<std::size_t>(next.digits++);
    for (std::size_t i = 0; i < 2; ++i) {
      if (!bounds_[i] || next.against[i] != 0 || place >= bounds_[i]->whole.size()) continue;
      next.against[i] = sign_of(c - bounds_[i]->whole[place]);
    }
    next.rest = append(next.rest, c);
    return next;
  }

  std::optional<Progress> to_fraction(Progress next) const {
    if (limits_.integer || (next.phase != Progress::zero && next.phase != Progress::whole)) return std::nullopt;
    for (std::size_t i = 0; i < 2; ++i) next.against[i] = whole_against(next, i);
    next.left = static_cast<std::int8_t>(std::min(static_cast<int>(kMostFraction), kMostDigits - next.digits));
    if (factor_ > 0) next.left = static_cast<std::int8_t>(std::min<int>(next.left, std::max(decimals_, 1)));
    if (next.left <= 0) return std::nullopt;
    next.digits = 0;
    next.phase = Progress::point;
    return next;
  }

  std::optional<Progress> with_fraction(Progress next, char c) const {
    if (next.left == 0) return std::nullopt;
    --next.left;
    next.phase = Progress::fraction;
    next.nonzero = next.nonzero || c != '0';
    const auto place = static_cast<std::size_t>(next.behind);
    bool undecided = false;
    for (std::size_t i = 0; i < 2; ++i) {
      if (!bounds_[i] || next.against[i] != 0) continue;
      next.against[i] = sign_of(c - (place < bounds_[i]->fraction.size() ? bounds_[i]->fraction[place] : '0'));
      undecided = undecided || next.against[i] == 0;
    }
    if (factor_ > 0 && next.behind < decimals_) {
      next.rest = append(next.rest, c);
    } else if (factor_ > 0 && c != '0') {
      return std::nullopt;
    }
    // The place matters only while something is still compared or divided.
    next.behind = static_cast<std::int8_t>(undecided || factor_ > 0 ? next.behind + 1 : 0);
    return next;
  }

  std::uint32_t append(std::uint32_t rest, char c) const {
    return factor_ == 0 ? 0 : (rest * 10 + static_cast<std::uint32_t>(c - '0')) % factor_;
  }
  static std::int8_t sign_of(int difference) { return static_cast<std::int8_t>((difference > 0) - (difference < 0)); }

  std::int8_t whole_against(const Progress& at, std::size_t i) const {
    if (!bounds_[i]) return 0;
    const auto length = static_cast<int>(bounds_[i]->whole.size());
    return at.digits != length ? sign_of(at.digits - length) : at.against[i];
  }

  bool accepts(const Progress& at) const {
    if (at.phase != Progress::zero && at.phase != Progress::whole && at.phase != Progress::fraction) return false;
    if (at.negative && !at.nonzero) return false;
    for (std::size_t i = 0; i < 2; ++i) {
      if (!bounds_[i]) continue;
      const int difference = against_bound(at, i);
      const bool exclusive = i == 0 ? limits_.exclusive_minimum : limits_.exclusive_maximum;
      if (i == 0 ? difference < 0 : difference > 0) return false;
      if (difference == 0 && exclusive) return false;
    }
    if (factor_ == 0) return true;
    std::uint32_t rest = at.rest;
    for (int place = at.phase == Progress::fraction ? at.behind : 0; place < decimals_; ++place) {
      rest = rest * 10 % factor_;
    }
    return rest == 0;
  }

  int against_bound(const Progress& at, std::size_t i) const {
    const Decimal& bound = *bounds_[i];
    if (at.negative != bound.negative) return at.negative ? -1 : 1;
    int magnitude = at.phase == Progress::fraction ? at.against[i] : whole_against(at, i);
    const std::size_t read = at.phase == Progress::fraction ? static_cast<std::size_t>(at.behind) : 0;
    if (magnitude == 0 && read < bound.fraction.size()) magnitude = -1;
    return at.negative ? -magnitude : magnitude;
  }

  const NumberLimits& limits_;
  std::string_view what_;
  std::array<const Decimal*, 2> bounds_;
  int most_whole_ = 0;  ///< Digits before the point.
  std::uint32_t factor_ = 0;
  int decimals_ = 0;
  std::map<Progress, std::int32_t> ids_;
  std::vector<Progress> states_;
  Dfa out_;
};

}  // namespace

Decimal Decimal::from(double value) {
  std::array<char, 400> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
  return from_text({text.data(), static_cast<std::size_t>(end - text.data())});
}

Decimal Decimal::from(std::int64_t value) {
  return from_text(std::to_string(value));
}

Decimal Decimal::from(std::uint64_t value) {
  return from_text(std::to_string(value));
}

int compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  return a.negative ? -compare_magnitude(a, b) : compare_magnitude(a, b);
}

Result<Dfa> number_automaton(const NumberLimits& limits, std::string_view what) {
  return Builder(limits, what).run();
}

}  // namespace hadal::grammar
