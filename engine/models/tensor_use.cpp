#include "models/tensor_use.h"

namespace hadal {
namespace {

/// "blk.3.ffn_up_exps.weight", all experts of a layer in one tensor, or "blk.3.ffn_up.17.weight", one of them.
bool of_routed_experts(std::string_view name) {
  if (name.find("_exps.") != std::string_view::npos) return true;
  const std::size_t part = name.find(".ffn_");
  if (part == std::string_view::npos) return false;
  const std::size_t number = name.find('.', part + 1) + 1;
  return number != 0 && number < name.size() && name[number] >= '0' && name[number] <= '9';
}

}  // namespace

TensorUse tensor_use(const Checkpoint& file, const CheckpointTensor& tensor) {
  if (tensor.name == "token_embd.weight" && file.find_tensor("output.weight") != nullptr) return TensorUse::rows;
  return of_routed_experts(tensor.name) ? TensorUse::some_experts : TensorUse::whole;
}

}  // namespace hadal
