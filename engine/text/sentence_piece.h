#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hadal {

/// SentencePiece (Kudo and Richardson 2018) writes a space as U+2581, in tokens and, before it looks for them, in text.
/// Hadal does it the other way about, which takes a third of the bytes: each U+2581 becomes a space.
void spaces_from_marks(std::string& text);

/// The byte that "<0x00>" to "<0xFF>" stand for; nothing for other spellings.
std::optional<std::uint8_t> sentence_piece_byte(std::string_view spelling);

}  // namespace hadal
