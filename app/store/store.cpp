#include "app/store/store.h"

#include <QCoreApplication>
#include <QMutex>
#include <QSemaphore>
#include <QThread>

#include "app/store/backup.h"
#include "app/store/opening.h"

namespace hadal {

namespace {

/// A thread that runs what it is given, in order, and everything it was given before it ends.
class WorkThread {
 public:
  explicit WorkThread(const QString& name) {
    thread_.setObjectName(name);
    anchor_ = new QObject;
    anchor_->moveToThread(&thread_);
    QObject::connect(&thread_, &QThread::finished, anchor_, &QObject::deleteLater);
    thread_.start();
  }
  ~WorkThread() {
    run([this] { thread_.quit(); });
    thread_.wait();
  }
  void run(std::function<void()> work) { QMetaObject::invokeMethod(anchor_, std::move(work), Qt::QueuedConnection); }

 private:
  QThread thread_;
  QObject* anchor_;
};

}  // namespace

struct Store::Private {
  explicit Private(StoreOptions o) : options(std::move(o)) {}

  StoreOptions options;
  // Written in the writer thread before `opened` is released, then read by both.
  std::unique_ptr<Connection> writer;
  QString refusal;        ///< Why nothing can be opened.
  QString writerRefusal;  ///< Why nothing can be written.
  QString readerFile;
  Connection::Access readerAccess = Connection::Access::ReadOnly;
  QSemaphore opened;
  // Of the reader thread alone.
  std::unique_ptr<Connection> reader;
  QString readerRefusal;

  QMutex mutex;                        ///< Guards the next two.
  bool asked = false;                  ///< open() was called.
  QList<std::pair<Lane, Task>> early;  ///< What was given before.
  std::unique_ptr<WorkThread> writerThread;
  std::unique_ptr<WorkThread> readerThread;
  std::unique_ptr<WorkThread> backupThread;  ///< Of the writer thread.

  StoreReport openWriter();
  void openReader();
  void startBackup();
};

StoreReport Store::Private::openWriter() {
  OpenedStore result = openStore(options);
  writer = std::move(result.writer);
  refusal = result.error;
  readerFile = result.readerFile;
  readerAccess = result.readerAccess;
  writerRefusal = refusal.isEmpty() ? tr("This profile is read-only, so nothing can be kept.") : refusal;
  return result.report;
}

void Store::Private::openReader() {
  opened.acquire();
  if (!refusal.isEmpty()) {
    readerRefusal = refusal;
    return;
  }
  reader = std::make_unique<Connection>();
  if (!reader->open(readerFile, readerAccess)) {
    readerRefusal = reader->error();
    reader.reset();
  }
}

/// Once a day, beside everything else. Failing is no reason to trouble the person: the next start tries again.
void Store::Private::startBackup() {
  if (!Backups(options.file, options.backupFolder).isDue()) return;
  backupThread = std::make_unique<WorkThread>(QStringLiteral("store backup"));
  backupThread->run([o = options] {
    Connection source;
    if (source.open(o.file, Connection::Access::ReadOnly)) Backups(o.file, o.backupFolder).make(source);
  });
}

Store::Store(StoreOptions options, QObject* parent)
    : QObject(parent), d(std::make_unique<Private>(std::move(options))) {
  d->writerThread = std::make_unique<WorkThread>(QStringLiteral("store writer"));
  d->readerThread = std::make_unique<WorkThread>(QStringLiteral("store reader"));
}

Store::~Store() {
  close();
}

void Store::setReadOnly() {
  d->options.readOnly = true;
}

QFuture<Outcome<StoreReport>> Store::open() {
  auto promise = std::make_shared<QPromise<Outcome<StoreReport>>>();
  promise->start();
  auto future = promise->future();
  d->writerThread->run([this, promise] {
    const StoreReport report = d->openWriter();
    promise->addResult(d->refusal.isEmpty() ? Outcome<StoreReport>::success(report)
                                            : Outcome<StoreReport>::failure(d->refusal));
    if (d->refusal.isEmpty() && report.mode == StoreReport::Mode::Kept) d->startBackup();
    d->opened.release();
    promise->finish();
  });
  d->readerThread->run([this] { d->openReader(); });
  beginWork();
  return future;
}

void Store::beginWork() {
  QMutexLocker lock(&d->mutex);
  d->asked = true;
  const auto early = std::exchange(d->early, {});
  lock.unlock();
  for (const auto& [lane, task] : early) post(lane, task);
}

void Store::post(Lane lane, Task task) {
  if (QMutexLocker lock(&d->mutex); !d->asked) return d->early.append({lane, std::move(task)});
  const bool writing = lane == Lane::Writer;
  WorkThread* thread = writing ? d->writerThread.get() : d->readerThread.get();
  if (!thread) return task(nullptr, tr("The database is closed already."));
  thread->run([this, writing, task = std::move(task)] {
    Connection* connection = writing ? d->writer.get() : d->reader.get();
    if (!connection) return task(nullptr, writing ? d->writerRefusal : d->readerRefusal);
    if (!connection->begin(writing)) return task(nullptr, connection->error());
    task(connection, {});
  });
}

QString Store::settle(Connection& connection) {
  if (!connection.failed()) connection.commit();
  if (!connection.failed()) return {};
  connection.rollback();
  return connection.error();
}

void Store::close() {
  if (!d->writerThread) return;
  if (!d->asked) {
    d->writerRefusal = d->readerRefusal = tr("The database was not opened.");
    beginWork();
  }
  d->readerThread->run([this] { d->reader.reset(); });
  d->readerThread.reset();
  d->writerThread->run([this] {
    // The last to close the file must be one that may write, so that the log goes.
    d->backupThread.reset();
    if (!d->writer) return;
    d->writer->clearError();
    d->writer->execute(QStringLiteral("PRAGMA wal_checkpoint(TRUNCATE)"));
    d->writer.reset();
  });
  d->writerThread.reset();
}

QFuture<Outcome<QString>> Store::checkIntegrity() {
  return read([](Connection& connection) {
    const QString verdict = connection.scalar(QStringLiteral("PRAGMA integrity_check")).toString();
    return verdict == u"ok" ? QString() : verdict;
  });
}

}  // namespace hadal
