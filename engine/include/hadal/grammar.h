#pragma once

#include <memory>
#include <string_view>

#include "hadal/result.h"
#include "hadal/tokenizer.h"

namespace hadal {

namespace grammar {
class Program;
class Vocabulary;
}  // namespace grammar

/// The form an answer must have, compiled for one vocabulary. Given to a Request, every token that would leave the form
/// is kept from being chosen; the text may end only where it is complete; and when the tokens that are left
/// (max_tokens, the context) are just enough for the shortest completion, only tokens that get nearer to it may come.
/// So every answer that ends by itself or by its token limit has the form. Answers cut by a stop string or cancelled
/// have not. Immutable; any number of requests and threads may share it.
class Grammar {
 public:
  explicit Grammar(std::shared_ptr<const grammar::Program> program) : program_(std::move(program)) {}

  /// Engine-internal.
  const std::shared_ptr<const grammar::Program>& program() const { return program_; }

 private:
  std::shared_ptr<const grammar::Program> program_;
};

/// Compiles forms for one tokenizer, whose vocabulary it indexes when it is made (some 100 ms for 150,000 tokens): make
/// one per model and keep it. Immutable; any thread.
class GrammarCompiler {
 public:
  /// Copies what it needs; the tokenizer need not outlive it. Fails with out_of_memory.
  static Result<std::shared_ptr<const GrammarCompiler>> create(const Tokenizer& tokenizer);

  /// Texts that match the whole of `pattern`: the regular part of ECMA-262's syntax over Unicode (no look-around,
  /// back-references, \b, \p), at most 16 KiB.
  Result<std::shared_ptr<const Grammar>> regex(std::string_view pattern) const;

  /// JSON texts that are valid under a schema (JSON Schema 2020-12; the array form of `items`, `additionalItems` and
  /// `definitions` of earlier drafts as well).
  ///
  /// Understood: type, enum, const, anyOf, oneOf (where no value can fit two branches), allOf (merged), $ref within the
  /// document (also to itself), boolean schemas; properties, required, additionalProperties, patternProperties,
  /// propertyNames, minProperties, maxProperties; items, prefixItems, minItems, maxItems; minLength, maxLength,
  /// pattern, format (date, time, date-time, duration, uuid, email, hostname, ipv4, ipv6, uri); minimum, maximum,
  /// exclusiveMinimum, exclusiveMaximum, multipleOf. Annotations are passed over. Any other keyword is refused with a
  /// sentence that names its JSON pointer, as are schemas that nothing can satisfy or that are too large.
  ///
  /// Of the valid texts, these are written:
  /// - Properties in the order in which the schema lists them, required ones it does not list after them, then further
  ///   ones. Further ones only where additionalProperties or patternProperties is given, or no property is listed.
  /// - Between tokens at most one space, or a line break and up to 16 spaces; none before commas and colons, none
  /// around
  ///   the whole.
  /// - Each character of a string in one way: as itself, or its short escape where it needs one.
  /// - Numbers without an exponent, of at most 15 digits, 10 of them behind the point.
  /// - Where anything is valid ({}), nested at most 8 deep. A schema without `type` but with keywords of one type means
  ///   that type.
  /// What a format or a number allows beyond this does not come.
  Result<std::shared_ptr<const Grammar>> json_schema(std::string_view schema) const;

  explicit GrammarCompiler(std::shared_ptr<const grammar::Vocabulary> vocabulary)
      : vocabulary_(std::move(vocabulary)) {}

 private:
  std::shared_ptr<const grammar::Vocabulary> vocabulary_;
};

}  // namespace hadal
