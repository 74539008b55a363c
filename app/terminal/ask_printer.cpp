#include "app/terminal/ask_printer.h"

#include <QJsonDocument>

#include "app/terminal/output.h"

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
  const bool failed = event.contains(QStringLiteral("error"));
  if (!failed && !event.contains(QStringLiteral("finished"))) return;
  over_ = true;
  if (!json_ && lineOpen_) put(QStringLiteral("\n"));
  if (failed) printError(event.value(QStringLiteral("error")).toString());
  const bool complete = event.value(QStringLiteral("finished")).toString() == u"done";
  Q_EMIT ended(complete ? 0 : 1);
}

void AskPrinter::sourceGone() {
  if (!over_)
    take({{QStringLiteral("error"), tr("The Hadal that was answering has gone. What it had said is kept there.")}});
}

}  // namespace hadal
