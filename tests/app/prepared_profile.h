#pragma once

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTest>

#include "app/settings/settings.h"
#include "app/store/settings_rows.h"
#include "hadal_process.h"
#include "waiting.h"

/// A profile of a test's own, looked into between runs of the real program.
class PreparedProfile {
 public:
  /// With temperature 0 the model answers the tests' questions shortly, and always alike.
  explicit PreparedProfile(const QString& path) : path_(path) {
    QDir().mkpath(path_);
    set(hadal::setting::temperature, 0);
  }

  const QString& path() const { return path_; }
  QString databaseFile() const { return path_ + QStringLiteral("/hadal.db"); }

  void set(const char* key, const QVariant& value) const {
    with([&](hadal::Store& store) {
      kept(store.write([key, value](hadal::Connection& c) {
        hadal::SettingsRows(c).set(QString::fromLatin1(key), value);
        return hadal::Nothing{};
      }));
    });
  }
  /// Invalid if it is not stored.
  QVariant setting(const char* key) const {
    QVariant value;
    with([&](hadal::Store& store) {
      value = kept(store.read([](hadal::Connection& c) { return hadal::SettingsRows(c).all(); }))
                  .value(QString::fromLatin1(key));
    });
    return value;
  }

  /// Every message, oldest first.
  QList<hadal::Message> all() const {
    QList<hadal::Message> result;
    with([&](hadal::Store& store) {
      result = kept(store.read([](hadal::Connection& c) {
        QList<hadal::Message> messages;
        hadal::Statement ids(c, QStringLiteral("SELECT id FROM messages ORDER BY id"));
        while (ids.next()) messages.append(hadal::Messages(c).get(ids.integer(0)));
        return messages;
      }));
    });
    return result;
  }

  /// Until it answers later starts.
  void startAndWait(HadalProcess& program) const {
    program.start();
    QVERIFY(program.waitForStarted());
    QVERIFY(QTest::qWaitFor(
        [&] {
          QFile file(path_ + QStringLiteral("/lock"));
          if (!file.open(QIODevice::ReadOnly)) return false;
          const QByteArrayList lines = file.readAll().split('\n');
          return lines.size() > 1 && QFile::exists(QFile::decodeName(lines[1]));
        },
        20000));
  }

 private:
  template <class Work>
  void with(Work work) const {
    hadal::Store store({.file = databaseFile(), .backupFolder = path_ + QStringLiteral("-test-backups")});
    kept(store.open());
    work(store);
  }

  QString path_;
};
