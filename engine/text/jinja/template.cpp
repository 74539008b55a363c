#include "text/jinja/template.h"

#include <new>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "text/jinja/json.h"
#include "text/jinja/parser.h"
#include "text/jinja/runtime.h"

namespace hadal::jinja {
namespace {

// The longest published ones have 30 KB.
constexpr std::size_t kLongestSource = std::size_t{1} << 20;

std::size_t bytes_of(const nlohmann::ordered_json& json) {
  std::size_t out = 16;
  if (json.is_string()) out += json.get_ref<const std::string&>().size();
  if (json.is_structured()) {
    for (const auto& [key, item] : json.items()) out += bytes_of(item) + (json.is_object() ? key.size() : 0);
  }
  return out;
}

Error failure_at(const Failure& failure, int line) {
  if (failure.code == ErrorCode::invalid_argument) {
    const bool ends = failure.message.ends_with('.') || failure.message.ends_with('!');
    return {failure.code, concat("The chat template refuses this conversation: ", failure.message, ends ? "" : ".")};
  }
  return {failure.code, concat("The chat template fails in line ", line, ": ", failure.message, ".")};
}

}  // namespace

Result<std::unique_ptr<const Template>> Template::parse(std::string_view source) {
  if (source.size() > kLongestSource) {
    return Error{ErrorCode::unsupported, concat("it is longer than ", human_bytes(kLongestSource))};
  }
  try {
    auto out = std::make_unique<Template>();
    out->body_ = Parser(lex(source)).parse();
    return std::unique_ptr<const Template>(std::move(out));
  } catch (const SyntaxError& error) {
    return Error{ErrorCode::invalid_file, concat("line ", error.line, ": ", error.message)};
  }
}

Result<Text> Template::render(const Input& input) const {
  const Limits limits = Limits::for_input(bytes_of(input.written));
  Runtime runtime(limits, input.now);
  try {
    std::vector<std::pair<std::string_view, Value>> variables;
    for (const auto& [name, value] : input.own.items()) variables.emplace_back(name, to_value(runtime, value, false));
    for (const auto& [name, value] : input.written.items())
      variables.emplace_back(name, to_value(runtime, value, true));
    return runtime.render(body_, std::move(variables));
  } catch (const Failure& failure) {
    return failure_at(failure, runtime.line());
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory, "The system has no memory left to render the chat template."};
  }
}

}  // namespace hadal::jinja
