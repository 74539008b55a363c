#pragma once

#include <QFuture>
#include <QHash>
#include <QObject>
#include <QPromise>
#include <QVariant>
#include <functional>
#include <memory>
#include <type_traits>

#include "app/outcome.h"
#include "app/store/connection.h"
#include "app/store/migrations.h"

namespace hadal {

struct StoreOptions {
  QString file;
  QString backupFolder;
  bool readOnly = false;  ///< The file may not be written; see StoreReport::Mode::Scratch.
  Schema schema = Schema::shipped();
  qint64 scratchLimit = 512LL << 20;  ///< Largest database that is copied to memory, bytes.
};

/// How opening went.
struct StoreReport {
  enum class Mode {
    Kept,         ///< The ordinary case.
    Scratch,      ///< Read-only: everything works on a copy in memory, and nothing of it is kept.
    ReadingOnly,  ///< Read-only and too large to copy: writing is refused.
  };
  Mode mode = Mode::Kept;
  QStringList notices;  ///< What the person has to know, as sentences: damage repaired, a backup restored.
  int interrupted = 0;  ///< Answers that the last run did not finish.
  QHash<QString, QVariant> settings;
};

/// The database: one writer thread that owns one connection, and one reader thread with a read-only one.
///
/// Work is given as a function of the connection that runs in that thread, inside one transaction; what it returns
/// arrives in the future, unless anything in it failed: then the transaction is rolled back and the future holds the
/// sentence. Work of one kind runs in the order it was given. Methods may be called from any thread and return at once,
/// except close().
class Store : public QObject {
  Q_OBJECT
 public:
  explicit Store(StoreOptions options, QObject* parent = nullptr);
  ~Store() override;

  /// Before open(): as StoreOptions::readOnly.
  void setReadOnly();

  /// Opens, checks, repairs and migrates. Work given before it is done waits for it; if it fails, all work does.
  QFuture<Outcome<StoreReport>> open();

  template <class Work>
  auto read(Work work) {
    return give(Lane::Reader, std::move(work));
  }
  template <class Work>
  auto write(Work work) {
    return give(Lane::Writer, std::move(work));
  }

  /// Finishes what was given, brings the log into the database file and closes it. Blocks; for the program's end.
  void close();

  /// SQLite's integrity_check over the whole file; empty if it is sound.
  QFuture<Outcome<QString>> checkIntegrity();

 private:
  enum class Lane { Reader, Writer };
  /// Runs the function with an open connection inside a transaction, or with null and the reason why there is none.
  using Task = std::function<void(Connection*, const QString&)>;
  void post(Lane lane, Task task);
  void beginWork();
  /// Ends the transaction: the sentence if it failed, empty if it is kept.
  static QString settle(Connection& connection);

  template <class Work>
  auto give(Lane lane, Work work) {
    using Value = std::invoke_result_t<Work, Connection&>;
    auto promise = std::make_shared<QPromise<Outcome<Value>>>();
    promise->start();
    auto future = promise->future();
    post(lane, [promise, work = std::move(work)](Connection* connection, const QString& refusal) mutable {
      auto outcome = Outcome<Value>::failure(refusal);
      if (connection) {
        outcome = Outcome<Value>::success(work(*connection));
        const QString error = settle(*connection);
        if (!error.isEmpty()) outcome = Outcome<Value>::failure(error);
      }
      promise->addResult(std::move(outcome));
      promise->finish();
    });
    return future;
  }

  struct Private;
  std::unique_ptr<Private> d;
};

}  // namespace hadal
