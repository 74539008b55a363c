#include <QTemporaryDir>
#include <QtTest>
#include <cmath>

#include "formats/gguf.h"
#include "hadal/engine.h"
#include "support/gguf_writer.h"

using namespace hadal;
using hadal::test::GgufWriter;

/// The mixture of experts on real weights: the starter model's feed-forward halves are cut into 12 experts that are all
/// chosen. Router weights of zero give each 1/12, and a routed scale of 12 takes that back: the sum over the experts is
/// the dense model's down-projection, cut along its columns.
class CutExpertsTest : public QObject {
  Q_OBJECT

  static constexpr std::uint64_t kExperts = 12;

  template <class T>
  static std::string bytes_of(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }

  /// The value as it stands in a file: strings and arrays with their heads.
  static std::string written(const GgufValue& value) {
    std::string head;
    if (value.type == GgufType::string) head = bytes_of(value.count);
    if (value.type == GgufType::array) head = bytes_of(value.element) + bytes_of(value.count);
    return head + std::string(reinterpret_cast<const char*>(value.payload.data()), value.payload.size());
  }

  static void copy_metadata(const Checkpoint& dense, GgufWriter& out) {
    for (const std::string_view key : dense.keys()) {
      if (key == "general.architecture") continue;
      std::string name(key);
      if (name.starts_with("llama.")) name.replace(0, 5, "deepseek");
      const GgufValue& value = *dense.value(key);
      out.raw(name, static_cast<std::uint32_t>(value.type), written(value));
    }
  }

  /// Columns [first, first + count) of each row.
  static std::string columns(const CheckpointTensor& tensor, std::uint64_t first, std::uint64_t count) {
    const DTypeTraits& traits = dtype_traits(tensor.type);
    const std::uint64_t row = tensor.shape[0] / traits.block_size * traits.block_bytes;
    const std::uint64_t begin = first / traits.block_size * traits.block_bytes;
    const std::uint64_t length = count / traits.block_size * traits.block_bytes;
    const auto* at = reinterpret_cast<const char*>(tensor.data.data());
    std::string out;
    for (std::uint64_t r = 0; r < tensor.shape[1]; ++r) out.append(at + r * row + begin, length);
    return out;
  }

  static void cut(const CheckpointTensor& tensor, GgufWriter& out) {
    const std::string name(tensor.name.substr(0, tensor.name.rfind(".weight")));
    std::string data(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
    if (name.ends_with("ffn_gate") || name.ends_with("ffn_up")) {
      out.tensor(name + "_exps.weight", {tensor.shape[0], tensor.shape[1] / kExperts, kExperts}, tensor.type, data);
    } else if (name.ends_with("ffn_down")) {
      const std::uint64_t inner = tensor.shape[0] / kExperts;
      data.clear();
      for (std::uint64_t e = 0; e < kExperts; ++e) data += columns(tensor, e * inner, inner);
      out.tensor(name + "_exps.weight", {inner, tensor.shape[1], kExperts}, tensor.type, data);
      out.tensor(name.substr(0, name.size() - 4) + "gate_inp.weight", {tensor.shape[1], kExperts});
    } else {
      std::vector<std::uint64_t> shape(tensor.shape.begin(), tensor.shape.begin() + tensor.dimensions);
      out.tensor(std::string(tensor.name), shape, tensor.type, data);
    }
  }

  static void write_cut(const Checkpoint& dense, const std::string& path) {
    GgufWriter out;
    out.text("general.architecture", "deepseek");
    copy_metadata(dense, out);
    out.u32("deepseek.expert_count", kExperts).u32("deepseek.expert_used_count", kExperts);
    out.u32("deepseek.expert_feed_forward_length", *dense.u32("llama.feed_forward_length") / kExperts);
    out.f32("deepseek.expert_weights_scale", static_cast<float>(kExperts));
    for (const CheckpointTensor& tensor : dense.tensors()) cut(tensor, out);
    hadal::test::write_file(path, out.bytes());
  }

  static std::vector<float> logits(const std::string& path, Device device, std::size_t tokens) {
    const auto model = Model::load(path);
    if (!model) qFatal("%s", model.error().message.c_str());
    const auto engine = Engine::create(*model, {.device = device});
    const auto ids = (*model)->tokenizer().encode(
        "The deepest trench of all oceans lies east of the Mariana Islands. "
        "def fold(items): return sum(items, start=0)  # 海沟很深");
    auto made = (*engine)->logits(std::span(*ids).first(std::min(tokens, ids->size())), false);
    if (!made) qFatal("%s", made.error().message.c_str());
    return *made;
  }

  /// Largest difference, over the spread of the dense model's logits.
  static double difference(const std::vector<float>& dense, const std::vector<float>& cut) {
    const auto [lowest, highest] = std::minmax_element(dense.begin(), dense.end());
    float worst = dense.size() == cut.size() ? 0.0F : INFINITY;
    for (std::size_t i = 0; i < std::min(dense.size(), cut.size()); ++i)
      worst = std::max(worst, std::abs(dense[i] - cut[i]));
    return static_cast<double>(worst / (*highest - *lowest));
  }

 private slots:
  void logits_are_the_dense_models() {
    const std::string path = qEnvironmentVariable("HADAL_TEST_MODEL").toStdString();
    if (!QFile::exists(QString::fromStdString(path))) QSKIP("The starter model is not there (./dev setup fetches it).");
    QTemporaryDir folder;
    const std::string other = folder.filePath("cut.gguf").toStdString();
    {
      const auto dense = open_gguf(path);
      QVERIFY2(bool(dense), dense ? "" : dense.error().message.c_str());
      write_cut(*dense, other);
    }
    const auto info = inspect_model(other);
    QVERIFY(bool(info));
    QCOMPARE(info->architecture, std::string("deepseek"));
    // The plain twins add up in float64 and round once an expert. The SIMD kernels keep keys and values in 16 bit,
    // where the last bit of a sum can decide between neighbours 2^-11 apart: the dense model itself differs by 2e-4
    // from one instruction set to another.
    const double plain = difference(logits(path, Device::reference, 8), logits(other, Device::reference, 8));
    const double cpu = difference(logits(path, Device::cpu, 64), logits(other, Device::cpu, 64));
    qInfo("of the spread: reference %.2e, cpu %.2e", plain, cpu);
    QVERIFY2(plain < 1e-5, qPrintable(QString::number(plain)));
    QVERIFY2(cpu < 5e-4, qPrintable(QString::number(cpu)));
  }
};

QTEST_GUILESS_MAIN(CutExpertsTest)
#include "cut_experts_test.moc"
