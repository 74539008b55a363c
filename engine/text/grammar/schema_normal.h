#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hadal/result.h"

namespace hadal::grammar {

/// Keeps the order of properties, in which they are written.
using Json = nlohmann::ordered_json;

/// A sentence about a place in the schema, given as a JSON pointer: "In the schema at #/a/b: ...".
Error schema_error(ErrorCode code, const std::string& pointer, std::string_view sentence);

/// A schema without references and combinations: one conjunction of keywords that say something of the value itself.
/// Under the names of the standard, but that
/// - patterns and formats are lists of texts, all of which hold ("patterns" has regular expressions);
/// - const is an enum of one;
/// - numeric limits are kept as they are written, of several the strictest.
struct PlainSchema {
  Json keywords = Json::object();
};

/// Turns schemas into alternatives of plain ones. The root must outlive it.
class SchemaNormaliser {
 public:
  explicit SchemaNormaliser(const Json& root) : root_(root) {}

  /// The value fits the schema if it fits one of these; none: nothing does.
  Result<std::vector<PlainSchema>> alternatives(const Json& schema, const std::string& pointer);

 private:
  using Alternatives = std::vector<PlainSchema>;
  Result<void> check_keyword(const std::string& key, const Json& value, const std::string& pointer);
  Result<PlainSchema> own_keywords(const Json& schema, const std::string& pointer);
  Result<Alternatives> referred(const Json& reference, const std::string& pointer);
  Result<Alternatives> any_of(const Json& list, const std::string& pointer);
  Result<Alternatives> one_of(const Json& list, const std::string& pointer);
  Result<Alternatives> crossed(const Alternatives& a, const Alternatives& b, const std::string& pointer);
  Result<bool> disjoint(const PlainSchema& a, const PlainSchema& b, const std::string& pointer, int depth);
  Result<bool> disjoint_properties(const Json& both, const std::string& pointer, int depth);

  const Json& root_;
  std::vector<std::string> expanding_;  ///< References on the way, to find those that lead back.
  std::size_t work_ = 0;
};

/// Both hold; false if nothing can satisfy both.
Result<bool> merge(PlainSchema& into, const PlainSchema& other, const std::string& pointer);

/// As JSON Schema has it: 1.0 is an integer.
bool is_of_type(const Json& value, std::string_view type);

/// The types that a plain schema leaves, of null, boolean, object, array, number, integer and string: those it names,
/// or those its keywords speak of, or all.
std::vector<std::string> types_of(const PlainSchema& schema);

}  // namespace hadal::grammar
