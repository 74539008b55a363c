#pragma once

#include <QObject>
#include <QString>
#include <QStringList>

namespace hadal {

/// The folder that holds everything a person makes: hadal.db, backups/, models/. One writing program at a time has it;
/// that is what the lock is for. It is the kernel's (flock), so it goes with its process, however that ends.
///
/// Lives in the GUI thread. Besides the folder it keeps what the person has to know about this run: the notices.
class Profile : public QObject {
  Q_OBJECT
 public:
  enum class Access {
    Writable,
    Taken,     ///< Another program has the lock: hand over to it, or useReadOnly().
    ReadOnly,  ///< reason() says why; what is made in this run is not kept.
  };

  /// Makes the folder and takes the lock if it can. Touches a few small files and nothing else.
  explicit Profile(const QString& folder, QObject* parent = nullptr);
  ~Profile() override;

  /// ~/.local/share/hadal, by the XDG rules.
  static QString standardFolder();

  const QString& folder() const { return folder_; }
  QString databaseFile() const;
  QString backupFolder() const;
  QString modelFolder() const;

  Access accessMode() const { return access_; }
  /// A sentence; empty while the profile is writable.
  const QString& reason() const { return reason_; }
  /// Tries for the lock again.
  bool takeLock();
  void useReadOnly(const QString& reason);

  /// Where the program that has the lock listens for later starts.
  QString serverName() const;
  /// Its process, as the lock tells it; 0 if unknown.
  qint64 owner() const;

  /// Sentences for a banner, oldest first: read-only, repaired, restored.
  const QStringList& notices() const { return notices_; }
  void notify(const QString& sentence);

 Q_SIGNALS:
  void noticeAdded(const QString& sentence);

 private:
  QString lockFile() const;
  void writeLock() const;

  QString folder_;
  Access access_ = Access::ReadOnly;
  QString reason_;
  QStringList notices_;
  int lock_ = -1;
};

}  // namespace hadal
