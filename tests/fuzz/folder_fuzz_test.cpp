#include <QTemporaryDir>
#include <QtTest>

#include "fuzz/entrances/entrance.h"
#include "fuzz/entrances/model_use.h"
#include "fuzz/folder_mutator.h"
#include "hadal/model.h"
#include "models/open_checkpoint.h"
#include "text/tokenizer_factory.h"

using namespace hadal;
using namespace hadal::test;

namespace {
constexpr const char* kModels[] = {"llama",     "qwen2-yarn",     "starcoder2",  "llama-8bit",  "qwen2-moe",
                                   "qwen3-moe", "qwen3-moe-8bit", "deepseek-v2", "deepseek-v3", "deepseek-v3-8bit"};
constexpr const char* kTokenizers[] = {"byte", "deepseek-v3", "llama3", "own-removed", "pieces-first", "pieces-words"};
}  // namespace

/// Damaged folders of safetensors, dense and with experts, plain and in 8 bits: each is refused with a sentence, or
/// loads where the damage did no harm, and then also writes and computes.
class FolderFuzzTest : public QObject {
  Q_OBJECT

  /// Of each model and kind of damage; more by HADAL_FUZZ_FILES, with other seeds from there on.
  const int folders_ = std::max(4, qEnvironmentVariableIntValue("HADAL_FUZZ_FILES"));
  QTemporaryDir place_;
  int rows_ = 0, refused_ = 0, computed_ = 0, tokenizers_ = 0;

  std::filesystem::path write(const MutatedFolder& damaged) const {
    const std::filesystem::path path = place_.filePath("damaged").toStdString();
    damaged.folder.write(path);
    return path;
  }

  void judge(const MutatedFolder& damaged) {
    const auto model = Model::load(write(damaged));
    if (!model) {
      ++refused_;
      return promise_sentence(model.error(), "damaged: ");
    }
    ++computed_;
    write_and_read(**model);
    compute(*model);
  }

  /// The model's rows do not matter here, so that any vocabulary fits.
  void judge_tokenizer(const MutatedFolder& damaged) {
    const auto file = open_checkpoint(write(damaged));
    if (!file) return promise_sentence(file.error(), "damaged: ");
    const auto tokenizer = make_tokenizer(*file);
    if (!tokenizer) return promise_sentence(tokenizer.error(), "damaged: ");
    ++tokenizers_;
    const auto ids = (*tokenizer)->encode("Hello, <|im_start|> 深渊 e\u0301 \x04 123");
    promise(bool(ids), "text that a tokenizer refuses");
    (void)(*tokenizer)->decode(*ids, true);
  }

  template <class Judge>
  static void go(const MutatedFolder& damaged, std::uint64_t seed, const Judge& judge) {
    QByteArray broken;
    try {
      judge(damaged);
    } catch (const BrokenPromise& promise) {
      broken = promise.what();
    }
    const std::string where = "seed " + std::to_string(seed) + ": " + damaged.what;
    QVERIFY2(broken.isEmpty(), (broken + " (" + where.c_str() + ")").constData());
  }

 private slots:
  void damaged_folders_data() {
    QTest::addColumn<int>("model");
    QTest::addColumn<int>("mutation");
    for (int model = 0; model < static_cast<int>(std::size(kModels)); ++model) {
      for (int kind = 0; kind < kFolderMutations; ++kind) {
        QTest::addRow("%s, damage %d", kModels[model], kind) << model << kind;
      }
    }
  }
  void damaged_folders() {
    QFETCH(int, model);
    QFETCH(int, mutation);
    const auto whole = ModelFolder::fixture(HADAL_SOURCE_DIR, kModels[model]);
    ++rows_;
    for (int i = 0; i < folders_ && !QTest::currentTestFailed(); ++i) {
      const auto seed = static_cast<std::uint64_t>(mutation * 1'000'000 + model * 1000 + i);
      go(mutate(whole, static_cast<FolderMutation>(mutation), seed), seed,
         [&](const MutatedFolder& damaged) { judge(damaged); });
    }
  }

  void damaged_tokenizers_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : kTokenizers) QTest::newRow(name) << name;
  }
  void damaged_tokenizers() {
    QFETCH(QString, name);
    auto whole = ModelFolder::fixture(HADAL_SOURCE_DIR, "llama", name.toStdString());
    whole.edit("config.json", [](ModelFolder::Json& json) { json["vocab_size"] = 1000; });
    for (int i = 0; i < 2 * folders_ && !QTest::currentTestFailed(); ++i) {
      const auto seed = static_cast<std::uint64_t>(i);
      go(mutate(whole, FolderMutation::tokenizer, seed), seed,
         [&](const MutatedFolder& damaged) { judge_tokenizer(damaged); });
    }
  }

  void cleanupTestCase() {
    qInfo() << refused_ << "refused," << computed_ << "computed," << tokenizers_ << "tokenizers made";
    const int all = rows_ * folders_;
    QCOMPARE(refused_ + computed_, all);
    if (rows_ < static_cast<int>(std::size(kModels)) * kFolderMutations) return;
    // The damage must be of both sorts, or the test tests nothing.
    QVERIFY(refused_ > all / 3 && computed_ > all / 20);
  }
};

QTEST_GUILESS_MAIN(FolderFuzzTest)
#include "folder_fuzz_test.moc"
