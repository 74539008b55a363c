#include "tools/json_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/text.h"
#include "text/bounded_json.h"
#include "tools/input_file.h"

namespace hadal::tools {
namespace {

using json = nlohmann::ordered_json;

/// Far above any context; the parsed form takes several times as much.
constexpr std::uint64_t most_bytes = 64'000'000;
constexpr std::string_view white_space = " \t\r\n";  // RFC 8259, section 2

/// Line and column of a byte, both from 1, for sentences.
std::string place(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start = before.rfind('\n');
  return concat("line ", line, ", column ", before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1);
}

/// Where the text after the first whole value begins; npos if there is no whole value or nothing after it.
std::size_t after_value(const std::string& text) {
  std::istringstream stream(text);
  try {
    json value;
    stream >> value;
  } catch (const json::exception&) {
    return std::string::npos;
  }
  const auto end = stream.tellg();
  return end < 0 ? std::string::npos : text.find_first_not_of(white_space, static_cast<std::size_t>(end));
}

/// What is wrong with a text that the parser refused.
std::string explained(const std::string& text, const json::parse_error& error) {
  if (error.byte > text.size()) return concat("is cut short: its JSON breaks off at byte ", text.size(), ".");
  const std::size_t at = error.byte > 0 ? error.byte - 1 : 0;
  // Of the parser's many reasons the only one that a person would not see at the place.
  if (std::string_view(error.what()).find("surrogate") != std::string_view::npos) {
    return concat("is no JSON: half of a surrogate pair (\\uD800 to \\uDFFF) stands alone at ", place(text, at), ".");
  }
  if (const std::size_t rest = after_value(text); rest != std::string::npos) {
    return concat("has text after the end of its JSON, at ", place(text, rest), ".");
  }
  return concat("is no JSON: it breaks off at ", place(text, at), ", at \"",
                printable(std::string_view(text).substr(at), 16), "\".");
}

}  // namespace

Error at_fault(const std::string& path, std::string_view sentence) {
  return {ErrorCode::invalid_argument, concat("The file ", printable(path, 4096), " ", sentence)};
}

std::string kind_of(const json& value) {
  const std::string name = value.type_name();
  if (value.is_null()) return name;
  return concat(value.is_object() || value.is_array() ? "an " : "a ", name);
}

Result<json> read_json_file(const std::string& path) {
  const auto text = read_text_file(path, most_bytes);
  if (!text) return text.error();
  if (text->find_first_not_of(white_space) == std::string::npos) {
    return at_fault(path, text->empty() ? "is empty." : "holds nothing but white space.");
  }
  try {
    auto parsed = json::parse(*text);
    // What is done with it, writing it again at the latest, recurses.
    if (json_depth(*text) > most_json_depth) {
      return at_fault(path, concat("is JSON nested more than ", most_json_depth, " levels deep."));
    }
    return parsed;
  } catch (const json::parse_error& error) {
    return at_fault(path, explained(*text, error));
  } catch (const json::exception&) {  // a number too large for any type
    return at_fault(path, "is JSON with a number beyond all bounds.");
  }
}

}  // namespace hadal::tools
