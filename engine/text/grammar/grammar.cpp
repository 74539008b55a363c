#include "hadal/grammar.h"

#include <new>

#include "base/text.h"
#include "base/utf8.h"
#include "text/grammar/program.h"
#include "text/grammar/schema.h"

namespace hadal {
namespace {

Result<std::shared_ptr<const Grammar>> put_together(std::vector<grammar::Rule> rules, std::int32_t root,
                                                    const std::shared_ptr<const grammar::Vocabulary>& vocabulary,
                                                    std::string_view what) {
  auto program = std::make_shared<const grammar::Program>(std::move(rules), root, vocabulary);
  if (program->distance(program->root_start()) >= grammar::unreachable) {
    return Error{ErrorCode::invalid_argument,
                 concat("No text can satisfy ", what, ", at least none in this model's vocabulary.")};
  }
  return std::make_shared<const Grammar>(std::move(program));
}

Error no_memory() {
  return {ErrorCode::out_of_memory, "The system has no memory left for the form of the answer."};
}

}  // namespace

Result<std::shared_ptr<const GrammarCompiler>> GrammarCompiler::create(const Tokenizer& tokenizer) try {
  return std::make_shared<const GrammarCompiler>(std::make_shared<const grammar::Vocabulary>(tokenizer));
} catch (const std::bad_alloc&) {
  return no_memory();
}

Result<std::shared_ptr<const Grammar>> GrammarCompiler::regex(std::string_view pattern) const try {
  const auto parsed = grammar::parse_regex(pattern);
  if (!parsed) return parsed.error();
  grammar::Nfa nfa;
  const auto end = nfa.regex(nfa.start(), *parsed, grammar::Spelling::plain);
  const std::string what = concat("the pattern \"", printable(pattern, 64), "\"");
  auto dfa = grammar::determinise(nfa, end, concat("T", what.substr(1)));
  if (!dfa) return dfa.error();
  std::vector<grammar::Rule> rules(1);
  rules.front().dfa = std::move(*dfa);
  return put_together(std::move(rules), 0, vocabulary_, what);
} catch (const std::bad_alloc&) {
  return no_memory();
}

Result<std::shared_ptr<const Grammar>> GrammarCompiler::json_schema(std::string_view schema) const try {
  auto compiled = grammar::compile_schema(schema);
  if (!compiled) return compiled.error();
  return put_together(std::move(compiled->rules), compiled->root, vocabulary_, "the schema");
} catch (const std::bad_alloc&) {
  return no_memory();
}

}  // namespace hadal
