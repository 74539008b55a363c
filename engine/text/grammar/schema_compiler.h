#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "text/grammar/numbers.h"
#include "text/grammar/schema.h"
#include "text/grammar/schema_normal.h"

namespace hadal::grammar {

/// Makes rules of a schema. A schema becomes a rule that calls one rule for each type of each of its alternatives;
/// equal schemas share a rule, so that one that refers to itself calls itself. What a schema needs is put in a queue
/// rather than compiled at once: the depth of a document is not the depth of the stack.
class SchemaCompiler {
 public:
  explicit SchemaCompiler(const Json& root) : normaliser_(root), root_(root) {}
  Result<CompiledSchema> compile();

  using Id = std::int32_t;

 private:
  struct Property {
    std::string name;
    Json schema;
    bool required = false;
  };
  struct Further {
    Id key, value;
  };
  struct ObjectPlan {
    std::vector<Property> listed;
    std::vector<Further> further;
    std::size_t least = 0;
    std::optional<std::size_t> most;
    std::string pointer;
  };
  struct ArrayPlan {
    std::vector<Id> first;  ///< Rules of the first items.
    std::optional<Id> rest;
    std::size_t least = 0;
    std::optional<std::size_t> most;
    std::string pointer;
  };
  struct Pending {
    Id id;
    Json schema;
    std::string pointer;
  };

  Id reserve();
  Result<Id> rule_for(const Json& schema, const std::string& pointer);
  Id anything(int depth);
  Result<void> fill(const Pending& pending);
  Result<std::optional<Id>> rule_for_type(const PlainSchema& schema, const std::string& type,
                                          const std::string& pointer);
  Result<Rule> build_type(const PlainSchema& schema, const std::string& type, const std::string& pointer);

  Result<Rule> values(const PlainSchema& schema, const std::string& type, const std::string& pointer);
  Result<bool> value_fits(const Json& value, const Json& keywords, const std::string& pointer);
  Result<Rule> number(const Json& keywords, bool integer, const std::string& pointer);
  Result<Rule> string(const Json& keywords, const std::string& pointer);
  Result<Dfa> string_automaton_of(const Json& keywords, const std::string& pointer);
  Result<Dfa> key_automaton(const Json& schema, const std::string& pointer);
  Result<Dfa> pattern_automaton(const std::string& pattern, const std::string& pointer);

  Result<Rule> object(const Json& keywords, const std::string& pointer);
  Result<bool> list_properties(const Json& keywords, ObjectPlan& plan);
  Result<void> plan_further(const Json& keywords, ObjectPlan& plan);
  Result<Rule> build_object(const ObjectPlan& plan);
  Result<Rule> array(const Json& keywords, const std::string& pointer);
  Result<Rule> build_array(const ArrayPlan& plan);

  SchemaNormaliser normaliser_;
  const Json& root_;
  std::vector<Rule> rules_;
  std::map<std::string, Id> known_;  ///< By the schema's text, or by type and plain schema.
  std::map<int, Id> anything_;       ///< By depth.
  std::deque<Pending> queue_;
  std::size_t states_ = 0;
};

/// Strings of `least` to `most` characters, with their quotes.
Result<Dfa> counted_strings(std::size_t least, std::optional<std::size_t> most, const std::string& pointer);
std::size_t natural_of(const Json& keywords, const char* key, std::size_t fallback);
std::optional<std::size_t> most_of(const Json& keywords, const char* key);
NumberLimits limits_of(const Json& keywords, bool integer);

/// White space as it may stand after an opening bracket or a comma and before a closing bracket.
Nfa::State white_space(Nfa& nfa, Nfa::State from);
/// After a colon.
Nfa::State maybe_space(Nfa& nfa, Nfa::State from);

}  // namespace hadal::grammar
