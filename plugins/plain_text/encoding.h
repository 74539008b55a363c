#pragma once

#include <string>
#include <string_view>

namespace plain_text {

struct Guess {
  const char* charset = nullptr;  ///< A name iconv knows; null: this is no text.
  std::size_t skip = 0;           ///< Bytes of a byte-order mark.
};

/// The encoding of a text file: by its byte-order mark; else UTF-8 if it is well-formed; else UTF-16 by its zero bytes;
/// else GB18030 if its high bytes pair up as in Chinese text; else Windows-1252.
Guess guess_encoding(std::string_view bytes);

/// Well-formed UTF-8: no overlong forms, surrogates or values beyond U+10FFFF.
bool is_utf8(std::string_view bytes);

/// Converts to UTF-8; bytes that mean nothing in `charset` become U+FFFD and are counted. False if iconv does not know
/// the charset.
bool to_utf8(std::string_view bytes, const char* charset, std::string& out, std::size_t& bad);

}  // namespace plain_text
