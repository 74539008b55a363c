#include "plugins/loader/plugin_host.h"

#include <sys/stat.h>

#include <QtTest>

using namespace hadal;

/// Plugins come from the program's own folder only, and a broken one costs a sentence, not the program.
class PluginHostTest : public QObject {
  Q_OBJECT

  static QString fake(const QString& name) {
    return QCoreApplication::applicationDirPath() + "/fake_plugins/lib" + name + ".so";
  }
  static QString shipped() { return QCoreApplication::applicationDirPath() + "/../lib/hadal/plugins/libplain_text.so"; }

  /// The sentence told of the only file in a folder.
  static QString problemWith(const QTemporaryDir& folder) {
    const PluginHost host = PluginHost::load(folder.path().toStdString());
    if (host.problems().size() != 1 || !host.plugins().empty()) return {};
    return QString::fromStdString(host.problems().front().sentence);
  }

 private Q_SLOTS:
  void opensWhatIsShipped() {
    const auto folder = PluginHost::own_folder();
    QVERIFY(folder);
    const PluginHost host = PluginHost::load(*folder);
    QVERIFY2(host.problems().empty(), host.problems().empty() ? "" : host.problems().front().sentence.c_str());
    QVERIFY(host.plugins().size() >= 1);
    QCOMPARE(QString(host.plugins().front().manifest->id), QString("plain_text"));
    QVERIFY(host.plugins().front().document_reader);
  }

  void refusesWithAReason_data() {
    QTest::addColumn<QString>("said");
    QTest::newRow("other_api") << "interface 77, but this Hadal has 1";
    QTest::newRow("misnamed") << "calls itself \"plain_text\"";
    QTest::newRow("nameless") << "does not say what it is";
    QTest::newRow("silent") << "is not a plugin of Hadal";
  }
  void refusesWithAReason() {
    QFETCH(QString, said);
    QTemporaryDir folder;
    QVERIFY(
        QFile::copy(fake(QTest::currentDataTag()), folder.filePath(QString("lib%1.so").arg(QTest::currentDataTag()))));
    QVERIFY2(problemWith(folder).contains(said), qPrintable(problemWith(folder)));
  }

  void oneBrokenDoesNotHinderTheOthers() {
    QTemporaryDir folder;
    QVERIFY(QFile::copy(shipped(), folder.filePath("libplain_text.so")));
    QFile whole(shipped());
    QVERIFY(whole.open(QIODevice::ReadOnly));
    for (const auto& [name, bytes] : {std::pair("liba_cut.so", whole.read(3000)),
                                      {"libempty.so", QByteArray()},
                                      {"libzz.so", QByteArray("#!/bin/sh\n")}}) {
      QFile out(folder.filePath(name));
      QVERIFY(out.open(QIODevice::WriteOnly) && out.write(bytes) == bytes.size());
    }
    QVERIFY(QDir(folder.path()).mkdir("folder.so"));
    const PluginHost host = PluginHost::load(folder.path().toStdString());
    QCOMPARE(host.plugins().size(), std::size_t{1});
    QCOMPARE(host.problems().size(), std::size_t{4});
    for (const auto& problem : host.problems()) QVERIFY(problem.sentence.find("no library") != std::string::npos);
  }

  void refusesLinksAndFilesOfOthers() {
    QTemporaryDir folder;
    const QString file = folder.filePath("libcanary.so");
    QVERIFY(QFile::link(fake("canary"), file));
    QVERIFY2(problemWith(folder).contains("outside its folder"), qPrintable(problemWith(folder)));
    QVERIFY(QFile::remove(file) && QFile::copy(fake("canary"), file));
    QCOMPARE(PluginHost::load(folder.path().toStdString()).plugins().size(), std::size_t{1});
    QVERIFY(::chmod(qPrintable(file), 0666) == 0);
    QVERIFY2(problemWith(folder).contains("every user"), qPrintable(problemWith(folder)));
  }

  void noFolderIsNoPlugins() {
    const PluginHost host = PluginHost::load("/nowhere/at/all");
    QVERIFY(host.plugins().empty() && host.problems().empty());
  }

  /// A library in the working, model or download folder or on LD_LIBRARY_PATH is never opened.
  void opensNothingElse() {
    QTemporaryDir root, home;
    QVERIFY(QDir(root.path()).mkpath("bin") && QDir(root.path()).mkpath("lib/hadal/plugins"));
    const QString program = root.filePath("bin/program");
    QVERIFY(QFile::copy(QCoreApplication::applicationFilePath(), program));
    const QStringList baits = {"", "plugins", "lib/hadal/plugins", "Downloads", ".local/share/hadal/models", "models"};
    for (const QString& folder : baits) {
      QVERIFY(QDir(home.path()).mkpath(folder.isEmpty() ? "." : folder));
      QVERIFY(QFile::copy(fake("canary"), home.filePath(folder + (folder.isEmpty() ? "" : "/") + "libcanary.so")));
    }
    auto environment = QProcessEnvironment::systemEnvironment();
    const QString trace = root.filePath("trace");
    environment.insert("HADAL_CANARY_FILE", trace);
    environment.insert("HOME", home.path());
    environment.insert("LD_LIBRARY_PATH", home.path() + ":" + home.filePath("lib/hadal/plugins"));
    const auto list = [&] {
      QProcess process;
      process.setProcessEnvironment(environment);
      process.setWorkingDirectory(home.path());
      process.start(program, {"--list-plugins"});
      process.waitForFinished(30000);
      return QString::fromUtf8(process.readAllStandardOutput());
    };
    QCOMPARE(list(), QString("0 plugins\n"));
    QVERIFY2(!QFile::exists(trace), "a planted library was loaded");

    QVERIFY(QFile::copy(fake("canary"), root.filePath("lib/hadal/plugins/libcanary.so")));
    QCOMPARE(list(), QString("1 plugins\n"));
    QVERIFY2(QFile::exists(trace), "the canary does not sing, so its silence above proves nothing");
  }
};

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--list-plugins") {
    std::printf("%zu plugins\n", PluginHost::load(PluginHost::own_folder().value()).plugins().size());
    return 0;
  }
  QCoreApplication app(argc, argv);
  PluginHostTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "plugin_host_test.moc"
