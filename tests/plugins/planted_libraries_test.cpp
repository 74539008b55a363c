#include <QtTest>

/// The programs, run where somebody has planted libraries under every name they might ask for: in the working folder,
/// the download folder, the model's folder and the profile. A planted library leaves a trace when it is merely loaded.
class PlantedLibrariesTest : public QObject {
  Q_OBJECT

  QTemporaryDir home_;
  QProcessEnvironment environment_ = QProcessEnvironment::systemEnvironment();
  QString trace_, model_;

  QByteArray run(const QString& program, const QStringList& arguments) {
    QProcess process;
    process.setProcessEnvironment(environment_);
    process.setWorkingDirectory(home_.path());
    process.start(qEnvironmentVariable("HADAL_BIN_DIR") + "/" + program, arguments);
    process.closeWriteChannel();
    if (!process.waitForFinished(120000)) return "did not finish";
    return process.readAllStandardOutput() + process.readAllStandardError();
  }

  void plant(const QString& folder) {
    const QString canary = QCoreApplication::applicationDirPath() + "/fake_plugins/libcanary.so";
    for (const char* name : {"libhadal_engine_cuda.so", "libplain_text.so", "libcanary.so", "libcuda.so.1",
                             "libQt6Core.so.6", "libQt6Widgets.so.6", "libstdc++.so.6", "libpcre2-8.so.0",
                             "lib/hadal/libhadal_engine_cuda.so", "lib/hadal/plugins/libcanary.so",
                             "plugins/libcanary.so", "sqldrivers/libqsqlite.so", "platforms/libqoffscreen.so",
                             "imageformats/libqsvg.so", "iconengines/libqsvgicon.so", "styles/libcanary.so"}) {
      const QString file = home_.filePath(QString("%1/%2").arg(folder, name));
      QVERIFY(QDir().mkpath(QFileInfo(file).path()) && QFile::copy(canary, file));
    }
  }

 private Q_SLOTS:
  void initTestCase() {
    for (const char* folder :
         {".", "Downloads", "models", "profile", "profile/models", ".local/share/hadal", ".local/share/hadal/models"}) {
      plant(folder);
    }
    model_ = home_.filePath("models/model.gguf");
    QVERIFY(QFile::link(qEnvironmentVariable("HADAL_TEST_MODEL"), model_));
    trace_ = home_.filePath("trace");
    environment_.insert("HADAL_CANARY_FILE", trace_);
    environment_.insert("HOME", home_.path());
    environment_.remove("XDG_DATA_HOME");
  }
  void cleanup() { QVERIFY2(!QFile::exists(trace_), "a planted library was loaded"); }

  void engineLooksIntoAModel() {
    if (!QFile::exists(model_)) QSKIP("The starter model is not there (./dev setup fetches it).");
    QVERIFY(run("hadal-engine", {"inspect", model_, "--json"}).contains("\"llama\""));
  }
  void engineAsksForTheGpu() { QVERIFY(run("hadal-engine", {"devices"}).startsWith("cpu")); }
  void programStarts() { QVERIFY(run("hadal", {"--version"}).startsWith("hadal ")); }
  void programListsItsPlugins() {
    const QByteArray out = run("hadal", {"--plugins"});
    QVERIFY2(out.startsWith("Plain text 1.0 (plain_text)") && out.count('\n') == 2, out);
  }
  void programAnswers() {
    if (!QFile::exists(model_)) QSKIP("The starter model is not there (./dev setup fetches it).");
    const QByteArray out = run("hadal", {"--ask", "Hello", "--json", "--seed", "1", "--max-tokens", "8", "--profile",
                                         home_.filePath("profile"), "--model", model_});
    QVERIFY2(out.contains("\"delta\"") && out.contains("\"finished\":\"done\""), out);
  }

  /// Last, since it leaves a trace.
  void theCanarySings() {
    QLibrary canary(home_.filePath("Downloads/libcanary.so"));
    qputenv("HADAL_CANARY_FILE", QFile::encodeName(trace_));
    QVERIFY2(canary.load(), qPrintable(canary.errorString()));
    QVERIFY2(QFile::remove(trace_), "the canary does not sing, so its silence above proves nothing");
  }
};

QTEST_GUILESS_MAIN(PlantedLibrariesTest)
#include "planted_libraries_test.moc"
