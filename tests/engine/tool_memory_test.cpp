#include <unistd.h>

#include <QtTest>
#include <cmath>

#include "hadal/engine.h"
#include "hadal/memory_forecast.h"
#include "models/tensor_use.h"
#include "support/engine_tool.h"
#include "support/gguf_writer.h"

using namespace hadal;
using test::engine_tool;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

/// What a model takes of memory, forecast and measured.
class ToolMemoryTest : public QObject {
  Q_OBJECT

  QString model_ = qEnvironmentVariable("HADAL_TEST_MODEL");

  /// Bytes of this process in memory (proc(5), statm: the second number, in pages).
  static std::uint64_t resident() {
    QFile file("/proc/self/statm");
    if (!file.open(QFile::ReadOnly)) qFatal("no /proc");
    return file.readAll().split(' ').at(1).toULongLong() * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }

  static TensorUse use(bool separate_output, const char* name) {
    test::GgufWriter writer;
    writer.text("general.architecture", "deepseek").tensor(name, {32, 2});
    if (separate_output) writer.tensor("output.weight", {32, 2});
    const std::string bytes = writer.bytes();
    const auto file = test::parse(bytes);
    if (!file) qFatal("%s", file.error().message.c_str());
    return tensor_use(*file, file->tensors()[0]);
  }

 private slots:
  void initTestCase() {
    if (!QFile::exists(model_)) QSKIP("HADAL_TEST_MODEL is not there");
  }

  void experts_and_rows_are_read_when_they_are_chosen() {
    QVERIFY(use(true, "token_embd.weight") == TensorUse::rows);
    QVERIFY(use(false, "token_embd.weight") == TensorUse::whole);
    for (const char* name : {"blk.3.ffn_up_exps.weight", "blk.3.ffn_gate_up_exps.weight", "blk.3.ffn_down.17.weight"}) {
      QVERIFY(use(true, name) == TensorUse::some_experts);
    }
    for (const char* name : {"blk.3.ffn_up.weight", "blk.3.ffn_up_shexp.weight", "blk.3.ffn_gate_inp.weight",
                             "blk.3.ffn_up.bias", "blk.3.attn_q.weight", "output_norm.weight"}) {
      QVERIFY2(use(true, name) == TensorUse::whole, name);
    }
  }

  void the_cache_grows_with_the_context_and_ends_with_the_model_s() {
    const auto shortest = forecast_memory(model_.toStdString(), 32),
               longest = forecast_memory(model_.toStdString(), 1 << 20);
    QVERIFY(shortest && longest);
    // 30 layers of 3 heads of 64, keys and values in 16 bits with a scale of 32.
    QCOMPARE(shortest->cache, std::uint64_t{30 * 3 * (64 + 2) * 2 * 2} * 32);
    QCOMPARE(longest->context_length, 8192);
    QCOMPARE(longest->cache, shortest->cache * 256);
    QCOMPARE(longest->total(), longest->weights + longest->experts + longest->cache + longest->working);
  }

  void is_within_a_tenth_of_what_is_measured() {
    if (kSanitized) QSKIP("Sanitizers take memory of their own");
    const auto memory = engine_tool({"inspect", model_, "--context", "512", "--json"}).json()["memory"].toObject();
    const auto bench =
        engine_tool({"bench", model_, "--prompt", "512", "--generate", "0", "--repetitions", "1", "--json"});
    QVERIFY2(bench.code == 0, bench.errors.constData());
    const double forecast = memory["total_bytes"].toDouble(), measured = bench.json()["peak_rss_bytes"].toDouble();
    QVERIFY2(std::abs(forecast / measured - 1) < 0.1,
             qPrintable(QString("%1 forecast, %2 measured").arg(forecast).arg(measured)));
  }

  void experts_that_are_not_chosen_cost_no_memory() {
    if (kSanitized) QSKIP("Sanitizers take memory of their own");
    QTemporaryDir folder;
    const QString path = folder.filePath("model.gguf");
    // One dense layer, and one of 64 experts, of which a token chooses 6.
    QCOMPARE(engine_tool({"synth", "deepseek-vl2-tiny", path, "--type", "q4_0", "--layers", "2"}).code, 0);
    const auto forecast = forecast_memory(path.toStdString(), 1 << 20);
    QVERIFY2(bool(forecast), forecast ? "" : forecast.error().message.c_str());
    const std::uint64_t before = resident(), experts = forecast->experts;
    QVERIFY(experts > 100'000'000);
    const auto model = Model::load(path.toStdString());
    QVERIFY2(bool(model), model ? "" : model.error().message.c_str());
    auto engine = Engine::create(*model, {.device = Device::cpu});
    QVERIFY(bool(engine));
    const std::uint64_t loaded = resident();
    // The token table's rows are read when they are wanted, too.
    QVERIFY2(loaded - before < (*model)->info().file_bytes - experts, qPrintable(QString::number(loaded - before)));
    const TokenId id = 100;
    QVERIFY(bool((*engine)->logits({&id, 1}, false)));
    QVERIFY2(resident() - loaded < experts / 4, qPrintable(QString::number(resident() - loaded)));
    std::vector<TokenId> many;
    for (TokenId token = 300; token < 340; ++token) many.push_back(token);
    QVERIFY(bool((*engine)->logits(many, false)));
    QVERIFY(resident() - loaded > experts / 2);
  }

  void a_model_that_cannot_run_has_none() {
    test::GgufWriter writer;
    writer.text("general.architecture", "mamba").tensor("a.weight", {32, 2});
    QTemporaryDir folder;
    const std::string path = folder.filePath("mamba.gguf").toStdString();
    test::write_file(path, writer.bytes());
    QVERIFY(!forecast_memory(path));
    const auto outcome = engine_tool({"inspect", QString::fromStdString(path), "--json"});
    QCOMPARE(outcome.code, 0);
    QVERIFY(outcome.json()["memory"].isNull());
    QVERIFY(engine_tool({"inspect", QString::fromStdString(path)}).output.contains("memory          cannot run"));
  }
};

QTEST_GUILESS_MAIN(ToolMemoryTest)
#include "tool_memory_test.moc"
