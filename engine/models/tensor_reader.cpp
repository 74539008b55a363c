#include "models/tensor_reader.h"

#include <array>

#include "base/text.h"
#include "tensor/dequantise.h"

namespace hadal {
namespace {

std::string shape_text(std::int64_t rows, std::int64_t cols) {
  return rows == 1 ? std::to_string(cols) : concat(std::to_string(rows), " x ", std::to_string(cols));
}

}  // namespace

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
  bytes_ += tensor.bytes();
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
  bytes_ += (*tensor)->bytes();
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
  bytes_ += (*tensor)->bytes();
  std::vector<float> values(static_cast<std::size_t>(length));
  dequantise_row(type, (*tensor)->data.data(), length, values.data());
  return values;
}

}  // namespace hadal
