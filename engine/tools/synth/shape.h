#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "formats/gguf_writer.h"

namespace hadal::tools {

/// The vocabulary a family of models was published with.
enum class TokenFamily {
  deepseek_v2,        ///< 102,400 rows, split as DeepSeek-LLM's
  deepseek_coder_v2,  ///< The same with fill-in-the-middle tokens
  deepseek_v3,        ///< 129,280 rows
  deepseek_vl2,       ///< The same with tokens for pictures
  distilled_qwen,     ///< Qwen2.5's with DeepSeek's special tokens
};

/// Multi-head latent attention, as in DeepSeek's paper.
struct LatentSizes {
  std::uint64_t query_rank = 0;  ///< 0: queries are projected directly.
  std::uint64_t rank = 0;
  std::uint64_t plain = 0;    ///< Dimensions of a head without positions.
  std::uint64_t turning = 0;  ///< Dimensions with them.
  std::uint64_t value = 0;    ///< Dimensions of a head's values.
};

struct ExpertSizes {
  std::uint64_t count = 0;  ///< 0: a dense model.
  std::uint64_t used = 0;
  std::uint64_t shared = 0;
  std::uint64_t width = 0;         ///< Of one expert.
  std::uint64_t dense_layers = 0;  ///< Leading layers without experts.
  std::uint32_t groups = 0;        ///< 0: no groups.
  std::uint32_t groups_used = 0;
  bool sigmoid = false;  ///< Scores by sigmoid, with a bias for the selection; otherwise softmax.
  bool normed = false;
  float scale = 1.0F;
};

/// A published model's sizes.
struct Shape {
  std::string_view name;          ///< On the command line.
  std::string_view title;         ///< Of the model.
  std::string_view architecture;  ///< general.architecture
  TokenFamily tokens;
  std::uint64_t layers = 0;        ///< Without the draft layers.
  std::uint64_t draft_layers = 0;  ///< Of multi-token prediction, behind the others.
  std::uint64_t width = 0;
  std::uint64_t heads = 0;
  std::uint64_t kv_heads = 0;   ///< Of plain attention.
  std::uint64_t head_size = 0;  ///< Of plain attention.
  bool biased_qkv = false;
  std::uint64_t feed_forward = 0;  ///< Of dense layers.
  std::uint64_t vocabulary = 0;
  std::uint32_t context = 0;
  float yarn_log_multiplier = 0.0F;  ///< Above 0: YaRN, factor 40 from 4,096 positions.
  LatentSizes latent = {};
  ExpertSizes experts = {};

  bool is_latent() const { return latent.rank > 0; }
};

std::span<const Shape> shapes();
/// Null if there is none of that name.
const Shape* find_shape(std::string_view name);

/// How a tensor's random numbers are to be.
struct RandomTensor {
  enum class Kind { weight, norm, bias } kind = Kind::weight;
  float variance = 1.0F;  ///< Of a weight: one through the numbers that are summed up, so that sums keep their size.
};

struct ShapedTensor {
  std::string name;  ///< As in GGUF.
  std::vector<std::uint64_t> shape;
  RandomTensor random;
};

/// Everything but the tokenizer's metadata: general.* and the architecture's own keys, as llama.cpp's converter writes
/// them.
void describe_shape(const Shape& shape, GgufPlan& plan);
/// In the order of a forward pass.
std::vector<ShapedTensor> shaped_tensors(const Shape& shape);

}  // namespace hadal::tools
