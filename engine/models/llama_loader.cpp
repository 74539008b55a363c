#include <cmath>

#include "base/text.h"
#include "models/llama.h"
#include "models/tensor_reader.h"
#include "ops/attention/plan.h"

namespace hadal {
namespace {

/// Far above any model of today; keeps every product of two of these numbers below 2^48.
constexpr std::uint32_t kMostOfAnything = 1U << 24;

/// Reads "llama.<key>" and keeps the first error, so that a list of reads stays a list.
class Reader {
 public:
  explicit Reader(const GgufFile& file) : file_(file) {}

  std::int64_t count(std::string_view key) { return keep(key, file_.u32(name(key))); }
  std::int64_t count_or(std::string_view key, std::int64_t fallback) {
    return keep(key, file_.u32_or(name(key), static_cast<std::uint32_t>(fallback)));
  }
  float number_or(std::string_view key, float fallback) {
    const auto value = file_.f32_or(name(key), fallback);
    if (!value) return fail(value.error()), fallback;
    if (!std::isfinite(*value) || *value <= 0.0F) {
      fail(file_.error(ErrorCode::invalid_file,
                       concat(name(key), " is ", std::to_string(*value), "; it must be above 0.")));
    }
    return *value;
  }
  void require(bool truth, std::string_view sentence) {
    if (!truth) fail(file_.error(ErrorCode::invalid_file, sentence));
  }
  void fail(Error error) {
    if (result_) result_ = std::move(error);
  }
  const Result<void>& result() const { return result_; }

 private:
  static std::string name(std::string_view key) { return concat("llama.", key); }
  std::int64_t keep(std::string_view key, const Result<std::uint32_t>& value) {
    if (!value) return fail(value.error()), 1;
    if (*value == 0 || *value > kMostOfAnything) {
      fail(file_.error(ErrorCode::invalid_file,
                       concat(name(key), " is ", std::to_string(*value), "; it must be between 1 and ",
                              std::to_string(kMostOfAnything), ".")));
      return 1;
    }
    return *value;
  }

  const GgufFile& file_;
  Result<void> result_;
};

void read_rope_scaling(const GgufFile& file, Reader& reader, LlamaParameters& p) {
  const auto type = file.string_or("llama.rope.scaling.type", "none");
  if (!type) return reader.fail(type.error());
  const bool linear = *type == "linear";
  if (!linear && *type != "none") {
    return reader.fail(file.error(ErrorCode::unsupported, concat("llama.rope.scaling.type \"", printable(*type),
                                                                 "\" is not supported; none and linear are.")));
  }
  // Files older than the type key carry the factor alone.
  const float factor = reader.number_or("rope.scaling.factor", reader.number_or("rope.scale_linear", 1.0F));
  if (linear || !file.has("llama.rope.scaling.type")) p.rope_scale = 1.0F / factor;
}

void check(Reader& reader, const GgufFile& file, const LlamaParameters& p) {
  reader.require(p.heads % p.kv_heads == 0,
                 "llama.attention.head_count must be a multiple of llama.attention.head_count_kv.");
  reader.require(file.has("llama.attention.key_length") || p.width % p.heads == 0,
                 "llama.embedding_length must be a multiple of llama.attention.head_count.");
  reader.require(
      p.head_size <= ops::kMostHeadSize,
      "llama.embedding_length or llama.attention.key_length gives a head of attention more than 1024 elements.");
  reader.require(p.head_size % 2 == 0 && p.rope_dimensions % 2 == 0 && p.rope_dimensions <= p.head_size,
                 "llama.rope.dimension_count and llama.attention.key_length must be even, and the first no more than "
                 "the second.");
  const auto value_length = file.u32_or("llama.attention.value_length", static_cast<std::uint32_t>(p.head_size));
  if (!value_length) return reader.fail(value_length.error());
  reader.require(*value_length == p.head_size, "llama.attention.value_length must equal the key length.");
  const auto experts = file.u32_or("llama.expert_count", 0);
  if (!experts) return reader.fail(experts.error());
  if (*experts > 0) {
    reader.fail(
        file.error(ErrorCode::unsupported,
                   "llama.expert_count says that this is a mixture of experts, which this version cannot run."));
  }
}

Result<LlamaLayer> read_layer(TensorReader& tensors, const LlamaParameters& p, std::int64_t index) {
  const std::int64_t q_width = p.heads * p.head_size, kv_width = p.kv_heads * p.head_size;
  LlamaLayer layer;
  Result<void> failed;
  const auto name = [&](std::string_view part) { return concat("blk.", std::to_string(index), ".", part, ".weight"); };
  const auto matrix = [&](std::string_view part, std::int64_t rows, std::int64_t cols, WeightView& into) {
    if (!failed) return;
    auto found = tensors.matrix(name(part), rows, cols);
    if (found)
      into = *found;
    else
      failed = found.error();
  };
  const auto vector = [&](std::string_view part, std::vector<float>& into) {
    if (!failed) return;
    auto found = tensors.vector(name(part), p.width);
    if (found)
      into = std::move(*found);
    else
      failed = found.error();
  };
  vector("attn_norm", layer.attention_norm);
  matrix("attn_q", q_width, p.width, layer.q);
  matrix("attn_k", kv_width, p.width, layer.k);
  matrix("attn_v", kv_width, p.width, layer.v);
  matrix("attn_output", p.width, q_width, layer.o);
  vector("ffn_norm", layer.feed_forward_norm);
  matrix("ffn_gate", p.feed_forward, p.width, layer.gate);
  matrix("ffn_up", p.feed_forward, p.width, layer.up);
  matrix("ffn_down", p.width, p.feed_forward, layer.down);
  if (!failed) return failed.error();
  return layer;
}

Result<void> check_rope_factors(const GgufFile& file, const std::vector<float>& factors) {
  for (const float factor : factors) {
    if (!std::isfinite(factor) || factor <= 0.0F) {
      return file.error(ErrorCode::invalid_file, "tensor rope_freqs.weight holds a factor that is not above 0.");
    }
  }
  return {};
}

}  // namespace

Result<LlamaParameters> read_llama_parameters(const GgufFile& file) {
  Reader reader(file);
  LlamaParameters p;
  p.layers = reader.count("block_count");
  p.width = reader.count("embedding_length");
  p.heads = reader.count("attention.head_count");
  p.kv_heads = reader.count_or("attention.head_count_kv", p.heads);
  p.head_size = reader.count_or("attention.key_length", std::max<std::int64_t>(1, p.width / p.heads));
  p.feed_forward = reader.count("feed_forward_length");
  p.context_length = reader.count("context_length");
  p.rope_dimensions = reader.count_or("rope.dimension_count", p.head_size);
  p.rope_base = reader.number_or("rope.freq_base", 10000.0F);
  p.epsilon = reader.number_or("attention.layer_norm_rms_epsilon", 1e-5F);
  read_rope_scaling(file, reader, p);
  check(reader, file, p);
  if (!reader.result()) return reader.result().error();

  const auto embedding = file.tensor("token_embd.weight");
  if (!embedding) return embedding.error();
  p.vocabulary = (*embedding)->rows();
  const auto vocabulary = file.u32_or("llama.vocab_size", static_cast<std::uint32_t>(p.vocabulary));
  if (!vocabulary) return vocabulary.error();
  if (*vocabulary != p.vocabulary || p.vocabulary > kMostOfAnything) {
    return file.error(ErrorCode::invalid_file,
                      concat("llama.vocab_size is ", std::to_string(*vocabulary), " but token_embd.weight has ",
                             std::to_string(p.vocabulary), " rows."));
  }
  return p;
}

Result<LlamaWeights> read_llama_weights(const GgufFile& file, const LlamaParameters& p) {
  TensorReader tensors(file);
  LlamaWeights weights;
  auto embedding = tensors.matrix("token_embd.weight", p.vocabulary, p.width);
  if (!embedding) return embedding.error();
  weights.token_embedding = weights.output = *embedding;
  for (std::int64_t i = 0; i < p.layers; ++i) {
    auto layer = read_layer(tensors, p, i);
    if (!layer) return layer.error();
    weights.layers.push_back(std::move(*layer));
  }
  auto norm = tensors.vector("output_norm.weight", p.width);
  if (!norm) return norm.error();
  weights.output_norm = std::move(*norm);
  if (file.find_tensor("output.weight")) {
    auto output = tensors.matrix("output.weight", p.vocabulary, p.width);
    if (!output) return output.error();
    weights.output = *output;
  }
  if (file.find_tensor("rope_freqs.weight")) {
    auto factors = tensors.vector("rope_freqs.weight", p.rope_dimensions / 2);
    if (!factors) return factors.error();
    if (auto checked = check_rope_factors(file, *factors); !checked) return checked.error();
    weights.rope_factors = std::move(*factors);
  }
  weights.bytes = tensors.bytes();
  return weights;
}

}  // namespace hadal
