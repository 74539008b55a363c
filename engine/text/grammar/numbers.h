#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hadal/result.h"
#include "text/grammar/dfa.h"

namespace hadal::grammar {

/// A decimal number as it is written: exact, where a double would round. Magnitude = whole . fraction.
struct Decimal {
  bool negative = false;  ///< Never of zero.
  std::string whole;      ///< Digits without leading zeros: empty below 1.
  std::string fraction;   ///< Digits without trailing zeros.

  /// The shortest decimal that reads back as `value`.
  static Decimal from(double value);
  static Decimal from(std::int64_t value);
  static Decimal from(std::uint64_t value);
};
/// Below 0: a < b; 0: equal; above 0: a > b.
int compare(const Decimal& a, const Decimal& b);

struct NumberLimits {
  bool integer = false;
  std::optional<Decimal> minimum{}, maximum{};
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<Decimal> multiple_of{};  ///< Above 0.
};

/// How numbers are written: no exponent, at most 15 digits before the point and 10 behind it, at most 15 in all, so
/// that different texts are different doubles and a model cannot go on writing digits; as many digits before the point
/// as a limit has, if these are more, up to the 19 of 64 bits. No -0, no leading zeros. `what` names the number in
/// errors. Fails with unsupported where a limit has more digits and so nothing fits.
Result<Dfa> number_automaton(const NumberLimits& limits, std::string_view what);

}  // namespace hadal::grammar
