#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QtTest>
#include <cmath>

#include "formats/gguf.h"
#include "fuzz/gguf_mutator.h"
#include "hadal/engine.h"
#include "hadal/model.h"
#include "text/chat_template_factory.h"
#include "text/tokenizer_factory.h"

using namespace hadal;
using namespace hadal::test;

// A thousand damaged copies of the starter model: each is refused with a sentence that names the place, or loads where
// the damage did no harm, and none takes longer than two seconds.
class GgufFuzzTest : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase();
  void damagedModels_data();
  void damagedModels();
  void cleanupTestCase();

 private:
  void place(const MutatedFile& damaged);
  void judge(const MutatedFile& damaged, Mutation mutation);
  void judgeExactCopy();

  /// Of each of the ten kinds; more by HADAL_FUZZ_FILES, with other seeds from there on.
  const int files_of_a_kind_ = std::max(100, qEnvironmentVariableIntValue("HADAL_FUZZ_FILES"));
  QTemporaryDir folder_;
  QFile file_;
  std::string header_;
  std::unique_ptr<HeaderMap> map_;
  std::uint64_t size_ = 0;
  int refused_ = 0, loaded_ = 0, computed_ = 0;
  qint64 slowest_ = 0;
};

void GgufFuzzTest::initTestCase() {
  const QString model = qEnvironmentVariable("HADAL_TEST_MODEL");
  if (!QFile::exists(model)) QSKIP("the starter model is not there");
  // One copy, damaged in place: its hundred megabytes stay in the system's cache. The header is written whole each
  // time; what a cut takes away comes back as zeros, since no check looks at weights.
  file_.setFileName(folder_.filePath("damaged.gguf"));
  QVERIFY(QFile::copy(model, file_.fileName()));
  QVERIFY(file_.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
  QVERIFY(file_.open(QIODevice::ReadWrite | QIODevice::Unbuffered));
  size_ = static_cast<std::uint64_t>(file_.size());
  const std::string start = file_.read(8 << 20).toStdString();
  map_ = std::make_unique<HeaderMap>(start);
  header_ = start.substr(0, (map_->end + 31) / 32 * 32);
}

void GgufFuzzTest::damagedModels_data() {
  QTest::addColumn<int>("mutation");
  const char* names[] = {"header bits",    "metadata bits", "table bits",     "edge numbers", "wrong types",
                         "retyped values", "edge values",   "swapped fields", "random bytes", "truncations"};
  for (int i = 0; i < static_cast<int>(std::size(names)); ++i) QTest::newRow(names[i]) << i;
}

void GgufFuzzTest::place(const MutatedFile& damaged) {
  QVERIFY(file_.seek(0));
  QCOMPARE(file_.write(damaged.header.data(), static_cast<qint64>(damaged.header.size())),
           static_cast<qint64>(damaged.header.size()));
  if (static_cast<std::uint64_t>(file_.size()) != damaged.size)
    QVERIFY(file_.resize(static_cast<qint64>(damaged.size)));
}

namespace {

/// A sentence that names the file and a place in it: a key, a tensor, or the part of the header.
bool namesThePlace(const QString& sentence) {
  static const QRegularExpression place(
      "^damaged\\.gguf: .*(metadata|tensor|tokenizer\\.|llama\\.|general\\.|header|first 8 bytes|begin with|GGUF "
      "version|"
      "big-endian|file is empty).*\\.$",
      QRegularExpression::DotMatchesEverythingOption);
  return place.match(sentence).hasMatch();
}

/// What a loaded model may be asked for.
void use(const Model& model) {
  const std::vector<TokenId> ids = *model.tokenizer().encode("Hello, <|im_start|> 深渊 \x04 123");
  (void)model.tokenizer().decode(ids, true);
  const std::vector<ChatMessage> messages = {{"user", "Hi"}};
  if (const auto chat = model.chat_template()) (void)(*chat)->render(messages, true);
}

}  // namespace

void GgufFuzzTest::judge(const MutatedFile& damaged, Mutation mutation) {
  const std::filesystem::path path = file_.fileName().toStdString();
  QElapsedTimer timer;
  timer.start();
  const auto info = inspect_model(path);
  const auto model = Model::load(path);
  if (model) use(**model);
  const qint64 elapsed = timer.elapsed();
  slowest_ = std::max(slowest_, elapsed);
  QVERIFY2(elapsed < 2000, (damaged.what + ": took " + std::to_string(elapsed) + " ms").c_str());
  if (!info) QVERIFY2(namesThePlace(QString::fromStdString(info.error().message)), info.error().message.c_str());
  if (!model) {
    ++refused_;
    QVERIFY2(namesThePlace(QString::fromStdString(model.error().message)),
             (damaged.what + ": " + model.error().message).c_str());
    return;
  }
  ++loaded_;
  QVERIFY2(bool(info), damaged.what.c_str());
  // Values that pass every check must also compute; too slow to try for every harmless change of a name.
  if (mutation != Mutation::edge_values && mutation != Mutation::wrong_types) return;
  EngineOptions options;
  options.device = Device::cpu;
  options.threads = 1;
  options.context_length = 64;
  const auto engine = Engine::create(*model, options);
  if (!engine) return;
  ++computed_;
  const TokenId ids[] = {1, 2};
  (void)(*engine)->logits(ids, false);
}

// Of a file cut inside or shortly behind its header, in memory of exactly its size: a mapping hides a read past the end
// of the file as long as it stays within the last page, the sanitizer does not.
void GgufFuzzTest::judgeExactCopy() {
  if (file_.size() > static_cast<qint64>(header_.size()) + 65536) return;
  QVERIFY(file_.seek(0));
  const QByteArray content = file_.readAll();
  const auto* begin = reinterpret_cast<const std::byte*>(content.constData());
  const std::vector<std::byte> exact(begin, begin + content.size());
  const auto file = parse_gguf(exact, "damaged.gguf");
  if (!file) return;
  (void)make_tokenizer(*file);
  (void)make_chat_template(*file);
}

void GgufFuzzTest::damagedModels() {
  QFETCH(int, mutation);
  const auto kind = static_cast<Mutation>(mutation);
  for (int i = 0; i < files_of_a_kind_; ++i) {
    const auto seed = static_cast<std::uint64_t>(mutation * 1'000'000 + i);
    const MutatedFile damaged = mutate(header_, *map_, size_, kind, seed);
    place(damaged);
    if (!QTest::currentTestFailed()) judge(damaged, kind);
    judgeExactCopy();
    if (QTest::currentTestFailed()) {
      qWarning() << "seed" << seed << damaged.what.c_str();
      return;
    }
    if (damaged.size != size_) QVERIFY(file_.resize(static_cast<qint64>(size_)));
  }
}

void GgufFuzzTest::cleanupTestCase() {
  qInfo() << refused_ << "refused," << loaded_ << "loaded," << computed_ << "of these computed; slowest" << slowest_
          << "ms";
  if (map_ == nullptr) return;
  QCOMPARE(refused_ + loaded_, 10 * files_of_a_kind_);
  // The damage must be of both sorts, or the test tests nothing.
  QVERIFY(refused_ > 300);
  QVERIFY(loaded_ > 30);
}

QTEST_GUILESS_MAIN(GgufFuzzTest)
#include "gguf_fuzz_test.moc"
