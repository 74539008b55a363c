#pragma once

#include <string>
#include <vector>

#include "hadal/tokenizer.h"

namespace hadal::test {

/// A vocabulary of the 256 bytes, whatever else a test wants, and an end token, which comes last.
class ByteTokenizer final : public Tokenizer {
 public:
  explicit ByteTokenizer(std::vector<std::string> more = {}) {
    for (int byte = 0; byte < 256; ++byte) pieces_.emplace_back(1, static_cast<char>(byte));
    pieces_.insert(pieces_.end(), more.begin(), more.end());
    pieces_.emplace_back("<end>");
  }
  TokenId end() const { return vocabulary_size() - 1; }

  std::string piece(TokenId id, bool special) const override {
    if (id < 0 || id >= vocabulary_size() || (id == end() && !special)) return {};
    return pieces_[static_cast<std::size_t>(id)];
  }
  std::int32_t vocabulary_size() const override { return static_cast<std::int32_t>(pieces_.size()); }
  bool is_end(TokenId id) const override { return id == end(); }
  bool is_control(TokenId id) const override { return id == end(); }
  TokenId bos() const override { return -1; }
  TokenId eos() const override { return end(); }

 protected:
  std::vector<TokenId> encode_valid(std::string_view text, EncodeOptions) const override {
    std::vector<TokenId> out;
    for (const char c : text) out.push_back(static_cast<unsigned char>(c));
    return out;
  }
  std::vector<TokenId> encode_valid(std::span<const TextPart> parts) const override {
    std::vector<TokenId> out;
    for (const TextPart& part : parts) {
      for (const TokenId id : encode_valid(part.text, {})) out.push_back(id);
    }
    return out;
  }

 private:
  std::vector<std::string> pieces_;
};

}  // namespace hadal::test
