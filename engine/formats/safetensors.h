#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/result.h"

namespace hadal {

/// A tensor of a safetensors file.
struct SafetensorsTensor {
  std::string name;
  std::string_view type;             ///< As the format spells it: "BF16", "F8_E4M3" ...
  std::vector<std::uint64_t> shape;  ///< Slowest first: [rows, columns]; empty for a scalar. None is 0.
  std::uint64_t elements = 0;        ///< Product of the shape; below 2^63.
  std::span<const std::byte> data;   ///< Row-major, little-endian; of any alignment.
};

/// The tensors of a safetensors file in the order of its data. The whole header is checked before anything is given
/// out: every tensor's shape, type and place agree, and the tensors fill the data without gap or overlap, as the format
/// demands. Errors begin with `file` and name the tensor. The views point into `bytes`.
Result<std::vector<SafetensorsTensor>> parse_safetensors(std::span<const std::byte> bytes, std::string_view file);

}  // namespace hadal
