#include "formats/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/text.h"
#include "formats/safetensors_header.h"

namespace hadal {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors numbers are read as they lie in the file");

__extension__ typedef unsigned __int128 Wide;

// The format's own limit (safetensors, MAX_HEADER_SIZE).
constexpr std::uint64_t max_header_bytes = 100'000'000;

struct Type {
  std::string_view name;
  unsigned bits;
};
// Those of the format's version 0.8.
constexpr Type types[] = {{"F32", 32},    {"F16", 16},        {"BF16", 16},       {"F8_E4M3", 8}, {"F64", 64},
                          {"I64", 64},    {"I32", 32},        {"I16", 16},        {"I8", 8},      {"U64", 64},
                          {"U32", 32},    {"U16", 16},        {"U8", 8},          {"BOOL", 8},    {"C64", 64},
                          {"F8_E5M2", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F8_E8M0", 8}, {"F4", 4},
                          {"F6_E2M3", 6}, {"F6_E3M2", 6}};

class Parser {
 public:
  Parser(std::span<const std::byte> bytes, std::string_view file) : bytes_(bytes), file_(file) {}

  Result<std::vector<SafetensorsTensor>> run() {
    auto header = find_header();
    if (!header) return header.error();
    const auto entries = read_safetensors_header(*header);
    if (!entries) return invalid(entries.error().message);
    data_ = bytes_.subspan(8 + header->size());
    std::vector<Placed> placed;
    placed.reserve(entries->size());
    for (const SafetensorsEntry& entry : *entries) {
      auto one = place(entry);
      if (!one) return one.error();
      placed.push_back(std::move(*one));
    }
    return in_order(placed);
  }

 private:
  struct Placed {
    SafetensorsTensor tensor;
    std::uint64_t begin, end;  ///< In the data.
  };

  Error error(ErrorCode code, std::string_view sentence) const {
    return {code, concat(printable(file_), ": ", sentence)};
  }
  Error invalid(std::string_view sentence) const { return error(ErrorCode::invalid_file, sentence); }

  Result<std::string_view> find_header() const {
    if (bytes_.empty()) return invalid("the file is empty. Download it again.");
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
    if (text.starts_with("version https://git-lfs")) {
      return invalid("the file is a Git LFS pointer; fetch the file itself with git lfs pull.");
    }
    if (bytes_.size() < 8) return invalid("the file ends inside the length of its header. Download it again.");
    std::uint64_t length;
    std::memcpy(&length, bytes_.data(), sizeof length);
    if (length > max_header_bytes) {
      return invalid(concat("the header says that it is ", length, " bytes long; at most ", max_header_bytes,
                            " are allowed. This is no safetensors file, or a damaged one."));
    }
    if (length > bytes_.size() - 8) {
      return invalid(concat("the file ends inside its header: ", human_part(bytes_.size() - 8, length),
                            " are there. Download it again."));
    }
    const std::string_view header = text.substr(8, length);
    if (!header.starts_with('{')) return invalid("the header does not begin with \"{\": this is no safetensors file.");
    return header;
  }

  Result<Placed> place(const SafetensorsEntry& entry) const {
    const std::string what = concat("tensor ", printable(entry.name));
    if (!entry.type) return invalid(concat(what, " has no dtype."));
    if (!entry.shape) return invalid(concat(what, " has no shape."));
    if (!entry.offsets || entry.offsets->size() != 2) {
      return invalid(concat(what, ": data_offsets should be where its data begins and ends."));
    }
    const auto type = std::ranges::find(types, *entry.type, &Type::name);
    if (type == std::end(types)) {
      return error(ErrorCode::unsupported, concat(what, " has the unknown dtype ", printable(*entry.type), "."));
    }
    Wide elements = 1;
    for (const std::uint64_t dimension : *entry.shape) {
      if (dimension == 0) return invalid(concat(what, " has a dimension of 0."));
      // Both factors are below 2^64, so the product of two is exact; the check keeps the next one so.
      elements *= dimension;
      if (elements > INT64_MAX) return invalid(concat(what, " has more than 2^63 elements."));
    }
    const std::uint64_t begin = (*entry.offsets)[0], end = (*entry.offsets)[1];
    if (begin > end || elements * type->bits != Wide{end - begin} * 8) {
      return invalid(concat(what, ": data_offsets ", begin, " to ", end, " do not fit its shape, ",
                            static_cast<std::uint64_t>(elements), " elements of ", type->name, "."));
    }
    if (end > data_.size()) {
      return invalid(concat(what, " (offset ", begin, ", ", human_bytes(end - begin), "): the file ends ",
                            begin < data_.size() ? "inside" : "before", " it. It is incomplete; download it again."));
    }
    return Placed{
        {entry.name, type->name, *entry.shape, static_cast<std::uint64_t>(elements), data_.subspan(begin, end - begin)},
        begin,
        end};
  }

  Result<std::vector<SafetensorsTensor>> in_order(std::vector<Placed>& placed) const {
    std::ranges::stable_sort(placed, {}, &Placed::begin);
    std::vector<SafetensorsTensor> out;
    out.reserve(placed.size());
    std::uint64_t end = 0;
    for (Placed& one : placed) {
      if (one.begin < end) {
        return invalid(concat("tensors ", printable(out.back().name), " and ", printable(one.tensor.name),
                              " overlap: the second begins at byte ", one.begin,
                              " of the data, before the first ends "
                              "at byte ",
                              end, "."));
      }
      if (one.begin > end) return invalid(gap(end, one.begin, concat("before tensor ", printable(one.tensor.name))));
      end = one.end;
      out.push_back(std::move(one.tensor));
    }
    if (end < data_.size()) return invalid(gap(end, data_.size(), "at the end of the file"));
    return out;
  }

  static std::string gap(std::uint64_t begin, std::uint64_t end, std::string_view where) {
    return concat(end - begin, " bytes ", where, ", from byte ", begin,
                  " of the data, belong to no tensor, which the format does not allow.");
  }

  std::span<const std::byte> bytes_;
  std::string_view file_;
  std::span<const std::byte> data_;
};

}  // namespace

Result<std::vector<SafetensorsTensor>> parse_safetensors(std::span<const std::byte> bytes, std::string_view file) {
  return Parser(bytes, file).run();
}

}  // namespace hadal
