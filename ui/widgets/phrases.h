#pragma once

#include <QFont>
#include <QStringList>

namespace hadal::ui {

/// Breaks a short text into lines of at most `width` px where a reader pauses: after a space, after Chinese
/// punctuation, and at a zero-width space, by which a translator marks the joints of a phrase. A piece that is too wide
/// by itself is broken anywhere. The zero-width spaces are gone from the result.
QStringList phraseLines(const QString& text, const QFont& font, qreal width);

/// The text without its marks: what is read aloud.
QString withoutJoints(QString text);

}  // namespace hadal::ui
