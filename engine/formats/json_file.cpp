#include "formats/json_file.h"

#include <nlohmann/json.hpp>
#include <string>

#include "base/mapped_file.h"
#include "base/text.h"

namespace hadal {
namespace {

constexpr int max_depth = 64;

/// Whether brackets outside strings nest deeper than max_depth anywhere.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<nlohmann::json> parse_json_object(std::string_view text, std::string_view name) {
  const auto invalid = [&](std::string_view sentence) {
    return Error{ErrorCode::invalid_file, concat(printable(name), ": ", sentence)};
  };
  if (text.empty()) return invalid("the file is empty. Download it again.");
  if (text.starts_with("version https://git-lfs")) {
    return invalid("the file is a Git LFS pointer; fetch the file itself with git lfs pull.");
  }
  if (too_deep(text)) return invalid(concat("the JSON is nested more than ", max_depth, " deep."));
  try {
    auto json = nlohmann::json::parse(text);
    if (!json.is_object()) return invalid("the JSON is no object.");
    return json;
  } catch (const nlohmann::json::parse_error& error) {
    if (error.byte > text.size()) {
      return invalid(concat("the file is cut short: its JSON breaks off at byte ", text.size(), "."));
    }
    const std::size_t at = error.byte > 0 ? error.byte - 1 : 0;
    return invalid(concat("the file is no JSON at byte ", at, ": \"", printable(text.substr(at), 16), "\"."));
  } catch (const nlohmann::json::exception&) {
    return invalid("the file is JSON with a number beyond all bounds.");
  }
}

Result<nlohmann::json> read_json_object(const std::filesystem::path& path, std::uint64_t limit) {
  const std::string name = path.filename().string();
  const auto file = MappedFile::open(path);
  if (!file) return file.error();
  const auto bytes = file->bytes();
  if (bytes.size() > limit) {
    return Error{ErrorCode::invalid_file, concat(printable(name), ": the file is ", human_bytes(bytes.size()),
                                                 "; at most ", human_bytes(limit), " are allowed.")};
  }
  return parse_json_object({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name);
}

}  // namespace hadal
