#include "fuzz/gguf_mutator.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <limits>

namespace hadal::test {
namespace {

template <class T>
T load(std::string_view bytes, std::uint64_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <class T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// Bytes of metadata scalars by type number; 0 for string and array.
constexpr std::array<std::uint64_t, 13> scalar_size = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
constexpr std::uint32_t string_type = 8, array_type = 9, f32_type = 6;

class Scanner {
 public:
  Scanner(std::string_view header, std::vector<Field>& out) : header_(header), out_(out) {}

  std::uint64_t at() const { return at_; }
  void add(FieldKind kind, std::uint64_t size) {
    out_.push_back({kind, at_, size, owner_});
    at_ += size;
  }
  void text(FieldKind length_kind, FieldKind text_kind) {
    const auto length = load<std::uint64_t>(header_, at_);
    add(length_kind, 8);
    if (text_kind == FieldKind::key || text_kind == FieldKind::name) owner_ = header_.substr(at_, length);
    add(text_kind, length);
  }
  void value() {
    const auto type = load<std::uint32_t>(header_, at_);
    add(FieldKind::value_type, 4);
    if (type == array_type) return array();
    if (type == string_type) return text(FieldKind::string_length, FieldKind::text);
    add(FieldKind::scalar, scalar_size[type]);
  }

 private:
  void array() {
    const auto element = load<std::uint32_t>(header_, at_);
    add(FieldKind::element_type, 4);
    const auto count = load<std::uint64_t>(header_, at_);
    add(FieldKind::array_count, 8);
    for (std::uint64_t i = 0; i < count; ++i) {
      const bool listed = i < 20 || i + 5 > count;
      if (element != string_type) {
        listed ? add(FieldKind::scalar, scalar_size[element]) : void(at_ += scalar_size[element]);
      } else if (listed) {
        text(FieldKind::string_length, FieldKind::text);
      } else {
        at_ += 8 + load<std::uint64_t>(header_, at_);
      }
    }
  }

  std::string_view header_;
  std::vector<Field>& out_;
  std::uint64_t at_ = 0;
  std::string owner_;
};

class Mutator {
 public:
  Mutator(std::string_view header, const HeaderMap& map, std::uint64_t file_bytes, std::uint64_t seed)
      : map_(map), random_(seed) {
    out_.header = header;
    out_.size = file_bytes;
  }

  MutatedFile run(Mutation mutation) {
    switch (mutation) {
      case Mutation::header_bits:
        flip_bits(0, 24);
        break;
      case Mutation::metadata_bits:
        flip_bits_of_fields(true);
        break;
      case Mutation::table_bits:
        flip_bits_of_fields(false);
        break;
      case Mutation::edge_numbers:
        edge_number();
        break;
      case Mutation::wrong_types:
        wrong_type();
        break;
      case Mutation::retyped_values:
        retyped_value();
        break;
      case Mutation::edge_values:
        edge_value();
        break;
      case Mutation::swapped_fields:
        swapped_fields();
        break;
      case Mutation::random_bytes:
        random_bytes();
        break;
      case Mutation::truncations:
        truncation();
        break;
    }
    return std::move(out_);
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void note(std::string_view what, const Field& field) {
    out_.what += std::string(what) + " at byte " + std::to_string(field.offset) + " (" + field.owner + ") ";
  }

  const Field& pick(std::initializer_list<FieldKind> kinds) {
    std::vector<const Field*> fitting;
    for (const Field& field : map_.fields) {
      if (std::ranges::find(kinds, field.kind) != kinds.end()) fitting.push_back(&field);
    }
    return *fitting[below(fitting.size())];
  }

  void put(const Field& field, std::string_view bytes) {
    std::memcpy(out_.header.data() + field.offset, bytes.data(), std::min<std::uint64_t>(field.size, bytes.size()));
  }

  void flip_bits(std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t flips = 1 + below(4); flips > 0; --flips) {
      const std::uint64_t at = begin + below(end - begin), bit = below(8);
      out_.header[at] = static_cast<char>(out_.header[at] ^ (1 << bit));
      out_.what += "bit " + std::to_string(bit) + " of byte " + std::to_string(at) + ' ';
    }
  }

  void flip_bits_of_fields(bool metadata) {
    for (;;) {
      const Field& field = map_.fields[below(map_.fields.size())];
      const bool in_metadata = field.offset >= 24 && field.offset < map_.metadata_end;
      if (field.size == 0 || in_metadata != metadata || field.offset < 24) continue;
      note("flip", field);
      return flip_bits(field.offset, field.offset + field.size);
    }
  }

  void edge_number() {
    using K = FieldKind;
    const Field& field =
        pick({K::tensor_count, K::metadata_count, K::key_length, K::array_count, K::string_length, K::name_length,
              K::dimension, K::dimension, K::dimension_count, K::tensor_offset, K::tensor_offset});
    const auto old = field.size == 8 ? load<std::uint64_t>(out_.header, field.offset)
                                     : load<std::uint32_t>(out_.header, field.offset);
    const std::uint64_t top = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t edges[] = {0,        1,          old + 1,           old - 1,    old * 2,        old / 2,
                                   old + 32, 1ULL << 31, 1ULL << 32,        1ULL << 61, 1ULL << 63,     top,
                                   top - 31, top / 4,    (1ULL << 60) + 32, out_.size,  out_.size - old};
    note("edge number", field);
    put(field, raw(edges[below(std::size(edges))]));
  }

  void wrong_type() {
    const Field& field = pick({FieldKind::value_type, FieldKind::element_type, FieldKind::tensor_type});
    note("wrong type", field);
    const bool wild = below(8) == 0;
    put(field,
        raw(static_cast<std::uint32_t>(wild ? random_() : below(field.kind == FieldKind::tensor_type ? 44 : 14))));
  }

  static std::string value_of_type(std::uint32_t type) {
    if (type == string_type) return raw(type) + raw(std::uint64_t{3}) + "gpt";
    if (type != array_type) return raw(type) + std::string(scalar_size[type], '\1');
    return raw(type) + raw(f32_type) + raw(std::uint64_t{2}) + std::string(8, '\0');
  }

  void retyped_value() {
    const Field& field = pick({FieldKind::value_type});
    const auto next = std::ranges::find_if(map_.fields, [&](const Field& other) {
      return other.offset > field.offset && (other.kind == FieldKind::key_length || other.offset >= map_.metadata_end);
    });
    const auto old = load<std::uint32_t>(out_.header, field.offset);
    std::uint32_t type = static_cast<std::uint32_t>(below(13));
    if (type == old) type = (type + 1) % 13;
    note("retyped to " + std::to_string(type), field);
    // The tensors' data moves with the end of the table; a hole in front of it keeps the file well-formed.
    const std::string value = value_of_type(type);
    const std::uint64_t shift = value.size() - (next->offset - field.offset);  // may wrap, and back
    out_.header.resize(map_.end);
    out_.header.replace(field.offset, next->offset - field.offset, value);
    out_.header.resize((out_.header.size() + 31) / 32 * 32, '\0');
    out_.size += shift + 32;
  }

  void edge_value() {
    const Field* field = &pick({FieldKind::scalar});
    // Most scalars are elements of arrays; single values matter as much.
    for (int tries = 0; tries < 50 && field->owner.starts_with("tokenizer.ggml.tok"); ++tries) {
      field = &pick({FieldKind::scalar});
    }
    const auto inf = std::numeric_limits<float>::infinity();
    const auto old = field->size >= 4 ? load<std::uint32_t>(out_.header, field->offset) : 1;
    const std::string edges[] = {raw(0U),          raw(1U),
                                 raw(2U),          raw(old + 1),
                                 raw(old - 1),     raw(old * 2),
                                 raw(old / 2),     raw(1U << 31),
                                 raw(0xFFFFFFFFU), raw(1U << 16),
                                 raw(inf),         raw(-inf),
                                 raw(-1.0F),       raw(std::numeric_limits<float>::quiet_NaN()),
                                 raw(1e-45F),      raw(3e38F),
                                 raw(0.0F)};
    note("edge value", *field);
    put(*field, edges[below(std::size(edges))]);
  }

  void swapped_fields() {
    using K = FieldKind;
    const Field& one = pick({K::key, K::name, K::dimension, K::tensor_offset, K::tensor_type, K::scalar, K::text});
    std::vector<const Field*> partners;
    for (const Field& field : map_.fields) {
      if (field.kind == one.kind && field.size == one.size && field.offset != one.offset) partners.push_back(&field);
    }
    if (partners.empty()) return flip_bits(one.offset, one.offset + std::max<std::uint64_t>(one.size, 1));
    const Field& other = *partners[below(partners.size())];
    const std::string first = out_.header.substr(one.offset, one.size);
    const std::string second = out_.header.substr(other.offset, other.size);
    note("swap", one);
    note("with", other);
    put(one, second);
    if (below(2) == 0) put(other, first);  // otherwise the same twice
  }

  void random_bytes() {
    const std::uint64_t length = 1 + below(64), at = below(out_.header.size() - length);
    for (std::uint64_t i = 0; i < length; ++i) out_.header[at + i] = static_cast<char>(random_());
    out_.what = std::to_string(length) + " random bytes at byte " + std::to_string(at);
  }

  void truncation() {
    const Field& field = map_.fields[below(map_.fields.size())];
    switch (below(4)) {
      case 0:
        out_.size = field.offset;
        break;
      case 1:
        out_.size = field.offset + below(field.size + 1);
        break;
      case 2:
        out_.size = out_.header.size() + below(out_.size - out_.header.size());
        break;
      default:
        out_.size -= 1 + below(4096);
        break;
    }
    out_.what = "cut to " + std::to_string(out_.size) + " bytes";
  }

  const HeaderMap& map_;
  std::mt19937_64 random_;
  MutatedFile out_;
};

}  // namespace

HeaderMap::HeaderMap(std::string_view header) {
  Scanner scan(header, fields);
  scan.add(FieldKind::magic, 4);
  scan.add(FieldKind::version, 4);
  const auto tensors = load<std::uint64_t>(header, 8), entries = load<std::uint64_t>(header, 16);
  scan.add(FieldKind::tensor_count, 8);
  scan.add(FieldKind::metadata_count, 8);
  for (std::uint64_t i = 0; i < entries; ++i) {
    scan.text(FieldKind::key_length, FieldKind::key);
    scan.value();
  }
  metadata_end = scan.at();
  for (std::uint64_t i = 0; i < tensors; ++i) {
    scan.text(FieldKind::name_length, FieldKind::name);
    const auto dimensions = load<std::uint32_t>(header, scan.at());
    scan.add(FieldKind::dimension_count, 4);
    for (std::uint32_t d = 0; d < dimensions; ++d) scan.add(FieldKind::dimension, 8);
    scan.add(FieldKind::tensor_type, 4);
    scan.add(FieldKind::tensor_offset, 8);
  }
  end = scan.at();
}

MutatedFile mutate(std::string_view header, const HeaderMap& map, std::uint64_t file_bytes, Mutation mutation,
                   std::uint64_t seed) {
  return Mutator(header, map, file_bytes, seed).run(mutation);
}

}  // namespace hadal::test
