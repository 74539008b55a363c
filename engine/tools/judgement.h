#pragma once

#include <span>
#include <string>
#include <vector>

#include "tools/workbench.h"

namespace hadal::tools {

inline constexpr Option judged_file_option{"--file", "FILE", "The text; special tokens spelled in it are only text"};
inline constexpr Option window_option{
    "--context", "N", "Tokens of a window, 4 at least (default: 2048, or what the model was trained for)"};

/// Where --context says nothing else.
inline constexpr std::uint32_t usual_window = 2048;

/// How well a model foresaw a text.
struct Judgement {
  double nats = 0.0;  ///< Sum of -ln p.
  std::size_t tokens = 0;

  double perplexity() const;  ///< e to the mean of -ln p.
};

/// As engine_options(), with the window's length for the context's.
Result<EngineOptions> judging_options(const Arguments& arguments);
/// The tokens of the text in the file `path`; two at least.
Result<std::vector<TokenId>> judged_ids(const std::string& path, const Model& model);

/// Windows as long as the engine's context, each beginning half a window after the one before. A window judges the
/// tokens that no earlier one has: the first all but its first token, the others their second half. So every token but
/// the text's first is judged once and, past the first window, sees at least half a window of text. `usage`, if not
/// null, becomes how the experts were used in windows that do not overlap, so that no token counts twice.
Result<Judgement> judge(Engine& engine, std::span<const TokenId> ids, ExpertUsage* usage = nullptr);

}  // namespace hadal::tools
