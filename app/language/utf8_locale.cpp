#include "app/language/utf8_locale.h"

#include <langinfo.h>

#include <QByteArray>
#include <clocale>

namespace hadal {

namespace {

/// The environment's language as POSIX orders the variables (XBD 8.2), without its encoding; empty where it names none.
QByteArray languageOfEnvironment() {
  for (const auto* variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const QByteArray value = qgetenv(variable);
    if (value.isEmpty()) continue;
    const QByteArray language = value.split('.').first().split('@').first();
    return language == "C" || language == "POSIX" ? QByteArray() : language;
  }
  return {};
}

}  // namespace

void ensureUtf8Locale() {
  if (std::setlocale(LC_ALL, "") && qstricmp(::nl_langinfo(CODESET), "UTF-8") == 0) return;
  const QByteArray language = languageOfEnvironment();
  // As gettext has it, LANGUAGE counts only where there is a language at all.
  if (language.isEmpty())
    qunsetenv("LANGUAGE");
  else if (qEnvironmentVariableIsEmpty("LANGUAGE"))
    qputenv("LANGUAGE", language);
  qputenv("LC_ALL", "C.UTF-8");
}

}  // namespace hadal
