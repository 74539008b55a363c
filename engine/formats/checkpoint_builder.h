#pragma once

#include <functional>
#include <string>
#include <utility>

#include "formats/checkpoint.h"

namespace hadal {

/// Puts a Checkpoint together out of what a format's reader has checked.
class CheckpointBuilder {
 public:
  explicit CheckpointBuilder(std::string name) { out_.name_ = std::move(name); }

  /// Keeps a file mapped as long as the checkpoint lives, and gives its bytes.
  std::span<const std::byte> keep(MappedFile file) {
    const auto bytes = file.bytes();
    out_.files_.push_back(std::move(file));
    count(bytes.size());
    return bytes;
  }
  /// Where names in the files are others than GGUF's: says, for sentences, what a key or tensor is called there; empty
  /// where it has no other name. Called from any thread.
  void name_by(std::function<std::string(std::string_view)> own_name) { out_.own_name_ = std::move(own_name); }

  /// Adds to file_bytes() what is not kept here.
  void count(std::uint64_t bytes) { out_.file_bytes_ += bytes; }

  /// Keeps what is in no file as long as the checkpoint lives.
  std::string_view keep(std::string text) { return out_.texts_.emplace_back(std::move(text)); }

  void reserve(std::size_t tensors) {
    out_.tensors_.reserve(tensors);
    out_.tensor_index_.reserve(tensors);
  }
  /// False, and nothing is done, where the key is there already.
  bool add(std::string_view key, const GgufValue& value) {
    if (!out_.metadata_.emplace(key, value).second) return false;
    out_.keys_.push_back(key);
    return true;
  }
  /// False, and nothing is done, where a tensor of that name is there already.
  bool add(const CheckpointTensor& tensor) {
    if (!out_.tensor_index_.emplace(tensor.name, out_.tensors_.size()).second) return false;
    out_.tensors_.push_back(tensor);
    return true;
  }

  // The same for values that no file holds as they are.
  bool add_u32(std::string_view key, std::uint32_t value);
  bool add_f32(std::string_view key, float value);
  bool add_boolean(std::string_view key, bool value);
  bool add_string(std::string_view key, std::string_view value);
  bool add_strings(std::string_view key, std::span<const std::string> values);
  bool add_i32s(std::string_view key, std::span<const std::int32_t> values);

  /// What is there so far.
  const Checkpoint& so_far() const { return out_; }
  Checkpoint take() && { return std::move(out_); }

 private:
  bool add_payload(std::string_view key, GgufType type, GgufType element, std::uint64_t count,
                   std::span<const std::byte> payload);

  Checkpoint out_;
};

}  // namespace hadal
