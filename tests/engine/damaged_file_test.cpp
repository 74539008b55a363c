// A model's file that another program shortens while it is mapped.
#include <signal.h>

#include <QtTest>
#include <filesystem>

#include "base/mapped_file.h"
#include "base/mapped_file_registry.h"
#include "hadal/engine.h"
#include "hadal/mapped_files.h"
#include "support/gguf_writer.h"

using namespace hadal;

namespace {

extern "C" void on_bus_error(int, siginfo_t* info, void*) {
  if (!survive_bus_error(info->si_addr)) ::signal(SIGBUS, SIG_DFL);
}

}  // namespace

class DamagedFileTest : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;

  std::string copy(const char* name) {
    const std::string path = folder_.filePath(name).toStdString();
    std::filesystem::remove(path);
    std::filesystem::copy(
        qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/tiny_models/type-F32.gguf", path);
    return path;
  }
  static std::unique_ptr<Engine> engine_of(const std::string& path) {
    auto model = Model::load(path);
    if (!model) qFatal("%s", model.error().message.c_str());
    auto engine = Engine::create(*model, {});
    if (!engine) qFatal("%s", engine.error().message.c_str());
    return std::move(*engine);
  }
  static void ask(Engine& engine) {
    Request request;
    request.prompt = {1, 2, 3};
    request.max_tokens = 8;
    request.ignore_end = true;
    QVERIFY(engine.submit(request));
  }
  /// The last event of what runs.
  static Event ended(Engine& engine) {
    Event last;
    while (!engine.idle()) {
      for (Event& event : engine.step()) {
        if (event.kind == Event::Kind::finished) last = std::move(event);
      }
    }
    return last;
  }

 private slots:
  void initTestCase() {
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO;
    QCOMPARE(sigaction(SIGBUS, &action, nullptr), 0);
  }

  void pages_that_are_gone_read_as_zeros() {
    const std::string path = folder_.filePath("pages").toStdString(), other = folder_.filePath("other").toStdString();
    test::write_file(path, std::string(3 * 65536, 'x'));
    test::write_file(other, std::string(65536, 'y'));
    const auto whole = MappedFile::open(other);
    auto file = MappedFile::open(path);
    QVERIFY(whole && file);
    const std::uint32_t before = MappedFileRegistry::damages();
    std::filesystem::resize_file(path, 65536);
    // A volatile read, so that it happens here.
    const auto at = [&](std::size_t i) {
      return *static_cast<const volatile char*>(static_cast<const void*>(&file->bytes()[i]));
    };
    QCOMPARE(at(3 * 65536 - 1), '\0');
    QCOMPARE(at(65536), '\0');
    QCOMPARE(at(65535), 'x');
    QCOMPARE(MappedFileRegistry::damages(), before + 1);
    QVERIFY(MappedFileRegistry::damaged(file->bytes().data()));
    QVERIFY(!MappedFileRegistry::damaged(whole->bytes().data()));
    // What is mapped anew at an address has no past.
    *file = MappedFile();
    test::write_file(path, std::string(3 * 65536, 'z'));
    const auto again = MappedFile::open(path);
    QVERIFY(again && !MappedFileRegistry::damaged(again->bytes().data()));
  }

  void only_models_files_are_mended() {
    const int local = 0;
    QVERIFY(!survive_bus_error(&local));
    QVERIFY(!survive_bus_error(nullptr));
    QVERIFY(!MappedFileRegistry::damaged(&local));
  }

  void an_answer_ends_with_a_sentence_data() {
    QTest::addColumn<double>("part");
    QTest::newRow("half of the file is left") << 0.5;
    QTest::newRow("all but its last byte is left") << 1.0;
    QTest::newRow("nothing is left") << 0.0;
  }
  void an_answer_ends_with_a_sentence() {
    QFETCH(double, part);
    const std::string path = copy("short.gguf");
    const auto engine = engine_of(path), other = engine_of(copy("whole.gguf"));
    ask(*engine);
    for (int i = 0; i < 3; ++i) QVERIFY(!engine->step().empty());
    const auto size = static_cast<double>(std::filesystem::file_size(path));
    std::filesystem::resize_file(path, static_cast<std::uintmax_t>(part == 1.0 ? size - 1 : part * size));
    for (int i = 0; i < 2; ++i) {
      const Event end = ended(*engine);
      QVERIFY(end.reason == FinishReason::failed && end.error);
      QVERIFY2(end.error->message.starts_with("The model file short.gguf was cut short while it was in use"),
               end.error->message.c_str());
      ask(*engine);
    }
    ask(*other);
    QVERIFY(ended(*other).reason == FinishReason::max_tokens);
  }
};

QTEST_GUILESS_MAIN(DamagedFileTest)
#include "damaged_file_test.moc"
