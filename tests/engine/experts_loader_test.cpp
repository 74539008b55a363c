#include <QtTest>
#include <algorithm>
#include <functional>
#include <limits>

#include "models/dense.h"
#include "models/registry.h"
#include "support/gguf_writer.h"

using namespace hadal;
using hadal::test::GgufWriter;

/// What the loader of mixtures of experts takes and what it refuses, on files of a few kilobytes.
class ExpertsLoaderTest : public QObject {
  Q_OBJECT

  enum class Layout { stacked, fused, apart };

  /// A tiny but complete model, a dense layer and one with experts; a test changes what it wants wrong.
  struct Tiny {
    std::string architecture = "deepseek";
    std::uint32_t experts = 8, used = 3, inner = 32, shared = 2, leading = 1, groups = 0, groups_used = 0, gating = 0;
    float scale = 1.0F;
    std::uint64_t experts_stored = 8;  ///< In the tensors.
    Layout layout = Layout::stacked;
    std::vector<float> bias{};
    std::function<void(GgufWriter&)> more = [](GgufWriter&) {};

    std::string bytes() const {
      GgufWriter w;
      w.text("general.architecture", architecture);
      const auto key = [&](std::string name, std::uint32_t value) { w.u32(architecture + "." + name, value); };
      key("block_count", 2), key("embedding_length", 64), key("attention.head_count", 4), key("context_length", 128);
      key("feed_forward_length", 96), key("leading_dense_block_count", leading);
      key("expert_count", experts), key("expert_used_count", used), key("expert_feed_forward_length", inner);
      key("expert_shared_count", shared), key("expert_group_count", groups);
      key("expert_group_used_count", groups_used), key("expert_gating_func", gating);
      w.f32(architecture + ".expert_weights_scale", scale);
      w.tensor("token_embd.weight", {64, 40}, DType::q8_0).tensor("output_norm.weight", {64});
      for (const std::string b : {"blk.0.", "blk.1."}) {
        w.tensor(b + "attn_norm.weight", {64}).tensor(b + "ffn_norm.weight", {64});
        for (const char* part : {"attn_q", "attn_k", "attn_v", "attn_output"})
          w.tensor(b + part + ".weight", {64, 64}, DType::q8_0);
      }
      for (const char* part : {"gate", "up"}) {
        w.tensor("blk.0.ffn_" + std::string(part) + ".weight", {64, 96}, DType::q8_0);
        w.tensor("blk.1.ffn_" + std::string(part) + "_shexp.weight", {64, 64}, DType::q8_0);
      }
      w.tensor("blk.0.ffn_down.weight", {96, 64}, DType::q8_0);
      w.tensor("blk.1.ffn_down_shexp.weight", {64, 64}, DType::q8_0);
      w.tensor("blk.1.ffn_gate_inp.weight", {64, experts_stored});
      if (!bias.empty()) {
        const std::string data(reinterpret_cast<const char*>(bias.data()), bias.size() * sizeof(float));
        w.tensor("blk.1.exp_probs_b.bias", {bias.size()}, DType::f32, data);
      }
      experts_of(w);
      more(w);
      return w.bytes();
    }

    void experts_of(GgufWriter& w) const {
      if (layout == Layout::apart) {
        for (std::uint64_t e = 0; e < experts_stored; ++e) {
          const std::string end = "." + std::to_string(e) + ".weight";
          w.tensor("blk.1.ffn_gate" + end, {64, 32}, DType::q8_0).tensor("blk.1.ffn_up" + end, {64, 32}, DType::q8_0);
          w.tensor("blk.1.ffn_down" + end, {32, 64}, DType::q8_0);
        }
        return;
      }
      if (layout == Layout::fused) {
        w.tensor("blk.1.ffn_gate_up_exps.weight", {64, 64, experts_stored}, DType::q8_0);
      } else {
        w.tensor("blk.1.ffn_gate_exps.weight", {64, 32, experts_stored}, DType::q8_0);
        w.tensor("blk.1.ffn_up_exps.weight", {64, 32, experts_stored}, DType::q8_0);
      }
      w.tensor("blk.1.ffn_down_exps.weight", {32, 64, experts_stored}, DType::q8_0);
    }
  };

  static std::string ones(std::size_t count) {
    const std::vector<float> values(count, 1.0F);
    return {reinterpret_cast<const char*>(values.data()), count * sizeof(float)};
  }
  static Tiny with(const std::function<void(Tiny&)>& change) {
    Tiny tiny;
    change(tiny);
    return tiny;
  }

  static void refused(const std::function<void(Tiny&)>& change, ErrorCode code, const std::vector<std::string>& words) {
    const std::string bytes = with(change).bytes();
    const auto file = hadal::test::parse(bytes);
    QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
    const auto decoder = load_decoder(*file);
    QVERIFY2(!decoder, "a wrong model was accepted");
    const std::string& sentence = decoder.error().message;
    QVERIFY2(decoder.error().code == code, sentence.c_str());
    QVERIFY2(sentence.starts_with("test.gguf") && sentence.ends_with("."), sentence.c_str());
    for (const std::string& word : words) QVERIFY2(sentence.find(word) != std::string::npos, sentence.c_str());
  }
  static void broken(const std::function<void(Tiny&)>& change, const std::vector<std::string>& words) {
    refused(change, ErrorCode::invalid_file, words);
  }

 private slots:
  void every_layout_is_read() {
    for (const Layout layout : {Layout::stacked, Layout::fused, Layout::apart}) {
      const std::string bytes = with([&](Tiny& t) { t.layout = layout; }).bytes();
      const auto file = hadal::test::parse(bytes);
      const auto decoder = load_decoder(*file);
      QVERIFY2(bool(decoder), decoder ? "" : decoder.error().message.c_str());
      QCOMPARE((*decoder)->expert_shape().layers, 2);
      QCOMPARE((*decoder)->expert_shape().experts, 8);
      QCOMPARE((*decoder)->expert_shape().used, 3);
      const auto& a = *dense_architecture("deepseek");
      const auto weights = read_dense_weights(*file, a, *read_dense_parameters(*file, a));
      QVERIFY(weights->layers[0].feed_forward.experts.empty());
      const auto& experts = weights->layers[1].feed_forward.experts;
      QCOMPARE(experts.size(), std::size_t{8});
      // 64 columns of Q8_0 are 68 bytes. Where gate and up share a tensor, an expert's 32 rows of each alternate.
      const std::ptrdiff_t stride = experts[3].gate.data - experts[2].gate.data;
      if (layout == Layout::stacked) QCOMPARE(stride, std::ptrdiff_t{32 * 68});
      if (layout == Layout::fused) {
        QCOMPARE(stride, std::ptrdiff_t{64 * 68});
        QCOMPARE(experts[2].up.data - experts[2].gate.data, std::ptrdiff_t{32 * 68});
      }
      QCOMPARE(experts[7].down.rows, std::int64_t{64});
      QCOMPARE(experts[7].down.cols, std::int64_t{32});
    }
  }

  void routing_is_read() {
    const std::string bytes = with([](Tiny& t) {
                                t.groups = 4, t.groups_used = 2, t.gating = 2, t.scale = 2.5F;
                                t.bias.assign(8, 0.25F);
                                t.more = [](GgufWriter& w) { w.boolean("deepseek.expert_weights_norm", true); };
                              }).bytes();
    const auto file = hadal::test::parse(bytes);
    const auto p = read_dense_parameters(*file, *dense_architecture("deepseek"));
    QVERIFY2(bool(p), p ? "" : p.error().message.c_str());
    const ops::RouterShape& router = p->feed_forward.router;
    QCOMPARE(router.groups, std::int64_t{4});
    QCOMPARE(router.groups_used, std::int64_t{2});
    QVERIFY(router.score == ops::RouterScore::sigmoid && router.group_score == ops::GroupScore::sum_of_two);
    QVERIFY(router.normalised);
    QCOMPARE(router.scale, 2.5F);
    QCOMPARE(p->feed_forward.shared_inner, std::int64_t{64});
    const auto weights = read_dense_weights(*file, *dense_architecture("deepseek"), *p);
    QCOMPARE(weights->layers[1].feed_forward.router_bias, std::vector<float>(8, 0.25F));
  }

  void there_need_be_no_shared_experts() {
    for (const bool said : {false, true}) {
      const std::string bytes =
          with([said](Tiny& t) {
            t.shared = 0;
            t.more = [said](GgufWriter& w) {
              std::erase_if(w.tensors, [](const auto& x) { return x.name.find("_shexp.") != std::string::npos; });
              if (said) w.u32("deepseek.expert_shared_feed_forward_length", 0);
            };
          }).bytes();
      const auto file = hadal::test::parse(bytes);
      const auto p = read_dense_parameters(*file, *dense_architecture("deepseek"));
      QVERIFY2(bool(p), p ? "" : p.error().message.c_str());
      QCOMPARE(p->feed_forward.shared_inner, std::int64_t{0});
      const auto decoder = load_decoder(*file);
      QVERIFY2(bool(decoder), decoder ? "" : decoder.error().message.c_str());
    }
  }

  void wrong_counts_are_refused() {
    broken([](Tiny& t) { t.more = [](GgufWriter& w) { w.u32("deepseek.expert_shared_feed_forward_length", 96); }; },
           {"deepseek.expert_shared_feed_forward_length", "deepseek.expert_shared_count"});
    broken([](Tiny& t) { t.experts = 0; }, {"deepseek.expert_count", "leading_dense_block_count"});
    broken([](Tiny& t) { t.experts = 9; }, {"blk.1.ffn_gate_inp.weight", "8 x 64", "9 x 64"});
    broken([](Tiny& t) { t.experts = UINT32_MAX; }, {"deepseek.expert_count", "4294967295"});
    broken([](Tiny& t) { t.used = 0; }, {"deepseek.expert_used_count", "0"});
    broken([](Tiny& t) { t.used = 9; }, {"deepseek.expert_used_count", "deepseek.expert_count"});
    broken([](Tiny& t) { t.leading = 3; }, {"deepseek.leading_dense_block_count", "deepseek.block_count"});
    broken([](Tiny& t) { t.leading = 0; }, {"blk.0.ffn_gate_inp.weight"});
    broken([](Tiny& t) { t.leading = 2; }, {"blk.1.ffn_gate.weight"});
    broken([](Tiny& t) { t.groups = 3; }, {"deepseek.expert_group_count", "multiple"});
    broken([](Tiny& t) { t.groups = 4; }, {"deepseek.expert_group_used_count must be at least 1"});
    broken([](Tiny& t) { t.groups = 4, t.groups_used = 5; }, {"deepseek.expert_group_used_count"});
    broken([](Tiny& t) { t.groups = 8, t.groups_used = 2; },
           {"deepseek.expert_used_count", "deepseek.expert_group_used_count"});
    broken([](Tiny& t) { t.scale = std::numeric_limits<float>::quiet_NaN(); }, {"deepseek.expert_weights_scale"});
    broken([](Tiny& t) { t.more = [](GgufWriter& w) { w.u32("deepseek.expert_weights_norm", 1); }; },
           {"deepseek.expert_weights_norm", "bool"});
    refused([](Tiny& t) { t.gating = 7; }, ErrorCode::unsupported, {"deepseek.expert_gating_func", "7"});
  }

  void values_that_are_no_numbers_are_refused() {
    const float values[] = {std::numeric_limits<float>::quiet_NaN(), INFINITY, -INFINITY};
    for (const float value : values) {
      for (const char* name : {"blk.1.ffn_gate_inp.weight", "blk.0.attn_norm.weight", "output_norm.weight"}) {
        const auto damaged = [&](Tiny& t) {
          t.more = [=](GgufWriter& w) {
            auto& tensor = *std::ranges::find(w.tensors, name, &GgufWriter::Tensor::name);
            // The last of them.
            tensor.data.assign(tensor.bytes - sizeof value, '\0');
            tensor.data.append(reinterpret_cast<const char*>(&value), sizeof value);
          };
        };
        broken(damaged, {name, "not finite"});
      }
    }
  }

  void wrong_tensors_are_refused() {
    broken([](Tiny& t) { t.inner = 64, t.shared = 1; }, {"blk.1.ffn_gate_exps.weight", "8 x 32 x 64", "8 x 64 x 64"});
    broken([](Tiny& t) { t.layout = Layout::fused, t.inner = 64, t.shared = 1; },
           {"blk.1.ffn_gate_up_exps.weight", "8 x 128 x 64"});
    broken([](Tiny& t) { t.layout = Layout::apart, t.inner = 64, t.shared = 1; }, {"blk.1.ffn_gate.0.weight"});
    broken([](Tiny& t) { t.shared = 3; }, {"blk.1.ffn_gate_shexp.weight", "96 x 64"});
    broken([](Tiny& t) { t.bias.assign(7, 0.0F); }, {"blk.1.exp_probs_b.bias", "7"});
    broken([](Tiny& t) { t.bias.assign(8, std::numeric_limits<float>::quiet_NaN()); },
           {"blk.1.exp_probs_b.bias", "not finite"});
    broken([](Tiny& t) { t.bias.assign(8, -INFINITY); }, {"blk.1.exp_probs_b.bias", "not finite"});
    broken(
        [](Tiny& t) {
          t.more = [](GgufWriter& w) {
            std::erase_if(w.tensors, [](const auto& x) { return x.name == "blk.1.ffn_up_exps.weight"; });
          };
        },
        {"blk.1.ffn_up_exps.weight", "missing"});
    broken(
        [](Tiny& t) {
          t.layout = Layout::apart;
          t.more = [](GgufWriter& w) {
            std::erase_if(w.tensors, [](const auto& x) { return x.name == "blk.1.ffn_down.5.weight"; });
          };
        },
        {"blk.1.ffn_down.5.weight", "missing"});
    refused([](Tiny& t) { t.more = [](GgufWriter& w) { w.tensors.back().type = 39; }; }, ErrorCode::unsupported,
            {"blk.1.ffn_down_exps.weight", "MXFP4"});
  }

  // A model runs without what nothing reads; its answers would be nonsense.
  void tensors_left_over_are_refused() {
    const auto extra = [](const char* name) {
      return [name](Tiny& t) { t.more = [name](GgufWriter& w) { w.tensor(name, {64}); }; };
    };
    for (const char* name : {"blk.2.attn_norm.weight", "blk.0.attn_q_norm.weight", "blk.0.attn_sinks.weight",
                             "blk.0.ffn_gate_inp.weight", "blk.1.attn_q.scale", "blk.1.ffn_gate.0.weight",
                             "output_norm.bias", "output.bias", "token_embd_norm.weight", "position_embd.weight"}) {
      broken(extra(name), {name, "belongs to no part", "deepseek.block_count is 2"});
    }
    broken([](Tiny& t) { t.shared = 0; }, {"blk.1.ffn_gate_shexp.weight", "belongs to no part"});
    for (const char* name : {"v.blk.0.attn_q.weight", "mm.0.weight", "cls.output.weight", "rope_freqs.weight",
                             "blk.0.attn_rot_embd.weight", "blk.1.attn.rotary_emb.inv_freq"}) {
      const std::string bytes = with([&](Tiny& t) {
                                  t.more = [name](GgufWriter& w) {
                                    const bool factors = std::string_view(name) == "rope_freqs.weight";
                                    w.tensor(name, {8}, DType::f32, factors ? ones(8) : std::string());
                                  };
                                }).bytes();
      const auto file = hadal::test::parse(bytes);
      QVERIFY(bool(file));
      const auto decoder = load_decoder(*file);
      QVERIFY2(bool(decoder), decoder ? "" : decoder.error().message.c_str());
    }
  }

  void the_language_model_of_deepseek_ocr() {
    const auto ocr = [](std::uint32_t window) {
      return [window](Tiny& t) {
        t.architecture = "deepseek2-ocr";
        t.more = [window](GgufWriter& w) {
          w.u32("deepseek2-ocr.rope.dimension_count", 0).u32("deepseek2-ocr.attention.sliding_window", window);
        };
      };
    };
    const std::string bytes = with(ocr(0)).bytes();
    const auto file = hadal::test::parse(bytes);
    const auto p = read_dense_parameters(*file, *dense_architecture("deepseek2-ocr"));
    QVERIFY2(bool(p), p ? "" : p.error().message.c_str());
    QCOMPARE(p->rope_dimensions, std::int64_t{16});
    refused(ocr(128), ErrorCode::unsupported, {"deepseek2-ocr.attention.sliding_window"});
  }
};

QTEST_GUILESS_MAIN(ExpertsLoaderTest)
#include "experts_loader_test.moc"
