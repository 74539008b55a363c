#include <algorithm>

#include "base/text.h"
#include "models/feed_forward.h"

namespace hadal {
namespace {

/// GGUF, llama_expert_gating_func_type. Files without the key are older than models with sigmoids.
void read_gating(KeyReader& keys, ops::RouterShape& router) {
  const std::int64_t gating = keys.count_or_zero("expert_gating_func");
  if (gating == 2) {
    // The models that choose by sigmoids rank their groups by two experts, those that choose by softmax by one.
    router.score = ops::RouterScore::sigmoid;
    router.group_score = ops::GroupScore::sum_of_two;
  } else if (gating > 2) {
    keys.unsupported(concat("@.expert_gating_func is ", gating, "; 1 (softmax) and 2 (sigmoid) are supported."));
  }
}

void read_groups(KeyReader& keys, ops::RouterShape& router) {
  router.groups = std::max<std::int64_t>(1, keys.count_or_zero("expert_group_count"));
  const std::int64_t used = keys.count_or_zero("expert_group_used_count");
  router.groups_used = used > 0 ? used : router.groups;
  keys.require(router.experts % router.groups == 0, "@.expert_count must be a multiple of @.expert_group_count.");
  keys.require(router.groups == 1 || used > 0,
               "@.expert_group_used_count must be at least 1 where there is @.expert_group_count.");
  keys.require(router.groups_used <= router.groups,
               "@.expert_group_used_count must be no more than @.expert_group_count.");
  keys.require(router.used <= router.experts / router.groups * router.groups_used,
               "@.expert_used_count must be no more than the experts of @.expert_group_used_count groups.");
}

void read_experts(KeyReader& keys, const FeedForwardStyle& style, FeedForwardParameters& p) {
  ops::RouterShape& router = p.router;
  router.used = keys.count("expert_used_count");
  keys.require(router.used <= router.experts, "@.expert_used_count must be no more than @.expert_count.");
  p.expert_inner = keys.count_or("expert_feed_forward_length", std::max<std::int64_t>(1, p.inner / router.used));
  const std::int64_t shared = keys.count_or_zero("expert_shared_count") * p.expert_inner;
  p.shared_inner = style.gated_shared ? p.inner : shared;
  if (keys.has("expert_shared_feed_forward_length"))
    p.shared_inner = keys.count_or_zero("expert_shared_feed_forward_length");
  keys.require(shared == 0 || p.shared_inner == shared || style.gated_shared,
               "@.expert_shared_feed_forward_length must be @.expert_shared_count times "
               "@.expert_feed_forward_length.");
  router.normalised = keys.flag_or("expert_weights_norm", style.normalised);
  router.scale = keys.number_or("expert_weights_scale", 1.0F);
  read_gating(keys, router);
  read_groups(keys, router);
}

}  // namespace

FeedForwardParameters read_feed_forward_parameters(KeyReader& keys, const FeedForwardStyle& style, std::int64_t layers,
                                                   std::int64_t width) {
  FeedForwardParameters p;
  p.kind = style.kind;
  p.width = width;
  p.router.experts = keys.count_or_zero("expert_count");
  if (!style.experts) {
    p.inner = keys.count("feed_forward_length");
    p.dense_layers = layers;
    if (p.router.experts > 0)
      keys.unsupported("@.expert_count says that this is a mixture of experts, which this version cannot run.");
    return p;
  }
  p.dense_layers = keys.count_or_zero("leading_dense_block_count");
  keys.require(p.dense_layers <= layers, "@.leading_dense_block_count must be no more than @.block_count.");
  keys.require(p.dense_layers == layers || p.router.experts > 0,
               "@.expert_count is missing or 0, though @.leading_dense_block_count leaves layers that have experts.");
  p.inner = p.dense_layers > 0 ? keys.count("feed_forward_length") : keys.count_or_zero("feed_forward_length");
  p.gated_shared = style.gated_shared;
  if (p.router.experts > 0) read_experts(keys, style, p);
  return p;
}

}  // namespace hadal
