#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf.h"

namespace hadal::test {

/// Writes GGUF files for tests: well-formed by default, and as wrong as a test wants by setting the public members.
/// Tensors are laid out one after another, aligned, unless given an offset; their data is zero unless given.
class GgufWriter {
 public:
  struct Tensor {
    std::string name;
    std::vector<std::uint64_t> shape;
    std::uint32_t type = 0;
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> offset;  ///< From the start of the data.
    std::string data;                     ///< May be shorter than `bytes`.
  };

  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::optional<std::uint64_t> metadata_count, tensor_count;  ///< Instead of the true ones.
  std::uint64_t alignment = 32;
  std::vector<Tensor> tensors;

  GgufWriter& raw(std::string_view key, std::uint32_t type, std::string_view payload) {
    string(metadata_, key);
    number(metadata_, type);
    metadata_ += payload;
    ++entries_;
    return *this;
  }
  GgufWriter& text(std::string_view key, std::string_view value) {
    std::string payload;
    string(payload, value);
    return raw(key, 8, payload);
  }
  GgufWriter& u32(std::string_view key, std::uint32_t value) { return scalar(key, 4, value); }
  GgufWriter& f32(std::string_view key, float value) { return scalar(key, 6, value); }
  GgufWriter& boolean(std::string_view key, bool value) { return scalar(key, 7, static_cast<std::uint8_t>(value)); }
  template <class T>
  GgufWriter& scalar(std::string_view key, std::uint32_t type, T value) {
    std::string payload;
    number(payload, value);
    return raw(key, type, payload);
  }
  GgufWriter& texts(std::string_view key, const std::vector<std::string>& values) {
    std::string payload = array_head(8, values.size());
    for (const auto& value : values) string(payload, value);
    return raw(key, 9, payload);
  }
  template <class T>
  GgufWriter& numbers(std::string_view key, std::uint32_t element, const std::vector<T>& values) {
    std::string payload = array_head(element, values.size());
    for (const T value : values) number(payload, value);
    return raw(key, 9, payload);
  }
  /// A tensor of a known type; its size follows from the shape.
  GgufWriter& tensor(std::string name, std::vector<std::uint64_t> shape, DType type = DType::f32,
                     std::string data = {}) {
    const DTypeTraits& traits = dtype_traits(type);
    std::uint64_t elements = 1;
    for (const auto dimension : shape) elements *= dimension;
    const std::uint64_t bytes = elements / traits.block_size * traits.block_bytes;
    tensors.push_back(
        {std::move(name), std::move(shape), static_cast<std::uint32_t>(type), bytes, {}, std::move(data)});
    return *this;
  }

  /// Header and tensor table, padded to where the data begins.
  std::string header() const {
    std::string out = magic;
    number(out, version);
    number(out, tensor_count.value_or(tensors.size()));
    number(out, metadata_count.value_or(entries_));
    out += metadata_;
    std::uint64_t next = 0;
    for (const Tensor& tensor : tensors) {
      string(out, tensor.name);
      number(out, static_cast<std::uint32_t>(tensor.shape.size()));
      for (const auto dimension : tensor.shape) number(out, dimension);
      number(out, tensor.type);
      const std::uint64_t offset = tensor.offset.value_or(next);
      number(out, offset);
      next = aligned(offset + tensor.bytes);
    }
    out.resize(aligned(out.size()), '\0');
    return out;
  }

  /// The whole file in memory; for models small enough for it.
  std::string bytes() const {
    std::string out = header();
    const std::size_t data = out.size();
    std::uint64_t next = 0;
    for (const Tensor& tensor : tensors) {
      const std::uint64_t offset = tensor.offset.value_or(next);
      if (out.size() < data + offset + tensor.bytes) out.resize(data + offset + tensor.bytes, '\0');
      std::memcpy(out.data() + data + offset, tensor.data.data(), tensor.data.size());
      next = aligned(offset + tensor.bytes);
    }
    return out;
  }

 private:
  template <class T>
  static void number(std::string& out, T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static void string(std::string& out, std::string_view value) {
    number(out, static_cast<std::uint64_t>(value.size()));
    out += value;
  }
  static std::string array_head(std::uint32_t element, std::uint64_t count) {
    std::string out;
    number(out, element);
    number(out, count);
    return out;
  }
  std::uint64_t aligned(std::uint64_t value) const { return (value + alignment - 1) / alignment * alignment; }

  std::string metadata_;
  std::uint64_t entries_ = 0;
};

inline Result<Checkpoint> parse(const std::string& bytes) {
  return parse_gguf(std::as_bytes(std::span(bytes)), "test.gguf");
}

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace hadal::test
