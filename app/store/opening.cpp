#include "app/store/opening.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QUuid>

#include "app/language/language.h"
#include "app/store/backup.h"
#include "app/store/conversations.h"
#include "app/store/messages.h"
#include "app/store/private_files.h"
#include "app/store/rehearsal.h"
#include "app/store/settings_rows.h"

namespace hadal {

namespace {

/// The context that lupdate finds this file's sentences in.
struct Sentences {
  Q_DECLARE_TR_FUNCTIONS(Store)
};

qint64 sizeOf(const QString& file) {
  return QFileInfo(file).size();
}

/// Closing cleanly removes the log, so one that is left means the last run was killed.
bool endedUncleanly(const QString& file) {
  return sizeOf(file + QStringLiteral("-wal")) > 0;
}

class Opening {
 public:
  explicit Opening(const StoreOptions& options) : options_(options), backups_(options.file, options.backupFolder) {}

  OpenedStore forWriting();
  OpenedStore forReading();
  OpenedStore refused(const QString& file, const QString& found);
  /// What is there can be read at least.
  OpenedStore withoutSpace(const QString& why);

 private:
  enum class Found { Good, Damaged, Refused };

  Found inspect();
  bool repair();
  void keepPrivate();
  enum class Ended { Well, Damaged, DiskFull, Refused };
  Ended openWriter();
  bool bringUpToDate();
  bool tidy();
  bool copyToMemory(Connection& source);
  OpenedStore take() {
    if (!result_.error.isEmpty()) result_.writer.reset();
    return std::move(result_);
  }
  bool refuse(const QString& sentence) {
    result_.error = sentence;
    return false;
  }

  const StoreOptions& options_;
  Backups backups_;
  SchemaState state_;
  bool thorough_ = false;
  QString damage_;
  OpenedStore result_;
};

/// Looks at the file without changing it, so that a refused one stays as it was.
Opening::Found Opening::inspect() {
  state_ = {};
  if (sizeOf(options_.file) == 0) {
    // Nothing yet; but where there are backups, there was something.
    const bool lost = QFileInfo::exists(options_.file) && !backups_.files().isEmpty();
    return lost ? Found::Damaged : Found::Good;
  }
  Connection look;
  const auto judge = [&](const QString& why) {
    if (look.isUnusable()) {
      damage_ = why;
      return Found::Damaged;
    }
    refuse(why);
    return Found::Refused;
  };
  // Without a log there is nothing but the file, and reading it as such makes no files beside it.
  const auto access = endedUncleanly(options_.file) ? Connection::Access::ReadOnly : Connection::Access::Immutable;
  if (!look.open(options_.file, access)) return judge(look.error());
  const auto found = inspectSchema(look, options_.schema, options_.file);
  if (!found) return judge(found.error);
  state_ = *found;
  if (!thorough_) return Found::Good;
  damage_ = Backups::check(look);
  return damage_.isEmpty() ? Found::Good : Found::Damaged;
}

bool Opening::repair() {
  const auto aside = backups_.quarantine();
  if (!aside) return refuse(aside.error);
  const QString backup = backups_.restoreNewest();
  result_.report.notices.append(
      backup.isEmpty()
          ? Sentences::tr(
                "The database was damaged and no backup was there, so Hadal began a new one. The damaged file was kept "
                "as %1.")
                .arg(*aside)
          : Sentences::tr("The database was damaged. Hadal restored the backup of %1; the damaged file was kept as %2.")
                .arg(shortDateTime(QFileInfo(backup).lastModified()), *aside));
  // The backup may be of an older schema, so it is looked at like any other file.
  return inspect() == Found::Good ? true : refuse(result_.error.isEmpty() ? damage_ : result_.error);
}

bool Opening::bringUpToDate() {
  Connection& writer = *result_.writer;
  if (!state_.empty && state_.version < options_.schema.version()) {
    const auto backup = backups_.make(writer);
    if (!backup) return refuse(backup.error);
  }
  const auto migrated = migrate(writer, options_.schema, state_.version);
  return migrated ? true : refuse(migrated.error);
}

/// What the end of the last run left to do. False if that brought damage to light.
bool Opening::tidy() {
  Connection& writer = *result_.writer;
  writer.begin(true);
  result_.report.interrupted = Messages(writer).interruptUnfinished();
  Conversations(writer).purgeRemoved();
  result_.report.settings = SettingsRows(writer).all();
  writer.commit();
  if (!writer.failed()) return true;
  const QString why = writer.error();
  const bool damaged = writer.isUnusable();
  writer.rollback();
  if (damaged) return false;
  // Not worth keeping the person out: the same is tried at the next start.
  result_.report.notices.append(why);
  writer.begin(false);
  result_.report.settings = SettingsRows(writer).all();
  writer.commit();
  return true;
}

Opening::Ended Opening::openWriter() {
  result_.writer = std::make_unique<Connection>();
  Connection& writer = *result_.writer;
  const auto end = [&] {
    const Ended ended = writer.isUnusable() ? Ended::Damaged : writer.isDiskFull() ? Ended::DiskFull : Ended::Refused;
    refuse(result_.error.isEmpty() ? writer.error() : result_.error);
    result_.writer.reset();
    return ended;
  };
  if (!writer.open(options_.file, Connection::Access::ReadWrite)) return end();
  if (!writer.execute(QStringLiteral("PRAGMA journal_mode=WAL")) || !bringUpToDate()) return end();
  if (thorough_ && !rehearse(writer).isEmpty()) return end();
  if (!tidy()) return end();
  result_.readerFile = options_.file;
  return Ended::Well;
}

OpenedStore Opening::forWriting() {
  // Small databases are checked always, large ones only when the last run did not end well: the check reads it all.
  constexpr qint64 kQuick = 16LL << 20;
  const bool unclean = endedUncleanly(options_.file);
  thorough_ = unclean || sizeOf(options_.file) <= kQuick;
  const Found found = inspect();
  if (found == Found::Refused || (found == Found::Damaged && !repair())) return take();

  const bool fresh = !QFileInfo::exists(options_.file);
  keepPrivate();
  Ended ended = openWriter();
  if (ended == Ended::Damaged && found == Found::Good) {
    // The quick check does not see everything.
    result_.error.clear();
    if (repair()) ended = openWriter();
  }
  if (ended != Ended::DiskFull) return take();
  if (!fresh) return withoutSpace(result_.error);
  for (const char* companion : {"-wal", "-shm", ""}) QFile::remove(options_.file + QLatin1String(companion));
  return withoutSpace(Sentences::tr("The disk that holds %1 is full, so no database can be made there. Free some space "
                                    "and start Hadal again.")
                          .arg(QFileInfo(options_.file).absolutePath()));
}

OpenedStore Opening::refused(const QString& file, const QString& found) {
  refuse(Sentences::tr("%1 is %2, where Hadal keeps its database. Move it away, or use another --profile.")
             .arg(file, found));
  return take();
}

/// What was there before this run, and what it makes.
void Opening::keepPrivate() {
  for (const char* companion : {"", "-wal", "-shm"}) makePrivate(options_.file + QLatin1String(companion));
  if (QFileInfo(options_.backupFolder).isDir()) makePrivateFolder(options_.backupFolder);
  for (const QString& backup : backups_.files()) makePrivate(backup);
  makePrivateFile(options_.file);
}

OpenedStore Opening::withoutSpace(const QString& why) {
  Opening reading(options_);
  OpenedStore result = reading.forReading();
  result.report.notices.append(why + u' ' + Sentences::tr("Until Hadal is started again, nothing is kept."));
  return result;
}

bool Opening::copyToMemory(Connection& source) {
  // "/" makes the name known to every connection of this process that asks for it.
  const QString memory = QStringLiteral("file:/hadal-%1?vfs=memdb").arg(QUuid::createUuid().toString(QUuid::Id128));
  result_.writer = std::make_unique<Connection>();
  if (!result_.writer->open(memory, Connection::Access::ReadWrite)) return refuse(result_.writer->error());
  if (source.isOpen()) {
    Statement(source, QStringLiteral("VACUUM INTO ?")).bind(memory).run();
    if (source.failed()) return refuse(source.error());
  }
  result_.readerFile = memory;
  result_.readerAccess = Connection::Access::ReadOnly;
  result_.report.mode = StoreReport::Mode::Scratch;
  return bringUpToDate();
}

OpenedStore Opening::forReading() {
  const QString log = options_.file + QStringLiteral("-wal");
  QString file = options_.file;
  auto access = Connection::Access::ReadOnly;
  QTemporaryDir copies;
  Connection source;
  if (sizeOf(file) > 0) {
    if (!source.open(file, access) || !source.scalar(QStringLiteral("SELECT count(*) FROM sqlite_schema")).isValid()) {
      // A read-only file system: the log's index cannot be made, so either there is no log, or both are copied.
      source.close();
      if (sizeOf(log) > 0) {
        const QString copy = copies.filePath(QStringLiteral("hadal.db"));
        if (!QFile::copy(file, copy) || !QFile::copy(log, copy + QStringLiteral("-wal"))) {
          refuse(
              Sentences::tr("%1 cannot be read: the last run did not end well, and there is no space for a copy of it.")
                  .arg(file));
          return take();
        }
        file = copy;
      } else {
        access = Connection::Access::Immutable;
      }
      if (!source.open(file, access)) {
        refuse(source.error());
        return take();
      }
    }
    const auto found = inspectSchema(source, options_.schema, options_.file);
    if (!found) {
      refuse(found.error);
      return take();
    }
    state_ = *found;
  }
  if (sizeOf(file) <= options_.scratchLimit) {
    if (copyToMemory(source)) tidy();
    return take();
  }
  if (state_.version < options_.schema.version() || file != options_.file) {
    refuse(Sentences::tr("%1 has to be brought up to date first, which needs a folder that can be written.")
               .arg(options_.file));
    return take();
  }
  result_.report.mode = StoreReport::Mode::ReadingOnly;
  result_.report.settings = SettingsRows(source).all();
  result_.readerFile = file;
  result_.readerAccess = access;
  return take();
}

}  // namespace

OpenedStore openStore(const StoreOptions& options) {
  Opening opening(options);
  for (const char* companion : {"", "-wal", "-shm"}) {
    const QString file = options.file + QLatin1String(companion);
    const QString found = notAFile(file);
    if (!found.isEmpty()) return opening.refused(file, found);
  }
  return options.readOnly ? opening.forReading() : opening.forWriting();
}

}  // namespace hadal
