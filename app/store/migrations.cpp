#include "app/store/migrations.h"

#include <QCoreApplication>
#include <QFile>
#include <QRegularExpression>

#include "app/store/connection.h"

namespace hadal {

namespace {

/// The context that lupdate finds this file's sentences in.
struct Sentences {
  Q_DECLARE_TR_FUNCTIONS(Store)
};

/// Where the quote or comment that starts at `at` ends (one past it); `at` itself if none starts there.
qsizetype skipQuoted(const QString& script, qsizetype at) {
  const QStringView rest = QStringView(script).mid(at);
  const auto past = [&](QStringView terminator, qsizetype from) {
    const qsizetype end = script.indexOf(terminator, from);
    return end < 0 ? script.size() : end + terminator.size();
  };
  if (rest.startsWith(u"--")) return past(u"\n", at);
  if (rest.startsWith(u"/*")) return past(u"*/", at + 2);
  // A doubled quote inside a quoted text ends one piece and begins the next at once, which comes to the same.
  if (rest.startsWith(u'\'') || rest.startsWith(u'"')) return past(rest.first(1), at + 1);
  return at;
}

}  // namespace

Schema Schema::shipped() {
  Schema schema;
  for (int number = 1;; ++number) {
    QFile file(QStringLiteral(":/store/schema/%1.sql").arg(number, 3, 10, QLatin1Char('0')));
    if (!file.open(QIODevice::ReadOnly)) break;
    schema.steps.append(QString::fromUtf8(file.readAll()));
  }
  return schema;
}

Outcome<SchemaState> inspectSchema(Connection& connection, const Schema& schema, const QString& file) {
  connection.clearError();
  SchemaState state;
  const int application = connection.scalar(QStringLiteral("PRAGMA application_id")).toInt();
  state.version = connection.scalar(QStringLiteral("PRAGMA user_version")).toInt();
  state.empty = connection.scalar(QStringLiteral("SELECT count(*) FROM sqlite_schema")).toInt() == 0;
  if (connection.failed()) return Outcome<SchemaState>::failure(connection.error());
  if (state.empty && state.version == 0) return Outcome<SchemaState>::success(state);
  if (application != kApplicationId) {
    return Outcome<SchemaState>::failure(
        Sentences::tr("%1 is a database of another program. It was left as it is.").arg(file));
  }
  if (state.version > schema.version()) {
    return Outcome<SchemaState>::failure(
        Sentences::tr("%1 was written by a newer Hadal (its data version is %2, this program knows %3). "
                      "It was left as it is; install the newer Hadal to open it.")
            .arg(file)
            .arg(state.version)
            .arg(schema.version()));
  }
  return Outcome<SchemaState>::success(state);
}

Outcome<Nothing> migrate(Connection& connection, const Schema& schema, int from) {
  for (int version = from; version < schema.version(); ++version) {
    connection.begin(true);
    for (const QString& statement : splitStatements(schema.steps[version])) connection.execute(statement);
    connection.execute(QStringLiteral("PRAGMA application_id=%1").arg(kApplicationId));
    connection.execute(QStringLiteral("PRAGMA user_version=%1").arg(version + 1));
    connection.commit();
    if (connection.failed()) {
      const QString why = connection.error();
      connection.rollback();
      return Outcome<Nothing>::failure(
          Sentences::tr("The database could not be brought from data version %1 to %2 and was left as it was: %3")
              .arg(version)
              .arg(version + 1)
              .arg(why));
    }
  }
  return Outcome<Nothing>::success({});
}

QStringList splitStatements(const QString& script) {
  static const QRegularExpression trigger(QStringLiteral("^\\s*CREATE\\s+(TEMP\\s+)?TRIGGER\\b"),
                                          QRegularExpression::CaseInsensitiveOption);
  static const QRegularExpression end(QStringLiteral("\\bEND\\s*$"), QRegularExpression::CaseInsensitiveOption);
  QStringList statements;
  QString code;  // Of the statement so far, without leading comments.
  for (qsizetype at = 0; at < script.size();) {
    const qsizetype next = skipQuoted(script, at);
    const bool leadingComment = next != at && code.trimmed().isEmpty();
    if (next != at) {
      if (!leadingComment) code += QStringView(script).mid(at, next - at);
      at = next;
      continue;
    }
    const QChar c = script[at++];
    if (c != u';' || (trigger.match(code).hasMatch() && !end.match(code).hasMatch())) {
      code += c;
      continue;
    }
    if (!code.trimmed().isEmpty()) statements.append(code.trimmed());
    code.clear();
  }
  if (!code.trimmed().isEmpty()) statements.append(code.trimmed());
  return statements;
}

}  // namespace hadal
