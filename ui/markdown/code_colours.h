#pragma once

#include <QObject>
#include <QThread>
#include <QVariant>
#include <memory>

#include "ui/theme/roles.h"

namespace hadal::ui {

struct ColouredRange {
  int start;
  int length;
  Role role;
  bool italic;
};
using ColouredLine = QList<ColouredRange>;

/// Finds the syntax colours of code, in a thread of its own: the grammars are large, and the first use of one takes
/// longer than a frame.
class CodeColours : public QObject {
  Q_OBJECT
 public:
  explicit CodeColours(QObject* parent = nullptr);
  ~CodeColours() override;

  /// A block of code that grows. Give every further line once, in order; `reset` begins anew. The answer comes as
  /// `coloured` with this client.
  void colour(quint64 client, const QString& language, int firstLine, const QStringList& lines, bool keepState);
  void forget(quint64 client);
  quint64 newClient() { return ++lastClient_; }

 Q_SIGNALS:
  void coloured(quint64 client, int firstLine, const QList<hadal::ui::ColouredLine>& lines);

 private:
  class Worker;
  QThread thread_;
  Worker* worker_;
  quint64 lastClient_ = 0;
};

/// "Python" for "py": what the head of a code block says. An unknown word stays as it is.
QString languageTitle(const QString& word);

}  // namespace hadal::ui
