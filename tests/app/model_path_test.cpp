#include <QTemporaryDir>
#include <QTest>

#include "app/command_line.h"
#include "app/inference/model_name.h"
#include "app/inference/model_path.h"
#include "app/inference/model_search.h"
#include "model_folder.h"

using namespace hadal;

/// What a person means who names a file or a folder as a model.
class ModelPathTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> place_;
  QString at(const QString& name) const { return place_->filePath(name); }
  void put(const QString& path) const {
    QDir().mkpath(QFileInfo(at(path)).path());
    touch(at(path));
  }

 private Q_SLOTS:
  void init() {
    place_ = std::make_unique<QTemporaryDir>();
    for (const char* path :
         {"whole/config.json", "whole/tokenizer.json", "whole/model-00001-of-00002.safetensors", "whole/README.md",
          "whole/model.safetensors.index.json", "single/DeepSeek.Q4_K_M.gguf", "single/mmproj-F16.gguf",
          "single/config.json", "many/a.gguf", "many/b.gguf", "bare/config.json", "old/config.json",
          "old/pytorch_model.bin", "empty/notes.txt", "cache/snapshots/0123abc/config.json",
          "cache/snapshots/0123abc/model.safetensors", "cache/refs/main", "loose.gguf", "loose.txt"})
      put(QString::fromLatin1(path));
  }

  void standsFor_data() {
    QTest::addColumn<QString>("given");
    QTest::addColumn<QString>("path");
    const auto row = [](const char* given, const char* path) {
      QTest::newRow(given) << QString::fromLatin1(given) << QString::fromLatin1(path);
    };
    row("whole", "whole");
    row("whole/", "whole");
    row("whole/config.json", "whole");
    row("whole/tokenizer.json", "whole");
    row("whole/model-00001-of-00002.safetensors", "whole");
    row("whole/model.safetensors.index.json", "whole");
    row("whole/README.md", "whole");
    row("single", "single/DeepSeek.Q4_K_M.gguf");
    row("cache", "cache/snapshots/0123abc");
    row("loose.gguf", "loose.gguf");
    // What is wrong with these, the engine says.
    row("loose.txt", "loose.txt");
    row("nowhere", "nowhere");
    row("bare/config.json", "bare");
  }
  void standsFor() {
    QFETCH(QString, given);
    QFETCH(QString, path);
    const ModelPath meant = modelAt(at(given));
    QCOMPARE(meant.error, QString());
    QCOMPARE(QDir::cleanPath(meant.path), at(path));
  }

  void saysWhatAFolderLacks_data() {
    QTest::addColumn<QString>("folder");
    QTest::addColumn<QString>("says");
    QTest::newRow("nothing") << "empty"
                             << "The folder empty holds no model";
    QTest::newRow("many") << "many"
                          << "The folder many holds 2 GGUF files. Choose one of them.";
    QTest::newRow("no weights") << "bare"
                                << "the model's weights are missing";
    QTest::newRow("programs") << "old"
                              << "runs code when it is read";
  }
  void saysWhatAFolderLacks() {
    QFETCH(QString, folder);
    QFETCH(QString, says);
    const ModelPath meant = modelAt(at(folder));
    QCOMPARE(meant.path, QString());
    QVERIFY2(meant.error.contains(says) && meant.error.endsWith(u'.'), qPrintable(meant.error));
  }

  void namesAloneTellWhatIsNone() {
    for (const char* name : {"/x/a.gguf", "/x/A.GGUF", "/x/config.json", "/x/model.safetensors", "/x/DeepSeek-V2.5",
                             "/x/folder/", "/x/Qwen3-8B", "/x/model.safetensors.index.json"})
      QVERIFY2(mayBeModel(QString::fromLatin1(name)), name);
    for (const char* name : {"/x/photo.png", "/x/letter.pdf", "/x/main.cpp", "/x/notes.txt", "/x/data.json"})
      QVERIFY2(!mayBeModel(QString::fromLatin1(name)), name);
  }

  void foldersAreFoundBesideFiles() {
    makeModelFolder(at(QStringLiteral("shelf/tiny")), QStringLiteral("llama"));
    put(QStringLiteral("shelf/z.gguf"));
    put(QStringLiteral("shelf/docs/readme.txt"));
    QCOMPARE(modelsIn(at(QStringLiteral("shelf"))),
             (QStringList{at(QStringLiteral("shelf/z.gguf")), at(QStringLiteral("shelf/tiny"))}));
    QVERIFY(QFile::remove(at(QStringLiteral("shelf/z.gguf"))));
    const ModelSearch search{{}, {at(QStringLiteral("nowhere")), at(QStringLiteral("shelf"))}};
    QCOMPARE(search.find(), at(QStringLiteral("shelf/tiny")));
  }

  void aFileOfAFolderIsCalledLikeIt() {
    QCOMPARE(modelName(QStringLiteral("/m/DeepSeek-V2.5/config.json"), {}), QStringLiteral("DeepSeek-V2.5"));
    QCOMPARE(modelName(QStringLiteral("/m/DeepSeek-V2.5/model-00001-of-00002.safetensors"), {}),
             QStringLiteral("DeepSeek-V2.5"));
  }

  void wordsOfACommandLine_data() {
    QTest::addColumn<QString>("word");
    QTest::addColumn<bool>("model");
    QTest::newRow("a folder with a model") << "whole" << true;
    QTest::newRow("a file of it") << "whole/config.json" << true;
    QTest::newRow("a folder written as one") << "./empty" << true;
    QTest::newRow("a word that is a folder's name") << "empty" << false;
    QTest::newRow("a word") << "why" << false;
    QTest::newRow("a file that is none") << "loose.txt" << false;
  }
  void wordsOfACommandLine() {
    QFETCH(QString, word);
    QFETCH(bool, model);
    const QString before = QDir::currentPath();
    QVERIFY(QDir::setCurrent(place_->path()));
    const auto line = parseCommandLine({QStringLiteral("hadal"), word});
    QDir::setCurrent(before);
    QVERIFY(bool(line));
    QCOMPARE(line->model, model ? QDir::cleanPath(at(word)) : QString());
    QCOMPARE(line->text, model ? QString() : word);
  }
};

QTEST_GUILESS_MAIN(ModelPathTest)
#include "model_path_test.moc"
