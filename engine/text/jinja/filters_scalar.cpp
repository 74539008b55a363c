#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "text/jinja/arguments.h"
#include "text/jinja/filters.h"
#include "text/jinja/json.h"
#include "text/jinja/operations.h"
#include "text/jinja/print.h"
#include "text/jinja/text_tools.h"

// Filters that give one value: numbers, defaults, JSON.

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;

Value default_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "default", arguments, {"default_value", "boolean"});
  const bool replaced = input.is(Kind::undefined) || (boolean_or(values[1], false) && !truthy(input));
  if (!replaced) return input;
  return arguments.positional.empty() && arguments.named.empty() ? runtime.string("") : values[0];
}

std::string number_text(const Text& text) {
  const Text bare = strip(text, true, true);
  std::string out;
  for (const char c : bare.bytes()) {
    if (c != '_') out += c;
  }
  if (out.starts_with('+')) out.erase(0, 1);
  return out;
}

std::optional<double> read_real(const Text& text) {
  const std::string digits = number_text(text);
  double out = 0.0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

std::optional<std::int64_t> truncated(double number) {
  if (!(std::abs(number) < 9.2e18)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<std::int64_t> read_integer(const Text& text, int base) {
  std::string digits = number_text(text);
  const std::size_t sign = digits.starts_with('-') ? 1 : 0;
  const bool prefixed =
      digits.size() > sign + 2 && digits[sign] == '0' &&
      ((base == 16 && (digits[sign + 1] | 0x20) == 'x') || (base == 8 && (digits[sign + 1] | 0x20) == 'o') ||
       (base == 2 && (digits[sign + 1] | 0x20) == 'b'));
  if (prefixed) digits.erase(sign, 2);
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, base);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

Value int_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "int", arguments, {"default", "base"});
  const std::int64_t base = integer_or(runtime, values[1], 10);
  if (base < 2 || base > 36) runtime.fail("int() takes a base from 2 to 36");
  if (input.is(Kind::undefined)) runtime.fail(undefined_sentence(input));
  std::optional<std::int64_t> out;
  if (input.is_integral()) {
    out = input.as_integer();
  } else if (input.is(Kind::real)) {
    out = truncated(input.as_real());
  } else if (input.is(Kind::string)) {
    out = read_integer(input.text(), static_cast<int>(base));
    const auto real = out ? std::nullopt : read_real(input.text());
    if (real) out = truncated(*real);
  }
  if (out) return Value::integer(*out);
  return values[0].is(Kind::undefined) ? Value::integer(0) : values[0];
}

Value float_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "float", arguments, {"default"});
  if (input.is(Kind::undefined)) runtime.fail(undefined_sentence(input));
  if (input.is_number()) return Value::real(input.as_real());
  const auto real = input.is(Kind::string) ? read_real(input.text()) : std::nullopt;
  if (real) return Value::real(*real);
  return values[0].is(Kind::undefined) ? Value::real(0.0) : values[0];
}

Value abs_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "abs", arguments, {});
  if (!input.is_number()) runtime.fail(concat("abs takes a number, not ", kind_name(input)));
  if (input.is(Kind::real)) return Value::real(std::abs(input.as_real()));
  return input.as_integer() < 0 ? negate(runtime, input) : Value::integer(input.as_integer());
}

double rounded(double value, std::int64_t precision, std::string_view method) {
  if (method == "common" && precision >= 0) {
    // printf rounds the exact binary value, ties to even, as Python's round does.
    char digits[512];
    std::snprintf(digits, sizeof digits, "%.*f", static_cast<int>(std::min<std::int64_t>(precision, 100)), value);
    double out = 0.0;
    std::from_chars(digits, digits + std::string_view(digits).size(), out);
    return out;
  }
  const double scale = std::pow(10.0, static_cast<double>(precision));
  const double scaled = value * scale;
  return (method == "ceil"    ? std::ceil(scaled)
          : method == "floor" ? std::floor(scaled)
                              : std::nearbyint(scaled)) /
         scale;
}

Value round_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "round", arguments, {"precision", "method"});
  if (!input.is_number()) runtime.fail(concat("round takes a number, not ", kind_name(input)));
  const std::int64_t precision = integer_or(runtime, values[0], 0);
  const std::string method = values[1].is(Kind::undefined) ? "common" : text_of(runtime, values[1], "round").bytes();
  if (method != "common" && method != "ceil" && method != "floor") runtime.fail("round knows common, ceil and floor");
  if (method == "common" && input.is_integral() && precision >= 0) return Value::integer(input.as_integer());
  return Value::real(rounded(input.as_real(), precision, method));
}

Value tojson(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values =
      bind_parameters(runtime, "tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.ascii = boolean_or(values[0], false);
  style.sort_keys = boolean_or(values[3], false);
  if (values[1].is(Kind::string)) {
    style.indent = values[1].bytes();
  } else if (values[1].is_integral()) {
    const std::int64_t width = std::max<std::int64_t>(values[1].as_integer(), 0);
    if (width > 100) runtime.fail("tojson indents by more than 100");
    style.indent = std::string(static_cast<std::size_t>(width), ' ');
  }
  if (style.indent) style.comma.resize(1);  // Python writes no space at a line's end
  if (values[2].is(Kind::list)) {
    const Values separators = iterate(runtime, values[2]);
    if (separators.size() != 2) runtime.fail("tojson takes two separators");
    style.comma = text_of(runtime, separators[0], "tojson").bytes();
    style.colon = text_of(runtime, separators[1], "tojson").bytes();
  }
  return runtime.string(to_json(runtime, input, style));
}

Value fromjson(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "from_json", arguments, {});
  return from_json(runtime, input);
}

Value length_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "length", arguments, {});
  const auto out = length(runtime, input);
  if (!out) runtime.fail(concat(kind_name(input), " has no length"));
  return Value::integer(*out);
}

Value attr(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "attr", arguments, {"name"});
  // Only true attributes: what a dictionary holds is none.
  if (input.is(Kind::dict)) return {};
  return get_attribute(runtime, input, text_of(runtime, values[0], "attr").bytes(), nullptr);
}

Value random_filter(Runtime& runtime, const Value&, const Arguments&) {
  runtime.fail("random is refused: the same conversation must give the same prompt");
}

constexpr std::array<Filter, 13> kFilters = {{{"default", default_filter},
                                              {"d", default_filter},
                                              {"int", int_filter},
                                              {"float", float_filter},
                                              {"abs", abs_filter},
                                              {"round", round_filter},
                                              {"tojson", tojson},
                                              {"from_json", fromjson},
                                              {"fromjson", fromjson},
                                              {"length", length_filter},
                                              {"count", length_filter},
                                              {"attr", attr},
                                              {"random", random_filter}}};

}  // namespace

std::span<const Filter> scalar_filters() {
  return kFilters;
}

}  // namespace hadal::jinja
