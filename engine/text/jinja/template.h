#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "hadal/chat_template.h"
#include "text/jinja/ast.h"
#include "text/jinja/text.h"

namespace hadal::jinja {

/// What a rendering is given.
struct Input {
  const nlohmann::ordered_json& own;      ///< Variables whose strings are the template's own words: bos_token ...
  const nlohmann::ordered_json& written;  ///< Variables whose strings persons or models wrote: messages, tools ...
  LocalTime now;
};

/// A parsed template. Immutable; any thread.
class Template {
 public:
  /// Fails with the line and what is wrong there.
  static Result<std::unique_ptr<const Template>> parse(std::string_view source);

  /// ErrorCode::invalid_argument: the template refuses the conversation; unsupported: it passes a limit; invalid_file:
  /// anything else that goes wrong in it.
  Result<Text> render(const Input& input) const;

 private:
  Body body_;
};

}  // namespace hadal::jinja
