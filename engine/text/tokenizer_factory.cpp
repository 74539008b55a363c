#include "text/tokenizer_factory.h"

#include "base/text.h"
#include "text/byte_pair_tokenizer.h"
#include "text/sentence_piece_tokenizer.h"

namespace hadal {

Result<std::unique_ptr<Tokenizer>> make_tokenizer(const Checkpoint& file) {
  const auto kind = file.string("tokenizer.ggml.model");
  if (!kind) return kind.error();
  if (*kind == "gpt2") return BytePairTokenizer::create(file);
  if (*kind == "llama") return SentencePieceTokenizer::create(file);
  return file.error(ErrorCode::unsupported, concat("metadata tokenizer.ggml.model names the kind \"", printable(*kind),
                                                   "\", which this version of Hadal does not know."));
}

}  // namespace hadal
