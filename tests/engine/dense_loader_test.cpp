#include <QtTest>
#include <functional>

#include "models/dense.h"
#include "models/registry.h"
#include "support/gguf_writer.h"

using namespace hadal;
using hadal::test::GgufWriter;

/// What the loader of dense models takes and what it refuses, on files of a few kilobytes.
class DenseLoaderTest : public QObject {
  Q_OBJECT

  /// The numbers of a tiny but complete model; a test changes what it wants wrong.
  struct Tiny {
    std::string architecture = "llama";
    std::uint32_t layers = 2, width = 64, heads = 4, kv_heads = 2, feed_forward = 96, context = 128, vocabulary = 40;
    std::uint32_t rope_dimensions = 16;
    float epsilon = 1e-5F, rope_base = 10000.0F;
    DType matrices = DType::q8_0;
    std::function<void(GgufWriter&)> more = [](GgufWriter&) {};

    std::string bytes() const {
      GgufWriter w;
      w.text("general.architecture", architecture);
      w.u32("llama.block_count", layers).u32("llama.embedding_length", width).u32("llama.attention.head_count", heads);
      w.u32("llama.attention.head_count_kv", kv_heads).u32("llama.feed_forward_length", feed_forward);
      w.u32("llama.context_length", context).u32("llama.rope.dimension_count", rope_dimensions);
      w.f32("llama.attention.layer_norm_rms_epsilon", epsilon).f32("llama.rope.freq_base", rope_base);
      w.tensor("token_embd.weight", {64, vocabulary}, matrices).tensor("output_norm.weight", {64});
      for (int i = 0; i < 2; ++i) {
        const std::string b = "blk." + std::to_string(i) + ".";
        w.tensor(b + "attn_norm.weight", {64}).tensor(b + "ffn_norm.weight", {64});
        w.tensor(b + "attn_q.weight", {64, 64}, matrices).tensor(b + "attn_k.weight", {64, 32}, matrices);
        w.tensor(b + "attn_v.weight", {64, 32}, matrices).tensor(b + "attn_output.weight", {64, 64}, matrices);
        w.tensor(b + "ffn_gate.weight", {64, 96}, matrices).tensor(b + "ffn_up.weight", {64, 96}, matrices);
        w.tensor(b + "ffn_down.weight", {96, 64}, matrices);
      }
      more(w);
      return w.bytes();
    }
  };

  static void refused(const Tiny& tiny, ErrorCode code, const std::vector<std::string>& words) {
    const std::string bytes = tiny.bytes();
    const auto file = hadal::test::parse(bytes);
    QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
    const auto decoder = load_decoder(*file);
    QVERIFY2(!decoder, "a wrong model was accepted");
    const std::string& sentence = decoder.error().message;
    QCOMPARE(decoder.error().code, code);
    QVERIFY2(sentence.starts_with("test.gguf") && sentence.ends_with("."), sentence.c_str());
    for (const std::string& word : words) QVERIFY2(sentence.find(word) != std::string::npos, sentence.c_str());
  }

 private slots:
  void a_complete_model_is_read() {
    const std::string bytes = Tiny().bytes();
    const auto file = hadal::test::parse(bytes);
    QVERIFY(bool(file));
    const auto p = read_dense_parameters(*file, *dense_architecture("llama"));
    QVERIFY(bool(p));
    QCOMPARE(p->head_size, 16);
    QCOMPARE(p->vocabulary, 40);
    const auto weights = read_dense_weights(*file, *dense_architecture("llama"), *p);
    QVERIFY(bool(weights));
    QCOMPARE(weights->layers.size(), std::size_t{2});
    QCOMPARE(weights->output.weight.data, weights->token_embedding.data);  // tied
    const auto decoder = load_decoder(*file);
    QVERIFY(bool(decoder));
    QCOMPARE((*decoder)->kv_shape().kv_heads, 2);
    QCOMPARE((*decoder)->kv_shape().key_row, 2 * (32 + 2));  // 16 elements, padded
    QCOMPARE((*decoder)->kv_shape().value_row, 2 * (32 + 2));
  }

  void optional_parts_are_read() {
    Tiny tiny;
    tiny.more = [](GgufWriter& w) {
      const std::vector<float> factors{1, 1, 1, 1, 2, 4, 8, 8};
      w.tensor("output.weight", {64, 40}, DType::f16);
      w.tensor("rope_freqs.weight", {8}, DType::f32, std::string(reinterpret_cast<const char*>(factors.data()), 32));
      w.text("llama.rope.scaling.type", "linear").f32("llama.rope.scaling.factor", 4.0F);
    };
    const std::string bytes = tiny.bytes();
    const auto file = hadal::test::parse(bytes);
    const auto p = read_dense_parameters(*file, *dense_architecture("llama"));
    QVERIFY(bool(p));
    QCOMPARE(p->rope_scaling.factor, 4.0F);
    QVERIFY(p->rope_scaling.kind == RopeScalingKind::linear);
    const auto weights = read_dense_weights(*file, *dense_architecture("llama"), *p);
    QVERIFY2(bool(weights), weights ? "" : weights.error().message.c_str());
    QCOMPARE(weights->rope_factors, (std::vector<float>{1, 1, 1, 1, 2, 4, 8, 8}));
    QVERIFY(weights->output.weight.data != weights->token_embedding.data);
  }

  void unknown_architectures_are_named() {
    Tiny tiny;
    tiny.architecture = "mamba\n";
    refused(tiny, ErrorCode::unsupported, {"\"mamba?\"", "llama, qwen2, qwen3, starcoder2"});
    const std::pair<const char*, const char*> known[] = {{"gpt-oss", "mixture of experts"},
                                                         {"deepseek32", "V3.2), which would need sparse attention"},
                                                         {"deepseek4", "DeepSeek-V4"}};
    for (const auto& [name, needs] : known) {
      tiny.architecture = name;
      refused(tiny, ErrorCode::unsupported, {name, needs});
    }
    tiny.architecture = "deepseek2";
    tiny.more = [](GgufWriter& w) { w.u32("deepseek2.attention.indexer.head_count", 64); };
    refused(tiny, ErrorCode::unsupported, {"deepseek2", "V3.2"});
  }

  void wrong_numbers_are_refused() {
    const auto with = [](auto change) {
      Tiny tiny;
      change(tiny);
      return tiny;
    };
    const auto bad = ErrorCode::invalid_file;
    refused(with([](Tiny& t) { t.layers = 0; }), bad, {"llama.block_count", "0"});
    refused(with([](Tiny& t) { t.layers = 3; }), bad, {"blk.2."});
    refused(with([](Tiny& t) { t.layers = UINT32_MAX; }), bad, {"llama.block_count", "4294967295"});
    refused(with([](Tiny& t) { t.kv_heads = 3; }), bad, {"head_count_kv"});
    refused(with([](Tiny& t) { t.heads = 5; }), bad, {"head_count"});
    refused(with([](Tiny& t) { t.heads = 2; }), bad, {"blk.0.attn_k.weight", "32 x 64", "64 x 64"});
    refused(with([](Tiny& t) { t.width = 32, t.rope_dimensions = 8; }), bad, {"token_embd.weight"});
    refused(with([](Tiny& t) { t.feed_forward = 95; }), bad, {"blk.0.ffn_gate.weight"});
    refused(with([](Tiny& t) { t.rope_dimensions = 18; }), bad, {"llama.rope.dimension_count"});
    refused(with([](Tiny& t) { t.rope_dimensions = 15; }), bad, {"llama.rope.dimension_count"});
    refused(with([](Tiny& t) { t.context = 0; }), bad, {"llama.context_length"});
    refused(with([](Tiny& t) { t.epsilon = -1.0F; }), bad, {"epsilon"});
    refused(with([](Tiny& t) { t.epsilon = std::numeric_limits<float>::quiet_NaN(); }), bad, {"epsilon"});
    refused(with([](Tiny& t) { t.rope_base = std::numeric_limits<float>::infinity(); }), bad, {"freq_base"});
    refused(with([](Tiny& t) { t.matrices = DType::mxfp4; }), ErrorCode::unsupported, {"token_embd.weight", "MXFP4"});
  }

  void required_biases_and_norms_are_missed() {
    Tiny tiny;
    const auto bytes = [&](const std::string& architecture) {
      std::string text = tiny.bytes();
      for (std::size_t at = 0; (at = text.find("llama", at)) != std::string::npos;) text.replace(at, 5, architecture);
      return text;
    };
    for (const auto& [architecture, missing] :
         {std::pair("qwen2", "blk.0.attn_q.bias"), std::pair("qwen3", "blk.0.attn_q_norm.weight")}) {
      const std::string text = bytes(architecture);
      const auto file = hadal::test::parse(text);
      QVERIFY(bool(file));
      const auto decoder = load_decoder(*file);
      QVERIFY(!decoder);
      QVERIFY2(decoder.error().message.find(missing) != std::string::npos, decoder.error().message.c_str());
    }
  }

  void wrong_extras_are_refused() {
    const auto with = [](std::function<void(GgufWriter&)> more) {
      Tiny tiny;
      tiny.more = std::move(more);
      return tiny;
    };
    refused(with([](GgufWriter& w) { w.u32("llama.vocab_size", 41); }), ErrorCode::invalid_file,
            {"vocab_size", "41", "40"});
    refused(with([](GgufWriter& w) { w.text("llama.rope.scaling.type", "longrope"); }), ErrorCode::unsupported,
            {"longrope"});
    refused(with([](GgufWriter& w) {
              w.text("llama.rope.scaling.type", "yarn").f32("llama.rope.scaling.yarn_ext_factor", 0.5F);
            }),
            ErrorCode::unsupported, {"yarn_ext_factor"});
    refused(
        with([](GgufWriter& w) { w.text("llama.rope.scaling.type", "yarn").f32("llama.rope.scaling.factor", -4.0F); }),
        ErrorCode::invalid_file, {"rope.scaling.factor"});
    refused(with([](GgufWriter& w) {
              w.text("llama.rope.scaling.type", "yarn").u32("llama.rope.scaling.original_context_length", 0);
            }),
            ErrorCode::invalid_file, {"original_context_length"});
    refused(with([](GgufWriter& w) { w.u32("llama.attention.sliding_window", UINT32_MAX); }), ErrorCode::invalid_file,
            {"sliding_window"});
    refused(with([](GgufWriter& w) { w.u32("llama.attention.sliding_window_pattern", 2); }), ErrorCode::unsupported,
            {"sliding_window_pattern"});
    refused(with([](GgufWriter& w) { w.tensor("blk.0.attn_q.bias", {32}); }), ErrorCode::invalid_file,
            {"blk.0.attn_q.bias", "32", "64"});
    refused(with([](GgufWriter& w) { w.u32("llama.expert_count", 8); }), ErrorCode::unsupported, {"mixture"});
    refused(with([](GgufWriter& w) { w.u32("llama.attention.value_length", 8); }), ErrorCode::invalid_file,
            {"value_length"});
    refused(with([](GgufWriter& w) { w.tensor("rope_freqs.weight", {8}); }), ErrorCode::invalid_file, {"rope_freqs"});
    refused(with([](GgufWriter& w) {
              w.tensor("output.weight", {64, 41});
            }),
            ErrorCode::invalid_file, {"output.weight", "41 x 64"});
    refused(with([](GgufWriter& w) { w.text("llama.attention.key_length", "16"); }), ErrorCode::invalid_file,
            {"key_length"});
    refused(with([](GgufWriter& w) { w.u32("llama.attention.key_length", 2048); }), ErrorCode::invalid_file, {"1024"});
  }
};

QTEST_GUILESS_MAIN(DenseLoaderTest)
#include "dense_loader_test.moc"
