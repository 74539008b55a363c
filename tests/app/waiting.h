#pragma once

#include <QEventLoop>
#include <QFuture>
#include <QFutureWatcher>
#include <QRandomGenerator>
#include <QTimer>

#include "app/chat/chat_types.h"
#include "app/outcome.h"
#include "app/store/messages.h"
#include "app/store/store.h"

// QTRY_COMPARE narrows a duration inside Qt's own macro.
#pragma GCC diagnostic ignored "-Wconversion"

/// A fresh seed for every run, or the one of a run to be repeated: HADAL_TEST_SEED.
inline quint32 testSeed() {
  bool given = false;
  const uint seed = qEnvironmentVariable("HADAL_TEST_SEED").toUInt(&given);
  return given ? seed : QRandomGenerator::global()->generate();
}

/// The future's value, while the event loop runs: the same as in the program, where nobody blocks.
template <class T>
T waited(QFuture<T> future, int milliseconds = 30000) {
  QEventLoop loop;
  QFutureWatcher<T> watcher;
  QObject::connect(&watcher, &QFutureWatcherBase::finished, &loop, &QEventLoop::quit);
  QTimer::singleShot(milliseconds, &loop, [milliseconds] { qFatal("a future did not finish in %d ms", milliseconds); });
  watcher.setFuture(future);
  if (!future.isFinished()) loop.exec();
  return future.result();
}

/// The value of an operation that must succeed.
template <class T>
T kept(QFuture<hadal::Outcome<T>> future) {
  const hadal::Outcome<T> outcome = waited(std::move(future));
  if (!outcome) qFatal("%s", qPrintable(outcome.error));
  return *outcome;
}

/// A message as it is in the database.
inline hadal::Message stored(hadal::Store& store, hadal::MessageId id) {
  return kept(store.read([id](hadal::Connection& connection) { return hadal::Messages(connection).get(id); }));
}
