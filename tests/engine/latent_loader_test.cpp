#include <QtTest>
#include <functional>

#include "models/latent.h"
#include "models/registry.h"
#include "support/gguf_writer.h"

using namespace hadal;
using hadal::test::GgufWriter;

/// What the loader of DeepSeek-V2 and V3 takes and what it refuses, on files of
/// a few kilobytes.
class LatentLoaderTest : public QObject {
  Q_OBJECT

  /// The numbers of a tiny but complete model, a dense layer and one with
  /// experts; a test changes what it wants wrong. Tensors keep the shapes that
  /// the numbers have at first.
  struct Tiny {
    std::map<std::string, std::uint32_t> numbers{
        {"block_count", 2},           {"context_length", 128},          {"embedding_length", 32},
        {"feed_forward_length", 48},  {"attention.head_count", 2},      {"attention.head_count_kv", 2},
        {"attention.key_length", 24}, {"attention.value_length", 16},   {"attention.kv_lora_rank", 32},
        {"rope.dimension_count", 8},  {"leading_dense_block_count", 1}, {"expert_count", 4},
        {"expert_used_count", 2},     {"expert_shared_count", 1},       {"expert_feed_forward_length", 16}};
    float epsilon = 1e-6F;
    bool query_rank = false, together = true, apart = false;
    int layers = 2;
    std::map<std::string, std::vector<std::uint64_t>> shapes;  ///< Of tensors that should have another; {}: none.
    std::function<void(GgufWriter&)> more = [](GgufWriter&) {};

    void layer(GgufWriter& w, int i) const {
      const std::string b = "blk." + std::to_string(i) + ".";
      add(w, b + "attn_norm.weight", {32});
      add(w, b + "ffn_norm.weight", {32});
      if (query_rank) {
        add(w, b + "attn_q_a.weight", {32, 12});
        add(w, b + "attn_q_a_norm.weight", {12});
        add(w, b + "attn_q_b.weight", {12, 48});
      } else {
        add(w, b + "attn_q.weight", {32, 48});
      }
      add(w, b + "attn_kv_a_mqa.weight", {32, 40});
      add(w, b + "attn_kv_a_norm.weight", {32});
      if (together) add(w, b + "attn_kv_b.weight", {32, 64});
      if (apart) {
        add(w, b + "attn_k_b.weight", {16, 32, 2});
        add(w, b + "attn_v_b.weight", {32, 16, 2});
      }
      add(w, b + "attn_output.weight", {32, 32});
      feed_forward(w, b, i == 0);
    }
    void feed_forward(GgufWriter& w, const std::string& b, bool dense) const {
      for (const std::string part : {"gate", "up", "down"}) {
        const bool down = part == "down";
        const auto shape = [&](std::uint64_t inner) -> std::vector<std::uint64_t> {
          return down ? std::vector<std::uint64_t>{inner, 32} : std::vector<std::uint64_t>{32, inner};
        };
        if (dense) {
          add(w, b + "ffn_" + part + ".weight", shape(48));
          continue;
        }
        auto experts = shape(16);
        add(w, b + "ffn_" + part + "_shexp.weight", experts);
        experts.push_back(4);
        add(w, b + "ffn_" + part + "_exps.weight", experts);
      }
      if (!dense) add(w, b + "ffn_gate_inp.weight", {32, 4});
    }
    void add(GgufWriter& w, const std::string& name, std::vector<std::uint64_t> shape) const {
      const auto other = shapes.find(name);
      if (other != shapes.end()) shape = other->second;
      if (!shape.empty()) w.tensor(name, std::move(shape));
    }
    std::string bytes() const {
      GgufWriter w;
      w.text("general.architecture", "deepseek2");
      for (const auto& [key, value] : numbers) w.u32("deepseek2." + key, value);
      w.f32("deepseek2.attention.layer_norm_rms_epsilon", epsilon);
      add(w, "token_embd.weight", {32, 40});
      add(w, "output_norm.weight", {32});
      for (int i = 0; i < layers; ++i) layer(w, i);
      more(w);
      return w.bytes();
    }
  };

  static Tiny with(const std::function<void(Tiny&)>& change) {
    Tiny tiny;
    change(tiny);
    return tiny;
  }
  static void refused(const Tiny& tiny, ErrorCode code, const std::vector<std::string>& words) {
    const std::string bytes = tiny.bytes();
    const auto file = hadal::test::parse(bytes);
    QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
    const auto decoder = load_decoder(*file);
    QVERIFY2(!decoder, words.front().c_str());
    const std::string& sentence = decoder.error().message;
    QVERIFY2(decoder.error().code == code, sentence.c_str());
    QVERIFY2(sentence.starts_with("test.gguf") && sentence.ends_with("."), sentence.c_str());
    for (const std::string& word : words) QVERIFY2(sentence.find(word) != std::string::npos, sentence.c_str());
  }
  static LatentParameters parameters(const Tiny& tiny) {
    const std::string bytes = tiny.bytes();
    const auto file = hadal::test::parse(bytes);
    const auto p = read_latent_parameters(*file);
    if (!p) qFatal("%s", p.error().message.c_str());
    return *p;
  }
  static void accepted(const Tiny& tiny, int layers, int drafts) {
    const std::string bytes = tiny.bytes();
    const auto file = hadal::test::parse(bytes);
    QVERIFY(bool(file));
    const auto decoder = load_decoder(*file);
    QVERIFY2(bool(decoder), decoder ? "" : decoder.error().message.c_str());
    QCOMPARE((*decoder)->kv_shape().layers, layers + drafts);
    QCOMPARE((*decoder)->kv_shape().key_row, 40 + 2 * 2);
    QCOMPARE((*decoder)->kv_shape().value_row, 0);
    QCOMPARE((*decoder)->draft_layers(), drafts);
  }
  /// The keys that newer converters write.
  static void newer(Tiny& t) {
    t.numbers["attention.head_count_kv"] = 1;
    t.numbers["attention.key_length"] = 40;
    t.numbers["attention.value_length"] = 32;
    t.numbers["attention.key_length_mla"] = 24;
    t.numbers["attention.value_length_mla"] = 16;
  }
  static void yarn(GgufWriter& w, float multiplier) {
    w.text("deepseek2.rope.scaling.type", "yarn").f32("deepseek2.rope.scaling.factor", 40.0F);
    w.u32("deepseek2.rope.scaling.original_context_length", 4096);
    w.f32("deepseek2.rope.scaling.yarn_log_multiplier", multiplier);
  }

 private slots:
  void complete_models_are_read() {
    accepted(Tiny(), 2, 0);
    accepted(with([](Tiny& t) { newer(t), t.together = false, t.apart = true; }), 2, 0);
    accepted(with([](Tiny& t) { newer(t), t.apart = true; }), 2, 0);
    accepted(with([](Tiny& t) { t.query_rank = true, t.numbers["attention.q_lora_rank"] = 12; }), 2, 0);
    const auto p = parameters(with(newer));
    QCOMPARE(p.nope, 16);
    QCOMPARE(p.value, 16);
    QCOMPARE(p.attention_scale, 1.0F / std::sqrt(24.0F));
  }

  void scores_carry_the_temperature() {
    // As the models' own configurations come out: V2-Lite 0.11472, V3 0.13523.
    const auto published = [](float mscale) {
      return parameters(with([&](Tiny& t) {
        t.numbers["attention.key_length"] = 192;
        t.numbers["rope.dimension_count"] = 64;
        t.more = [=](GgufWriter& w) { yarn(w, 0.1F * mscale); };
      }));
    };
    QVERIFY(std::abs(published(0.707F).attention_scale - 0.11472F) < 5e-6F);
    QVERIFY(std::abs(published(1.0F).attention_scale - 0.13523F) < 5e-6F);
    QCOMPARE(rope_magnitude(published(1.0F).rope_scaling), 1.0);
    // Without it they are plain YaRN's, which turns longer vectors instead.
    const auto plain = published(0.0F);
    QCOMPARE(plain.attention_scale, 1.0F / std::sqrt(192.0F));
    QCOMPARE(rope_magnitude(plain.rope_scaling), 0.1 * std::log(40.0) + 1);
  }

  void draft_layers_are_found() {
    const auto draft = [](int block_count, std::vector<std::string> missing) {
      return with([&](Tiny& t) {
        t.numbers["block_count"] = static_cast<std::uint32_t>(block_count);
        t.numbers["nextn_predict_layers"] = 1;
        t.layers = 3;
        for (const std::string& name : missing) t.shapes["blk.2.nextn." + name + ".weight"] = {};
        t.more = [t](GgufWriter& w) {
          const std::pair<const char*, std::vector<std::uint64_t>> tensors[] = {{"eh_proj", {64, 32}},
                                                                                {"enorm", {32}},
                                                                                {"hnorm", {32}},
                                                                                {"embed_tokens", {32, 40}},
                                                                                {"shared_head_norm", {32}},
                                                                                {"shared_head_head", {32, 40}}};
          for (const auto& [name, shape] : tensors) t.add(w, std::string("blk.2.nextn.") + name + ".weight", shape);
        };
      });
    };
    accepted(draft(3, {}), 2, 1);  // counted among the blocks, as converters do
    accepted(draft(2, {}), 2, 1);
    accepted(draft(3, {"embed_tokens", "shared_head_head", "shared_head_norm"}), 2, 1);
    refused(draft(3, {"hnorm"}), ErrorCode::invalid_file, {"blk.2.nextn.hnorm.weight"});
    // A file that left the layer out but kept the key.
    accepted(with([](Tiny& t) { t.numbers["nextn_predict_layers"] = 1; }), 2, 0);
    refused(with([](Tiny& t) { t.numbers["nextn_predict_layers"] = 2; }), ErrorCode::invalid_file,
            {"nextn_predict_layers must be less than deepseek2.block_count"});
    refused(draft(3, {"eh_proj"}), ErrorCode::invalid_file, {"blk.2.nextn."});
    Tiny wrong = draft(3, {});
    wrong.numbers["nextn_predict_layers"] = 2;
    refused(wrong, ErrorCode::invalid_file, {"nextn"});
    wrong.numbers.erase("nextn_predict_layers");  // blk.2 would be run as one of the others
    refused(wrong, ErrorCode::invalid_file, {"nextn.eh_proj.weight", "nextn_predict_layers"});
  }

  void wrong_numbers_are_refused() {
    const auto number = [](const std::string& key, std::uint32_t value) {
      return with([&](Tiny& t) { t.numbers[key] = value; });
    };
    const auto bad = ErrorCode::invalid_file;
    refused(number("attention.kv_lora_rank", 0), bad, {"deepseek2.attention.kv_lora_rank", "0"});
    refused(number("attention.kv_lora_rank", 31), bad, {"blk.0.attn_kv_a_mqa.weight", "40 x 32", "39 x 32"});
    refused(number("attention.kv_lora_rank", 4096), bad, {"kv_lora_rank", "1024"});
    refused(number("attention.q_lora_rank", 12), bad, {"blk.0.attn_q_a.weight"});
    refused(number("attention.key_length", 8), bad, {"rope.dimension_count", "key length"});
    refused(number("attention.key_length", 25), bad, {"blk.0.attn_q.weight", "48 x 32", "50 x 32"});
    refused(number("attention.value_length", 17), bad, {"blk.0.attn_kv_b.weight", "64 x 32", "66 x 32"});
    refused(number("attention.value_length", 1 << 20), bad, {"1024"});
    refused(number("attention.head_count", 4), bad, {"attention.head_count_kv"});
    refused(number("attention.head_count_kv", 1), bad, {"attention.head_count_kv", "key_length_mla"});
    refused(number("rope.dimension_count", 7), bad, {"rope.dimension_count", "even"});
    refused(number("block_count", 3), bad, {"blk.2."});
    refused(number("expert_count", 5), bad, {"blk.1.", "5"});
    refused(number("expert_used_count", 5), bad, {"expert_used_count"});
    refused(number("leading_dense_block_count", 0), bad, {"blk.0."});
    refused(number("leading_dense_block_count", 3), bad, {"leading_dense_block_count"});
    refused(number("vocab_size", 41), bad, {"vocab_size", "41", "40"});
    refused(with([](Tiny& t) { t.epsilon = 0.0F; }), bad, {"epsilon"});
    refused(with([](Tiny& t) { t.numbers.erase("attention.kv_lora_rank"); }), bad, {"attention.kv_lora_rank"});
    refused(with([](Tiny& t) { t.numbers.erase("rope.dimension_count"); }), bad, {"rope.dimension_count"});
    refused(with([](Tiny& t) { newer(t), t.numbers["attention.key_length"] = 41; }), bad, {"attention.key_length"});
    refused(with([](Tiny& t) { newer(t), t.numbers["attention.value_length"] = 16; }), bad,
            {"attention.value_length", "kv_lora_rank"});
    refused(with([](Tiny& t) { newer(t), t.numbers.erase("attention.value_length_mla"); }), bad, {"value_length_mla"});
    refused(with([](Tiny& t) { newer(t), t.numbers["attention.head_count_kv"] = 3; }), bad, {"head_count_kv"});
  }

  void missing_and_misshapen_tensors_are_refused() {
    const auto bad = ErrorCode::invalid_file;
    refused(with([](Tiny& t) { t.together = false; }), bad, {"blk.0.attn_kv_b.weight"});
    const auto apart = [](const std::string& name, std::vector<std::uint64_t> shape) {
      return with([&](Tiny& t) {
        t.together = false, t.apart = true;
        t.shapes["blk.1." + name] = std::move(shape);
      });
    };
    refused(apart("attn_v_b.weight", {}), bad, {"blk.1.attn_v_b.weight"});
    refused(apart("attn_k_b.weight", {}), bad, {"blk.1.attn_k_b.weight"});
    refused(apart("attn_k_b.weight", {32, 16, 2}), bad, {"blk.1.attn_k_b.weight", "2 x 16 x 32", "2 x 32 x 16"});
    refused(apart("attn_v_b.weight", {32, 16, 3}), bad, {"blk.1.attn_v_b.weight", "3 x 16 x 32"});
    // Of all three, each has to be right.
    refused(with([](Tiny& t) {
              t.apart = true, t.shapes["blk.0.attn_k_b.weight"] = {16, 32, 1};
            }),
            bad, {"blk.0.attn_k_b.weight"});
    refused(with([](Tiny& t) {
              t.apart = true, t.shapes["blk.0.attn_kv_b.weight"] = {32, 63};
            }),
            bad, {"blk.0.attn_kv_b.weight"});
    const std::pair<const char*, std::vector<std::uint64_t>> wrong[] = {
        {"attn_kv_a_norm.weight", {40}},    {"attn_kv_a_mqa.weight", {32, 32}}, {"attn_output.weight", {48, 32}},
        {"attn_norm.weight", {}},           {"ffn_norm.weight", {31}},          {"ffn_gate_inp.weight", {32, 5}},
        {"ffn_up_exps.weight", {32, 16, 3}}};
    for (const auto& [name, shape] : wrong) {
      refused(with([&](Tiny& t) { t.shapes[std::string("blk.1.") + name] = shape; }), bad,
              {std::string("blk.1.") + name});
    }
    refused(with([](Tiny& t) { t.more = [](GgufWriter& w) {
                                 w.tensor("output.weight", {32, 41});
                               }; }), bad,
            {"output.weight"});
  }

  void biases_for_the_choice_are_for_all_layers() {
    const auto biased = [](std::vector<int> layers) {
      return with([&](Tiny& t) {
        t.layers = 4, t.numbers["block_count"] = 4;
        t.more = [=](GgufWriter& w) {
          for (const int i : layers) w.tensor("blk." + std::to_string(i) + ".exp_probs_b.bias", {4});
        };
      });
    };
    accepted(biased({}), 4, 0);
    accepted(biased({1, 2, 3}), 4, 0);
    refused(biased({1, 3}), ErrorCode::invalid_file, {"blk.2.exp_probs_b.bias is missing", "blk.3.exp_probs_b.bias"});
    refused(biased({2}), ErrorCode::invalid_file, {"blk.2.exp_probs_b.bias", "blk.3.exp_probs_b.bias is missing"});
  }

  // Nothing would add them.
  void biases_without_a_place_are_refused() {
    for (const char* name : {"blk.0.attn_kv_b.bias", "blk.1.ffn_gate_inp.bias", "token_embd.bias"}) {
      refused(with([&](Tiny& t) {
                t.more = [=](GgufWriter& w) { w.tensor(name, {std::string_view(name).starts_with("t") ? 40U : 4U}); };
              }),
              ErrorCode::invalid_file, {name, "belongs to no part"});
    }
  }

  void unknown_ways_are_refused() {
    const auto key = [](std::function<void(GgufWriter&)> more) {
      return with([&](Tiny& t) { t.more = std::move(more); });
    };
    const auto unknown = ErrorCode::unsupported;
    refused(key([](GgufWriter& w) { w.text("deepseek2.rope.scaling.type", "longrope"); }), unknown,
            {"deepseek2.rope.scaling.type", "longrope"});
    refused(key([](GgufWriter& w) { w.f32("deepseek2.attention.temperature_scale", 0.1F); }), unknown,
            {"temperature_scale"});
    refused(key([](GgufWriter& w) { w.u32("deepseek2.attention.indexer.head_count", 64); }), unknown,
            {"V3.2", "indexer"});
    refused(key([](GgufWriter& w) { w.u32("deepseek2.expert_gating_func", 9); }), unknown, {"expert_gating_func"});
    refused(key([](GgufWriter& w) { yarn(w, -0.1F); }), ErrorCode::invalid_file, {"yarn_log_multiplier"});
    refused(key([](GgufWriter& w) { yarn(w, std::numeric_limits<float>::infinity()); }), ErrorCode::invalid_file,
            {"yarn_log_multiplier"});
  }
};

QTEST_GUILESS_MAIN(LatentLoaderTest)
#include "latent_loader_test.moc"
