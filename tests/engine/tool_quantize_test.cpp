#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "formats/gguf.h"
#include "models/importance_matrix.h"
#include "ops_support.h"
#include "support/engine_tool.h"
#include "support/gguf_writer.h"
#include "tensor/dequantise.h"

using namespace hadal;
using hadal::test::engine_tool;
using hadal::testing::Fresh;
using Outcome = hadal::test::ToolOutcome;

namespace {

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::vector<float> floats_of(const CheckpointTensor& tensor) {
  std::vector<float> out(tensor.elements);
  dequantise_row(tensor.type, tensor.data.data(), static_cast<std::int64_t>(tensor.elements), out.data());
  return out;
}

double relative_error(const std::vector<float>& expected, const std::vector<float>& actual) {
  double squares = 0.0, whole = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = static_cast<double>(expected[i]) - static_cast<double>(actual[i]);
    squares += difference * difference;
    whole += static_cast<double>(expected[i]) * static_cast<double>(expected[i]);
  }
  return squares / whole;
}

/// A file of every kind of tensor that is treated in its own way.
struct SmallModel {
  Fresh fresh;
  std::map<std::string, std::vector<float>> tensors;
  test::GgufWriter writer;

  SmallModel() {
    writer.text("general.architecture", "llama")
        .u32("llama.block_count", 4)
        .u32("general.file_type", 0)
        .u32("split.count", 1)
        .texts("tokenizer.ggml.tokens", {"a", "b"});
    add("token_embd.weight", {96, 8});
    add("blk.0.attn_norm.weight", {96});
    add("blk.0.attn_q.weight", {256, 6});
    add("blk.3.ffn_down.weight", {512, 5});
    add("blk.2.ffn_down_exps.weight", {64, 4, 3});
    add("blk.2.ffn_gate_inp.weight", {96, 3});
    add("output.weight", {96, 8});
    writer.tensor("whole.numbers", {3}, DType::i32, std::string("\1\0\0\0\2\0\0\0\3\0\0\0", 12));
  }
  void add(const std::string& name, std::vector<std::uint64_t> shape) {
    std::int64_t elements = 1;
    for (const auto dimension : shape) elements *= static_cast<std::int64_t>(dimension);
    tensors[name] = fresh.normals(elements);
    writer.tensor(name, std::move(shape), DType::f32, bytes_of(tensors[name]));
  }
};

}  // namespace

/// hadal-engine quantize and imatrix as scripts use them.
class ToolQuantizeTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString model_;

  QString path(const QString& name) const { return folder_.filePath(name); }
  QString file(const QString& name, const std::string& content) const {
    test::write_file(path(name).toStdString(), content);
    return path(name);
  }
  QString starter() const {
    if (!QFile::exists(model_)) return {};
    return model_;
  }
  static QByteArray content(const QString& name) {
    QFile in(name);
    return in.open(QFile::ReadOnly) ? in.readAll() : QByteArray("nothing");
  }

 private slots:
  void initTestCase() {
    model_ = qEnvironmentVariable("HADAL_TEST_MODEL");
    QVERIFY(folder_.isValid());
  }

  void every_tensor_gets_its_type() {
    SmallModel small;
    const QString in = file("small.gguf", small.writer.bytes()), out = path("q4km.gguf");
    const Outcome outcome = engine_tool({"quantize", in, out, "--type", "q4_k_m", "--json"});
    QVERIFY2(outcome.code == 0, outcome.errors.constData());
    QCOMPARE(outcome.json()["file_bytes"].toInteger(), QFile(out).size());
    const auto written = open_gguf(out.toStdString());
    QVERIFY(bool(written));
    const std::map<std::string, std::pair<DType, double>> expected = {
        {"token_embd.weight", {DType::q5_0, 0.004}},
        {"blk.0.attn_norm.weight", {DType::f32, 0.0}},
        {"blk.0.attn_q.weight", {DType::q4_k, 0.008}},
        {"blk.3.ffn_down.weight", {DType::q6_k, 6e-4}},
        {"blk.2.ffn_down_exps.weight", {DType::q8_0, 1e-4}},
        {"blk.2.ffn_gate_inp.weight", {DType::f32, 0.0}},
        {"output.weight", {DType::q8_0, 1e-4}},
    };
    std::size_t index = 0;
    for (const CheckpointTensor& tensor : written->tensors()) {
      const std::string name(tensor.name);
      QVERIFY(name == small.writer.tensors[index].name);  // in the order of the source
      const auto& shape = small.writer.tensors[index++].shape;
      QVERIFY(std::equal(shape.begin(), shape.end(), tensor.shape.begin()));
      if (name == "whole.numbers") {
        QVERIFY(tensor.type == DType::i32 && tensor.data[4] == std::byte{2});
        continue;
      }
      const auto& [type, bound] = expected.at(name);
      QVERIFY2(tensor.type == type, qPrintable(QString::fromStdString(name)));
      QVERIFY(relative_error(small.tensors[name], floats_of(tensor)) <= bound);
    }
    QCOMPARE(index, small.writer.tensors.size());
    QVERIFY(*written->string("general.architecture") == "llama");
    QCOMPARE(*written->u32("general.file_type"), 15U);
    QVERIFY(!written->has("split.count"));
    QCOMPARE(written->strings("tokenizer.ggml.tokens")->size(), std::size_t{2});
    const QJsonArray fallen = outcome.json()["fell_back"].toArray();
    QCOMPARE(fallen.size(), 3);
    QCOMPARE(fallen[0].toObject(),
             (QJsonObject{{"tensor", "token_embd.weight"}, {"columns", 96}, {"wanted", "Q4_K"}, {"type", "Q5_0"}}));
    QVERIFY2(outcome.errors.contains("1 tensor of 96 columns, which Q4_K's blocks of 256 do not divide: Q5_0 instead "
                                     "(token_embd x 1)."),
             outcome.errors.constData());
  }

  void a_forecast_writes_nothing() {
    SmallModel small;
    const QString in = file("forecast.gguf", small.writer.bytes()), out = path("never.gguf");
    const Outcome forecast = engine_tool({"quantize", in, out, "--type", "deepseek", "--forecast", "--json"});
    QCOMPARE(forecast.code, 0);
    QVERIFY(!QFile::exists(out));
    QCOMPARE(engine_tool({"quantize", in, out, "--type", "deepseek"}).code, 0);
    QCOMPARE(QFile(out).size(), forecast.json()["file_bytes"].toInteger());
  }

  void what_has_its_type_already_is_kept() {
    SmallModel small;
    const QString in = file("again.gguf", small.writer.bytes()), once = path("once.gguf"), twice = path("twice.gguf");
    QCOMPARE(engine_tool({"quantize", in, once, "--type", "Q4_0"}).code, 0);
    QCOMPARE(engine_tool({"quantize", once, twice, "--type", "Q4_0"}).code, 0);
    QVERIFY(content(once) == content(twice));
    const Outcome other = engine_tool({"quantize", once, twice, "--type", "IQ4_NL"});
    QVERIFY2(other.errors.contains("are quantised already"), other.errors.constData());
  }

  void refusals_leave_what_was_there() {
    SmallModel small;
    const QString good = file("good.gguf", small.writer.bytes()), out = file("out.gguf", "precious");
    std::vector<float> bad = small.tensors["blk.3.ffn_down.weight"];
    bad[700] = std::numeric_limits<float>::quiet_NaN();
    small.writer.tensors[3].data = bytes_of(bad);
    const QString nan = file("nan.gguf", small.writer.bytes());
    bad[700] = 1e9F;
    small.writer.tensors[3].data = bytes_of(bad);
    const QString large = file("large.gguf", small.writer.bytes());
    const auto refused = [&](const QStringList& arguments, int code, const char* says) {
      const Outcome outcome = engine_tool(arguments);
      QVERIFY2(outcome.code == code && outcome.output.isEmpty(), outcome.errors.constData());
      QVERIFY2(outcome.errors.contains(says), outcome.errors.constData());
      QCOMPARE(content(out), QByteArray("precious"));
    };
    refused({"quantize", nan, out, "--type", "Q4_K_M"}, 1, "tensor blk.3.ffn_down.weight holds a weight that is no");
    refused({"quantize", large, out, "--type", "F16"}, 1, "tensor blk.3.ffn_down.weight holds a weight that is no");
    refused({"quantize", good, out}, 2, "--type");
    refused({"quantize", good, out, "--type", "Q4_9"}, 2, "\"Q4_9\"");
    refused({"quantize", out, out, "--type", "Q4_0"}, 1, "choose another for the output");
    refused({"quantize", folder_.path(), out, "--type", "Q4_0"}, 1, "choose another for the output");
    refused({"quantize", path("config.json"), out, "--type", "Q4_0"}, 1, "choose another for the output");
    refused({"quantize", path("none.gguf"), out, "--type", "Q4_0"}, 1, "none.gguf");
    refused({"quantize", good, "/no/such/folder/x.gguf", "--type", "Q4_0"}, 1, "/no/such/folder/x.gguf");
    refused({"quantize", good, out, "--type", "Q4_0", "--imatrix", good}, 1, "no importance matrix");
    refused({"quantize", good, out, "--type", "Q4_0", "--imatrix", out}, 1, "choose another for the output");
    refused({"imatrix", good, "--out", out}, 2, "--file");
    refused({"imatrix", good, "--file", out, "--out", good}, 1, "choose another for the output");
    // Nothing half-done lies about.
    QCOMPARE(QDir(folder_.path()).entryList({".*"}, QDir::Files | QDir::Hidden).size(), 0);
  }

  void damaged_importance_is_refused_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* name, const test::GgufWriter& writer, const char* says) {
      const std::string bytes = writer.bytes();
      QTest::newRow(name) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size())) << QByteArray(says);
    };
    const auto matrix = [](const std::vector<float>& sums, const std::vector<float>& counts) {
      test::GgufWriter writer;
      writer.text("general.type", "imatrix");
      writer.tensor("a.weight.in_sum2", {4, 1}, DType::f32, bytes_of(sums));
      writer.tensor("a.weight.counts", {1, counts.size()}, DType::f32, bytes_of(counts));
      return writer;
    };
    row("negative", matrix({1, 2, -3, 4}, {1}), "a.weight.in_sum2");
    row("no number", matrix({1, 2, NAN, 4}, {1}), "a.weight.in_sum2");
    row("two counts", matrix({1, 2, 3, 4}, {1, 1}), "a.weight.counts");
    test::GgufWriter lone;
    row("no counts", lone.text("general.type", "imatrix").tensor("a.weight.in_sum2", {4, 1}), "a.weight.counts");
    test::GgufWriter empty;
    row("nothing", empty.text("general.type", "imatrix"), "no tensor with sums");
  }
  void damaged_importance_is_refused() {
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, says);
    const auto read = ImportanceMatrix::read(file("bad.imatrix", bytes.toStdString()).toStdString());
    QVERIFY(!read);
    QVERIFY2(read.error().message.find(says.toStdString()) != std::string::npos, read.error().message.c_str());
  }

  void importance_survives_its_file() {
    ImportanceMatrix matrix;
    const std::vector<float> x{1, 2, 3, 4, 5, 6};
    matrix.add("e.weight", 3, 2, 1, x.data(), 2);  // the first expert saw nothing
    matrix.add("d.weight", 2, 1, 0, x.data(), 3);
    QVERIFY(bool(matrix.write(path("m.gguf").toStdString(), {"text.txt", 1, 512})));
    const auto back = ImportanceMatrix::read(path("m.gguf").toStdString());
    QVERIFY(bool(back));
    QCOMPARE(back->entries().size(), std::size_t{2});
    QCOMPARE(back->entries().at("e.weight").sums, (std::vector<double>{0, 0, 0, 1 + 16, 4 + 25, 9 + 36}));
    QCOMPARE(back->entries().at("e.weight").counts, (std::vector<double>{0, 2}));
    // Mean squares 8.5, 14.5 and 22.5 over their mean; the expert nobody chose has those of all.
    const auto relative = back->importance("e.weight", 3, 2);
    QVERIFY(relative.has_value());
    for (std::size_t i = 0; i < 6; ++i) {
      const double squares[] = {8.5, 14.5, 22.5};
      QVERIFY(std::abs(static_cast<double>((*relative)[i]) - squares[i % 3] * 3 / 45.5) < 1e-6);
    }
    QVERIFY(!back->importance("e.weight", 3, 1) && !back->importance("e.weight", 4, 2) && !back->importance("f", 3, 2));
  }

  void gathers_what_the_matrices_are_multiplied_with() {
    if (starter().isEmpty()) QSKIP("the starter model is not there");
    const QString text = file("text.txt", "The sea is deep. The hadal zone is the deepest part of it."),
                  out = path("starter.imatrix");
    const Outcome outcome = engine_tool({"imatrix", model_, "--file", text, "--out", out, "--context", "8", "--json"});
    QVERIFY2(outcome.code == 0, outcome.errors.constData());
    const QJsonArray ids = engine_tool({"tokenize", model_, "--file", text, "--json"}).json()["ids"].toArray();
    QVERIFY(ids.size() > 8);
    QCOMPARE(outcome.json()["tokens"].toInteger(), ids.size());
    QCOMPARE(outcome.json()["tensors"].toInt(), 30 * 7 + 1);  // the token embedding is the output as well
    const auto matrix = ImportanceMatrix::read(out.toStdString());
    QVERIFY(bool(matrix));
    for (const auto& [name, entry] : matrix->entries()) {
      QVERIFY2(entry.counts == std::vector<double>{static_cast<double>(ids.size())}, name.c_str());
    }
    QVERIFY(matrix->entries().at("blk.7.attn_q.weight").sums == matrix->entries().at("blk.7.attn_v.weight").sums);
    QVERIFY(matrix->entries().at("blk.7.ffn_up.weight").sums == matrix->entries().at("blk.7.ffn_gate.weight").sums);

    // The first matrix is multiplied with the normed rows of the token embedding, whatever the windows.
    const auto file = open_gguf(model_.toStdString());
    QVERIFY(bool(file));
    const CheckpointTensor& table = *file->find_tensor("token_embd.weight");
    const std::vector<float> weight = floats_of(*file->find_tensor("blk.0.attn_norm.weight"));
    const double epsilon = static_cast<double>(*file->f32("llama.attention.layer_norm_rms_epsilon"));
    const auto width = static_cast<std::size_t>(table.columns());
    std::vector<double> expected(width);
    std::vector<float> row(width);
    for (const auto& id : ids) {
      const auto bytes = static_cast<std::int64_t>(table.bytes()) / table.rows();
      dequantise_row(table.type, table.data.data() + id.toInteger() * bytes, table.columns(), row.data());
      double mean = 0.0;
      for (const float x : row) mean += static_cast<double>(x) * static_cast<double>(x) / static_cast<double>(width);
      for (std::size_t i = 0; i < width; ++i) {
        const double x = static_cast<double>(row[i]) * static_cast<double>(weight[i]);
        expected[i] += x * x / (mean + epsilon);
      }
    }
    const auto& sums = matrix->entries().at("blk.0.attn_q.weight").sums;
    for (std::size_t i = 0; i < width; ++i) QVERIFY(std::abs(sums[i] - expected[i]) <= 1e-4 * expected[i] + 1e-9);
  }

  void gathers_each_expert_apart_data() {
    QTest::addColumn<QString>("model");
    QTest::addColumn<bool>("latent");
    QTest::newRow("experts stacked") << "tiny_moe/deepseek" << false;
    QTest::newRow("a tensor for each expert") << "tiny_moe/deepseek-apart" << false;
    QTest::newRow("V2, keys and values in one") << "deepseek/v2-lite" << true;
    QTest::newRow("V2, keys and values apart") << "deepseek/v2-lite-apart" << true;
    QTest::newRow("V3") << "deepseek/v3-draft" << true;
  }
  void gathers_each_expert_apart() {
    QFETCH(QString, model);
    QFETCH(bool, latent);
    const QString data = qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/", text = data + "logits_text.txt",
                  out = path("experts.imatrix");
    model = data + model + ".gguf";
    const Outcome outcome = engine_tool({"imatrix", model, "--file", text, "--out", out, "--json"});
    QVERIFY2(outcome.code == 0, outcome.errors.constData());
    const auto matrix = ImportanceMatrix::read(out.toStdString());
    const auto file = open_gguf(model.toStdString());
    QVERIFY(bool(matrix) && bool(file));
    const std::string architecture(*file->string("general.architecture"));
    const double tokens = outcome.json()["tokens"].toDouble(), used = *file->u32(architecture + ".expert_used_count");
    for (const char* part : {"ffn_gate", "ffn_up", "ffn_down"}) {
      // Whatever the file, under the name of the tensor of all experts.
      const auto& entry = matrix->entries().at(std::string("blk.1.") + part + "_exps.weight");
      QVERIFY(entry.matrices == static_cast<std::int64_t>(*file->u32(architecture + ".expert_count")));
      double activations = 0.0;
      for (std::size_t e = 0; e < entry.counts.size(); ++e) {
        activations += entry.counts[e];
        const auto from = entry.sums.begin() + static_cast<std::int64_t>(e) * entry.columns;
        const double squares = std::accumulate(from, from + entry.columns, 0.0);
        QVERIFY((squares > 0.0) == (entry.counts[e] > 0.0));
      }
      QCOMPARE(activations, tokens * used);
    }
    // What makes keys and values of latents: one matrix, or one for each head where the file has them apart.
    const bool together = file->find_tensor("blk.1.attn_kv_b.weight") != nullptr;
    QCOMPARE(matrix->entries().contains("blk.1.attn_kv_b.weight"), latent && together);
    for (const char* name : {"blk.1.attn_k_b.weight", "blk.1.attn_v_b.weight"}) {
      QCOMPARE(matrix->entries().contains(name), latent && !together);
      if (latent && !together)
        QCOMPARE(matrix->entries().at(name).counts,
                 std::vector<double>(*file->u32("deepseek2.attention.head_count"), tokens));
    }
    const QString small = path("experts.gguf"), logits = path("experts.logits");
    QCOMPARE(engine_tool({"quantize", model, small, "--type", "deepseek", "--imatrix", out}).code, 0);
    QCOMPARE(engine_tool({"logits", small, "--ids", "1,2,3", "--out", logits}).code, 0);
  }

  /// Each expert is given another column that alone counts: in its own matrix, and in no other's, that column is kept
  /// nearly as it is.
  void experts_have_importances_of_their_own_data() {
    QTest::addColumn<bool>("apart");
    QTest::newRow("stacked") << false;
    QTest::newRow("a tensor for each") << true;
  }
  void experts_have_importances_of_their_own() {
    QFETCH(bool, apart);
    constexpr std::size_t columns = 64, rows = 32, experts = 3;
    const std::string name = "blk.1.ffn_up_exps.weight";
    SmallModel small;
    std::vector<float> weights;
    if (!apart) small.add(name, {columns, rows, experts});
    for (std::size_t e = 0; e < experts; ++e) {
      const std::string own = apart ? "blk.1.ffn_up." + std::to_string(e) + ".weight" : name;
      if (apart) small.add(own, {columns, rows});
      if (apart || e == 0) weights.insert(weights.end(), small.tensors[own].begin(), small.tensors[own].end());
    }
    ImportanceMatrix matrix;
    for (std::size_t e = 0; e < experts; ++e) {
      std::vector<float> x(columns, 0.01F);
      x[e] = 1000.0F;
      matrix.add(name, columns, experts, static_cast<std::int64_t>(e), x.data(), 1);
    }
    const QString importance = path("own.imatrix"), model = file("own.gguf", small.writer.bytes());
    QVERIFY(bool(matrix.write(importance.toStdString(), {"none", 1, 1})));
    // [expert, column]: squared errors
    const auto errors = [&](const QStringList& options) {
      const QString out = path("own.out.gguf");
      if (engine_tool(QStringList{"quantize", model, out, "--type", "Q4_0"} + options).code != 0) qFatal("not written");
      const auto written = open_gguf(out.toStdString());
      const std::vector<float> stored = floats_of(**written->tensor(name));
      std::vector<double> sums(experts * columns);
      for (std::size_t i = 0; i < weights.size(); ++i) {
        const double off = static_cast<double>(weights[i]) - static_cast<double>(stored[i]);
        sums[i / (columns * rows) * columns + i % columns] += off * off;
      }
      return sums;
    };
    const std::vector<double> before = errors({}), after = errors({"--imatrix", importance});
    for (std::size_t i = 0; i < before.size(); ++i) {
      const bool counts = i % columns == i / columns;
      const double ratio = after[i] / before[i];
      QVERIFY2(counts ? ratio < 0.1 : ratio > 0.3, qPrintable(QString("%1: %2").arg(i).arg(ratio)));
    }
  }

  void experts_that_make_no_stack_are_refused() {
    for (const bool missing : {true, false}) {
      SmallModel small;
      small.add("blk.1.ffn_up.0.weight", {64, 4});
      small.add("blk.1.ffn_up.2.weight", {64, 4});
      if (!missing) small.add("blk.1.ffn_up.1.weight", {64, 5});
      const QString in = file("gap.gguf", small.writer.bytes()), out = path("gap.out.gguf");
      const Outcome outcome = engine_tool({"quantize", in, out, "--type", "Q4_0"});
      QVERIFY2(outcome.refused(1) && !QFile::exists(out), outcome.errors.constData());
      const char* says = missing ? "the matrix of expert 1 for blk.1.ffn_up_exps.weight is missing"
                                 : "blk.1.ffn_up.1.weight is no matrix of the shape that the other experts have";
      QVERIFY2(outcome.errors.contains(says), outcome.errors.constData());
    }
  }

  void a_quantised_model_still_knows_paris() {
    if (starter().isEmpty()) QSKIP("the starter model is not there");
    const QString text =
                      file("france.txt", "Paris is the capital of France, Rome that of Italy, Berlin that of Germany."),
                  matrix = path("france.imatrix"), out = path("starter.gguf");
    QCOMPARE(engine_tool({"imatrix", model_, "--file", text, "--out", matrix}).code, 0);
    const Outcome made = engine_tool({"quantize", model_, out, "--type", "Q5_K_M", "--imatrix", matrix, "--json"});
    QVERIFY2(made.code == 0, made.errors.constData());
    const QJsonObject types = engine_tool({"inspect", out, "--json"}).json()["tensor_types"].toObject();
    QCOMPARE(types, made.json()["tensor_types"].toObject());
    QVERIFY(types["Q5_1"].toInt() > 100 && types["Q5_K"].toInt() > 10 && types["F32"].toInt() == 61);
    const Outcome answer = engine_tool({"generate", out, "--prompt", "The capital of France is", "--max-tokens", "3"});
    QVERIFY2(answer.output.contains("Paris"), answer.output.constData());
  }
};

QTEST_GUILESS_MAIN(ToolQuantizeTest)
#include "tool_quantize_test.moc"
