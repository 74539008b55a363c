#include "text/grammar/schema_normal.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "text/grammar/numbers.h"

namespace hadal::grammar {
namespace {

constexpr std::size_t kMostAlternatives = 256;
constexpr std::size_t kMostWork = 20'000;
constexpr std::size_t kMostReferences = 64;

constexpr std::array<std::string_view, 14> annotations = {
    "$schema",  "$comment", "$defs",      "definitions", "title",     "description",      "default",
    "examples", "example",  "deprecated", "readOnly",    "writeOnly", "contentMediaType", "contentEncoding"};

enum class Kind { type, list, text, natural, number, positive, schema, schemas, object_of_schemas, names, flag };
struct Keyword {
  std::string_view name;
  Kind kind;
};
constexpr std::array<Keyword, 30> keywords = {{
    {"type", Kind::type},
    {"enum", Kind::list},
    {"const", Kind::flag},
    {"$ref", Kind::text},
    {"allOf", Kind::schemas},
    {"anyOf", Kind::schemas},
    {"oneOf", Kind::schemas},
    {"properties", Kind::object_of_schemas},
    {"patternProperties", Kind::object_of_schemas},
    {"additionalProperties", Kind::schema},
    {"propertyNames", Kind::schema},
    {"required", Kind::names},
    {"minProperties", Kind::natural},
    {"maxProperties", Kind::natural},
    {"items", Kind::schema},
    {"prefixItems", Kind::schemas},
    {"additionalItems", Kind::schema},
    {"minItems", Kind::natural},
    {"maxItems", Kind::natural},
    {"uniqueItems", Kind::flag},
    {"minLength", Kind::natural},
    {"maxLength", Kind::natural},
    {"pattern", Kind::text},
    {"format", Kind::text},
    {"minimum", Kind::number},
    {"maximum", Kind::number},
    {"exclusiveMinimum", Kind::number},
    {"exclusiveMaximum", Kind::number},
    {"multipleOf", Kind::positive},
    {"$id", Kind::text},
}};

constexpr std::array<std::string_view, 7> all_types = {"object",  "array",   "string", "number",
                                                       "integer", "boolean", "null"};

bool is_schema(const Json& value) {
  return value.is_object() || value.is_boolean();
}

bool natural(const Json& value) {
  if (value.is_number_unsigned()) return true;
  return value.is_number() && value.get<double>() >= 0 && value.get<double>() < 1e15 &&
         value.get<double>() == static_cast<double>(value.get<std::int64_t>());
}

bool fits(const Json& value, Kind kind) {
  const auto all = [&](auto test) { return std::all_of(value.begin(), value.end(), test); };
  const auto known_type = [](const Json& type) {
    return type.is_string() && std::ranges::find(all_types, type.get<std::string>()) != all_types.end();
  };
  switch (kind) {
    case Kind::type:
      return known_type(value) || (value.is_array() && !value.empty() && all(known_type));
    case Kind::list:
      return value.is_array();
    case Kind::text:
      return value.is_string();
    case Kind::natural:
      return natural(value);
    case Kind::number:
      return value.is_number();
    case Kind::positive:
      return value.is_number() && value.get<double>() > 0;
    case Kind::schema:
      return is_schema(value) || (value.is_array() && all(is_schema));
    case Kind::schemas:
      return value.is_array() && !value.empty() && all(is_schema);
    case Kind::object_of_schemas:
      return value.is_object() && all(is_schema);
    case Kind::names:
      return value.is_array() && all([](const Json& name) { return name.is_string(); });
    case Kind::flag:
      return true;
  }
  return false;
}

/// RFC 6901, section 3, in the form of a fragment.
std::string step(const std::string& pointer, std::string_view key) {
  std::string out = pointer + "/";
  for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

/// "%41" of a reference's fragment; false if a % begins nothing.
bool percent_decoded(std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const std::string digits = text.substr(i + 1, 2);
    if (digits.size() != 2 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return false;
    out += static_cast<char>(std::stoi(digits, nullptr, 16));
    i += 2;
  }
  text = out;
  return true;
}

Json as_list(const Json& value) {
  return value.is_array() ? value : Json::array({value});
}

}  // namespace

Error schema_error(ErrorCode code, const std::string& pointer, std::string_view sentence) {
  return {code, concat("In the schema at ", printable(pointer, 200), ": ", sentence)};
}

Result<void> SchemaNormaliser::check_keyword(const std::string& key, const Json& value, const std::string& pointer) {
  const std::string here = step(pointer, key);
  const auto found = std::ranges::find(keywords, key, &Keyword::name);
  if (found == keywords.end()) {
    return schema_error(ErrorCode::unsupported, here,
                        concat("the keyword \"", printable(key, 64), "\" is not supported."));
  }
  if (!fits(value, found->kind)) {
    const bool old = (key == "exclusiveMinimum" || key == "exclusiveMaximum") && value.is_boolean();
    return schema_error(ErrorCode::invalid_argument, here,
                        old ? concat("\"", key, "\" as true or false is of draft 4; give the number itself.")
                            : concat("\"", key, "\" has a value of the wrong kind."));
  }
  if (key == "uniqueItems" && value != false)
    return schema_error(ErrorCode::unsupported, here, "the keyword \"uniqueItems\" is not supported.");
  if (key == "$id" && pointer != "#")
    return schema_error(ErrorCode::unsupported, here, "\"$id\" is supported at the schema's root only.");
  return {};
}

Result<PlainSchema> SchemaNormaliser::own_keywords(const Json& schema, const std::string& pointer) {
  PlainSchema out;
  Json& plain = out.keywords;
  for (const auto& [key, value] : schema.items()) {
    if (std::ranges::find(annotations, key) != annotations.end() || key.starts_with("x-")) continue;
    if (const auto checked = check_keyword(key, value, pointer); !checked) return checked.error();
    if (key == "type" || key == "format") {
      plain[key] = as_list(value);
    } else if (key == "const") {
      plain["enum"] = Json::array({value});
    } else if (key == "pattern") {
      plain["patterns"] = as_list(value);
    } else if (key == "items" && value.is_array()) {
      plain["prefixItems"] = value;  // before 2020-12
      if (schema.contains("additionalItems")) plain["items"] = schema["additionalItems"];
    } else if (key != "additionalItems" && key != "uniqueItems" && key != "$ref" && key != "$id" && key != "allOf" &&
               key != "anyOf" && key != "oneOf" && key != "enum") {
      plain[key] = value;
    }
  }
  if (schema.contains("enum")) {
    PlainSchema values;
    values.keywords["enum"] = schema["enum"];
    if (const auto merged = merge(out, values, pointer); !merged) return merged.error();
  }
  return out;
}

Result<std::vector<PlainSchema>> SchemaNormaliser::alternatives(const Json& schema, const std::string& pointer) {
  if (++work_ > kMostWork)
    return schema_error(ErrorCode::unsupported, pointer, "the schema combines too many alternatives to follow.");
  if (schema.is_boolean()) return schema.get<bool>() ? Alternatives(1) : Alternatives();
  if (!schema.is_object())
    return schema_error(ErrorCode::invalid_argument, pointer, "a schema is an object, true or false.");
  auto own = own_keywords(schema, pointer);
  if (!own) return own.error();
  Alternatives out{std::move(*own)};
  const auto cross_with = [&](Result<Alternatives> more) -> Result<void> {
    if (!more) return more.error();
    auto both = crossed(out, *more, pointer);
    if (!both) return both.error();
    out = std::move(*both);
    return {};
  };
  if (schema.contains("$ref")) {
    if (const auto done = cross_with(referred(schema["$ref"], step(pointer, "$ref"))); !done) return done.error();
  }
  if (schema.contains("allOf")) {
    for (std::size_t i = 0; i < schema["allOf"].size(); ++i) {
      const std::string here = step(step(pointer, "allOf"), std::to_string(i));
      if (const auto done = cross_with(alternatives(schema["allOf"][i], here)); !done) return done.error();
    }
  }
  if (schema.contains("anyOf")) {
    if (const auto done = cross_with(any_of(schema["anyOf"], step(pointer, "anyOf"))); !done) return done.error();
  }
  if (schema.contains("oneOf")) {
    if (const auto done = cross_with(one_of(schema["oneOf"], step(pointer, "oneOf"))); !done) return done.error();
  }
  return out;
}

Result<std::vector<PlainSchema>> SchemaNormaliser::referred(const Json& reference, const std::string& pointer) {
  auto target = reference.get<std::string>();
  if (!target.starts_with('#') || (target.size() > 1 && target[1] != '/') || !percent_decoded(target)) {
    return schema_error(
        ErrorCode::unsupported, pointer,
        concat("\"", printable(target, 96), "\" does not point into this document (as \"#/$defs/a\" does)."));
  }
  if (std::ranges::find(expanding_, target) != expanding_.end()) {
    return schema_error(
        ErrorCode::invalid_argument, pointer,
        concat("\"", printable(target, 96), "\" leads back to itself without a property or an item between."));
  }
  const Json* found = nullptr;
  try {
    found = &root_.at(Json::json_pointer(target.substr(1)));
  } catch (const Json::exception&) {
    return schema_error(ErrorCode::invalid_argument, pointer,
                        concat("\"", printable(target, 96), "\" points to nothing."));
  }
  if (expanding_.size() >= kMostReferences)
    return schema_error(ErrorCode::unsupported, pointer,
                        "references lead from one to the next more often than can be followed.");
  expanding_.push_back(target);
  auto out = alternatives(*found, target);
  expanding_.pop_back();
  return out;
}

Result<std::vector<PlainSchema>> SchemaNormaliser::any_of(const Json& list, const std::string& pointer) {
  Alternatives out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto branch = alternatives(list[i], step(pointer, std::to_string(i)));
    if (!branch) return branch;
    std::ranges::move(*branch, std::back_inserter(out));
    if (out.size() > kMostAlternatives)
      return schema_error(ErrorCode::unsupported, pointer,
                          concat("there are more than ", kMostAlternatives, " alternatives."));
  }
  return out;
}

Result<std::vector<PlainSchema>> SchemaNormaliser::one_of(const Json& list, const std::string& pointer) {
  std::vector<Alternatives> branches;
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto branch = alternatives(list[i], step(pointer, std::to_string(i)));
    if (!branch) return branch;
    for (const Alternatives& other : branches) {
      for (const PlainSchema& a : *branch) {
        for (const PlainSchema& b : other) {
          if (++work_ > kMostWork)
            return schema_error(ErrorCode::unsupported, pointer,
                                "the schema combines too many alternatives to follow.");
          const auto apart = disjoint(a, b, pointer, 0);
          if (!apart) return apart.error();
          if (*apart) continue;
          return schema_error(ErrorCode::unsupported, pointer,
                              concat("a value might fit branch ", i,
                                     " and one before it; oneOf is supported where the "
                                     "branches cannot meet. Use anyOf, or tell them apart by a constant property."));
        }
      }
    }
    branches.push_back(std::move(*branch));
  }
  Alternatives out;
  for (Alternatives& branch : branches) std::ranges::move(branch, std::back_inserter(out));
  return out;
}

Result<std::vector<PlainSchema>> SchemaNormaliser::crossed(const Alternatives& a, const Alternatives& b,
                                                           const std::string& pointer) {
  if (a.size() * b.size() > kMostAlternatives)
    return schema_error(ErrorCode::unsupported, pointer,
                        concat("there are more than ", kMostAlternatives, " alternatives."));
  Alternatives out;
  for (const PlainSchema& one : a) {
    for (const PlainSchema& other : b) {
      ++work_;
      PlainSchema both = one;
      const auto merged = merge(both, other, pointer);
      if (!merged) return merged.error();
      if (*merged) out.push_back(std::move(both));
    }
  }
  return out;
}

/// True only if it is sure that no value fits both.
Result<bool> SchemaNormaliser::disjoint(const PlainSchema& a, const PlainSchema& b, const std::string& pointer,
                                        int depth) {
  if (++work_ > kMostWork)
    return schema_error(ErrorCode::unsupported, pointer, "the schema combines too many alternatives to follow.");
  PlainSchema both = a;
  const auto merged = merge(both, b, pointer);
  if (!merged) return merged.error();
  if (!*merged) return true;
  const Json& k = both.keywords;
  const std::vector<std::string> types = types_of(both);
  const auto only = [&](std::string_view type) {
    return std::ranges::all_of(types,
                               [&](const std::string& t) { return t == type || (type == "number" && t == "integer"); });
  };
  const auto crossed_limits = [&](const char* low, const char* high) {
    return k.contains(low) && k.contains(high) && k[low] > k[high];
  };
  if (only("string")) return crossed_limits("minLength", "maxLength");
  if (only("array")) return crossed_limits("minItems", "maxItems");
  if (only("number")) {
    return crossed_limits("minimum", "maximum") ||
           (k.contains("minimum") && k.contains("exclusiveMaximum") && k["minimum"] >= k["exclusiveMaximum"]) ||
           (k.contains("exclusiveMinimum") && k.contains("maximum") && k["exclusiveMinimum"] >= k["maximum"]) ||
           (k.contains("exclusiveMinimum") && k.contains("exclusiveMaximum") &&
            k["exclusiveMinimum"] >= k["exclusiveMaximum"]);
  }
  if (only("object") && depth < 4) return disjoint_properties(k, pointer, depth);
  return false;
}

/// A property that must be there and can have no value.
Result<bool> SchemaNormaliser::disjoint_properties(const Json& both, const std::string& pointer, int depth) {
  if (!both.contains("required")) return false;
  for (const Json& name : both["required"]) {
    const auto key = name.get<std::string>();
    Json asked = both.contains("properties") && both["properties"].contains(key) ? both["properties"][key]
                 : both.contains("additionalProperties")                         ? both["additionalProperties"]
                                                                                 : Json(true);
    if (both.contains("patternProperties")) return false;
    if (asked == false) return true;
    if (!asked.is_object() || !asked.contains("allOf") || asked["allOf"].size() != 2 || asked.size() != 1) continue;
    const auto a = alternatives(asked["allOf"][0], pointer), b = alternatives(asked["allOf"][1], pointer);
    if (!a) return a.error();
    if (!b) return b.error();
    bool apart = true;
    for (const PlainSchema& one : *a) {
      for (const PlainSchema& other : *b) {
        const auto pair = disjoint(one, other, pointer, depth + 1);
        if (!pair) return pair.error();
        apart = apart && *pair;
      }
    }
    if (apart) return true;
  }
  return false;
}

std::vector<std::string> types_of(const PlainSchema& schema) {
  const Json& k = schema.keywords;
  if (k.contains("type")) return k["type"].get<std::vector<std::string>>();
  const auto any = [&](std::initializer_list<const char*> names) {
    return std::ranges::any_of(names, [&](const char* name) { return k.contains(name); });
  };
  std::vector<std::string> out;
  if (any({"properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties",
           "maxProperties"}))
    out.emplace_back("object");
  if (any({"items", "prefixItems", "minItems", "maxItems"})) out.emplace_back("array");
  if (any({"minLength", "maxLength", "patterns", "format"})) out.emplace_back("string");
  if (any({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})) out.emplace_back("number");
  if (out.empty()) out = {"object", "array", "string", "number", "boolean", "null"};
  return out;
}

}  // namespace hadal::grammar
