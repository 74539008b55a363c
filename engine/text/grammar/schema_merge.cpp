#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "text/grammar/numbers.h"
#include "text/grammar/schema_normal.h"

namespace hadal::grammar {
namespace {

Decimal decimal(const Json& number) {
  if (number.is_number_unsigned()) return Decimal::from(number.get<std::uint64_t>());
  if (number.is_number_integer()) return Decimal::from(number.get<std::int64_t>());
  return Decimal::from(number.get<double>());
}

/// Members of an allOf are kept flat and single, so that a schema that refers to itself meets itself again.
Json both(const Json& a, const Json& b) {
  Json members = Json::array();
  for (const Json* side : {&a, &b}) {
    const bool flat = side->is_object() && side->size() == 1 && side->contains("allOf");
    for (const Json& member : flat ? (*side)["allOf"] : Json::array({*side})) {
      if (std::ranges::find(members, member) == members.end()) members.push_back(member);
    }
  }
  if (members.size() == 1) return members.front();
  Json out = Json::object();
  out["allOf"] = std::move(members);
  return out;
}

bool has_type(const Json& list, const std::string& type) {
  return std::ranges::any_of(list, [&](const Json& entry) { return entry == type; });
}

Json common_types(const Json& a, const Json& b) {
  Json out = Json::array();
  for (const Json& type : a) {
    const auto name = type.get<std::string>();
    if (has_type(b, name) || (name == "integer" && has_type(b, "number"))) out.push_back(name);
    if (name == "number" && !has_type(b, "number") && has_type(b, "integer")) out.push_back("integer");
  }
  return out;
}

Json common_values(const Json& a, const Json& b) {
  Json out = Json::array();
  for (const Json& value : a) {
    if (std::ranges::find(b, value) != b.end()) out.push_back(value);
  }
  return out;
}

Json united_list(Json a, const Json& b) {
  for (const Json& entry : b) {
    if (std::ranges::find(a, entry) == a.end()) a.push_back(entry);
  }
  return a;
}

/// What a schema for objects asks of a property it need not list; null: nothing.
Json asked_of(const Json& keywords, const std::string& name) {
  if (keywords.contains("properties") && keywords["properties"].contains(name)) return keywords["properties"][name];
  return keywords.contains("additionalProperties") ? keywords["additionalProperties"] : Json();
}

constexpr std::array object_keywords = {"properties", "additionalProperties", "patternProperties"};

bool speaks_of_properties(const Json& keywords) {
  return std::ranges::any_of(object_keywords, [&](const char* key) { return keywords.contains(key); });
}

Result<void> merge_properties(Json& into, const Json& other, const std::string& pointer) {
  if (!speaks_of_properties(other)) return {};
  if (!speaks_of_properties(into)) {
    for (const char* key : object_keywords) {
      if (other.contains(key)) into[key] = other[key];
    }
    return {};
  }
  if (into.contains("patternProperties") || other.contains("patternProperties")) {
    return schema_error(ErrorCode::unsupported, pointer,
                        "patternProperties cannot be combined with another schema for the same object.");
  }
  Json properties = Json::object();
  for (const Json* side : {static_cast<const Json*>(&into), &other}) {
    if (!side->contains("properties")) continue;
    for (const auto& [name, schema] : (*side)["properties"].items()) {
      if (properties.contains(name)) continue;
      const Json a = asked_of(into, name), b = asked_of(other, name);
      properties[name] = a.is_null() ? b : b.is_null() ? a : both(a, b);
    }
  }
  if (into.contains("additionalProperties") && other.contains("additionalProperties")) {
    into["additionalProperties"] = both(into["additionalProperties"], other["additionalProperties"]);
  } else if (other.contains("additionalProperties")) {
    into["additionalProperties"] = other["additionalProperties"];
  }
  into["properties"] = std::move(properties);
  return {};
}

void merge_items(Json& into, const Json& other) {
  const auto at = [](const Json& side, std::size_t i) {
    if (side.contains("prefixItems") && i < side["prefixItems"].size()) return side["prefixItems"][i];
    return side.contains("items") ? side["items"] : Json(true);
  };
  const auto prefix = [](const Json& side) { return side.contains("prefixItems") ? side["prefixItems"].size() : 0; };
  Json list = Json::array();
  for (std::size_t i = 0; i < std::max(prefix(into), prefix(other)); ++i)
    list.push_back(both(at(into, i), at(other, i)));
  if (into.contains("items") && other.contains("items")) {
    into["items"] = both(into["items"], other["items"]);
  } else if (other.contains("items")) {
    into["items"] = other["items"];
  }
  if (!list.empty()) into["prefixItems"] = std::move(list);
}

Result<void> merge_multiples(Json& into, const Json& other, const std::string& pointer) {
  if (!other.contains("multipleOf")) return {};
  if (!into.contains("multipleOf") || into["multipleOf"] == other["multipleOf"]) {
    into["multipleOf"] = other["multipleOf"];
    return {};
  }
  const Json &a = into["multipleOf"], &b = other["multipleOf"];
  const auto whole = [](const Json& number) { return number.is_number_integer() && number <= 1'000'000; };
  if (!whole(a) || !whole(b))
    return schema_error(ErrorCode::unsupported, pointer,
                        "two different multipleOf can only be combined if both are whole.");
  into["multipleOf"] = std::lcm(a.get<std::int64_t>(), b.get<std::int64_t>());
  return {};
}

void keep_stricter(Json& into, const Json& other, const char* key, bool larger) {
  if (!other.contains(key)) return;
  const bool stricter = !into.contains(key) || (compare(decimal(other[key]), decimal(into[key])) > 0) == larger;
  if (stricter) into[key] = other[key];
}

/// Values of an enum that are of none of the types are none.
void drop_values_of_other_types(Json& keywords) {
  if (!keywords.contains("type") || !keywords.contains("enum")) return;
  Json kept = Json::array();
  for (const Json& value : keywords["enum"]) {
    const bool fits = std::ranges::any_of(keywords["type"],
                                          [&](const Json& type) { return is_of_type(value, type.get<std::string>()); });
    if (fits) kept.push_back(value);
  }
  keywords["enum"] = std::move(kept);
}

}  // namespace

bool is_of_type(const Json& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  return value.is_number_integer() || (value.is_number() && std::trunc(value.get<double>()) == value.get<double>());
}

Result<bool> merge(PlainSchema& target, const PlainSchema& source, const std::string& pointer) {
  Json& into = target.keywords;
  const Json& other = source.keywords;
  if (other.contains("type"))
    into["type"] = into.contains("type") ? common_types(into["type"], other["type"]) : other["type"];
  if (other.contains("enum"))
    into["enum"] = into.contains("enum") ? common_values(into["enum"], other["enum"]) : other["enum"];
  for (const char* key : {"required", "patterns", "format"}) {
    if (other.contains(key)) into[key] = into.contains(key) ? united_list(into[key], other[key]) : other[key];
  }
  for (const char* key : {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
    keep_stricter(into, other, key, true);
  for (const char* key : {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
    keep_stricter(into, other, key, false);
  if (const auto merged = merge_multiples(into, other, pointer); !merged) return merged.error();
  if (const auto merged = merge_properties(into, other, pointer); !merged) return merged.error();
  if (other.contains("propertyNames"))
    into["propertyNames"] =
        into.contains("propertyNames") ? both(into["propertyNames"], other["propertyNames"]) : other["propertyNames"];
  merge_items(into, other);
  drop_values_of_other_types(into);
  const bool empty = (into.contains("type") && into["type"].empty()) || (into.contains("enum") && into["enum"].empty());
  return !empty;
}

}  // namespace hadal::grammar
