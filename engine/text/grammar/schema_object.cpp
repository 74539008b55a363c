#include <algorithm>

#include "base/text.h"
#include "text/grammar/json_string.h"
#include "text/grammar/schema_compiler.h"

namespace hadal::grammar {
namespace {

constexpr std::size_t kMostCountedProperties = 1000;
constexpr std::int32_t kLongestFreeKey = 64;

std::string what(const std::string& pointer) {
  return concat("The schema at ", printable(pointer, 200));
}

Json combined(const Json& a, const Json& b) {
  Json out = Json::object();
  out["allOf"] = Json::array({a, b});
  return out;
}

}  // namespace

Result<Rule> SchemaCompiler::object(const Json& keywords, const std::string& pointer) {
  ObjectPlan plan{.listed = {},
                  .further = {},
                  .least = natural_of(keywords, "minProperties", 0),
                  .most = most_of(keywords, "maxProperties"),
                  .pointer = pointer};
  const auto possible = list_properties(keywords, plan);
  if (!possible) return possible.error();
  if (!*possible) return Rule();
  if (const auto done = plan_further(keywords, plan); !done) return done.error();
  const std::size_t certain = plan.listed.size() + (plan.further.empty() ? 0 : 1);
  if (plan.least > certain) {
    if (plan.further.empty()) return Rule();
    return schema_error(
        ErrorCode::unsupported, pointer,
        "minProperties beyond the listed properties and one is not supported: further keys might repeat.");
  }
  if (plan.most && *plan.most >= kMostCountedProperties) {
    if (!plan.further.empty())
      return schema_error(ErrorCode::unsupported, pointer,
                          concat("maxProperties can be below ", kMostCountedProperties, "."));
    plan.most.reset();  // more than there are
  }
  return build_object(plan);
}

/// False if a required property can have no value.
Result<bool> SchemaCompiler::list_properties(const Json& keywords, ObjectPlan& plan) {
  const Json empty = Json::object();
  const Json& patterns = keywords.contains("patternProperties") ? keywords["patternProperties"] : empty;
  std::optional<Dfa> names;
  if (keywords.contains("propertyNames")) {
    auto dfa = key_automaton(keywords["propertyNames"], plan.pointer + "/propertyNames");
    if (!dfa) return dfa.error();
    names = std::move(*dfa);
  }
  const auto add = [&](const std::string& name, Json schema, bool listed) -> Result<bool> {
    bool matched = listed;
    for (const auto& [pattern, asked] : patterns.items()) {
      const auto dfa = pattern_automaton(pattern, plan.pointer + "/patternProperties");
      if (!dfa) return dfa.error();
      if (!dfa->matches(json_quoted(name))) continue;
      schema = matched ? combined(schema, asked) : asked;
      matched = true;
    }
    if (!matched) schema = keywords.contains("additionalProperties") ? keywords["additionalProperties"] : Json(true);
    const bool required = keywords.contains("required") &&
                          std::ranges::find(keywords["required"], Json(name)) != keywords["required"].end();
    const bool possible = schema != false && (!names || names->matches(json_quoted(name)));
    if (possible) plan.listed.push_back({name, std::move(schema), required});
    return possible || !required;
  };
  if (keywords.contains("properties")) {
    for (const auto& [name, schema] : keywords["properties"].items()) {
      const auto added = add(name, schema, true);
      if (!added || !*added) return added;
    }
  }
  for (const Json& entry : keywords.contains("required") ? keywords["required"] : Json::array()) {
    const auto name = entry.get<std::string>();
    const bool known = std::ranges::any_of(plan.listed, [&](const Property& p) { return p.name == name; });
    if (known) continue;
    const auto added = add(name, Json(), false);
    if (!added || !*added) return added;
  }
  return true;
}

/// Keys that are not listed: those of each pattern, and the rest.
Result<void> SchemaCompiler::plan_further(const Json& keywords, ObjectPlan& plan) {
  const bool listed = keywords.contains("properties") || keywords.contains("patternProperties");
  const Json additional = keywords.contains("additionalProperties") ? keywords["additionalProperties"] : Json(!listed);
  if (additional == false && !keywords.contains("patternProperties")) return {};
  std::optional<Dfa> left;  // keys that nothing has been said of; none: any
  if (keywords.contains("propertyNames")) {
    auto dfa = key_automaton(keywords["propertyNames"], plan.pointer + "/propertyNames");
    if (!dfa) return dfa.error();
    left = std::move(*dfa);
  }
  const auto all = [&]() -> Result<Dfa> {
    return left ? Result<Dfa>(*left) : counted_strings(1, kLongestFreeKey, plan.pointer);
  };
  Nfa names;
  const Nfa::State end = names.state();
  // Also those that can have no value.
  std::vector<std::string> taken;
  for (const Property& property : plan.listed) taken.push_back(property.name);
  if (keywords.contains("properties")) {
    for (const auto& [name, schema] : keywords["properties"].items()) taken.push_back(name);
  }
  for (const std::string& name : taken) names.skip(names.literal(names.start(), json_quoted(name)), end);
  const auto listed_keys = determinise(names, end, what(plan.pointer));
  if (!listed_keys) return listed_keys.error();
  const auto add = [&](Dfa keys, const Json& schema, const std::string& pointer) -> Result<void> {
    const auto value = rule_for(schema, pointer);
    if (!value) return value.error();
    const Id key = reserve();
    states_ += static_cast<std::size_t>(keys.states());
    rules_[static_cast<std::size_t>(key)].dfa = std::move(keys);
    plan.further.push_back({key, *value});
    return {};
  };
  auto rest = all();
  if (!rest) return rest.error();
  rest = product(*rest, *listed_keys, Product::first_only, what(plan.pointer));
  if (!rest) return rest.error();
  std::vector<Dfa> patterns;
  const Json empty = Json::object();
  for (const auto& [pattern, schema] :
       (keywords.contains("patternProperties") ? keywords["patternProperties"] : empty).items()) {
    const std::string here = plan.pointer + "/patternProperties";
    const auto matching = pattern_automaton(pattern, here);
    if (!matching) return matching.error();
    for (const Dfa& other : patterns) {
      const auto shared = product(*matching, other, Product::both, what(here));
      if (!shared) return shared.error();
      if (shared->states() > 0)
        return schema_error(ErrorCode::unsupported, here,
                            "patterns that one key can match together are not supported.");
    }
    patterns.push_back(*matching);
    auto keys = product(*rest, *matching, Product::both, what(here));
    if (!keys) return keys.error();
    rest = product(*rest, *matching, Product::first_only, what(here));
    if (!rest) return rest.error();
    if (keys->states() == 0 || schema == false) continue;
    if (const auto done = add(std::move(*keys), schema, here); !done) return done;
  }
  if (additional == false || rest->states() == 0) return {};
  return add(std::move(*rest), additional, plan.pointer + "/additionalProperties");
}

/// A grid of states: how many of the listed properties are behind (i), and how many were written (k, as far as it
/// matters). At `ready` the next key may be written, at `after` a property was.
Result<Rule> SchemaCompiler::build_object(const ObjectPlan& plan) {
  const std::size_t n = plan.listed.size(), counted = plan.most.value_or(plan.least);
  Nfa nfa;
  std::vector<Nfa::State> ready((n + 1) * (counted + 1)), after(ready.size());
  for (auto& state : ready) state = nfa.state();
  for (auto& state : after) state = nfa.state();
  const auto place = [&](std::size_t i, std::size_t k) { return i * (counted + 1) + k; };
  const auto more = [&](std::size_t k) -> std::optional<std::size_t> {
    if (k < counted) return k + 1;
    return plan.most ? std::nullopt : std::optional(k);
  };
  const auto finished = [&](std::size_t i, std::size_t k) {
    return k >= plan.least && std::none_of(plan.listed.begin() + static_cast<std::ptrdiff_t>(i), plan.listed.end(),
                                           [](const Property& property) { return property.required; });
  };
  const Nfa::State end = nfa.state(), open = nfa.literal(nfa.start(), "{");
  nfa.skip(white_space(nfa, open), ready[0]);
  if (finished(0, 0)) nfa.skip(nfa.literal(open, "}"), end);
  for (std::size_t i = 0; i <= n && !nfa.full(); ++i) {
    std::optional<Id> value;
    if (i < n) {
      const auto rule = rule_for(plan.listed[i].schema, concat(plan.pointer, "/properties/", plan.listed[i].name));
      if (!rule) return rule.error();
      value = *rule;
    }
    for (std::size_t k = 0; k <= counted && !nfa.full(); ++k) {
      const Nfa::State from = ready[place(i, k)];
      if (const auto next = more(k); next && i < n) {
        const Nfa::State key = nfa.literal(from, json_quoted(plan.listed[i].name) + ":");
        nfa.call(maybe_space(nfa, key), *value, after[place(i + 1, *next)]);
      } else if (next && k + 1 >= plan.least) {
        for (const Further& further : plan.further) {
          const Nfa::State key = nfa.literal(nfa.called(from, further.key), ":");
          nfa.call(maybe_space(nfa, key), further.value, after[place(n, *next)]);
        }
      }
      if (i < n && !plan.listed[i].required) nfa.skip(from, ready[place(i + 1, k)]);
      const Nfa::State behind = after[place(i, k)];
      nfa.skip(white_space(nfa, nfa.literal(behind, ",")), from);
      if (finished(i, k)) nfa.skip(nfa.literal(white_space(nfa, behind), "}"), end);
    }
  }
  auto dfa = determinise(nfa, end, what(plan.pointer));
  if (!dfa) return dfa.error();
  Rule out;
  out.dfa = std::move(*dfa);
  return out;
}

Result<Rule> SchemaCompiler::array(const Json& keywords, const std::string& pointer) {
  constexpr std::size_t kMostCountedItems = 4096;
  ArrayPlan plan{.first = {},
                 .rest = {},
                 .least = natural_of(keywords, "minItems", 0),
                 .most = most_of(keywords, "maxItems"),
                 .pointer = pointer};
  const Json rest = keywords.contains("items") ? keywords["items"] : Json(true);
  const auto limit = [&plan](std::size_t most) { plan.most = std::min(plan.most.value_or(most), most); };
  for (const Json& schema : keywords.contains("prefixItems") ? keywords["prefixItems"] : Json::array()) {
    if (schema == false) {
      limit(plan.first.size());
      break;
    }
    const auto rule = rule_for(schema, concat(pointer, "/prefixItems/", plan.first.size()));
    if (!rule) return rule.error();
    plan.first.push_back(*rule);
  }
  if (rest == false) {
    limit(plan.first.size());
  } else {
    const auto rule = rule_for(rest, pointer + "/items");
    if (!rule) return rule.error();
    plan.rest = *rule;
  }
  if (plan.most && *plan.most < plan.least) return Rule();
  if (std::max(plan.least, plan.most.value_or(0)) > kMostCountedItems)
    return schema_error(ErrorCode::unsupported, pointer,
                        concat("minItems and maxItems can be ", kMostCountedItems, " at most."));
  return build_array(plan);
}

Result<Rule> SchemaCompiler::build_array(const ArrayPlan& plan) {
  // Past this many the items are not told apart.
  const std::size_t counted = plan.most.value_or(std::max(plan.least, plan.first.size()));
  Nfa nfa;
  std::vector<Nfa::State> ready(counted + 1), after(counted + 1);
  for (auto& state : ready) state = nfa.state();
  for (auto& state : after) state = nfa.state();
  const Nfa::State end = nfa.state(), open = nfa.literal(nfa.start(), "[");
  nfa.skip(white_space(nfa, open), ready[0]);
  if (plan.least == 0) nfa.skip(nfa.literal(open, "]"), end);
  for (std::size_t i = 0; i <= counted && !nfa.full(); ++i) {
    if (!plan.most || i < *plan.most) {
      const std::optional<Id> rule = i < plan.first.size() ? std::optional(plan.first[i]) : plan.rest;
      if (rule) nfa.call(ready[i], *rule, after[std::min(i + 1, counted)]);
    }
    nfa.skip(white_space(nfa, nfa.literal(after[i], ",")), ready[i]);
    if (i >= plan.least) nfa.skip(nfa.literal(white_space(nfa, after[i]), "]"), end);
  }
  auto dfa = determinise(nfa, end, what(plan.pointer));
  if (!dfa) return dfa.error();
  Rule out;
  out.dfa = std::move(*dfa);
  return out;
}

}  // namespace hadal::grammar
