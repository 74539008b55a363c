#include "models/layer_reader.h"

#include "base/text.h"

namespace hadal {

template <class T>
void LayerReader::take(Result<T> found, T& into) {
  if (found)
    into = std::move(*found);
  else
    result_ = found.error();
}

std::string LayerReader::full(std::string_view name) const {
  return concat(prefix_, name);
}

bool LayerReader::has(std::string_view name) const {
  return file_.find_tensor(full(name)) != nullptr;
}

void LayerReader::matrix(std::string_view part, std::int64_t rows, std::int64_t cols, WeightView& into) {
  if (result_) take(tensors_.matrix(full(concat(part, ".weight")), rows, cols), into);
}

void LayerReader::finite_matrix(std::string_view part, std::int64_t rows, std::int64_t cols, WeightView& into) {
  if (result_) take(tensors_.finite_matrix(full(concat(part, ".weight")), rows, cols), into);
}

void LayerReader::linear(std::string_view part, std::int64_t outputs, std::int64_t inputs, Linear& into, bool biased) {
  if (!result_) return;
  take(tensors_.matrix(full(concat(part, ".weight")), outputs, inputs), into.weight);
  const std::string bias = concat(part, ".bias");
  if (biased || has(bias)) vector(bias, outputs, into.bias);
}

void LayerReader::norm(std::string_view part, NormKind kind, std::int64_t width, NormWeights& into) {
  vector(concat(part, ".weight"), width, into.weight);
  if (kind == NormKind::layer) vector(concat(part, ".bias"), width, into.bias);
}

void LayerReader::vector(std::string_view name, std::int64_t length, std::vector<float>& into) {
  if (result_) take(tensors_.vector(full(name), length), into);
}

std::vector<WeightView> LayerReader::matrices(std::string_view name, std::int64_t count, std::int64_t rows,
                                              std::int64_t cols) {
  std::vector<WeightView> views;
  if (result_) take(tensors_.matrices(full(name), count, rows, cols), views);
  return views;
}

}  // namespace hadal
