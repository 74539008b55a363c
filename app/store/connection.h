#pragma once

#include <QSqlDatabase>
#include <QSqlQuery>
#include <QString>
#include <QVariant>

namespace hadal {

/// One SQLite connection; only the thread that opened it may use it.
///
/// Failures stick: after the first one every further statement does nothing until begin() clears it, so that a
/// transaction reads as plain steps and is checked once, at its end.
class Connection {
 public:
  enum class Access {
    ReadWrite,
    ReadOnly,
    Immutable,  ///< Nobody writes the file and nothing may be created beside it: a read-only file system.
  };

  Connection() = default;
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// `file` may be an SQLite URI. Sets the pragmas every connection of ours has.
  bool open(const QString& file, Access access);
  void close();
  bool isOpen() const { return database_.isOpen(); }

  bool begin(bool immediate);
  bool commit();
  void rollback();

  /// Runs one statement without parameters.
  bool execute(const QString& sql);
  /// The first column of the first row.
  QVariant scalar(const QString& sql);

  bool failed() const { return !error_.isEmpty(); }
  /// A sentence for the person.
  QString error() const { return error_; }
  /// SQLite's primary result code; 0 for failures that are not SQLite's.
  int code() const { return code_; }
  /// The failure lies in the file, not in the disk, another program or us.
  bool isUnusable() const;
  bool isDiskFull() const;
  void clearError();
  /// Fails the transaction for a reason of our own.
  void fail(const QString& sentence, int code = 0);
  static constexpr int kDamaged = 11;  ///< SQLITE_CORRUPT
  void fail(const QSqlError& error);

  QSqlDatabase& handle() { return database_; }

 private:
  QSqlDatabase database_;
  QString file_;
  QString error_;
  int code_ = 0;
};

/// One statement with its parameters in order. A null QString is bound as the empty text; std::nullopt as NULL.
class Statement {
 public:
  Statement(Connection& connection, const QString& sql);

  template <class... Values>
  Statement& bind(const Values&... values) {
    (add(value(values)), ...);
    return *this;
  }

  /// Runs it; for statements without rows. False if it, or something before it, failed.
  bool run();
  /// Runs it the first time, then steps to the next row.
  bool next();

  qint64 integer(int column) const { return query_.value(column).toLongLong(); }
  double real(int column) const { return query_.value(column).toDouble(); }
  QString text(int column) const { return query_.value(column).toString(); }
  QVariant variant(int column) const { return query_.value(column); }
  qint64 insertedId() const { return query_.lastInsertId().toLongLong(); }
  int affectedRows() const { return query_.numRowsAffected(); }

 private:
  static QVariant value(const QVariant& v) { return v; }
  static QVariant value(const QString& v) { return v.isNull() ? QVariant(QString(u"")) : QVariant(v); }
  template <class Number>
  requires std::is_arithmetic_v<Number>
  static QVariant value(Number v) {
    if constexpr (std::is_floating_point_v<Number>)
      return QVariant(static_cast<double>(v));
    else
      return QVariant(static_cast<qlonglong>(v));
  }
  void add(const QVariant& value);

  Connection& connection_;
  QSqlQuery query_;
  int bound_ = 0;
  bool executed_ = false;
};

/// 0, which means "none" in our types, is NULL in the database.
inline QVariant nullIfZero(qint64 id) {
  return id == 0 ? QVariant(QMetaType::fromType<qlonglong>()) : QVariant(static_cast<qlonglong>(id));
}

}  // namespace hadal
