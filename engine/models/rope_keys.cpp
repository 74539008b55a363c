#include "models/rope_keys.h"

#include "base/text.h"

namespace hadal {
namespace {

void read_yarn(KeyReader& keys, float base, std::int64_t context_length, RopeScaling& scaling) {
  scaling.kind = RopeScalingKind::yarn;
  scaling.original_context = keys.count_or("rope.scaling.original_context_length", context_length);
  scaling.beta_fast = keys.number_or("rope.scaling.yarn_beta_fast", 32.0F);
  scaling.beta_slow = keys.number_or("rope.scaling.yarn_beta_slow", 1.0F);
  scaling.magnitude_factor =
      keys.number_or("rope.scaling.attn_factor", 1.0F) * keys.number_or("rope.scaling.yarn_attn_factor", 1.0F);
  if (keys.number_or("rope.scaling.yarn_ext_factor", 1.0F) != 1.0F) {
    keys.unsupported("@.rope.scaling.yarn_ext_factor is not 1; this version knows no partial YaRN.");
  }
  keys.require(base > 1.0F, "@.rope.freq_base must be above 1 for YaRN.");
}

}  // namespace

RopeScaling read_rope_scaling(KeyReader& keys, float base, std::int64_t context_length) {
  RopeScaling scaling;
  // Files older than the type key carry the factor alone.
  const float factor = keys.number_or("rope.scaling.factor", keys.number_or("rope.scale_linear", 1.0F));
  const std::string_view type = keys.text_or("rope.scaling.type", "linear");
  if (type == "none") return scaling;
  scaling.factor = factor;
  if (type == "linear") {
    scaling.kind = RopeScalingKind::linear;
  } else if (type == "yarn") {
    read_yarn(keys, base, context_length, scaling);
  } else {
    keys.unsupported(
        concat("@.rope.scaling.type \"", printable(type), "\" is not supported; none, linear and yarn are."));
  }
  return scaling;
}

}  // namespace hadal
