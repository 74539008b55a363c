#include "text/uniform_chat_template.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace hadal {
namespace {

using Kind = JinjaNode::Kind;

/// Walks over the nodes; each step either takes what it looks for or leaves everything as it was.
class Cursor {
 public:
  explicit Cursor(std::span<const JinjaNode> nodes) : rest_(nodes) {}

  bool at_end() const { return rest_.empty(); }

  /// {% words %}, spelled with single spaces; strings with single quotes.
  bool take_statement(std::string_view words) {
    if (rest_.empty() || rest_[0].kind != Kind::statement || spell(rest_[0].tokens) != words) return false;
    rest_ = rest_.subspan(1);
    return true;
  }

  /// One or more text and output nodes, as one list of literals and names: "a" + x + "b". Neighbouring literals join.
  std::vector<JinjaToken> take_output() {
    std::vector<JinjaToken> out;
    while (!rest_.empty() && rest_[0].kind != Kind::statement) {
      std::vector<JinjaToken> terms;
      if (rest_[0].kind == Kind::text) {
        terms.push_back({JinjaToken::Kind::string, rest_[0].text});
      } else if (!sum_of_terms(rest_[0].tokens, terms)) {
        return {};
      }
      for (JinjaToken& term : terms) {
        const bool literal = term.kind == JinjaToken::Kind::string;
        if (literal && !out.empty() && out.back().kind == JinjaToken::Kind::string) {
          out.back().text += term.text;
        } else {
          out.push_back(std::move(term));
        }
      }
      rest_ = rest_.subspan(1);
    }
    return out;
  }

  std::optional<std::string> take_literal() {
    const auto terms = take_output();
    if (terms.size() != 1 || terms[0].kind != JinjaToken::Kind::string) return std::nullopt;
    return terms[0].text;
  }

 private:
  static std::string spell(std::span<const JinjaToken> tokens) {
    std::string out;
    for (const JinjaToken& token : tokens) {
      if (!out.empty()) out += ' ';
      out += token.kind == JinjaToken::Kind::string ? concat("'", token.text, "'") : token.text;
    }
    return out;
  }

  static bool sum_of_terms(std::span<const JinjaToken> tokens, std::vector<JinjaToken>& terms) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const bool plus = tokens[i].kind == JinjaToken::Kind::other && (tokens[i].text == "+" || tokens[i].text == "~");
      const bool term = tokens[i].kind != JinjaToken::Kind::other;
      if (i % 2 == 0 ? !term : !plus) return false;
      if (term) terms.push_back(tokens[i]);
    }
    return tokens.size() % 2 == 1;
  }

  std::span<const JinjaNode> rest_;
};

bool is_name(const JinjaToken& token, std::string_view name) {
  return token.kind == JinjaToken::Kind::name && token.text == name;
}

}  // namespace

std::unique_ptr<const ChatTemplate> UniformChatTemplate::recognise(std::span<const JinjaNode> nodes) {
  auto out = std::make_unique<UniformChatTemplate>();
  Cursor at(nodes);
  if (at.take_statement("if not add_generation_prompt is defined") &&
      !(at.take_statement("set add_generation_prompt = false") && at.take_statement("endif"))) {
    return nullptr;
  }
  if (!at.take_statement("for message in messages")) return nullptr;
  if (at.take_statement("if loop.first and messages.0.role != 'system'")) {
    const auto first = at.take_literal();
    if (!first || !at.take_statement("endif")) return nullptr;
    out->without_system_ = *first;
  }
  const auto message = at.take_output();
  if (message.size() != 5 || !is_name(message[1], "message.role") || !is_name(message[3], "message.content")) {
    return nullptr;
  }
  out->before_ = message[0].text;
  out->between_ = message[2].text;
  out->after_ = message[4].text;
  if (!at.take_statement("endfor")) return nullptr;
  if (at.take_statement("if add_generation_prompt")) {
    const auto prompt = at.take_literal();
    if (!prompt || !at.take_statement("endif")) return nullptr;
    out->generation_prompt_ = *prompt;
  }
  if (!at.at_end()) return nullptr;
  return out;
}

Result<std::vector<TextPart>> UniformChatTemplate::parts(std::span<const ChatMessage> messages,
                                                         bool add_generation_prompt) const {
  static constexpr std::array<std::string_view, 3> roles = {"system", "user", "assistant"};
  std::vector<TextPart> out;
  std::string pending;  // what the template says since the last message's content
  if (!messages.empty() && messages.front().role != "system") pending = without_system_;
  for (const ChatMessage& message : messages) {
    if (std::ranges::find(roles, message.role) == roles.end()) {
      return Error{ErrorCode::invalid_argument, concat("A message has the role \"", printable(message.role),
                                                       "\"; it may be system, user or assistant.")};
    }
    out.push_back({pending + before_ + message.role + between_, false});
    out.push_back({message.content, true});
    pending = after_;
  }
  if (add_generation_prompt) pending += generation_prompt_;
  if (!pending.empty()) out.push_back({std::move(pending), false});
  return out;
}

}  // namespace hadal
