#include "runtime/cuda_module.h"

#include <sys/stat.h>

#include <QtTest>

#include "hadal/engine.h"

using hadal::CudaModule;

/// The GPU module is opened from one place only, and whatever is wrong with it is told in a sentence.
class CudaModuleTest : public QObject {
  Q_OBJECT

  static QString built(const QString& name) {
    return QCoreApplication::applicationDirPath() + "/fake_cuda/" + name + ".so";
  }
  static QString errorOf(const QString& file) {
    const auto module = CudaModule::open(file.toStdString());
    return module ? QString() : QString::fromStdString(module.error().message);
  }
  static void write(const QString& file, const QByteArray& bytes) {
    QFile out(file);
    QVERIFY(out.open(QIODevice::WriteOnly));
    QCOMPARE(out.write(bytes), bytes.size());
  }

  /// A copy of this program in `root`/bin, started as `program`, tells what cuda_status() finds from there.
  static QString statusOfCopy(const QString& program, const QString& workingFolder,
                              const QProcessEnvironment& environment) {
    QProcess process;
    process.setProcessEnvironment(environment);
    process.setWorkingDirectory(workingFolder);
    process.start(program, {"--cuda-status"});
    if (!process.waitForFinished(30000)) return "did not finish";
    return QString::fromUtf8(process.readAllStandardOutput()).trimmed();
  }

 private Q_SLOTS:
  void opensOneOfTheSameVersion() {
    const auto module = CudaModule::open(built("good").toStdString());
    QVERIFY2(module, module ? "" : module.error().message.c_str());
    QCOMPARE(module->devices().size(), std::size_t{2});
    const auto& device = module->devices().front();
    QCOMPARE(device.name, std::string("Fake GPU"));
    QCOMPARE(device.memory_bytes, std::uint64_t{24} << 30);
    QCOMPARE(device.compute_capability, 89);
    QCOMPARE(device.multiprocessors, 128);
    QVERIFY(module->symbol("hadal_cuda_describe"));
    QVERIFY(!module->symbol("no_such_kernel"));
    QVERIFY(CudaModule::open(built("newer_driver").toStdString()));
  }

  void refusesWithAReason_data() {
    QTest::addColumn<QString>("module");
    QTest::addColumn<QStringList>("said");
    QTest::newRow("version") << "other_version" << QStringList{"9.9.9", hadal::engine_version()};
    QTest::newRow("abi") << "other_abi" << QStringList{"interface 77", "speaks 1"};
    QTest::newRow("driver") << "no_driver" << QStringList{"No NVIDIA driver"};
    QTest::newRow("old driver") << "old_driver" << QStringList{"CUDA 12.4", "13.0"};
    QTest::newRow("device") << "no_device" << QStringList{"no GPU"};
    QTest::newRow("broken") << "broken" << QStringList{"initialization error", "CUDA error 3"};
    QTest::newRow("missing") << "not_there" << QStringList{"not installed", "not_there.so"};
  }
  void refusesWithAReason() {
    QFETCH(QString, module);
    QFETCH(QStringList, said);
    const QString error = errorOf(built(module));
    for (const QString& part : said) QVERIFY2(error.contains(part), qPrintable(error));
    QVERIFY2(error.endsWith('.'), qPrintable(error));
  }

  void refusesWhatIsNoModule() {
    QTemporaryDir folder;
    const QString garbage = folder.filePath("garbage.so");
    write(garbage, QByteArray(5000, 'x'));
    QVERIFY2(errorOf(garbage).contains("no library"), qPrintable(errorOf(garbage)));
    const QString empty = folder.filePath("empty.so");
    write(empty, {});
    QVERIFY(errorOf(empty).contains("no library"));
    QFile whole(built("good"));
    QVERIFY(whole.open(QIODevice::ReadOnly));
    const QByteArray bytes = whole.readAll();
    const QString cut = folder.filePath("cut.so");
    for (qsizetype size = 0; size < bytes.size(); size += 97) {
      write(cut, bytes.left(size));
      QVERIFY2(errorOf(cut).contains("incomplete"), qPrintable(QString("%1 of %2 bytes").arg(size).arg(bytes.size())));
    }
    QVERIFY(QDir(folder.path()).mkdir("folder.so"));
    QVERIFY(errorOf(folder.filePath("folder.so")).contains("no library"));
    QVERIFY2(errorOf(built("mute")).contains("not a GPU module"), qPrintable(errorOf(built("mute"))));
  }

  void refusesALinkThatLeadsOut() {
    QTemporaryDir folder;
    const QString link = folder.filePath("libhadal_engine_cuda.so");
    QVERIFY(QFile::link(built("good"), link));
    QVERIFY2(errorOf(link).contains("outside its folder"), qPrintable(errorOf(link)));
  }

  void refusesWhatOthersMayWrite() {
    QTemporaryDir folder;
    const QString file = folder.filePath("libhadal_engine_cuda.so");
    QVERIFY(QFile::copy(built("good"), file));
    QCOMPARE(errorOf(file), QString());
    QVERIFY(::chmod(qPrintable(file), 0777) == 0);
    QVERIFY2(errorOf(file).contains("every user"), qPrintable(errorOf(file)));
    QVERIFY(::chmod(qPrintable(file), 0644) == 0 && ::chmod(qPrintable(folder.path()), 01777) == 0);
    QVERIFY2(errorOf(file).contains("every user"), qPrintable(errorOf(file)));
  }

  /// The folder follows from the program's real file; the working folder and LD_LIBRARY_PATH do not count.
  void looksBesideTheProgramOnly() {
    QTemporaryDir root, elsewhere;
    QVERIFY(QDir(root.path()).mkpath("bin") && QDir(root.path()).mkpath("lib/hadal") &&
            QDir(elsewhere.path()).mkpath("lib/hadal"));
    const QString program = root.filePath("bin/program");
    QVERIFY(QFile::copy(QCoreApplication::applicationFilePath(), program));
    const QString link = elsewhere.filePath("program");
    QVERIFY(QFile::link(program, link));
    const QString name = "libhadal_engine_cuda.so";
    for (const QString& bait : {name, "lib/hadal/" + name})
      QVERIFY(QFile::copy(built("good"), elsewhere.filePath(bait)));

    auto environment = QProcessEnvironment::systemEnvironment();
    const QString trace = root.filePath("trace");
    environment.insert("LD_LIBRARY_PATH", elsewhere.path() + ":" + elsewhere.filePath("lib/hadal"));
    environment.insert("HADAL_CANARY_FILE", trace);
    const QString missing = statusOfCopy(link, elsewhere.path(), environment);
    QVERIFY2(missing.startsWith("no: The GPU module is not installed"), qPrintable(missing));
    QVERIFY2(missing.contains(QFileInfo(root.path()).canonicalFilePath() + "/lib/hadal/" + name), qPrintable(missing));
    QVERIFY2(!QFile::exists(trace), "a planted library was loaded");

    QVERIFY(QFile::copy(built("good"), root.filePath("lib/hadal/" + name)));
    QCOMPARE(statusOfCopy(link, elsewhere.path(), environment), QString("yes"));
    QVERIFY2(QFile::exists(trace), "the canary does not sing, so its silence above proves nothing");
  }

  /// The module this build made, if there is a CUDA compiler: usable, or refused for the lack of a driver or device.
  void opensTheRealOne() {
    const auto path = CudaModule::expected_path();
    QVERIFY(path);
    if (!std::filesystem::exists(*path)) QSKIP("this build has no GPU module (no CUDA compiler)");
    const auto module = CudaModule::open(*path);
    if (module) {
      QVERIFY(module->devices().front().memory_bytes > 0);
      return;
    }
    const QString error = QString::fromStdString(module.error().message);
    QVERIFY2(error.contains("driver"), qPrintable(error));
    QVERIFY2(!error.contains("could not be loaded"), qPrintable(error));
  }
};

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--cuda-status") {
    const hadal::CudaStatus status = hadal::cuda_status();
    std::printf("%s\n", status.available ? "yes" : ("no: " + status.reason).c_str());
    return 0;
  }
  QCoreApplication app(argc, argv);
  CudaModuleTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "cuda_module_test.moc"
