#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

#include "fuzz/gguf_mutator.h"
#include "hadal/engine.h"

using namespace hadal;
using namespace hadal::test;

/// Two thousand damaged mixtures of experts, with plain and with latent attention, in every layout of their tensors,
/// and one with a layer that drafts: each is refused with a sentence, or loads where the damage did no harm, and then
/// also computes.
class ExpertsFuzzTest : public QObject {
  Q_OBJECT

  /// Of each model and kind of damage; more by HADAL_FUZZ_FILES, with other seeds from there on.
  const int files_ = std::max(25, qEnvironmentVariableIntValue("HADAL_FUZZ_FILES"));
  QTemporaryDir folder_;
  int refused_ = 0, computed_ = 0;

  static void compute(const std::shared_ptr<const Model>& model) {
    EngineOptions options;
    options.device = Device::cpu;
    options.threads = 1;
    options.context_length = 64;
    const auto engine = Engine::create(model, options);
    if (!engine) return;
    const TokenId ids[] = {1, 2, 3, 4, 5, 6, 7};
    const auto logits = (*engine)->logits(ids, false);
    QVERIFY2(bool(logits), logits ? "" : logits.error().message.c_str());
    const auto drafted = (*engine)->draft_logits(ids, false);
    QVERIFY(drafted || !drafted.error().message.empty());
    const ExpertUsage& usage = (*engine)->expert_usage();
    for (std::size_t layer = 0; layer < usage.layers; ++layer) (void)expert_balance(usage, layer);
  }

  void judge(const MutatedFile& damaged, const QByteArray& data) {
    const QString path = folder_.filePath("damaged.gguf");
    QByteArray bytes = QByteArray::fromStdString(damaged.header) + data;
    bytes.resize(static_cast<qsizetype>(damaged.size), '\0');
    QFile file(path);
    QVERIFY(file.open(QFile::WriteOnly));
    QCOMPARE(file.write(bytes), bytes.size());
    file.close();
    const auto model = Model::load(path.toStdString());
    if (!model) {
      ++refused_;
      const std::string& sentence = model.error().message;
      QVERIFY2(sentence.starts_with("damaged.gguf: ") && sentence.ends_with('.'), sentence.c_str());
      return;
    }
    ++computed_;
    compute(*model);
  }

 private slots:
  void damaged_models_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("mutation");
    for (const char* name :
         {"tiny_moe/qwen2moe", "tiny_moe/qwen3moe-raw", "tiny_moe/deepseek-apart", "tiny_moe/deepseek-v3-routing",
          "deepseek/v2-lite-apart", "deepseek/v2-groups", "deepseek/v3-old", "deepseek/v3-draft"}) {
      for (int kind = 0; kind < 10; ++kind) QTest::addRow("%s, damage %d", name, kind) << name << kind;
    }
  }
  void damaged_models() {
    QFETCH(QString, name);
    QFETCH(int, mutation);
    QFile file(qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/" + name + ".gguf");
    QVERIFY(file.open(QFile::ReadOnly));
    const QByteArray whole = file.readAll();
    const HeaderMap map(whole.toStdString());
    const auto end = static_cast<qsizetype>((map.end + 31) / 32 * 32);
    const std::string header = whole.first(end).toStdString();
    for (int i = 0; i < files_; ++i) {
      const auto seed = static_cast<std::uint64_t>(mutation * 1'000'000 + i);
      const MutatedFile damaged =
          mutate(header, map, static_cast<std::uint64_t>(whole.size()), static_cast<Mutation>(mutation), seed);
      judge(damaged, whole.sliced(end));
      if (QTest::currentTestFailed()) {
        qWarning() << "seed" << seed << damaged.what.c_str();
        return;
      }
    }
  }

  void cleanupTestCase() {
    qInfo() << refused_ << "refused," << computed_ << "computed";
    QCOMPARE(refused_ + computed_, 80 * files_);
    // The damage must be of both sorts, or the test tests nothing.
    QVERIFY(refused_ > 24 * files_);
    QVERIFY(computed_ > 3 * files_);
  }
};

QTEST_GUILESS_MAIN(ExpertsFuzzTest)
#include "experts_fuzz_test.moc"
