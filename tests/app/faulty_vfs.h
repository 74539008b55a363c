#pragma once

#include <sqlite3.h>

#include <QByteArray>
#include <QDir>
#include <QFile>
#include <QHash>
#include <QMutex>
#include <QRandomGenerator>
#include <QString>
#include <cstring>
#include <vector>

/// A file system layer under SQLite that remembers what was written and synced, and can refuse to. It becomes the
/// default of the process, so that the connections of Qt go through it as well.
class FaultyVfs {
 public:
  struct Operation {
    enum class Kind { Write, Truncate, Sync, Delete } kind;
    QByteArray file;
    sqlite3_int64 offset = 0;  ///< Truncate: the new size.
    QByteArray data;
  };

  FaultyVfs() {
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.zName = "faulty";
    vfs_.pNext = nullptr;
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = [](sqlite3_vfs* v, const char* name, sqlite3_file* file, int flags, int* out) {
      return self(v).open(name, file, flags, out);
    };
    vfs_.xDelete = [](sqlite3_vfs* v, const char* name, int sync) { return self(v).remove(name, sync); };
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FaultyVfs() {
    sqlite3_vfs_register(real_, 1);
    sqlite3_vfs_unregister(&vfs_);
  }

  /// From now on operations are remembered.
  void record(bool on) {
    const QMutexLocker lock(&mutex_);
    recording_ = on;
    if (on) operations_.clear();
  }
  std::size_t count() {
    const QMutexLocker lock(&mutex_);
    return operations_.size();
  }

  /// The `number`th write, truncation, sync or creation from now on fails, or all from it on; 0: none.
  void fail(int number, bool lasting, int code) {
    const QMutexLocker lock(&mutex_);
    failIn_ = number;
    failForever_ = lasting;
    failCode_ = code;
    failed_ = 0;
  }
  int failures() {
    const QMutexLocker lock(&mutex_);
    return failed_;
  }

  /// What the disk may hold if the power went after the first `count` operations: everything synced, and of the rest
  /// any part, in units of sectors.
  void writeImage(std::size_t count, const QByteArray& from, const QString& to, QRandomGenerator& random) {
    QHash<QByteArray, Image> files;
    for (std::size_t i = 0; i < count; ++i) {
      const Operation& operation = operations_[i];
      Image& image = files[operation.file];
      switch (operation.kind) {
        case Operation::Kind::Write:
        case Operation::Kind::Truncate:
          image.pending.push_back(&operation);
          break;
        case Operation::Kind::Sync:
          for (const Operation* pending : image.pending) apply(image.durable, *pending, pending->data.size());
          image.pending.clear();
          image.exists = true;
          break;
        case Operation::Kind::Delete:
          image = {};
          break;
      }
    }
    for (auto it = files.begin(); it != files.end(); ++it) {
      if (!it.key().startsWith(from)) continue;
      Image& image = it.value();
      for (const Operation* pending : image.pending) {
        if (random.bounded(2) == 0) continue;
        image.exists = true;
        constexpr qsizetype kSector = 512;
        const bool torn = random.bounded(4) == 0;
        const qsizetype sectors = (pending->data.size() + kSector - 1) / kSector;
        apply(image.durable, *pending,
              torn ? std::min(pending->data.size(), kSector * random.bounded(sectors + 1)) : pending->data.size());
      }
      if (!image.exists) continue;
      QFile file(to + QString::fromUtf8(it.key().mid(from.size())));
      QDir().mkpath(QFileInfo(file).path());
      if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write the image");
      file.write(image.durable);
    }
  }

 private:
  struct File {
    sqlite3_file base;
    sqlite3_file* real;
    FaultyVfs* owner;
    QByteArray* path;  ///< Null for temporary files.
  };
  struct Image {
    QByteArray durable;
    std::vector<const Operation*> pending;
    bool exists = false;
  };

  static FaultyVfs& self(sqlite3_vfs* v) { return *static_cast<FaultyVfs*>(v->pAppData); }
  static File& mine(sqlite3_file* f) { return *reinterpret_cast<File*>(f); }
  static sqlite3_file* real(sqlite3_file* f) { return mine(f).real; }

  static void apply(QByteArray& bytes, const Operation& operation, qsizetype length) {
    if (operation.kind == Operation::Kind::Truncate) {
      bytes.resize(static_cast<qsizetype>(operation.offset), '\0');
      return;
    }
    const qsizetype end = static_cast<qsizetype>(operation.offset) + length;
    if (bytes.size() < end) bytes.resize(end, '\0');
    std::memcpy(bytes.data() + operation.offset, operation.data.constData(), static_cast<std::size_t>(length));
  }

  /// 0, or the code to fail with.
  int turn() {
    const QMutexLocker lock(&mutex_);
    if (failIn_ == 0 || (failIn_ > 1 && failIn_-- > 1)) return 0;
    if (!failForever_) failIn_ = 0;
    ++failed_;
    return failCode_;
  }
  void remember(const File& file, Operation::Kind kind, sqlite3_int64 offset = 0, QByteArray data = {}) {
    const QMutexLocker lock(&mutex_);
    if (recording_ && file.path) operations_.push_back({kind, *file.path, offset, std::move(data)});
  }

  int open(const char* name, sqlite3_file* f, int flags, int* out) {
    File& file = mine(f);
    file = {};
    const bool creates = (flags & SQLITE_OPEN_CREATE) != 0 && name && !QFile::exists(QString::fromUtf8(name));
    if (creates && turn() != 0) return SQLITE_CANTOPEN;
    file.real = reinterpret_cast<sqlite3_file*>(&file + 1);
    const int code = real_->xOpen(real_, name, file.real, flags, out);
    if (code != SQLITE_OK) return code;
    file.owner = this;
    file.path = name ? new QByteArray(name) : nullptr;
    file.base.pMethods = methods();
    return SQLITE_OK;
  }
  int remove(const char* name, int sync) {
    {
      const QMutexLocker lock(&mutex_);
      if (recording_) operations_.push_back({Operation::Kind::Delete, QByteArray(name), 0, {}});
    }
    return real_->xDelete(real_, name, sync);
  }

  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods table = [] {
      sqlite3_io_methods m{};
      m.iVersion = 2;
      m.xClose = [](sqlite3_file* f) {
        const int code = real(f)->pMethods->xClose(real(f));
        delete mine(f).path;
        return code;
      };
      m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
        return real(f)->pMethods->xRead(real(f), to, n, at);
      };
      m.xWrite = [](sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
        if (const int code = mine(f).owner->turn()) return code == SQLITE_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
        mine(f).owner->remember(mine(f), Operation::Kind::Write, at, QByteArray(static_cast<const char*>(from), n));
        return real(f)->pMethods->xWrite(real(f), from, n, at);
      };
      m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
        if (mine(f).owner->turn() != 0) return SQLITE_IOERR_TRUNCATE;
        mine(f).owner->remember(mine(f), Operation::Kind::Truncate, size);
        return real(f)->pMethods->xTruncate(real(f), size);
      };
      m.xSync = [](sqlite3_file* f, int flags) {
        if (mine(f).owner->turn() != 0) return SQLITE_IOERR_FSYNC;
        mine(f).owner->remember(mine(f), Operation::Kind::Sync);
        return real(f)->pMethods->xSync(real(f), flags);
      };
      m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); };
      m.xLock = [](sqlite3_file* f, int lock) { return real(f)->pMethods->xLock(real(f), lock); };
      m.xUnlock = [](sqlite3_file* f, int lock) { return real(f)->pMethods->xUnlock(real(f), lock); };
      m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
        return real(f)->pMethods->xCheckReservedLock(real(f), out);
      };
      m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
        return real(f)->pMethods->xFileControl(real(f), op, arg);
      };
      m.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
      // Nothing is promised about what a power loss leaves.
      m.xDeviceCharacteristics = [](sqlite3_file*) { return 0; };
      m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
        return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
      };
      m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
        return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
      };
      m.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
      m.xShmUnmap = [](sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); };
      return m;
    }();
    return &table;
  }

  sqlite3_vfs* real_ = nullptr;
  sqlite3_vfs vfs_{};
  QMutex mutex_;
  bool recording_ = false;
  std::vector<Operation> operations_;
  int failIn_ = 0;
  bool failForever_ = false;
  int failCode_ = SQLITE_IOERR;
  int failed_ = 0;
};
