#include "app/policy/policy.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <cmath>

#include "app/outcome.h"
#include "app/settings/settings.h"

namespace hadal::policy {

namespace {

constexpr qint64 kLargest = 1 << 20;  // A policy is a page of text; what is larger is no policy.

/// The context that lupdate finds this file's sentences in.
struct Sentences {
  Q_DECLARE_TR_FUNCTIONS(Policy)
};

Outcome<QJsonObject> readFile(const QString& path) {
  using Answer = Outcome<QJsonObject>;
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) {
    return Answer::failure(Sentences::tr("The policy %1 cannot be read: %2.").arg(path, file.errorString()));
  }
  if (file.size() > kLargest) return Answer::failure(Sentences::tr("The policy %1 is too large.").arg(path));
  QJsonParseError error;
  const auto document = QJsonDocument::fromJson(file.readAll(), &error);
  if (error.error != QJsonParseError::NoError) {
    return Answer::failure(
        Sentences::tr("The policy %1 is no JSON: %2 at byte %3.").arg(path, error.errorString()).arg(error.offset));
  }
  if (!document.isObject()) return Answer::failure(Sentences::tr("The policy %1 is no JSON object.").arg(path));
  return Answer::success(document.object());
}

/// The values of all files, later ones over earlier ones.
QJsonObject readAll(const QString& folder, QStringList& problems) {
  QJsonObject values;
  const QDir dir(folder);
  if (!QFileInfo::exists(folder)) return values;
  if (!dir.isReadable()) problems.append(Sentences::tr("The policies in %1 cannot be read.").arg(folder));
  for (const QString& name : dir.entryList({QStringLiteral("*.json")}, QDir::Files | QDir::System, QDir::Name)) {
    const auto read = readFile(dir.filePath(name));
    if (!read) {
      problems.append(read.error);
      continue;
    }
    for (auto it = read->constBegin(); it != read->constEnd(); ++it) values.insert(it.key(), it.value());
  }
  return values;
}

/// Whether JSON's own type suits the setting: "4" is no number, and 2.5 no integer.
bool typeFits(SettingType type, const QJsonValue& value) {
  switch (type) {
    case SettingType::Bool:
      return value.isBool();
    case SettingType::Integer:
      return value.isDouble() && value.toDouble() == std::floor(value.toDouble());
    case SettingType::Real:
      return value.isDouble();
    case SettingType::Text:
    case SettingType::Choice:
    case SettingType::File:
    case SettingType::Folder:
      return value.isString();
  }
  return false;
}

}  // namespace

QStringList enforce(const QString& folder, Settings& settings) {
  QStringList problems;
  QStringList unknown;
  const QJsonObject values = readAll(folder, problems);
  for (auto it = values.constBegin(); it != values.constEnd(); ++it) {
    const SettingSpec* spec = Settings::find(it.key());
    if (!spec || !spec->lockable) {
      // Perhaps a setting of another version; nothing is left open by it here.
      unknown.append(Sentences::tr("The policy names \"%1\", which is no setting that can be fixed.").arg(it.key()));
      continue;
    }
    if (typeFits(spec->type, it.value())) settings.lock(it.key(), it.value().toVariant());
    if (!settings.isLocked(it.key())) {
      problems.append(Sentences::tr("The policy gives \"%1\" a value it cannot have.").arg(it.key()));
    }
  }
  if (problems.isEmpty()) return unknown;
  for (const SettingSpec& spec : Settings::table()) {
    const QString key = QString::fromLatin1(spec.key);
    if (spec.lockable && !settings.isLocked(key)) settings.lock(key, spec.defaultValue);
  }
  return problems + unknown +
         QStringList{Sentences::tr("Until it is mended, every other setting keeps its default and cannot be changed.")};
}

QStringList recommend(const QString& folder, Settings& settings) {
  QStringList problems;
  const QJsonObject values = readAll(folder, problems);
  for (auto it = values.constBegin(); it != values.constEnd(); ++it) {
    const SettingSpec* spec = Settings::find(it.key());
    if (!spec || !spec->lockable) {
      problems.append(Sentences::tr("The policy recommends \"%1\", which is no setting it can give.").arg(it.key()));
    } else if (!typeFits(spec->type, it.value()) || !settings.recommend(it.key(), it.value().toVariant())) {
      problems.append(Sentences::tr("The policy gives \"%1\" a value it cannot have.").arg(it.key()));
    }
  }
  return problems;
}

}  // namespace hadal::policy
