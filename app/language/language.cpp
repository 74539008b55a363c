#include "app/language/language.h"

#include <QCoreApplication>
#include <QLocale>

namespace hadal {

namespace {

QString resolve(const QString& wanted) {
  if (wanted != QLatin1String("system")) return wanted;
  for (const QString& language : QLocale::system().uiLanguages()) {
    if (language.startsWith(QLatin1String("zh"))) return QStringLiteral("zh_CN");
    if (language.startsWith(QLatin1String("en"))) break;
  }
  return QStringLiteral("en");
}

}  // namespace

Language::Language(const QString& wanted, QObject* parent) : QObject(parent) {
  set(wanted);
}

Language::~Language() {
  QCoreApplication::removeTranslator(&toolkit_);
  QCoreApplication::removeTranslator(&program_);
}

void Language::set(const QString& wanted) {
  const QString next = resolve(wanted);
  if (next == current_) return;
  current_ = next;
  // Dates and figures follow before the widgets are told.
  const QLocale system = QLocale::system();
  const QLocale plain(next);
  QLocale::setDefault(system.language() == plain.language() ? system : plain);
  QCoreApplication::removeTranslator(&toolkit_);
  QCoreApplication::removeTranslator(&program_);
  if (toolkit_.load(QStringLiteral(":/translations/qt_%1.qm").arg(next)))
    QCoreApplication::installTranslator(&toolkit_);
  if (program_.load(QStringLiteral(":/translations/hadal_%1.qm").arg(next)))
    QCoreApplication::installTranslator(&program_);
}

QString shortDateTime(const QDateTime& when) {
  if (QLocale::system().language() == QLocale::C) return when.toString(QStringLiteral("yyyy-MM-dd HH:mm"));
  return QLocale().toString(when, QLocale::ShortFormat);
}

}  // namespace hadal
