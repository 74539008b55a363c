#pragma once

#include <QDateTime>
#include <QString>

#include "app/chat/chat_types.h"

namespace hadal {

/// How the types of app/chat are spelt in the database.
QString word(MessageRole role);
QString word(MessageState state);
QString word(MessageProblem problem);
MessageRole roleFrom(const QString& word);
MessageState stateFrom(const QString& word);
MessageProblem problemFrom(const QString& word);

inline qint64 toStored(const QDateTime& time) {
  return time.toMSecsSinceEpoch();
}
inline QDateTime timeFrom(qint64 stored) {
  return QDateTime::fromMSecsSinceEpoch(stored);
}

}  // namespace hadal
