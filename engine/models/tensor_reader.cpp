#include "models/tensor_reader.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "tensor/dequantise.h"

namespace hadal {
namespace {

std::string shape_text(std::int64_t rows, std::int64_t cols) {
  return rows == 1 ? std::to_string(cols) : concat(std::to_string(rows), " x ", std::to_string(cols));
}

/// Beginnings of the names that GGUF gives the tensors which text goes through (gguf-py, constants.py).
constexpr std::string_view of_the_text_model[] = {"blk.",          "output",      "token_embd",
                                                  "position_embd", "token_types", "per_layer_"};
/// Frequencies of rotary positions, which follow from the keys.
constexpr std::string_view rotary_positions[] = {".attn_rot_embd.", ".rope_freqs.", "rotary_emb.inv_freq"};

bool is_needed(std::string_view name) {
  return std::ranges::any_of(of_the_text_model, [&](std::string_view start) { return name.starts_with(start); }) &&
         std::ranges::none_of(rotary_positions,
                              [&](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

}  // namespace

void TensorReader::take(const CheckpointTensor& tensor) {
  bytes_ += tensor.bytes();
  taken_.insert(&tensor);
}

Result<void> TensorReader::all_taken(std::string_view architecture, std::int64_t layers) const {
  const auto left = std::ranges::find_if(file_.tensors(), [&](const CheckpointTensor& tensor) {
    return is_needed(tensor.name) && !taken_.contains(&tensor);
  });
  if (left == file_.tensors().end()) return {};
  return file_.error(
      ErrorCode::invalid_file,
      concat("tensor ", printable(left->name), " belongs to no part of the model that the metadata describe (",
             architecture, ".block_count is ", layers, "); the answers would be wrong without it."));
}

Result<const CheckpointTensor*> TensorReader::checked(std::string_view name, std::int64_t rows,
                                                      std::int64_t cols) const {
  const auto found = file_.tensor(name);
  if (!found) return found;
  const CheckpointTensor& tensor = **found;
  if (tensor.dimensions > 2 || tensor.rows() != rows || tensor.columns() != cols) {
    return file_.error(ErrorCode::invalid_file,
                       concat("tensor ", name, " is ", shape_text(tensor.rows(), tensor.columns()),
                              " where the model needs ", shape_text(rows, cols), "."));
  }
  return found;
}

Result<void> TensorReader::computable(const CheckpointTensor& tensor) const {
  const DTypeTraits& traits = dtype_traits(tensor.type);
  if (traits.computable) return {};
  return file_.error(ErrorCode::unsupported, concat("tensor ", tensor.name, " is of type ", traits.name,
                                                    ", which this version cannot compute with."));
}

Result<std::vector<WeightView>> TensorReader::matrices(std::string_view name, std::int64_t count, std::int64_t rows,
                                                       std::int64_t cols) {
  const auto found = file_.tensor(name);
  if (!found) return found.error();
  const CheckpointTensor& tensor = **found;
  const std::array<std::uint64_t, 4> wanted{static_cast<std::uint64_t>(cols), static_cast<std::uint64_t>(rows),
                                            static_cast<std::uint64_t>(count), 1};
  if (tensor.shape != wanted) {
    return file_.error(ErrorCode::invalid_file,
                       concat("tensor ", name, " is ", tensor.shape[2], " x ", tensor.shape[1], " x ", tensor.shape[0],
                              " where the model needs ", count, " x ", rows, " x ", cols, "."));
  }
  if (auto able = computable(tensor); !able) return able.error();
  take(tensor);
  std::vector<WeightView> views;
  WeightView view{tensor.data.data(), rows, cols, tensor.type};
  for (std::int64_t i = 0; i < count; ++i) {
    views.push_back(view);
    view.data += rows * view.row_bytes();
  }
  return views;
}

Result<WeightView> TensorReader::matrix(std::string_view name, std::int64_t rows, std::int64_t cols) {
  const auto tensor = checked(name, rows, cols);
  if (!tensor) return tensor.error();
  if (auto able = computable(**tensor); !able) return able.error();
  take(**tensor);
  return WeightView{(*tensor)->data.data(), rows, cols, (*tensor)->type, (*tensor)->scales.data()};
}

Result<std::vector<float>> TensorReader::vector(std::string_view name, std::int64_t length) {
  const auto tensor = checked(name, 1, length);
  if (!tensor) return tensor.error();
  const DType type = (*tensor)->type;
  if (type != DType::f32 && type != DType::f16 && type != DType::bf16) {
    return file_.error(ErrorCode::unsupported, concat("tensor ", name, " is of type ", dtype_traits(type).name,
                                                      "; a vector must be F32, F16 or BF16."));
  }
  take(**tensor);
  std::vector<float> values(static_cast<std::size_t>(length));
  dequantise_row(type, (*tensor)->data.data(), length, values.data());
  if (auto finite = all_finite(name, values); !finite) return finite.error();
  return values;
}

Result<WeightView> TensorReader::finite_matrix(std::string_view name, std::int64_t rows, std::int64_t cols) {
  auto view = matrix(name, rows, cols);
  if (!view) return view;
  std::vector<float> values(static_cast<std::size_t>(cols));
  for (std::int64_t row = 0; row < rows; ++row) {
    dequantise_row(*view, row, values.data());
    if (auto finite = all_finite(name, values); !finite) return finite.error();
  }
  return view;
}

Result<void> TensorReader::all_finite(std::string_view name, std::span<const float> values) const {
  if (std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) return {};
  return file_.error(ErrorCode::invalid_file, concat("tensor ", name, " holds a value that is not finite."));
}

}  // namespace hadal
