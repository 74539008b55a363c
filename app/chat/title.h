#pragma once

#include <QString>

namespace hadal {

/// A conversation's title: the first line of its first question, about sixty characters at most.
QString titleFor(const QString& question);

}  // namespace hadal
