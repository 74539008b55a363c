#pragma once

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <pcre2.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace hadal::test {

/// Judges values by a JSON schema, straight from the specification (2020-12) and knowing nothing of the engine: what
/// tests/reference/json_schemas.py uses the jsonschema package for, small enough for the test suite. Understands the
/// keywords that script's schemas have; unknown ones fail.
class JsonValidator {
 public:
  using Json = nlohmann::json;
  explicit JsonValidator(const Json& root) : root_(root) {}
  bool valid(const Json& value) const { return fits(value, root_); }

 private:
  bool fits(const Json& value, const Json& schema) const {
    if (schema.is_boolean()) return schema.get<bool>();
    for (const auto& [key, rule] : schema.items()) {
      if (!keeps(value, schema, key, rule)) return false;
    }
    return true;
  }

  static bool has_type(const Json& value, const std::string& type) {
    if (type == "integer") return value.is_number() && std::floor(value.get<double>()) == value.get<double>();
    if (type == "number") return value.is_number();
    return type == value.type_name();
  }

  static bool found(const std::string& text, const std::string& pattern) {
    const auto bytes = [](const std::string& string) { return reinterpret_cast<PCRE2_SPTR>(string.data()); };
    int error = 0;
    PCRE2_SIZE where = 0;
    const std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> code(
        pcre2_compile(bytes(pattern), pattern.size(), PCRE2_UTF | PCRE2_UCP, &error, &where, nullptr), pcre2_code_free);
    if (!code) return false;
    const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(
        pcre2_match_data_create_from_pattern(code.get(), nullptr), pcre2_match_data_free);
    return pcre2_match(code.get(), bytes(text), text.size(), 0, 0, match.get(), nullptr) >= 0;
  }

  static bool has_format(const std::string& text, const std::string& format) {
    static const std::map<std::string, std::string> patterns = {
        {"date", R"(^\d{4}-\d{2}-\d{2}$)"},
        {"time", R"(^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d{2}:\d{2})$)"},
        {"date-time", R"(^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$)"},
        {"uuid", R"(^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$)"},
        {"email", R"(^[^@\s]+@[^@\s]+$)"},
        {"ipv4", R"(^(\d{1,3}\.){3}\d{1,3}$)"},
        {"ipv6", R"(^[0-9a-fA-F:]+$)"},
        {"hostname", R"(^[a-z0-9-]+(\.[a-z0-9-]+)*$)"},
        {"uri", R"(^[a-z]+://[^\s/]+)"},
        {"duration", R"(^P(\d|T\d))"}};
    return patterns.contains(format) && found(text, patterns.at(format));
  }

  std::size_t count(const Json& value, const Json& list) const {
    return static_cast<std::size_t>(
        std::count_if(list.begin(), list.end(), [&](const Json& schema) { return fits(value, schema); }));
  }

  bool keeps(const Json& value, const Json& schema, const std::string& key, const Json& rule) const {
    if (key == "$defs" || key == "description") return true;
    if (key == "type") {
      return rule.is_string()
                 ? has_type(value, rule)
                 : std::any_of(rule.begin(), rule.end(), [&](const Json& t) { return has_type(value, t); });
    }
    if (key == "enum") return std::find(rule.begin(), rule.end(), value) != rule.end();
    if (key == "const") return value == rule;
    if (key == "$ref") return fits(value, root_.at(Json::json_pointer(rule.get<std::string>().substr(1))));
    if (key == "allOf") return count(value, rule) == rule.size();
    if (key == "anyOf") return count(value, rule) > 0;
    if (key == "oneOf") return count(value, rule) == 1;
    if (value.is_string()) return keeps_string(value.get<std::string>(), key, rule);
    if (value.is_number()) return keeps_number(value.get<double>(), key, rule);
    if (value.is_array()) return keeps_array(value, schema, key, rule);
    if (value.is_object()) return keeps_object(value, schema, key, rule);
    return true;
  }

  static bool keeps_string(const std::string& text, const std::string& key, const Json& rule) {
    const auto length = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
    if (key == "minLength") return length >= rule.get<std::ptrdiff_t>();
    if (key == "maxLength") return length <= rule.get<std::ptrdiff_t>();
    if (key == "pattern") return found(text, rule);
    if (key == "format") return has_format(text, rule);
    return true;
  }

  static bool keeps_number(double number, const std::string& key, const Json& rule) {
    if (key == "minimum") return number >= rule.get<double>();
    if (key == "maximum") return number <= rule.get<double>();
    if (key == "exclusiveMinimum") return number > rule.get<double>();
    if (key == "exclusiveMaximum") return number < rule.get<double>();
    if (key == "multipleOf") return std::fmod(number, rule.get<double>()) == 0.0;
    return true;
  }

  bool keeps_array(const Json& value, const Json& schema, const std::string& key, const Json& rule) const {
    if (key == "minItems") return value.size() >= rule.get<std::size_t>();
    if (key == "maxItems") return value.size() <= rule.get<std::size_t>();
    const std::size_t prefix = schema.contains("prefixItems") ? schema["prefixItems"].size() : 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (key == "prefixItems" && i < prefix && !fits(value[i], rule[i])) return false;
      if (key == "items" && i >= prefix && !fits(value[i], rule)) return false;
    }
    return true;
  }

  bool keeps_object(const Json& value, const Json& schema, const std::string& key, const Json& rule) const {
    if (key == "minProperties") return value.size() >= rule.get<std::size_t>();
    if (key == "maxProperties") return value.size() <= rule.get<std::size_t>();
    if (key == "required")
      return std::all_of(rule.begin(), rule.end(),
                         [&](const Json& name) { return value.contains(name.get<std::string>()); });
    for (const auto& [name, member] : value.items()) {
      const bool listed = schema.contains("properties") && schema["properties"].contains(name);
      bool matched = false;
      if (schema.contains("patternProperties")) {
        for (const auto& [pattern, asked] : schema["patternProperties"].items()) {
          if (!found(name, pattern)) continue;
          matched = true;
          if (key == "patternProperties" && !fits(member, asked)) return false;
        }
      }
      if (key == "properties" && listed && !fits(member, rule[name])) return false;
      if (key == "additionalProperties" && !listed && !matched && !fits(member, rule)) return false;
    }
    return true;
  }

  const Json& root_;
};

}  // namespace hadal::test
