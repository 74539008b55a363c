#pragma once

#include <QDateTime>

#include "app/store/connection.h"

/// Conversations for pictures and tests: what a week of use leaves behind, in English or Chinese.
namespace prepared {

/// Writes them with times before `now`; returns the conversation that shows most of what a transcript can show.
qint64 write(hadal::Connection& connection, bool chinese, const QDateTime& now = QDateTime::currentDateTime());

}  // namespace prepared
