#include "models/stacked_experts.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/text.h"

namespace hadal {
namespace {

struct ExpertMatrix {
  std::string stacked;  ///< Name of the tensor of all experts.
  std::size_t expert;
};

/// "blk.3.ffn_up.17.weight" is number 17 of "blk.3.ffn_up_exps.weight".
std::optional<ExpertMatrix> expert_matrix(std::string_view name) {
  constexpr std::string_view suffix = ".weight";
  if (!name.starts_with("blk.") || !name.ends_with(suffix)) return std::nullopt;
  const std::string_view stem = name.substr(0, name.size() - suffix.size());
  const std::size_t part = stem.find(".ffn_"), dot = stem.rfind('.');
  if (part == std::string_view::npos || dot <= part) return std::nullopt;
  const std::string_view digits = stem.substr(dot + 1);
  std::uint32_t expert = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), expert);
  // "07" would be another name for number 7.
  const bool plain = digits.size() == 1 || (digits.size() > 1 && digits[0] != '0');
  if (problem != std::errc() || end != digits.data() + digits.size() || !plain) return std::nullopt;
  return ExpertMatrix{concat(stem.substr(0, dot), "_exps", suffix), expert};
}

StackedTensor alone(const CheckpointTensor& tensor) {
  return {std::string(tensor.name), {tensor.shape.begin(), tensor.shape.begin() + tensor.dimensions}, {&tensor}};
}

/// Completes the shape when all parts are there.
Result<void> close(const Checkpoint& source, StackedTensor& tensor) {
  for (std::size_t expert = 0; expert < tensor.parts.size(); ++expert) {
    const CheckpointTensor* part = tensor.parts[expert];
    if (part == nullptr) {
      return source.error(ErrorCode::invalid_file,
                          concat("the matrix of expert ", expert, " for ", printable(tensor.name), " is missing."));
    }
    if (part->dimensions != 2 || part->shape[0] != tensor.shape[0] || part->shape[1] != tensor.shape[1]) {
      return source.error(ErrorCode::invalid_file, concat("tensor ", printable(part->name),
                                                          " is no matrix of the shape that the other experts have."));
    }
  }
  tensor.shape.push_back(tensor.parts.size());
  return {};
}

}  // namespace

std::int64_t StackedTensor::matrices() const {
  std::uint64_t count = 1;
  for (std::size_t i = 2; i < shape.size(); ++i) count *= shape[i];
  return static_cast<std::int64_t>(count);
}

std::uint64_t StackedTensor::elements() const {
  std::uint64_t sum = 0;
  for (const CheckpointTensor* part : parts) sum += part->elements;
  return sum;
}

std::uint64_t StackedTensor::bytes() const {
  std::uint64_t sum = 0;
  for (const CheckpointTensor* part : parts) sum += part->bytes();
  return sum;
}

Result<std::vector<StackedTensor>> stacked_tensors(const Checkpoint& source) {
  std::vector<StackedTensor> out;
  std::unordered_map<std::string, std::size_t> stacks;  // where in `out`
  const std::size_t most = source.tensors().size();
  for (const CheckpointTensor& tensor : source.tensors()) {
    auto expert = expert_matrix(tensor.name);
    if (!expert) {
      out.push_back(alone(tensor));
      continue;
    }
    // A number past all tensors leaves a gap before it in any case.
    if (expert->expert >= most) {
      return source.error(ErrorCode::invalid_file, concat("tensor ", printable(tensor.name),
                                                          " belongs to an expert past all the others there are."));
    }
    const auto [found, first] = stacks.try_emplace(expert->stacked, out.size());
    if (first) out.push_back({std::move(expert->stacked), {tensor.shape[0], tensor.shape[1]}, {}});
    auto& parts = out[found->second].parts;
    parts.resize(std::max(parts.size(), expert->expert + 1));
    parts[expert->expert] = &tensor;
  }
  for (const auto& [name, index] : stacks) {
    if (auto closed = close(source, out[index]); !closed) return closed.error();
  }
  return out;
}

}  // namespace hadal
