#include "formats/gguf_parser.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_set>

#include "base/text.h"

namespace hadal {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF numbers are read as they lie in the file");

// The specification allows keys up to 2^16 - 1 bytes. The other limits are ours, far above any real file (DeepSeek-V3
// with every expert apart has 91,991 tensors), so that a hostile header cannot make the table outgrow its file.
constexpr std::uint64_t max_key_bytes = 65535;
constexpr std::uint64_t max_tensor_name_bytes = 1024;
constexpr std::uint64_t max_metadata_count = 65536;
constexpr std::uint64_t max_tensor_count = 1U << 20;
// The least a metadata entry takes: length of the key, a byte of it, type, a byte of value.
constexpr std::uint64_t min_metadata_bytes = 8 + 1 + 4 + 1;
// The least a tensor's row takes: length of the name, a byte of it, number of dimensions, one of them, type, offset.
constexpr std::uint64_t min_tensor_bytes = 8 + 1 + 4 + 8 + 4 + 8;

/// Bytes of a scalar, 0 for what is none.
std::uint64_t scalar_bytes(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return 1;
    case GgufType::u16:
    case GgufType::i16:
      return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32:
      return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64:
      return 8;
    default:
      return 0;
  }
}

/// What a file that is no GGUF seems to be, as the end of a sentence.
std::string_view guess(std::string_view head) {
  const auto first_text = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const std::string_view text = first_text == std::string_view::npos ? head : head.substr(first_text);
  if (head.size() > 9 && head[8] == '{') return "It looks like a safetensors file; convert it to GGUF first.";
  if (head.starts_with("PK\x03\x04"))
    return "It looks like a ZIP archive (or a PyTorch checkpoint); unpack or convert it first.";
  if (text.starts_with("<")) return "It looks like a web page: the download gave an error page instead of the model.";
  if (text.starts_with("version https://git-lfs"))
    return "It is a Git LFS pointer; fetch the file itself with git lfs pull.";
  if (text.starts_with("{")) return "It looks like a JSON file.";
  if (head.starts_with("lmgg") || head.starts_with("tjgg") || head.starts_with("fmgg")) {
    return "It is in the GGML format that came before GGUF; get a newer file of this model.";
  }
  if (std::ranges::all_of(head, [](char c) { return c == '\0'; })) {
    return "It begins with zeros only: an unfinished download. Download it again.";
  }
  return "Hadal reads GGUF files.";
}

}  // namespace

template <class T>
T GgufParser::take() {
  T value;
  std::memcpy(&value, bytes_.data() + position_, sizeof value);
  position_ += sizeof value;
  return value;
}

Error GgufParser::truncated(std::string_view what) const {
  return invalid(concat("the file ends inside ", what, ", after ", human_bytes(bytes_.size()), ". Download it again."));
}

Result<std::uint64_t> GgufParser::take_length(std::string_view what) {
  if (remaining() < sizeof(std::uint64_t)) return truncated(what);
  return take<std::uint64_t>();
}

Result<std::string_view> GgufParser::take_string(std::string_view what, std::uint64_t limit) {
  const auto length = take_length(what);
  if (!length) return length.error();
  if (*length > limit) return invalid(concat(what, " is ", *length, " bytes long; at most ", limit, " are allowed."));
  if (*length > remaining()) {
    return invalid(concat(what, " should be ", *length, " bytes long, but the file ends after ", remaining(),
                          " of them. It is damaged or incomplete; download it again."));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes_.data() + position_), *length);
  position_ += *length;
  return text;
}

Result<void> GgufParser::run() {
  for (const auto step : {&GgufParser::read_preamble, &GgufParser::read_metadata, &GgufParser::read_alignment,
                          &GgufParser::read_tensor_table, &GgufParser::place_tensors}) {
    if (auto done = (this->*step)(); !done) return done;
  }
  return check_overlaps();
}

Result<void> GgufParser::read_preamble() {
  const std::string_view head(reinterpret_cast<const char*>(bytes_.data()), std::min<std::size_t>(bytes_.size(), 64));
  if (head.empty()) return invalid("the file is empty. Download it again.");
  if (!head.starts_with(std::string_view("GGUF").substr(0, head.size()))) {
    return invalid(concat("this is not a GGUF file (it does not begin with \"GGUF\"). ", guess(head)));
  }
  if (bytes_.size() < 8) return truncated("its first 8 bytes");
  position_ = 4;
  const auto version = take<std::uint32_t>();
  if (version != 0 && (version & 0xFFFFU) == 0) {
    return error(ErrorCode::unsupported,
                 "this GGUF file is big-endian, made for another kind of machine; "
                 "get the little-endian file of this model.");
  }
  if (version != 2 && version != 3) {
    return error(ErrorCode::unsupported, concat("this is GGUF version ", version, "; Hadal reads versions 2 and 3."));
  }
  if (bytes_.size() < 24) return truncated("its header");
  tensor_count_ = take<std::uint64_t>();
  metadata_count_ = take<std::uint64_t>();
  const Wide least = Wide{metadata_count_} * min_metadata_bytes + Wide{tensor_count_} * min_tensor_bytes;
  if (metadata_count_ > max_metadata_count || tensor_count_ > max_tensor_count || least > remaining()) {
    return invalid(concat("the header announces ", metadata_count_, " metadata entries and ", tensor_count_,
                          " tensors, more than a file of ", human_bytes(bytes_.size()),
                          " can hold. It is damaged or incomplete; download it again."));
  }
  return {};
}

Result<void> GgufParser::read_metadata() {
  std::string where = "the first metadata key";
  for (std::uint64_t i = 0; i < metadata_count_; ++i) {
    const auto key = take_string(where, max_key_bytes);
    if (!key) return key.error();
    if (key->empty()) return invalid(concat(where, " is empty."));
    auto value = read_value(*key);
    if (!value) return value.error();
    if (!out_.add(*key, *value)) return invalid(concat("metadata ", printable(*key), " occurs twice."));
    where = concat("the metadata key after ", printable(*key));
  }
  return {};
}

Result<GgufValue> GgufParser::read_value(std::string_view key) {
  const std::string what = concat("metadata ", printable(key));
  if (remaining() < sizeof(std::uint32_t)) return truncated(what);
  GgufValue value;
  value.type = static_cast<GgufType>(take<std::uint32_t>());
  if (value.type == GgufType::array) return read_array(key);
  if (value.type == GgufType::string) {
    const auto text = take_string(what, UINT64_MAX);
    if (!text) return text.error();
    value.count = text->size();
    value.payload = std::as_bytes(std::span(*text));
    return value;
  }
  const std::uint64_t size = scalar_bytes(value.type);
  if (size == 0) return invalid(concat(what, " has the unknown type ", static_cast<std::uint32_t>(value.type), "."));
  if (remaining() < size) return truncated(what);
  value.payload = bytes_.subspan(position_, size);
  position_ += size;
  if (value.type == GgufType::boolean && value.payload[0] > std::byte{1}) {
    return invalid(
        concat(what, " should be true or false (1 or 0), but is ", std::to_integer<int>(value.payload[0]), "."));
  }
  return value;
}

Result<GgufValue> GgufParser::read_array(std::string_view key) {
  const std::string what = concat("metadata ", printable(key));
  if (remaining() < sizeof(std::uint32_t) + sizeof(std::uint64_t)) return truncated(what);
  GgufValue value;
  value.type = GgufType::array;
  value.element = static_cast<GgufType>(take<std::uint32_t>());
  value.count = take<std::uint64_t>();
  if (value.element == GgufType::array) return invalid(concat(what, " is an array of arrays, which no model needs."));
  const bool strings = value.element == GgufType::string;
  // A string takes 8 bytes for its length at least.
  const std::uint64_t least = strings ? 8 : scalar_bytes(value.element);
  if (least == 0) {
    return invalid(concat(what, " is an array of the unknown type ", static_cast<std::uint32_t>(value.element), "."));
  }
  if (Wide{value.count} * least > remaining()) {
    return invalid(concat(what, " should have ", value.count, " elements of type ", gguf_type_name(value.element),
                          ", but the file ends before. It is damaged or incomplete; download it again."));
  }
  const std::uint64_t begin = position_;
  if (strings) {
    for (std::uint64_t i = 0; i < value.count; ++i) {
      // Only a failure needs the place as text; there may be 150,000 of these.
      std::uint64_t length = UINT64_MAX;
      if (remaining() >= sizeof length) length = take<std::uint64_t>();
      if (length > remaining()) {
        return invalid(concat(what, ": element ", i, " of ", value.count,
                              " reaches beyond the end of the file. It is damaged or incomplete; download it again."));
      }
      position_ += length;
    }
  } else {
    position_ += value.count * least;
  }
  value.payload = bytes_.subspan(begin, position_ - begin);
  return value;
}

Result<void> GgufParser::read_alignment() {
  const auto alignment = out_.so_far().u32_or("general.alignment", 32);
  if (!alignment) return alignment.error();
  // At least 8 by the specification; more than a huge page would only waste the file.
  if (!std::has_single_bit(*alignment) || *alignment < 8 || *alignment > (1U << 21)) {
    return invalid(
        concat("metadata general.alignment is ", *alignment, ", but must be a power of two from 8 to 2097152."));
  }
  alignment_ = *alignment;
  return {};
}

Result<void> GgufParser::read_tensor_table() {
  out_.reserve(tensor_count_);
  rows_.reserve(tensor_count_);
  std::unordered_set<std::string_view> names;
  names.reserve(tensor_count_);
  for (std::uint64_t i = 0; i < tensor_count_; ++i) {
    auto row = read_tensor(i);
    if (!row) return row.error();
    if (auto sized = size_tensor(*row); !sized) return sized;
    if (!names.insert(row->tensor.name).second) {
      return invalid(concat("tensor ", printable(row->tensor.name), " occurs twice in the tensor table."));
    }
    rows_.push_back(*row);
  }
  return {};
}

Result<GgufParser::Row> GgufParser::read_tensor(std::uint64_t index) {
  const auto name = take_string(concat("the name of tensor ", index + 1, " of ", tensor_count_), max_tensor_name_bytes);
  if (!name) return name.error();
  if (name->empty()) return invalid(concat("tensor ", index + 1, " of ", tensor_count_, " has no name."));
  Row row;
  CheckpointTensor& tensor = row.tensor;
  tensor.name = *name;
  const std::string what = concat("the table entry of tensor ", printable(*name));
  if (remaining() < sizeof(std::uint32_t)) return truncated(what);
  tensor.dimensions = take<std::uint32_t>();
  if (tensor.dimensions < 1 || tensor.dimensions > tensor.shape.size()) {
    return invalid(concat("tensor ", printable(*name), " has ", tensor.dimensions, " dimensions; 1 to 4 are allowed."));
  }
  if (remaining() < tensor.dimensions * sizeof(std::uint64_t) + sizeof(std::uint32_t) + sizeof(std::uint64_t)) {
    return truncated(what);
  }
  for (std::uint32_t d = 0; d < tensor.dimensions; ++d) tensor.shape[d] = take<std::uint64_t>();
  tensor.type = static_cast<DType>(take<std::uint32_t>());
  row.offset = take<std::uint64_t>();
  return row;
}

Result<void> GgufParser::size_tensor(Row& row) const {
  CheckpointTensor& tensor = row.tensor;
  const std::string what = concat("tensor ", printable(tensor.name));
  const DTypeTraits* traits = dtype_traits(static_cast<std::uint32_t>(tensor.type));
  if (traits == nullptr || tensor.type == DType::f8_e4m3) {
    return error(ErrorCode::unsupported,
                 concat(what, " has the unknown type ", static_cast<std::uint32_t>(tensor.type), "."));
  }
  Wide elements = 1;
  for (std::uint32_t d = 0; d < tensor.dimensions; ++d) {
    if (tensor.shape[d] == 0) return invalid(concat(what, ": dimension ", d, " is 0."));
    // Both factors are below 2^64, so the product of two is exact; the check keeps the next one so.
    elements *= tensor.shape[d];
    if (elements > INT64_MAX) return invalid(concat(what, " has more than 2^63 elements."));
  }
  if (tensor.shape[0] % traits->block_size != 0) {
    return invalid(concat(what, " has rows of ", tensor.shape[0], " elements, which is no multiple of ",
                          traits->block_size, ", the block of type ", traits->name, "."));
  }
  const Wide bytes = elements / traits->block_size * traits->block_bytes;
  if (bytes > INT64_MAX) return invalid(concat(what, " is larger than any file can be."));
  tensor.elements = static_cast<std::uint64_t>(elements);
  row.bytes = static_cast<std::uint64_t>(bytes);
  return {};
}

Result<void> GgufParser::place_tensors() {
  const Wide data = (Wide{position_} + alignment_ - 1) / alignment_ * alignment_;
  const Wide size = bytes_.size();
  Wide needed = 0;
  for (const Row& row : rows_) needed = std::max(needed, data + row.offset + row.bytes);
  for (Row& row : rows_) {
    if (row.offset % alignment_ != 0) {
      return invalid(concat("tensor ", printable(row.tensor.name), ": offset ", row.offset, " is no multiple of ",
                            alignment_, ", the file's alignment."));
    }
    if (data + row.offset + row.bytes > size) {
      const std::string_view inside =
          data + row.offset < size ? "the file ends inside it" : "it lies beyond the end of the file";
      const auto whole = static_cast<std::uint64_t>(std::min<Wide>(needed, UINT64_MAX));
      return invalid(concat("tensor ", printable(row.tensor.name), " (offset ", row.offset, ", ",
                            human_bytes(row.bytes), "): ", inside, ": ", human_part(bytes_.size(), whole),
                            " are there. Download it again."));
    }
    row.tensor.data = bytes_.subspan(static_cast<std::uint64_t>(data) + row.offset, row.bytes);
    out_.add(row.tensor);
  }
  return {};
}

Result<void> GgufParser::check_overlaps() const {
  std::vector<const CheckpointTensor*> order;
  order.reserve(rows_.size());
  for (const Row& row : rows_) order.push_back(&row.tensor);
  const auto begin = [&](const CheckpointTensor* tensor) { return tensor->data.data() - bytes_.data(); };
  std::ranges::sort(order, {}, begin);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto end = begin(order[i - 1]) + static_cast<std::ptrdiff_t>(order[i - 1]->bytes());
    if (end > begin(order[i])) {
      return invalid(concat("tensors ", printable(order[i - 1]->name), " and ", printable(order[i]->name),
                            " overlap: the second begins at byte ", begin(order[i]), ", before the first ends at byte ",
                            end, "."));
    }
  }
  return {};
}

}  // namespace hadal
