#pragma once

#include <string_view>

namespace hadal::tokenizer_keys {

// Metadata of Hadal's own: what a tokenizer.json says and GGUF's keys have no place for. A checkpoint without them is
// read as GGUF files are.

/// Strings: regular expressions that cut text one after another; in the place of tokenizer.ggml.pre.
inline constexpr std::string_view split_patterns = "tokenizer.hadal.split.patterns";
/// As many strings: what becomes of the matches, as tokenizer.json spells it ("Isolated", "Removed" ...), with "!"
/// before it where matches and what lies between them change places.
inline constexpr std::string_view split_behaviours = "tokenizer.hadal.split.behaviours";
/// Boolean, beside the patterns: a piece that is a token as a whole is taken without looking at merges.
inline constexpr std::string_view whole_pieces_first = "tokenizer.hadal.whole_pieces_first";
/// Boolean, beside the patterns: text is brought into Unicode's normalisation form C first.
inline constexpr std::string_view composes = "tokenizer.hadal.composes";

/// String, for SentencePiece vocabularies with tokenizer.ggml.add_space_prefix: where that space comes. "always",
/// "unless_there": not where one is already; "first": likewise, and only at the beginning of the whole text.
inline constexpr std::string_view space_prefix = "tokenizer.hadal.space_prefix";
/// Boolean, for SentencePiece vocabularies: every space begins a word that no merge reaches out of.
inline constexpr std::string_view words_apart = "tokenizer.hadal.words_apart";

/// i32s: tokens that end an answer, besides those that GGUF's keys and their own spelling tell.
inline constexpr std::string_view end_tokens = "tokenizer.hadal.end_token_ids";
/// i32s: special tokens that swallow the white space before, or behind them.
inline constexpr std::string_view strips_left = "tokenizer.hadal.strips_left";
inline constexpr std::string_view strips_right = "tokenizer.hadal.strips_right";

}  // namespace hadal::tokenizer_keys
