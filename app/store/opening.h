#pragma once

#include "app/store/store.h"

namespace hadal {

/// An opened database: the writer's connection, and how the reader gets to the same data.
struct OpenedStore {
  std::unique_ptr<Connection> writer;  ///< Null in StoreReport::Mode::ReadingOnly.
  QString readerFile;
  Connection::Access readerAccess = Connection::Access::ReadOnly;
  StoreReport report;
  QString error;  ///< Not empty: the database stays closed.
};

/// Opens the database as the options say. Runs in the writer thread.
OpenedStore openStore(const StoreOptions& options);

}  // namespace hadal
