#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"
#include "text/grammar/formats.h"
#include "text/grammar/json_string.h"
#include "text/grammar/schema_compiler.h"

namespace hadal::grammar {
namespace {

/// Characters that a string may have to have: more tokens than any context.
constexpr std::size_t kLongest = 1'000'000;
/// Characters up to which a length is kept to beside a pattern: 15 states each.
constexpr std::size_t kMostCounted = 3000;

/// 2^64: from here on the JSON reader keeps of a whole number what a double can.
constexpr double kBeyondWholes = 18446744073709551616.0;

Decimal decimal(const Json& number) {
  if (number.is_number_unsigned()) return Decimal::from(number.get<std::uint64_t>());
  if (number.is_number_integer()) return Decimal::from(number.get<std::int64_t>());
  return Decimal::from(number.get<double>());
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string at(const std::string& pointer) {
  return concat("The schema at ", printable(pointer, 200));
}

}  // namespace

std::size_t natural_of(const Json& keywords, const char* key, std::size_t fallback) {
  if (!keywords.contains(key)) return fallback;
  return static_cast<std::size_t>(std::min(keywords[key].get<double>(), 1e15));
}

std::optional<std::size_t> most_of(const Json& keywords, const char* key) {
  return keywords.contains(key) ? std::optional(natural_of(keywords, key, 0)) : std::nullopt;
}

NumberLimits limits_of(const Json& keywords, bool integer) {
  NumberLimits out{.integer = integer};
  if (keywords.contains("minimum")) out.minimum = decimal(keywords["minimum"]);
  if (keywords.contains("maximum")) out.maximum = decimal(keywords["maximum"]);
  if (keywords.contains("exclusiveMinimum")) {
    const Decimal bound = decimal(keywords["exclusiveMinimum"]);
    if (!out.minimum || compare(bound, *out.minimum) >= 0) {
      out.minimum = bound;
      out.exclusive_minimum = true;
    }
  }
  if (keywords.contains("exclusiveMaximum")) {
    const Decimal bound = decimal(keywords["exclusiveMaximum"]);
    if (!out.maximum || compare(bound, *out.maximum) <= 0) {
      out.maximum = bound;
      out.exclusive_maximum = true;
    }
  }
  if (keywords.contains("multipleOf")) out.multiple_of = decimal(keywords["multipleOf"]);
  return out;
}

Result<Rule> SchemaCompiler::number(const Json& keywords, bool integer, const std::string& pointer) {
  NumberLimits limits = limits_of(keywords, integer);
  for (const Json& entry : keywords.contains("format") ? keywords["format"] : Json::array()) {
    const auto format = entry.get<std::string>();
    const bool word = format == "int32";
    if (!word && format != "int64") {
      if (is_storage_format(format) || !format_pattern(format).empty()) continue;  // a string's says nothing of numbers
      return schema_error(ErrorCode::unsupported, pointer,
                          concat("the format \"", printable(format, 64), "\" is not supported."));
    }
    limits.integer = true;
    const Decimal low = Decimal::from(word ? std::int64_t{INT32_MIN} : INT64_MIN);
    const Decimal high = Decimal::from(word ? std::int64_t{INT32_MAX} : INT64_MAX);
    if (!limits.minimum || compare(*limits.minimum, low) < 0) limits.minimum = low, limits.exclusive_minimum = false;
    if (!limits.maximum || compare(*limits.maximum, high) > 0) limits.maximum = high, limits.exclusive_maximum = false;
  }
  auto dfa = number_automaton(limits, at(pointer));
  if (!dfa) return dfa.error();
  Rule out;
  out.dfa = std::move(*dfa);
  return out;
}

Result<Rule> SchemaCompiler::string(const Json& keywords, const std::string& pointer) {
  Rule out;
  if (keywords.contains("patterns") || keywords.contains("format")) {
    auto dfa = string_automaton_of(keywords, pointer);
    if (!dfa) return dfa.error();
    out.dfa = std::move(*dfa);
    return out;
  }
  const std::size_t least = natural_of(keywords, "minLength", 0);
  const auto most = most_of(keywords, "maxLength");
  if (least > kLongest) return schema_error(ErrorCode::unsupported, pointer, concat("minLength can be ", kLongest, " at most."));
  if (most && *most < least) return out;
  out.kind = Rule::Kind::string;
  out.least = static_cast<std::int32_t>(least);
  if (most && *most <= kLongest) out.most = static_cast<std::int32_t>(*most);
  return out;
}

Result<Dfa> counted_strings(std::size_t least, std::optional<std::size_t> most, const std::string& pointer) {
  if (std::max(least, most.value_or(0)) > kMostCounted) {
    return schema_error(
        ErrorCode::unsupported, pointer,
        concat("a length beside a pattern, format or list of names can be ", kMostCounted, " at most."));
  }
  const StringAutomaton& strings = string_automaton();
  Dfa out;
  std::map<std::vector<std::uint8_t>, std::uint8_t> columns;
  std::vector<std::uint8_t> representative;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    std::vector<std::uint8_t> column;
    for (const auto& row : strings.next) column.push_back(row[byte]);
    const auto [found, added] =
        columns.try_emplace(std::move(column), static_cast<std::uint8_t>(representative.size()));
    if (added) representative.push_back(static_cast<std::uint8_t>(byte));
    out.class_of[byte] = found->second;
  }
  out.classes = static_cast<std::int32_t>(representative.size());
  // State s of a string that has c characters is c * count + s; the last state is the end. Without `most` the
  // characters past `least` are not counted.
  const std::size_t counts = most.value_or(least) + 1;
  const auto end = static_cast<std::int32_t>(counts * string_state::count);
  for (std::size_t c = 0; c < counts; ++c) {
    for (std::uint8_t s = 0; s < string_state::count; ++s) {
      for (const std::uint8_t byte : representative) {
        const std::uint8_t next = strings.next[s][byte];
        const bool counted = next == string_state::between && s != string_state::opening;
        std::size_t to_count = c + (counted ? 1 : 0);
        if (!most) to_count = std::min(to_count, least);
        std::int32_t to = static_cast<std::int32_t>(to_count * string_state::count + next);
        if (next == string_state::closed) to = c >= least ? end : Dfa::dead;
        if (next == string_state::dead || to_count >= counts) to = Dfa::dead;
        out.next.push_back(to);
      }
    }
  }
  out.next.resize(out.next.size() + representative.size(), Dfa::dead);
  out.accepting.assign(static_cast<std::size_t>(end) + 1, 0);
  out.accepting.back() = 1;
  out.calls.resize(out.accepting.size());
  return trimmed(out);
}

Result<Dfa> SchemaCompiler::pattern_automaton(const std::string& pattern, const std::string& pointer) {
  auto parsed = parse_regex(pattern);
  if (!parsed) return schema_error(parsed.error().code, pointer, parsed.error().message);
  Nfa nfa;
  // The quotes stand outside of what ^ and $ see, so they are put around the finished automaton.
  const Nfa::State end = nfa.regex(nfa.start(), searched(std::move(*parsed)), Spelling::json_string);
  auto inside = determinise(nfa, end, at(pointer));
  if (!inside) return inside;
  return quoted(*inside);
}

Result<Dfa> SchemaCompiler::string_automaton_of(const Json& keywords, const std::string& pointer) {
  auto out = counted_strings(natural_of(keywords, "minLength", 0), most_of(keywords, "maxLength"), pointer);
  const auto restrict = [&](const std::string& pattern) -> Result<void> {
    const auto one = pattern_automaton(pattern, pointer);
    if (!one) return one.error();
    auto both = product(*out, *one, Product::both, at(pointer));
    if (!both) return both.error();
    out = std::move(both);
    return {};
  };
  for (const Json& pattern : keywords.contains("patterns") ? keywords["patterns"] : Json::array()) {
    if (!out) break;
    if (const auto done = restrict(pattern.get<std::string>()); !done) return done.error();
  }
  for (const Json& entry : keywords.contains("format") ? keywords["format"] : Json::array()) {
    if (!out) break;
    const auto format = entry.get<std::string>();
    if (is_storage_format(format) || format == "int32" || format == "int64") continue;  // of numbers
    const std::string_view pattern = format_pattern(format);
    if (pattern.empty()) {
      return schema_error(ErrorCode::unsupported, pointer,
                          concat("the format \"", printable(format, 64), "\" is not supported."));
    }
    if (const auto done = restrict(concat("^(", pattern, ")$")); !done) return done.error();
  }
  return out;
}

/// The strings that a schema for keys takes.
Result<Dfa> SchemaCompiler::key_automaton(const Json& schema, const std::string& pointer) {
  const auto alternatives = normaliser_.alternatives(schema, pointer);
  if (!alternatives) return alternatives.error();
  std::optional<Dfa> out;
  for (PlainSchema plain : *alternatives) {
    PlainSchema string;
    string.keywords["type"] = Json::array({"string"});
    const auto merged = merge(plain, string, pointer);
    if (!merged) return merged.error();
    if (!*merged) continue;
    if (out)
      return schema_error(ErrorCode::unsupported, pointer, "propertyNames with several alternatives is not supported.");
    if (plain.keywords.contains("enum")) {
      auto rule = values(plain, "string", pointer);
      if (!rule) return rule.error();
      out = std::move(rule->dfa);
    } else {
      auto dfa = string_automaton_of(plain.keywords, pointer);
      if (!dfa) return dfa;
      out = std::move(*dfa);
    }
  }
  return out ? std::move(*out) : Dfa();
}

Result<Rule> SchemaCompiler::values(const PlainSchema& schema, const std::string& type, const std::string& pointer) {
  Nfa nfa;
  const Nfa::State end = nfa.state();
  for (const Json& value : schema.keywords["enum"]) {
    if (!is_of_type(value, type)) continue;
    if (value.is_number_float() && std::abs(value.get<double>()) >= kBeyondWholes) {
      return schema_error(ErrorCode::unsupported, pointer,
                          concat("the value ", value.dump(), " is beyond 64 bits, where digits would be lost."));
    }
    const auto fits = value_fits(value, schema.keywords, pointer);
    if (!fits) return fits.error();
    if (*fits) nfa.skip(nfa.literal(nfa.start(), value.dump()), end);
  }
  auto dfa = determinise(nfa, end, at(pointer));
  if (!dfa) return dfa.error();
  Rule out;
  out.dfa = std::move(*dfa);
  return out;
}

/// Whether a listed value keeps the schema's other keywords.
Result<bool> SchemaCompiler::value_fits(const Json& value, const Json& keywords, const std::string& pointer) {
  if (value.is_string()) {
    const std::size_t length = characters(value.get<std::string>());
    if (length < natural_of(keywords, "minLength", 0) || length > most_of(keywords, "maxLength").value_or(length))
      return false;
    if (!keywords.contains("patterns") && !keywords.contains("format")) return true;
    Json rest = keywords;
    rest.erase("minLength");
    rest.erase("maxLength");
    const auto dfa = string_automaton_of(rest, pointer);
    if (!dfa) return dfa.error();
    return dfa->matches(value.dump());
  }
  if (value.is_number()) {
    const NumberLimits limits = limits_of(keywords, false);
    const Decimal number = decimal(value);
    const int low = limits.minimum ? compare(number, *limits.minimum) : 1;
    const int high = limits.maximum ? compare(number, *limits.maximum) : -1;
    if (low < 0 || high > 0 || (low == 0 && limits.exclusive_minimum) || (high == 0 && limits.exclusive_maximum))
      return false;
    if (!limits.multiple_of) return true;
    const auto dfa = number_automaton({.multiple_of = limits.multiple_of}, at(pointer));
    if (!dfa) return dfa.error();
    return dfa->matches(value.dump());
  }
  if (!value.is_structured()) return true;
  for (const char* key : {"properties", "required", "additionalProperties", "patternProperties", "propertyNames",
                          "minProperties", "maxProperties", "items", "prefixItems", "minItems", "maxItems"}) {
    if (keywords.contains(key)) {
      return schema_error(ErrorCode::unsupported, pointer,
                          concat("a list of whole objects or arrays beside \"", key, "\" is not supported."));
    }
  }
  return true;
}

}  // namespace hadal::grammar
