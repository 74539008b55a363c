#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hadal {

/// Byte-level vocabularies write each byte as one printable character: printable Latin-1 stands for itself, the other
/// 68 bytes for U+0100 and up in ascending order (Radford et al. 2019, the GPT-2 release's bytes_to_unicode).
/// Turns such a spelling back into bytes; characters that stand for no byte are kept as they are.
std::string from_byte_level(std::string_view spelling);
/// The character that stands for a byte.
std::string to_byte_level(std::uint8_t byte);

}  // namespace hadal
