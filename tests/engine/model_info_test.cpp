#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>

#include "hadal/model.h"
#include "support/gguf_writer.h"

using namespace hadal;
using hadal::test::GgufWriter;

class ModelInfoTest : public QObject {
  Q_OBJECT
 private slots:
  void countsAMixtureOfExperts_data();
  void countsAMixtureOfExperts();
  void refusesWrongTypes_data();
  void refusesWrongTypes();
};

namespace {

/// DeepSeek-V2-Lite's tensors, as its GGUF files name and shape them; or, `apart`, with a tensor for each expert.
GgufWriter deepseekV2Lite(bool apart) {
  GgufWriter w;
  w.text("general.architecture", "deepseek2").text("general.name", "DeepSeek-V2-Lite").u32("deepseek2.block_count", 27);
  w.u32("deepseek2.context_length", 163840).u32("deepseek2.embedding_length", 2048);
  w.u32("deepseek2.expert_count", 64).u32("deepseek2.expert_used_count", 6);
  w.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "deepseek-llm");
  const DType q = DType::q8_0;
  w.tensor("token_embd.weight", {2048, 102400}, q).tensor("output_norm.weight", {2048});
  w.tensor("output.weight", {2048, 102400}, q);
  for (int i = 0; i < 27; ++i) {
    const auto name = [&](const char* part) { return "blk." + std::to_string(i) + "." + part + ".weight"; };
    w.tensor(name("attn_norm"), {2048}).tensor(name("attn_q"), {2048, 3072}, q);
    w.tensor(name("attn_kv_a_mqa"), {2048, 576}, q).tensor(name("attn_kv_a_norm"), {512});
    w.tensor(name("attn_kv_b"), {512, 4096}, q).tensor(name("attn_output"), {2048, 2048}, q);
    w.tensor(name("ffn_norm"), {2048});
    const bool dense = i == 0;
    const std::uint64_t width = dense ? 10944 : 2816;
    const std::string kind = dense ? "" : "_shexp";
    w.tensor(name(("ffn_gate" + kind).c_str()), {2048, width}, q)
        .tensor(name(("ffn_up" + kind).c_str()), {2048, width}, q);
    w.tensor(name(("ffn_down" + kind).c_str()), {width, 2048}, q);
    if (dense) continue;
    w.tensor(name("ffn_gate_inp"), {2048, 64});
    for (int e = 0; apart && e < 64; ++e) {
      const std::string end = "." + std::to_string(e);
      w.tensor(name(("ffn_gate" + end).c_str()), {2048, 1408}, q)
          .tensor(name(("ffn_up" + end).c_str()), {2048, 1408}, q);
      w.tensor(name(("ffn_down" + end).c_str()), {1408, 2048}, q);
    }
    if (apart) continue;
    w.tensor(name("ffn_gate_exps"), {2048, 1408, 64}, q);
    w.tensor(name("ffn_up_exps"), {2048, 1408, 64}, q).tensor(name("ffn_down_exps"), {1408, 2048, 64}, q);
  }
  return w;
}

}  // namespace

// The figures the model's authors give: 15.7 billion parameters, 2.4 billion of them active.
void ModelInfoTest::countsAMixtureOfExperts_data() {
  QTest::addColumn<bool>("apart");
  QTest::newRow("one tensor a matrix") << false;
  QTest::newRow("one tensor an expert") << true;
}
void ModelInfoTest::countsAMixtureOfExperts() {
  QFETCH(bool, apart);
  const QTemporaryDir folder;
  const std::filesystem::path path = folder.filePath("lite.gguf").toStdString();
  const GgufWriter writer = deepseekV2Lite(apart);
  const std::string header = writer.header();
  test::write_file(path, header);
  std::uint64_t data = 0;
  for (const auto& tensor : writer.tensors) data += (tensor.bytes + 31) / 32 * 32;
  std::error_code refused;
  std::filesystem::resize_file(path, header.size() + data, refused);  // 17 GB of nothing
  if (refused) QSKIP("the file system keeps no sparse files");

  const auto info = inspect_model(path);
  QVERIFY2(bool(info), info ? "" : info.error().message.c_str());
  QCOMPARE(info->parameters, 15'706'484'224U);
  // Attention 371.6 million, experts 1799.4, output 209.7, the dense layer 67.2, routers and norms 3.5, one row of the
  // token table.
  QVERIFY2(info->active_parameters > 2'451'000'000U && info->active_parameters < 2'452'000'000U,
           qPrintable(QString::number(info->active_parameters)));
  QCOMPARE(info->layers, 27U);
  QCOMPARE(info->context_length, 163840U);
  QCOMPARE(info->tensor_types.at("Q8_0"), apart ? 269U + 26 * 3 * 63 : 269U);
  QVERIFY(info->tokenizer == "gpt2/deepseek-llm");
}

void ModelInfoTest::refusesWrongTypes_data() {
  QTest::addColumn<QString>("key");
  for (const char* key :
       {"general.name", "a.context_length", "a.block_count", "a.embedding_length", "a.expert_count",
        "a.expert_used_count", "tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens"}) {
    QTest::newRow(key) << key;
  }
}

void ModelInfoTest::refusesWrongTypes() {
  QFETCH(QString, key);
  const QTemporaryDir folder;
  const std::string path = folder.filePath("bad.gguf").toStdString();
  GgufWriter writer;
  writer.text("general.architecture", "a").f32(key.toStdString(), 1);
  test::write_file(path, writer.bytes());
  const auto info = inspect_model(path);
  QVERIFY(!info);
  QVERIFY2(QString::fromStdString(info.error().message).contains("metadata " + key + " should be of type"),
           info.error().message.c_str());
}

QTEST_GUILESS_MAIN(ModelInfoTest)
#include "model_info_test.moc"
