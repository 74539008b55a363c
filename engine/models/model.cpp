#include "hadal/model.h"

#include <new>

#include "base/text.h"
#include "models/model_impl.h"
#include "models/model_info.h"
#include "models/open_checkpoint.h"
#include "models/read_ahead.h"
#include "models/registry.h"
#include "text/chat_template_factory.h"
#include "text/tokenizer_factory.h"

namespace hadal {
namespace {

Result<void> check_vocabulary(const Model::Impl& impl) {
  const std::int32_t rows = impl.decoder->vocabulary_size(), tokens = impl.tokenizer->vocabulary_size();
  if (rows == tokens) return {};
  return impl.file.error(ErrorCode::invalid_file, concat("tokenizer.ggml.tokens has ", tokens,
                                                         " tokens, but tensor token_embd.weight has ", rows, " rows."));
}

Result<std::shared_ptr<const Model>> load_checked(const std::filesystem::path& path, LoadControl& control) {
  auto file = open_checkpoint(path);
  if (!file) return file.error();
  auto impl = std::make_unique<Model::Impl>();
  impl->path = path;
  impl->file = std::move(*file);
  auto info = model_info(impl->file);
  if (!info) return info.error();
  impl->info = std::move(*info);
  auto decoder = load_decoder(impl->file);
  if (!decoder) return decoder.error();
  impl->decoder = std::move(*decoder);
  auto tokenizer = make_tokenizer(impl->file);
  if (!tokenizer) return tokenizer.error();
  impl->tokenizer = std::move(*tokenizer);
  if (auto checked = check_vocabulary(*impl); !checked) return checked.error();
  impl->chat_template = make_chat_template(impl->file);
  if (auto read = read_ahead(impl->file, control); !read) return read.error();
  control.progress.store(1.0F);
  return std::shared_ptr<const Model>(std::make_shared<Model>(std::move(impl)));
}

}  // namespace

Result<std::shared_ptr<const Model>> Model::load(const std::filesystem::path& file, LoadControl* control) {
  LoadControl unwatched;
  try {
    return load_checked(file, control ? *control : unwatched);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory,
                 concat("The system has no memory left to load ", printable(file.filename().string()), ".")};
  }
}

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;

const std::filesystem::path& Model::path() const {
  return impl_->path;
}
const ModelInfo& Model::info() const {
  return impl_->info;
}
const Tokenizer& Model::tokenizer() const {
  return *impl_->tokenizer;
}

Result<const ChatTemplate*> Model::chat_template() const {
  if (!impl_->chat_template) return impl_->chat_template.error();
  return impl_->chat_template->get();
}

}  // namespace hadal
