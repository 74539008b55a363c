#include "app/terminal/ask_printer.h"

#include <QJsonDocument>

#include "app/language/engine_words.h"

namespace hadal {

void AskPrinter::put(const QString& text) {
  if (!print(text)) Q_EMIT readerGone();
}

void AskPrinter::take(const QJsonObject& event) {
  if (over_) return;
  if (json_) put(QString::fromUtf8(QJsonDocument(event).toJson(QJsonDocument::Compact)) + u'\n');
  if (event.contains(QStringLiteral("delta"))) {
    const QString text = event.value(QStringLiteral("delta")).toString();
    if (!json_) put(text);
    lineOpen_ = !text.endsWith(u'\n');
  }
  if (event.contains(QStringLiteral("error"))) {
    if (!json_ && std::exchange(lineOpen_, false)) put(QStringLiteral("\n"));
    complaints_.say(engineWords(event.value(QStringLiteral("error")).toString()));
  }
  if (!event.contains(QStringLiteral("finished"))) return;
  over_ = true;
  if (!json_ && lineOpen_) put(QStringLiteral("\n"));
  const bool complete = event.value(QStringLiteral("finished")).toString() == u"done";
  Q_EMIT ended(complete ? 0 : 1);
}

void AskPrinter::sourceGone() {
  if (over_) return;
  take({{QStringLiteral("error"), tr("The Hadal that was answering has gone. What it had said is kept there.")}});
  take({{QStringLiteral("finished"), QStringLiteral("failed")}});
}

}  // namespace hadal
