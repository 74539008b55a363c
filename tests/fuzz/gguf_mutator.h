#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace hadal::test {

/// What a stretch of a GGUF header is.
enum class FieldKind {
  magic,
  version,
  tensor_count,
  metadata_count,
  key_length,
  key,
  value_type,
  element_type,
  array_count,
  string_length,
  text,
  scalar,
  name_length,
  name,
  dimension_count,
  dimension,
  tensor_type,
  tensor_offset,
};

struct Field {
  FieldKind kind;
  std::uint64_t offset;
  std::uint64_t size;
  std::string owner;  ///< Key or tensor the field belongs to.
};

/// The fields of a well-formed header, in order; found without the engine's reader. Of an array's elements only the
/// first few hundred bytes' worth are listed.
struct HeaderMap {
  explicit HeaderMap(std::string_view header);
  std::vector<Field> fields;
  std::uint64_t metadata_end = 0;  ///< Where the tensor table begins.
  std::uint64_t end = 0;           ///< Of the tensor table.
};

/// One way of damaging a file.
enum class Mutation {
  header_bits,     ///< Flips bits of the first 24 bytes.
  metadata_bits,   ///< Flips bits of metadata fields.
  table_bits,      ///< Flips bits of the tensor table.
  edge_numbers,    ///< Puts a number from the edges of its type into a length, count, dimension or offset.
  wrong_types,     ///< Changes the type number of a value, an array's elements or a tensor.
  retyped_values,  ///< Writes a metadata value anew, well-formed but of another type.
  edge_values,     ///< Puts an edge of its type, or NaN or infinity, into a metadata value.
  swapped_fields,  ///< Exchanges two fields of one kind: twice the same name, overlapping tensors, ...
  random_bytes,    ///< Overwrites up to 64 bytes anywhere in the header.
  truncations,     ///< Cuts the file at or near a field's border, or inside the data.
};

/// A damaged file: `header` in place of the original's, the data behind it, cut to `size` bytes.
struct MutatedFile {
  std::string header;
  std::uint64_t size = 0;
  std::string what;  ///< For a failure's message.
};

/// The same seed gives the same file.
MutatedFile mutate(std::string_view header, const HeaderMap& map, std::uint64_t file_bytes, Mutation mutation,
                   std::uint64_t seed);

}  // namespace hadal::test
