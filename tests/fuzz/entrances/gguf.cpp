#include <cstring>
#include <memory>
#include <new>

#include "formats/gguf.h"
#include "fuzz/entrances/entrance.h"
#include "fuzz/entrances/model_use.h"
#include "hadal/model.h"
#include "models/model_impl.h"
#include "models/model_info.h"
#include "models/registry.h"
#include "text/chat_template_factory.h"
#include "text/tokenizer_factory.h"

// A model file's bytes: everything that is read from one, and a few steps of a model that loads.
namespace hadal::test {
namespace {

constexpr std::string_view name = "fuzzed.gguf";

/// Exactly the input's bytes, where a read past the end is seen, aligned as a mapped file's are.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view bytes) : size_(bytes.size()), bytes_(new (alignment) std::byte[bytes.size()]) {
    std::memcpy(bytes_, bytes.data(), size_);
  }
  ~ExactCopy() { operator delete[](bytes_, alignment); }
  ExactCopy(const ExactCopy&) = delete;
  ExactCopy& operator=(const ExactCopy&) = delete;
  std::span<const std::byte> bytes() const { return {bytes_, size_}; }

 private:
  static constexpr std::align_val_t alignment{64};
  std::size_t size_;
  std::byte* bytes_;
};

template <class T>
void look(const Result<T>& value) {
  if (!value) promise_sentence(value.error(), name);
}

void read_metadata(const Checkpoint& file) {
  for (const std::string_view key : file.keys()) {
    promise(file.has(key) && file.value(key) != nullptr, "a key that is listed and not found");
    look(file.string(key));
    look(file.u32(key));
    look(file.f32(key));
    look(file.boolean(key));
    look(file.strings(key));
    look(file.i32s(key));
    look(file.u32s(key));
    look(file.f32s(key));
  }
}

void read_tensors(const Checkpoint& file, std::span<const std::byte> bytes) {
  for (const CheckpointTensor& tensor : file.tensors()) {
    promise(file.find_tensor(tensor.name) == &tensor, "a tensor that is listed and not found");
    const bool inside = tensor.data.data() >= bytes.data() && tensor.data.size() <= bytes.size() &&
                        tensor.data.data() + tensor.data.size() <= bytes.data() + bytes.size();
    promise(inside, "a tensor outside of the file");
  }
}

std::shared_ptr<const Model> load(Checkpoint file) {
  auto impl = std::make_unique<Model::Impl>();
  impl->file = std::move(file);
  auto info = model_info(impl->file);
  auto tokenizer = make_tokenizer(impl->file);
  auto decoder = load_decoder(impl->file);
  impl->chat_template = make_chat_template(impl->file);
  look(info);
  look(tokenizer);
  look(decoder);
  if (!impl->chat_template) promise_sentence(impl->chat_template.error());
  if (!info || !tokenizer) return nullptr;
  impl->info = std::move(*info);
  impl->tokenizer = std::move(*tokenizer);
  if (decoder) impl->decoder = std::move(*decoder);
  return std::make_shared<Model>(std::move(impl));
}

}  // namespace

void enter_gguf(std::string_view input) {
  const ExactCopy copy(input);
  auto file = parse_gguf(copy.bytes(), std::string(name));
  if (!file) return promise_sentence(file.error(), name);
  read_metadata(*file);
  read_tensors(*file, copy.bytes());
  const auto model = load(std::move(*file));
  if (model == nullptr) return;
  write_and_read(*model);
  const auto* decoder = model->impl().decoder.get();
  // What Model::load() asks for beyond.
  if (decoder != nullptr && decoder->vocabulary_size() == model->tokenizer().vocabulary_size()) compute(model);
}

}  // namespace hadal::test
