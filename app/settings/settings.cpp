#include "app/settings/settings.h"

#include "app/store/settings_rows.h"
#include "app/store/store.h"

namespace hadal {

namespace {

/// The value in the type its row asks for; invalid if it does not fit.
QVariant fitting(const SettingSpec& spec, const QVariant& value) {
  bool ok = false;
  switch (spec.type) {
    case SettingType::Bool:
      return value.canConvert<bool>() ? QVariant(value.toBool()) : QVariant();
    case SettingType::Integer: {
      const qlonglong number = value.toLongLong(&ok);
      const bool inRange =
          ok && static_cast<double>(number) >= spec.minimum && static_cast<double>(number) <= spec.maximum;
      return inRange ? QVariant(static_cast<int>(number)) : QVariant();
    }
    case SettingType::Real: {
      const double number = value.toDouble(&ok);
      return ok && number >= spec.minimum && number <= spec.maximum ? QVariant(number) : QVariant();
    }
    case SettingType::Choice:
      return spec.choices.contains(value.toString()) ? QVariant(value.toString()) : QVariant();
    case SettingType::Text:
    case SettingType::File:
    case SettingType::Folder:
      return value.canConvert<QString>() ? QVariant(value.toString()) : QVariant();
  }
  return {};
}

}  // namespace

Settings::Settings(QObject* parent) : QObject(parent) {}

const SettingSpec* Settings::find(const QString& key) {
  for (const SettingSpec& spec : table()) {
    if (key == QLatin1String(spec.key)) return &spec;
  }
  return nullptr;
}

QVariant Settings::value(const QString& key) const {
  for (const auto* values : {&locked_, &overridden_, &stored_, &recommended_, &advised_}) {
    const auto found = values->constFind(key);
    if (found != values->constEnd()) return *found;
  }
  const SettingSpec* spec = find(key);
  return spec ? spec->defaultValue : QVariant();
}

bool Settings::setValue(const QString& key, const QVariant& wanted) {
  const SettingSpec* spec = find(key);
  if (!spec || spec->readOnly || isLocked(key)) return false;
  const QVariant fit = fitting(*spec, wanted);
  if (!fit.isValid()) return false;
  if (const Attempt attempt = attempts_.value(key))
    attempt(fit);
  else
    accept(key, fit);
  return true;
}

void Settings::tryFirst(const QString& key, Attempt attempt) {
  attempts_.insert(key, std::move(attempt));
}

void Settings::reject(const QString& key) {
  Q_EMIT changed(key, value(key));
}

void Settings::accept(const QString& key, const QVariant& fit) {
  const SettingSpec* spec = find(key);
  const QVariant before = value(key);
  // What the person chooses now counts more than what the command line said.
  overridden_.remove(key);
  stored_.insert(key, fit);
  if (store_) {
    store_
        ->write([key, fit](Connection& connection) {
          SettingsRows(connection).set(key, fit);
          return Nothing{};
        })
        .then(this, [this](const Outcome<Nothing>& written) {
          if (!written) Q_EMIT storeFailed(written.error);
        });
  }
  if (before != fit || spec->advised) Q_EMIT changed(key, fit);
}

void Settings::reset(const QString& key) {
  const SettingSpec* spec = find(key);
  if (!spec || spec->readOnly || isLocked(key)) return;
  if (const Attempt attempt = attempts_.value(key)) return attempt(recommended_.value(key, spec->defaultValue));
  const QVariant before = value(key);
  overridden_.remove(key);
  stored_.remove(key);
  if (store_) {
    store_
        ->write([key](Connection& connection) {
          SettingsRows(connection).remove(key);
          return Nothing{};
        })
        .then(this, [this](const Outcome<Nothing>& written) {
          if (!written) Q_EMIT storeFailed(written.error);
        });
  }
  if (before != value(key) || spec->advised) Q_EMIT changed(key, value(key));
}

bool Settings::isLocked(const QString& key) const {
  return locked_.contains(key);
}

bool Settings::isChosen(const QString& key) const {
  return locked_.contains(key) || isOwn(key) || recommended_.contains(key);
}

bool Settings::isOwn(const QString& key) const {
  return overridden_.contains(key) || stored_.contains(key);
}

bool Settings::isRecommended(const QString& key) const {
  return recommended_.contains(key);
}

void Settings::advise(const QString& key, const QVariant& wanted) {
  const SettingSpec* spec = find(key);
  if (!spec || !spec->advised) return;
  const QVariant before = value(key);
  const QVariant fit = wanted.isValid() ? fitting(*spec, wanted) : QVariant();
  if (fit.isValid())
    advised_.insert(key, fit);
  else
    advised_.remove(key);
  if (before != value(key)) Q_EMIT changed(key, value(key));
}

void Settings::lock(const QString& key, const QVariant& wanted) {
  const SettingSpec* spec = find(key);
  if (!spec || !spec->lockable) return;
  const QVariant fit = fitting(*spec, wanted);
  if (!fit.isValid()) return;
  const QVariant before = value(key);
  locked_.insert(key, fit);
  if (before != fit) Q_EMIT changed(key, fit);
}

bool Settings::recommend(const QString& key, const QVariant& wanted) {
  const SettingSpec* spec = find(key);
  if (!spec || !spec->lockable) return false;
  const QVariant fit = fitting(*spec, wanted);
  if (!fit.isValid()) return false;
  const QVariant before = value(key);
  recommended_.insert(key, fit);
  if (before != value(key)) Q_EMIT changed(key, value(key));
  return true;
}

void Settings::overrideForRun(const QString& key, const QVariant& wanted) {
  const SettingSpec* spec = find(key);
  if (!spec) return;
  const QVariant fit = fitting(*spec, wanted);
  if (!fit.isValid()) return;
  const QVariant before = value(key);
  overridden_.insert(key, fit);
  if (before != value(key)) Q_EMIT changed(key, value(key));
}

void Settings::attach(Store& store, const QHash<QString, QVariant>& stored) {
  store_ = &store;
  for (auto it = stored.cbegin(); it != stored.cend(); ++it) {
    const SettingSpec* spec = find(it.key());
    // A key of a newer program, or a value somebody wrote by hand, is left in the database and not used.
    const QVariant fit = spec && !spec->readOnly ? fitting(*spec, it.value()) : QVariant();
    if (!fit.isValid()) continue;
    const QVariant before = value(it.key());
    stored_.insert(it.key(), fit);
    if (before != value(it.key())) Q_EMIT changed(it.key(), value(it.key()));
  }
}

}  // namespace hadal
