#include <nlohmann/json.hpp>

#include "models/open_checkpoint.h"
#include "text/tokenizer_factory.h"
#include "tools/arguments.h"
#include "tools/output.h"
#include "tools/token_ids.h"

namespace hadal::tools {
namespace {

int run(const Arguments& arguments) {
  const auto list = arguments.value("--ids");
  if (!list) return fail_usage({ErrorCode::invalid_argument, "detokenize needs --ids."});
  const auto numbers = split_ids(*list);
  if (!numbers) return fail_usage(numbers.error());
  const auto file = open_checkpoint(arguments.positional(0));
  if (!file) return fail(file.error());
  const auto tokenizer = make_tokenizer(*file);
  if (!tokenizer) return fail(tokenizer.error());
  const auto ids = ids_in_vocabulary(*numbers, (*tokenizer)->vocabulary_size());
  if (!ids) return fail(ids.error());
  const std::string text = (*tokenizer)->decode(*ids, !arguments.has("--no-special"));
  if (arguments.has("--json")) return print(nlohmann::json{{"text", text}}.dump() + "\n");
  return print(text);
}

}  // namespace

Command detokenize_command() {
  return {{"detokenize",
           "Turns token ids into text; bytes that are no UTF-8 become U+FFFD.",
           {"MODEL"},
           {{"--ids", "IDS", "Ids with commas between: 1,2,3."},
            {"--no-special", "", "Leave control tokens out."},
            {"--json", "", "Write {\"text\": ...}."}}},
          run};
}

}  // namespace hadal::tools
