#include "formats/gguf_writer.h"

#include <bit>
#include <cassert>
#include <utility>

#include "base/text.h"

namespace hadal {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF numbers are written as they lie in memory");

constexpr std::uint32_t kVersion = 3;
/// The specification's limits: keys of 2^16 - 1 bytes, names of 64 with the zero byte that ggml puts behind them.
constexpr std::size_t kMostKeyBytes = 65535;
constexpr std::size_t kMostNameBytes = 63;
/// Magic, version, number of tensors, number of metadata entries.
constexpr std::uint64_t kPreambleBytes = 4 + 4 + 8 + 8;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint64_t>(text.size()));
  out += text;
}

/// Of a tensor; 0 if the type does not allow the shape or the size has no place in a file.
std::uint64_t tensor_bytes(const DTypeTraits& traits, std::span<const std::uint64_t> shape) {
  __extension__ typedef unsigned __int128 Wide;
  if (shape.empty() || shape.size() > 4 || shape[0] % traits.block_size != 0) return 0;
  Wide elements = 1;
  for (const std::uint64_t dimension : shape) {
    elements *= dimension;
    if (elements > INT64_MAX) return 0;
  }
  const Wide bytes = elements / traits.block_size * traits.block_bytes;
  return bytes > INT64_MAX ? 0 : static_cast<std::uint64_t>(bytes);
}

}  // namespace

void GgufPlan::align(std::uint32_t bytes) {
  assert(tensors_.empty());
  if (!std::has_single_bit(bytes) || bytes < 8) {
    return refuse(concat("The alignment of a GGUF file must be a power of two from 8, not ", bytes, "."));
  }
  alignment_ = bytes;
  number("general.alignment", bytes);
}

void GgufPlan::refuse(std::string_view sentence) {
  if (result_) result_ = Error{ErrorCode::invalid_argument, std::string(sentence)};
}

bool GgufPlan::begin(std::string_view key, GgufType type) {
  if (key.empty() || key.size() > kMostKeyBytes) {
    refuse(concat("A metadata key has 1 to ", kMostKeyBytes, " bytes, not ", key.size(), "."));
    return false;
  }
  if (!keys_.emplace(key).second) {
    refuse(concat("Metadata ", printable(key), " was given twice."));
    return false;
  }
  put_string(key);
  put(static_cast<std::uint32_t>(type));
  ++entries_;
  return true;
}

bool GgufPlan::begin_array(std::string_view key, GgufType element, std::uint64_t count) {
  if (!begin(key, GgufType::array)) return false;
  put(static_cast<std::uint32_t>(element));
  put(count);
  return true;
}

void GgufPlan::put_string(std::string_view text) {
  put_text(metadata_, text);
}

void GgufPlan::string(std::string_view key, std::string_view value) {
  if (begin(key, GgufType::string)) put_string(value);
}

template <class Text>
void GgufPlan::put_strings(std::string_view key, std::span<const Text> values) {
  if (!begin_array(key, GgufType::string, values.size())) return;
  for (const std::string_view value : values) put_string(value);
}

void GgufPlan::strings(std::string_view key, std::span<const std::string> values) {
  put_strings(key, values);
}

void GgufPlan::strings(std::string_view key, std::span<const std::string_view> values) {
  put_strings(key, values);
}

void GgufPlan::copy(std::string_view key, const GgufValue& value) {
  const bool begun =
      value.type == GgufType::array ? begin_array(key, value.element, value.count) : begin(key, value.type);
  if (!begun) return;
  // A string's payload comes without its length, an array's strings with theirs.
  if (value.type == GgufType::string) put(static_cast<std::uint64_t>(value.payload.size()));
  append(value.payload);
}

void GgufPlan::tensor(std::string_view name, DType type, std::span<const std::uint64_t> shape) {
  const DTypeTraits& traits = dtype_traits(type);
  const std::uint64_t bytes = tensor_bytes(traits, shape);
  if (name.empty() || name.size() > kMostNameBytes) {
    return refuse(concat("The name of a tensor has 1 to ", kMostNameBytes, " bytes; \"", printable(name), "\" has ",
                         name.size(), "."));
  }
  if (bytes == 0) {
    return refuse(concat("Tensor ", printable(name), " cannot be written as ", traits.name,
                         ": it needs 1 to 4 dimensions above 0, the first a multiple of ", traits.block_size, "."));
  }
  if (!names_.emplace(name).second) return refuse(concat("Tensor ", printable(name), " was given twice."));
  tensors_.push_back({std::string(name), type, {shape.begin(), shape.end()}, bytes, data_bytes_});
  data_bytes_ = aligned(data_bytes_ + bytes);
  // Length and text of the name, number of dimensions, dimensions, type, offset.
  table_bytes_ += 8 + name.size() + 4 + 8 * shape.size() + 4 + 8;
}

std::uint64_t GgufPlan::data_offset() const {
  return aligned(kPreambleBytes + metadata_.size() + table_bytes_);
}

std::string GgufPlan::header() const {
  std::string out = "GGUF";
  hadal::put(out, kVersion);
  hadal::put(out, static_cast<std::uint64_t>(tensors_.size()));
  hadal::put(out, entries_);
  out += metadata_;
  for (const GgufTensorPlan& tensor : tensors_) {
    put_text(out, tensor.name);
    hadal::put(out, static_cast<std::uint32_t>(tensor.shape.size()));
    for (const std::uint64_t dimension : tensor.shape) hadal::put(out, dimension);
    hadal::put(out, static_cast<std::uint32_t>(tensor.type));
    hadal::put(out, tensor.offset);
  }
  out.resize(data_offset(), '\0');
  return out;
}

Result<GgufWriter> GgufWriter::create(const std::filesystem::path& path, GgufPlan plan) {
  if (!plan.result()) return plan.result().error();
  auto file = AtomicFile::create(path, plan.file_bytes());
  if (!file) return file.error();
  const std::string header = plan.header();
  if (auto written = file->write(0, std::as_bytes(std::span(header))); !written) return written.error();
  return GgufWriter(std::move(*file), std::move(plan));
}

Result<void> GgufWriter::write(std::size_t tensor, std::uint64_t offset, std::span<const std::byte> bytes) {
  const GgufTensorPlan& planned = plan_.tensors_[tensor];
  assert(offset <= planned.bytes && bytes.size() <= planned.bytes - offset);
  auto done = file_.write(plan_.data_offset() + planned.offset + offset, bytes);
  if (done) written_->fetch_add(bytes.size(), std::memory_order_relaxed);
  return done;
}

Result<void> GgufWriter::append(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  const auto tensors = plan_.tensors();
  if (tensor_ == tensors.size() || bytes.size() > tensors[tensor_].bytes - offset_) {
    return Error{ErrorCode::invalid_argument,
                 tensor_ == tensors.size()
                     ? concat(bytes.size(), " bytes follow after the last tensor.")
                     : concat("Tensor ", printable(tensors[tensor_].name), " has ", tensors[tensor_].bytes, " bytes; ",
                              offset_ + bytes.size(), " were given.")};
  }
  auto done = write(tensor_, offset_, bytes);
  if (!done) return done;
  offset_ += bytes.size();
  if (offset_ == tensors[tensor_].bytes) {
    ++tensor_;
    offset_ = 0;
  }
  return {};
}

Result<void> GgufWriter::finish() {
  std::uint64_t whole = 0;
  for (const GgufTensorPlan& tensor : plan_.tensors()) whole += tensor.bytes;
  if (written() != whole) {
    return Error{ErrorCode::invalid_argument,
                 concat("Of the tensors' ", whole, " bytes ", written(), " were written.")};
  }
  return file_.commit();
}

}  // namespace hadal
