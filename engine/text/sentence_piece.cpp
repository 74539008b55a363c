#include "text/sentence_piece.h"

#include <charconv>

namespace hadal {

void spaces_from_marks(std::string& text) {
  constexpr std::string_view mark = "\xE2\x96\x81";
  std::size_t mark_at = text.find(mark);
  if (mark_at == std::string::npos) return;
  std::size_t written = 0;
  for (std::size_t read = 0; read < text.size();) {
    const bool is_mark = read == mark_at;
    text[written++] = is_mark ? ' ' : text[read];
    read += is_mark ? mark.size() : 1;
    if (is_mark) mark_at = text.find(mark, read);
  }
  text.resize(written);
}

std::optional<std::uint8_t> sentence_piece_byte(std::string_view spelling) {
  if (spelling.size() != 6 || !spelling.starts_with("<0x") || spelling[5] != '>') return std::nullopt;
  std::uint8_t value = 0;
  const auto [end, problem] = std::from_chars(spelling.data() + 3, spelling.data() + 5, value, 16);
  if (problem != std::errc() || end != spelling.data() + 5) return std::nullopt;
  return value;
}

}  // namespace hadal
