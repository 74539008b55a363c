#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hadal/result.h"
#include "hadal/tokenizer.h"

namespace hadal::tools {

/// The numbers of "1,2,3" as they were written: digits, perhaps after a minus sign, of any length. Anything else is a
/// mistake of the command line, and the sentence shows where it is.
Result<std::vector<std::string>> split_ids(std::string_view list);

/// The numbers as ids of a vocabulary of `size` tokens. A number outside it, however large, is the input's fault.
Result<std::vector<TokenId>> ids_in_vocabulary(const std::vector<std::string>& numbers, std::int32_t size);

}  // namespace hadal::tools
