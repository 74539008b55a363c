#include "tools/token_ids.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace hadal::tools {
namespace {

Error usage(std::string_view what) {
  return {ErrorCode::invalid_argument,
          concat("Option --ids takes token ids with commas between them, such as 1,2,3; ", what, ".")};
}

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<std::vector<std::string>> split_ids(std::string_view list) {
  if (list.empty()) return usage("the list is empty");
  std::vector<std::string> numbers;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view item = list.substr(begin, end - begin);
    const std::size_t place = numbers.size() + 1;
    if (item.empty() && end == list.size()) return usage("nothing follows the last comma");
    if (item.empty()) return usage(concat("number ", place, " is missing before a comma"));
    if (!is_number(item)) return usage(concat("number ", place, " is \"", printable(item, 24), "\""));
    numbers.emplace_back(item);
    begin = end + 1;
  }
  return numbers;
}

Result<std::vector<TokenId>> ids_in_vocabulary(const std::vector<std::string>& numbers, std::int32_t size) {
  std::vector<TokenId> ids;
  ids.reserve(numbers.size());
  for (const std::string& number : numbers) {
    TokenId id = -1;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), id);
    if (error != std::errc() || end != number.data() + number.size() || id < 0 || id >= size) {
      return Error{ErrorCode::invalid_argument,
                   concat("The id ", printable(number, 40), " is not in the vocabulary of ", size, " tokens.")};
    }
    ids.push_back(id);
  }
  return ids;
}

}  // namespace hadal::tools
