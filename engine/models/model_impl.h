#pragma once

#include <filesystem>
#include <memory>

#include "formats/checkpoint.h"
#include "hadal/model.h"
#include "models/decoder.h"

namespace hadal {

struct Model::Impl {
  std::filesystem::path path;
  Checkpoint file;  ///< The weights' bytes; everything below points into it.
  ModelInfo info;
  std::unique_ptr<const Decoder> decoder;
  std::unique_ptr<const Tokenizer> tokenizer;
  Result<std::unique_ptr<const ChatTemplate>> chat_template = Error{};
};

}  // namespace hadal
