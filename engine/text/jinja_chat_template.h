#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "hadal/chat_template.h"
#include "text/jinja/template.h"

namespace hadal {

/// A chat template in the Jinja language, run the way transformers runs it.
class JinjaChatTemplate final : public ChatTemplate {
 public:
  /// `words`: variables the vocabulary gives, such as bos_token. `with_tools`: the one that takes the place of `source`
  /// where there are tools, as in transformers; if it is empty or cannot be parsed, `source` serves both. The error is
  /// a clause with the line.
  static Result<std::unique_ptr<const ChatTemplate>> create(std::string_view source, Origin origin,
                                                            nlohmann::ordered_json words,
                                                            std::string_view with_tools = {});

  const Origin& origin() const override { return origin_; }
  Result<std::vector<TextPart>> parts(std::span<const ChatMessage> messages,
                                      const TemplateOptions& options) const override;
  Result<std::vector<TextPart>> parts_of_json(std::string_view messages, const TemplateOptions& options) const override;

 private:
  Result<std::vector<TextPart>> render(nlohmann::ordered_json messages, const TemplateOptions& options) const;
  Result<jinja::Text> run(const nlohmann::ordered_json& messages, const nlohmann::ordered_json& tools,
                          const TemplateOptions& options) const;

  std::unique_ptr<const jinja::Template> template_;
  std::unique_ptr<const jinja::Template> with_tools_;  ///< Null: template_ serves.
  Origin origin_;
  nlohmann::ordered_json words_;
};

}  // namespace hadal
