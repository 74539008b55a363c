#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <limits>

#include "hadal/engine.h"
#include "models/open_checkpoint.h"
#include "models/quantise_model.h"
#include "support/model_folder.h"

using namespace hadal;
using hadal::test::ModelFolder;
using Json = ModelFolder::Json;

/// Folders whose config.json and tensors are each in order, but say different things of the model: refused with the
/// key or the tensor that does not fit.
class FolderDisagreementTest : public QObject {
  Q_OBJECT

  using Change = std::function<void(ModelFolder&)>;
  const std::filesystem::path root_ = qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString();

  static Change config(const std::string& key, const Json& value) {
    return [=](ModelFolder& folder) {
      folder.edit("config.json", [&](Json& json) { json[Json::json_pointer("/" + key)] = value; });
    };
  }
  static Change header(const std::function<void(Json&)>& change) {
    return [=](ModelFolder& folder) { folder.edit_header("model.safetensors", change); };
  }
  static Change shape(const std::string& tensor, const Json& value) {
    return header([=](Json& json) { json.at(tensor)["shape"] = value; });
  }
  /// The first tensor takes the place of the second, which is gone: the data stays without a gap.
  static Change instead(const std::string& tensor, const std::string& of) {
    return header([=](Json& json) {
      const Json entry = json.at(of);
      json.erase(of);
      json[tensor] = entry;
    });
  }

  /// Puts a value in front of a tensor's others.
  template <class T>
  static Change first_of(const std::string& tensor, T value) {
    return [=](ModelFolder& folder) {
      hadal::test::SafetensorsParts parts(folder.files["model.safetensors"]);
      const auto at = Json::parse(parts.header).at(tensor)["data_offsets"][0].get<std::size_t>();
      std::memcpy(parts.data.data() + at, &value, sizeof value);
      folder.files["model.safetensors"] = parts.bytes();
    };
  }

  /// A tensor of bfloat16 zeros more.
  static Change added(const std::string& tensor, std::size_t elements) {
    return [=](ModelFolder& folder) {
      hadal::test::SafetensorsParts parts(folder.files["model.safetensors"]);
      Json json = Json::parse(parts.header);
      json[tensor] = {{"dtype", "BF16"},
                      {"shape", {elements}},
                      {"data_offsets", {parts.data.size(), parts.data.size() + 2 * elements}}};
      parts.header = ModelFolder::padded(json);
      parts.data += std::string(2 * elements, '\0');
      folder.files["model.safetensors"] = parts.bytes();
    };
  }
  static Change both(const Change& one, const Change& other) {
    return [=](ModelFolder& folder) { one(folder), other(folder); };
  }

  Result<std::shared_ptr<const Model>> load(const QString& model, const Change& change) const {
    const QTemporaryDir place;
    ModelFolder folder = ModelFolder::fixture(root_, model.toStdString());
    change(folder);
    const std::filesystem::path path = place.filePath("model").toStdString();
    folder.write(path);
    return Model::load(path);
  }

  /// What quantising a changed folder says.
  std::string quantising(const QString& model, const Change& change) const {
    const QTemporaryDir place;
    ModelFolder folder = ModelFolder::fixture(root_, model.toStdString());
    change(folder);
    const std::filesystem::path path = place.filePath("model").toStdString();
    folder.write(path);
    const auto file = open_checkpoint(path);
    if (!file) return file.error().message;
    const auto plan = ModelQuantiser::plan(*file, *find_quantisation_mix("Q8_0"), nullptr);
    return plan ? "a plan" : plan.error().message;
  }

 private slots:
  void is_refused_data() {
    QTest::addColumn<QString>("model");
    QTest::addColumn<Change>("change");
    QTest::addColumn<QStringList>("words");
    const auto row = [](const char* model, const std::string& name, const Change& change, const QStringList& words) {
      QTest::addRow("%s: %s", model, name.c_str()) << QString(model) << change << words;
    };
    const auto key = [&](const char* model, const std::string& name, const Json& value, const QStringList& words) {
      row(model, name + " " + value.dump(), config(name, value), words);
    };

    for (const char* model : {"deepseek-v2", "deepseek-v3", "deepseek-v3-8bit"}) {
      key(model, "kv_lora_rank", 15, {"blk.0.attn_kv_a_mqa.weight"});
      key(model, "kv_lora_rank", 2048, {"kv_lora_rank", "1024"});
      key(model, "kv_lora_rank", 0, {"kv_lora_rank is 0"});
      key(model, "qk_nope_head_dim", 9, {"blk.0.attn_q"});
      key(model, "qk_rope_head_dim", 7, {"rope.dimension_count", "even"});
      key(model, "qk_rope_head_dim", 10, {"blk.0.attn_q"});
      key(model, "v_head_dim", 7, {"blk.0.attn_kv_b.weight"});
      key(model, "num_attention_heads", 3, {"head_count"});
      key(model, "num_key_value_heads", 1,
          {"attention.head_count_kv", "own names: num_key_value_heads, num_attention_heads."});
      key(model, "n_routed_experts", 3, {"mlp.experts.3.", "expert past the 3"});
      key(model, "n_routed_experts", 16, {"blk.1.ffn_gate_inp.weight", "16 x 16"});
      key(model, "n_routed_experts", 1 << 24, {"blk.1.ffn_gate_inp.weight"});
      key(model, "n_routed_experts", nullptr, {"n_routed_experts"});
      key(model, "n_routed_experts", 0, {"n_routed_experts"});
      key(model, "num_experts_per_tok", 17,
          {"expert_used_count", "expert_count", "num_experts_per_tok, n_routed_experts."});
      key(model, "num_experts_per_tok", 0, {"num_experts_per_tok is 0"});
      key(model, "n_shared_experts", 0, {"blk.1.ffn_", "shexp", "belongs to no part"});
      key(model, "n_shared_experts", 4, {"blk.1.ffn_gate_shexp.weight"});
      key(model, "moe_intermediate_size", 8,
          {"blk.1.ffn_gate.0.weight", "names: model.layers.1.mlp.experts.0.gate_proj.weight."});
      key(model, "intermediate_size", 48, {"blk.0.ffn_gate.weight"});
      key(model, "first_k_dense_replace", 4, {"leading_dense_block_count", "block_count"});
      key(model, "first_k_dense_replace", 2, {"blk.1.ffn_gate.weight"});
      key(model, "first_k_dense_replace", 0, {"blk.0.ffn_gate_inp.weight"});
      key(model, "moe_layer_freq", 2, {"moe_layer_freq"});
      key(model, "routed_scaling_factor", 0, {"routed_scaling_factor is 0"});
      // V3's configurations speak of a layer that drafts, which published folders may leave out.
      key(model, "num_hidden_layers", 1,
          model[10] == '2' ? QStringList{"model.layers.1.", "layer past the 1 "}
                           : QStringList{"blk.1.attn_norm.weight", "belongs to no part", "block_count is 1"});
      key(model, "num_hidden_layers", 5, {"blk.2.attn_norm.weight"});
    }
    for (const char* model : {"deepseek-v3", "deepseek-v3-8bit"}) {
      key(model, "q_lora_rank", 23, {"blk.0.attn_q_a.weight"});
      key(model, "q_lora_rank", nullptr, {"blk.0.attn_q.weight"});
      key(model, "n_group", 3, {"expert_count", "multiple", "expert_group_count"});
      key(model, "n_group", 0, {"n_group is 0"});
      key(model, "n_group", nullptr, {"n_group"});
      key(model, "topk_group", 5, {"expert_group_used_count", "expert_group_count"});
      key(model, "topk_group", 0, {"topk_group is 0"});
      key(model, "num_experts_per_tok", 5, {"expert_used_count"});
      key(model, "scoring_func", "softmax", {"topk_method and scoring_func"});
      key(model, "topk_method", "best", {"topk_method \"best\""});
    }
    key("deepseek-v2", "q_lora_rank", 24, {"blk.0.attn_q_a.weight"});
    row("deepseek-v3", "bias of another length", shape("model.layers.1.mlp.gate.e_score_correction_bias", {2, 4}),
        {"blk.1.exp_probs_b.bias"});
    row("deepseek-v2", "norm of queries in a model without their rank",
        instead("model.layers.1.self_attn.q_a_layernorm.weight", "model.layers.1.self_attn.kv_a_layernorm.weight"),
        {"blk.1.attn_kv_a_norm.weight"});
    row("deepseek-v3", "an expert's matrix turned", shape("model.layers.1.mlp.experts.1.up_proj.weight", {8, 32}),
        {"blk.1.ffn_up.1.weight"});
    row("deepseek-v3", "an expert missing",
        instead("model.layers.1.self_attn.rotary_emb.inv_freq", "model.layers.1.mlp.experts.3.down_proj.weight"),
        {"blk.1.ffn_down.3.weight is missing"});
    row("deepseek-v3", "experts past those of the config",
        instead("model.layers.1.mlp.experts.8.up_proj.weight", "model.layers.1.mlp.experts.7.up_proj.weight"),
        {"mlp.experts.8.up_proj.weight", "expert past the 8"});

    for (const char* model : {"qwen2-moe", "qwen3-moe"}) {
      const char* experts = model[4] == '2' ? "num_experts" : "num_local_experts";
      key(model, experts, 5, {"mlp.experts.5."});
      key(model, experts, 7, {"blk.0.ffn_gate_inp.weight", "7 x 16"});
      key(model, "num_experts_per_tok", 7, {"expert_used_count", "expert_count"});
      key(model, "moe_intermediate_size", 8, {"blk.0.ffn_gate.0.weight"});
      key(model, "mlp_only_layers", Json::array({0}), {"mlp_only_layers"});
      key(model, "decoder_sparse_step", 2, {"decoder_sparse_step"});
      key(model, "num_key_value_heads", 2, {"blk.0.attn_k.weight"});
    }
    for (const float scale : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                              -std::numeric_limits<float>::infinity()}) {
      for (const char* tensor : {"model.layers.0.self_attn.q_a_proj.weight_scale_inv",
                                 "model.layers.1.mlp.experts.3.down_proj.weight_scale_inv"}) {
        row("deepseek-v3-8bit", "scale " + std::to_string(scale), first_of(tensor, scale),
            {tensor, "scale 0 is no number"});
      }
    }
    row("deepseek-v3", "bias that is no number",
        first_of("model.layers.1.mlp.gate.e_score_correction_bias", std::uint16_t{0x7FC0}),
        {"blk.1.exp_probs_b.bias", "not finite"});
    for (const char* tensor : {"model.layers.1.mlp.gate.weight", "model.layers.0.input_layernorm.weight",
                               "model.layers.1.self_attn.kv_a_layernorm.weight", "model.norm.weight"}) {
      row("deepseek-v3", std::string("no number in ") + tensor, first_of(tensor, std::uint16_t{0x7FC0}),
          {"holds a value that is not finite", QString("own names: ") + tensor + "."});
    }
    row("qwen2-moe", "infinite gate", first_of("model.layers.0.mlp.shared_expert_gate.weight", std::uint16_t{0xFF80}),
        {"blk.0.ffn_gate_inp_shexp.weight", "not finite", "model.layers.0.mlp.shared_expert_gate.weight"});

    const std::string frequencies = "model.layers.1.self_attn.rotary_emb.inv_freq";
    const std::string choice = "mlp.gate.e_score_correction_bias";
    row("deepseek-v3", "no bias for the choice", instead(frequencies, "model.layers.1." + choice),
        {"no tensor mlp.gate.e_score_correction_bias", "noaux_tc"});
    row("deepseek-v3-draft", "a layer without the others' bias", instead(frequencies, "model.layers.2." + choice),
        {"blk.2.exp_probs_b.bias is missing", "blk.1.exp_probs_b.bias", "model.layers.2.mlp.gate.e_score"});
    row("deepseek-v2", "a bias for the choice that is greedy", added("model.layers.1." + choice, 8),
        {"model.layers.1.mlp.gate.e_score_correction_bias is there", "topk_method"});
    for (const char* model : {"deepseek-v2", "deepseek-v3"}) {
      row(model, "bias of the output", added("model.layers.1.self_attn.o_proj.bias", 32),
          {"model.layers.1.self_attn.o_proj.bias is there", "attention_bias"});
      row(model, "bias of the head", added("lm_head.bias", 320),
          {"lm_head.bias is none that models of type deepseek_v"});
      key(model, "attention_bias", true, {"_proj", ".bias is missing", "attention_bias"});
      row(model, "bias of the router", added("model.layers.1.mlp.gate.bias", 8),
          {"model.layers.1.mlp.gate.bias is there", "mlp_bias"});
      // Nothing adds them.
      row(model, "bias of an expert",
          both(config("mlp_bias", true), added("model.layers.1.mlp.experts.3.up_proj.bias", 16)),
          {"blk.1.ffn_up.3.bias", "belongs to no part", "model.layers.1.mlp.experts.3.up_proj.bias"});
    }
    row("qwen2-moe", "bias of the output", added("model.layers.1.self_attn.o_proj.bias", 16),
        {"model.layers.1.self_attn.o_proj.bias is there", "attention_bias"});
    key("qwen2-moe", "qkv_bias", false, {"qkv_bias is false"});
    row("deepseek-v3", "no table", instead(frequencies, "model.embed_tokens.weight"),
        {"token_embd.weight is missing", "own names: model.embed_tokens.weight."});

    const Json yarn = {{"rope_type", "yarn"}, {"rope_theta", 10000.0}, {"factor", 40.0},
                       {"mscale", 1.0},       {"mscale_all_dim", 1.0}, {"original_max_position_embeddings", 64}};
    const auto changed = [&](const char* name, const Json& value) {
      Json json = yarn;
      json[name] = value;
      return json;
    };
    key("deepseek-v3", "rope_parameters", changed("attention_factor", 1.3),
        {"rope_parameters.attention_factor is 1.3"});
    key("deepseek-v3", "rope_parameters", changed("mscale", 0.5),
        {"rope_parameters.mscale and rope_parameters.mscale_all_dim differ"});
    key("deepseek-v3", "rope_parameters", changed("mscale", nullptr), {"are not both there"});
    key("deepseek-v3", "rope_parameters", changed("truncate", false), {"rope_parameters.truncate is false"});
    key("qwen2-moe", "shared_expert_intermediate_size", 16, {"blk.0.ffn_gate_shexp.weight"});
    // Models that read as another family, but for what that one has no place for.
    key("qwen3", "model_type", "mistral", {"blk.0.attn_k_norm.weight", "belongs to no part"});
    key("qwen3-moe", "model_type", "qwen3", {"blk.0.ffn_gate.weight is missing"});
    key("deepseek-v3", "model_type", "llama", {"mlp.gate.e_score_correction_bias", "topk_method"});
    key("deepseek-v2", "model_type", "deepseek_v3", {"topk_method and scoring_func"});
  }
  void is_refused() {
    QFETCH(QString, model);
    QFETCH(Change, change);
    QFETCH(QStringList, words);
    const auto loaded = load(model, change);
    QVERIFY2(!loaded, "a model that contradicts itself was taken");
    const QString sentence = QString::fromStdString(loaded.error().message);
    QVERIFY2(sentence.startsWith("model: ") && sentence.endsWith('.'), qPrintable(sentence));
    for (const QString& word : words) QVERIFY2(sentence.contains(word), qPrintable(sentence + " | " + word));
    QCOMPARE(QString::fromStdString(quantising(model, change)), sentence);
  }

  // What the rows above change is the only reason: as they are, the folders load, and so do harmless additions.
  void is_taken_data() {
    QTest::addColumn<QString>("model");
    QTest::addColumn<Change>("change");
    for (const char* model : {"deepseek-v2", "deepseek-v3", "deepseek-v3-8bit", "qwen2-moe", "qwen3-moe", "qwen3"}) {
      QTest::newRow(model) << QString(model) << Change([](ModelFolder&) {});
    }
    QTest::newRow("divided") << QString("deepseek-v3") << Change([](ModelFolder& folder) { folder.divide(); });
    QTest::newRow("frequencies of rotary positions") << QString("llama") << Change([](ModelFolder& folder) {
      hadal::test::SafetensorsParts parts(folder.files["model.safetensors"]);
      Json json = Json::parse(parts.header);
      json["model.layers.0.self_attn.rotary_emb.inv_freq"] = {
          {"dtype", "F32"}, {"shape", {4}}, {"data_offsets", {parts.data.size(), parts.data.size() + 16}}};
      parts.header = json.dump();
      parts.data += std::string(16, '\0');
      folder.files["model.safetensors"] = parts.bytes();
    });
  }
  void is_taken() {
    QFETCH(QString, model);
    QFETCH(Change, change);
    const auto loaded = load(model, change);
    QVERIFY2(bool(loaded), loaded ? "" : loaded.error().message.c_str());
  }

  // To look for NaN among all weights would mean to read all of them before the first answer; so it is the answer that
  // is refused, by both ways of computing.
  void weights_that_are_no_numbers_give_no_answer_data() {
    QTest::addColumn<int>("code");
    for (const int code : {0x7F, 0xFF}) QTest::addRow("%x", code) << code;
  }
  void weights_that_are_no_numbers_give_no_answer() {
    QFETCH(int, code);
    const auto model =
        load("llama-8bit", first_of("model.layers.0.mlp.down_proj.weight", static_cast<std::uint8_t>(code)));
    QVERIFY2(bool(model), model ? "" : model.error().message.c_str());
    for (const Device device : {Device::reference, Device::cpu}) {
      auto engine = Engine::create(*model, {.device = device, .threads = 1, .context_length = 64});
      QVERIFY(bool(engine));
      const TokenId ids[] = {3, 4, 5, 6, 7, 8};
      const auto logits = (*engine)->logits(ids, false);
      QVERIFY(bool(logits));
      for (const float logit : *logits) QVERIFY(std::isnan(logit));
      Request request;
      request.prompt.assign(std::begin(ids), std::end(ids));
      QVERIFY(bool((*engine)->submit(std::move(request))));
      std::string said;
      while (!(*engine)->idle()) {
        for (const Event& event : (*engine)->step()) {
          if (event.error) said = event.error->message;
        }
      }
      QCOMPARE(said,
               std::string("The model computed no usable number for the next token; its file is probably damaged."));
    }
  }
};

QTEST_GUILESS_MAIN(FolderDisagreementTest)
#include "folder_disagreement_test.moc"
