#include "text/grammar/schema_compiler.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "text/bounded_json.h"

namespace hadal::grammar {
namespace {

constexpr std::size_t kLongestText = 1 << 20;
constexpr int kDeepestText = 128;
constexpr std::size_t kMostRules = 20'000;
constexpr std::size_t kMostStates = 500'000;
/// How deep a value may nest where the schema says nothing of it.
constexpr int kDeepestAnything = 8;
/// Characters of a key of anything's objects.
constexpr std::int32_t kLongestKey = 64;

Result<Rule> automaton(const Nfa& nfa, Nfa::State end, const std::string& pointer) {
  auto dfa = determinise(nfa, end, concat("The schema at ", printable(pointer, 200)));
  if (!dfa) return dfa.error();
  Rule out;
  out.dfa = std::move(*dfa);
  return out;
}

}  // namespace

Nfa::State white_space(Nfa& nfa, Nfa::State from) {
  constexpr int kDeepestIndent = 16;
  const Nfa::State to = nfa.state();
  nfa.skip(from, to);
  nfa.bytes(from, ' ', ' ', to);
  Nfa::State line = nfa.state();
  nfa.bytes(from, '\n', '\n', line);
  nfa.skip(line, to);
  for (int i = 0; i < kDeepestIndent; ++i) {
    line = nfa.literal(line, " ");
    nfa.skip(line, to);
  }
  return to;
}

Nfa::State maybe_space(Nfa& nfa, Nfa::State from) {
  const Nfa::State to = nfa.literal(from, " ");
  nfa.skip(from, to);
  return to;
}

Result<CompiledSchema> compile_schema(std::string_view text) {
  const std::string root_pointer = "#";
  if (text.size() > kLongestText)
    return schema_error(ErrorCode::unsupported, root_pointer, "the schema is longer than 1 MiB.");
  if (json_depth(text) > kDeepestText)
    return schema_error(ErrorCode::unsupported, root_pointer,
                        concat("the schema is nested deeper than ", kDeepestText, " levels."));
  try {
    const Json root = Json::parse(text);
    return SchemaCompiler(root).compile();
  } catch (const Json::parse_error& error) {
    return Error{ErrorCode::invalid_argument, concat("The schema is no JSON: it breaks off at byte ", error.byte, ".")};
  } catch (const Json::exception& error) {
    return schema_error(ErrorCode::invalid_argument, root_pointer,
                        concat("a value is not what it should be (", error.what(), ")."));
  }
}

SchemaCompiler::Id SchemaCompiler::reserve() {
  rules_.emplace_back();
  return static_cast<Id>(rules_.size()) - 1;
}

Result<CompiledSchema> SchemaCompiler::compile() {
  const auto root = rule_for(root_, "#");
  if (!root) return root.error();
  while (!queue_.empty()) {
    const Pending pending = std::move(queue_.front());
    queue_.pop_front();
    if (const auto filled = fill(pending); !filled) return filled.error();
    if (rules_.size() > kMostRules || states_ > kMostStates)
      return schema_error(ErrorCode::unsupported, pending.pointer, "the schema as a whole is too large to be kept to.");
  }
  return CompiledSchema{std::move(rules_), *root};
}

Result<SchemaCompiler::Id> SchemaCompiler::rule_for(const Json& schema, const std::string& pointer) {
  if (schema == true || (schema.is_object() && schema.empty())) return anything(kDeepestAnything);
  const auto [found, added] = known_.try_emplace(schema.dump(), 0);
  if (added) {
    found->second = reserve();
    queue_.push_back({found->second, schema, pointer});
  }
  return found->second;
}

Result<void> SchemaCompiler::fill(const Pending& pending) {
  const auto alternatives = normaliser_.alternatives(pending.schema, pending.pointer);
  if (!alternatives) return alternatives.error();
  Nfa nfa;
  const Nfa::State end = nfa.state();
  for (const PlainSchema& plain : *alternatives) {
    if (plain.keywords.empty()) {
      nfa.call(nfa.start(), anything(kDeepestAnything), end);
      continue;
    }
    for (const std::string& type : types_of(plain)) {
      const auto rule = rule_for_type(plain, type, pending.pointer);
      if (!rule) return rule.error();
      if (*rule) nfa.call(nfa.start(), **rule, end);
    }
  }
  auto built = automaton(nfa, end, pending.pointer);
  if (!built) return built.error();
  rules_[static_cast<std::size_t>(pending.id)] = std::move(*built);
  return {};
}

/// Nothing if no value of the type fits.
Result<std::optional<SchemaCompiler::Id>> SchemaCompiler::rule_for_type(const PlainSchema& schema,
                                                                        const std::string& type,
                                                                        const std::string& pointer) {
  const std::string key = type + schema.keywords.dump();
  if (const auto found = known_.find(key); found != known_.end()) return std::optional(found->second);
  auto rule = build_type(schema, type, pointer);
  if (!rule) return rule.error();
  if (rule->kind == Rule::Kind::automaton && rule->dfa.states() == 0) return std::optional<Id>();
  states_ += static_cast<std::size_t>(rule->dfa.states());
  const Id id = reserve();
  rules_[static_cast<std::size_t>(id)] = std::move(*rule);
  known_[key] = id;
  return std::optional(id);
}

Result<Rule> SchemaCompiler::build_type(const PlainSchema& schema, const std::string& type,
                                        const std::string& pointer) {
  const Json& keywords = schema.keywords;
  if (keywords.contains("enum")) return values(schema, type, pointer);
  if (type == "object") return object(keywords, pointer);
  if (type == "array") return array(keywords, pointer);
  if (type == "string") return string(keywords, pointer);
  if (type == "number" || type == "integer") return number(keywords, type == "integer", pointer);
  Nfa nfa;
  const Nfa::State end = nfa.state();
  for (const char* word : {"true", "false", "null"}) {
    if ((type == "null") == (std::string_view(word) == "null")) nfa.skip(nfa.literal(nfa.start(), word), end);
  }
  return automaton(nfa, end, pointer);
}

SchemaCompiler::Id SchemaCompiler::anything(int depth) {
  if (const auto found = anything_.find(depth); found != anything_.end()) return found->second;
  const Id id = reserve(), string = reserve(), key = reserve(), number = reserve();
  anything_[depth] = id;
  rules_[static_cast<std::size_t>(string)] = {.kind = Rule::Kind::string};
  rules_[static_cast<std::size_t>(key)] = {.kind = Rule::Kind::string, .least = 1, .most = kLongestKey};
  rules_[static_cast<std::size_t>(number)].dfa = *number_automaton({}, "A number");
  Nfa nfa;
  const Nfa::State end = nfa.state();
  for (const char* word : {"true", "false", "null", "{}", "[]"}) nfa.skip(nfa.literal(nfa.start(), word), end);
  nfa.call(nfa.start(), string, end);
  nfa.call(nfa.start(), number, end);
  if (depth > 0) {
    const Id inner = anything(depth - 1);
    const Nfa::State items = nfa.state(), after_item = nfa.state();
    nfa.skip(white_space(nfa, nfa.literal(nfa.start(), "[")), items);
    nfa.call(items, inner, after_item);
    nfa.skip(white_space(nfa, nfa.literal(after_item, ",")), items);
    nfa.skip(nfa.literal(white_space(nfa, after_item), "]"), end);
    const Nfa::State members = nfa.state(), after_member = nfa.state();
    nfa.skip(white_space(nfa, nfa.literal(nfa.start(), "{")), members);
    nfa.call(maybe_space(nfa, nfa.literal(nfa.called(members, key), ":")), inner, after_member);
    nfa.skip(white_space(nfa, nfa.literal(after_member, ",")), members);
    nfa.skip(nfa.literal(white_space(nfa, after_member), "}"), end);
  }
  rules_[static_cast<std::size_t>(id)] = std::move(*automaton(nfa, end, "#"));
  return id;
}

}  // namespace hadal::grammar
