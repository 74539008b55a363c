#include <QtTest>

#include "hadal/engine.h"
#include "models/open_checkpoint.h"

using namespace hadal;

/// The log of operations counts the work that a model's tensors make, and nothing where nobody asked.
class OperationTimesTest : public QObject {
  Q_OBJECT

  static constexpr int kPrompt = 20, kAnswer = 6;

  std::filesystem::path path(const QString& name) const {
    return (qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/" + name + ".gguf").toStdString();
  }

  /// Reads a prompt, then logs the answer's other tokens, each of them a step.
  std::vector<OperationTime> log_of_answer(const QString& name, bool wanted) const {
    const auto model = Model::load(path(name));
    if (!model) qFatal("%s", model.error().message.c_str());
    const auto engine = Engine::create(*model, {.device = Device::cpu, .threads = 2});
    Request request;
    for (int i = 0; i < kPrompt; ++i) request.prompt.push_back(1 + (i * i * 7 + i) % 60);
    request.max_tokens = kAnswer + 1;
    request.ignore_end = true;
    (void)*(*engine)->submit(std::move(request));
    (void)(*engine)->step();  // which reads the prompt, and says the first token
    (*engine)->log_operations(wanted);
    while (!(*engine)->idle()) (void)(*engine)->step();
    return (*engine)->operation_times();
  }

  static std::uint64_t weights_arithmetic(const std::vector<OperationTime>& times) {
    std::uint64_t sum = 0;
    for (const OperationTime& time : times) sum += time.weights ? time.arithmetic : 0;
    return sum;
  }

  /// Multiplications and additions that one token's matrices make, from what stands in the file.
  std::uint64_t wanted_arithmetic(const QString& name) const {
    const auto file = open_checkpoint(path(name));
    const std::string architecture{*(*file).string("general.architecture")};
    const auto experts = *(*file).u32_or(architecture + ".expert_count", 1);
    const auto used = *(*file).u32_or(architecture + ".expert_used_count", 1);
    const bool tied = (*file).find_tensor("output.weight") == nullptr;
    std::uint64_t sum = 0;
    for (const CheckpointTensor& tensor : (*file).tensors()) {
      if (tensor.shape[1] <= 1) continue;
      if (tensor.name == "token_embd.weight" && !tied) continue;
      const bool routed = tensor.name.find("_exps.") != std::string::npos;
      sum += 2 * (routed ? tensor.elements * used / experts : tensor.elements);
    }
    return sum;
  }

 private slots:
  void counts_the_models_matrices_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("kind");
    QTest::newRow("Q4_0") << "tiny_models/type-Q4_0" << static_cast<int>(ProductKind::int8);
    QTest::newRow("Q6_K") << "tiny_models/type-Q6_K" << static_cast<int>(ProductKind::int8);
    QTest::newRow("BF16") << "tiny_models/type-BF16" << static_cast<int>(ProductKind::bf16);
    QTest::newRow("F32") << "tiny_models/type-F32" << static_cast<int>(ProductKind::float32);
    QTest::newRow("experts") << "tiny_moe/qwen3moe" << -1;
  }
  void counts_the_models_matrices() {
    QFETCH(QString, name);
    QFETCH(int, kind);
    const auto times = log_of_answer(name, true);
    QCOMPARE(weights_arithmetic(times), wanted_arithmetic(name) * kAnswer);
    double last = times.front().seconds;
    for (const OperationTime& time : times) {
      QVERIFY2(time.calls > 0 && time.seconds > 0.0, time.name.c_str());
      QVERIFY(time.seconds <= last);
      last = time.seconds;
      if (time.weights && kind >= 0) QCOMPARE(static_cast<int>(time.kind), kind);
    }
  }

  void counts_what_attention_reads() {
    const QString name = "tiny_models/type-Q4_0";
    const auto file = open_checkpoint(path(name));
    const std::uint64_t heads = *(*file).u32_or("llama.attention.head_count", 0),
                        kv_heads = *(*file).u32_or("llama.attention.head_count_kv", 0),
                        layers = *(*file).u32_or("llama.block_count", 0),
                        size = *(*file).u32_or("llama.embedding_length", 0) / heads;
    std::uint64_t seen = 0;
    for (std::uint64_t i = 0; i < kAnswer; ++i) seen += kPrompt + 1 + i;
    const auto times = log_of_answer(name, true);
    const auto attention = std::ranges::find(times, "attention", &OperationTime::name);
    QVERIFY(attention != times.end());
    // Two products of a head's elements with each key and value, and both in 16 bits with a scale of 32.
    QCOMPARE(attention->arithmetic, layers * seen * heads * size * 4);
    QCOMPARE(attention->bytes, layers * seen * kv_heads * ((size + 31) / 32 * 32 + 2) * 2 * 2);
    QCOMPARE(attention->calls, layers * kAnswer);
    QVERIFY(!attention->weights);
  }

  void is_empty_where_nobody_asked() { QVERIFY(log_of_answer("tiny_models/type-Q4_0", false).empty()); }
};

QTEST_GUILESS_MAIN(OperationTimesTest)
#include "operation_times_test.moc"
