#pragma once

#include <QHash>
#include <QObject>
#include <QSet>
#include <QString>
#include <QThreadPool>
#include <QTimer>
#include <functional>
#include <vector>

#include "hadal/engine.h"

namespace hadal {

/// What the model has read of long chats, kept in files, so that a chat which is opened again is answered without being
/// read once more. A file that is missing, damaged or of another model costs the time it would have saved, and nothing
/// else. Lives in the engine's thread; files are read and written in one of its own.
class ChatCaches : public QObject {
 public:
  explicit ChatCaches(QObject* parent = nullptr);
  ~ChatCaches() override;

  /// From now on in `folder`, or, without `wanted`, nowhere; then what the folder holds is removed.
  void setFolder(const QString& folder, bool wanted);

  /// `engine` has read nothing of any chat yet.
  void use(Engine& engine);
  /// What is not yet kept of its chats is, and then it may go.
  void release();

  /// Whether there is something to wait for before the chat's next prompt; `ready` is then called once, when the engine
  /// has what the file held or there was nothing to be had. Asked again after that for the same chat, there is not.
  bool fetch(qint64 chat, const std::function<void()>& ready);
  /// The engine has read, or written, this text as the chat's. It is kept when nothing more comes for a while.
  void computed(qint64 chat, std::vector<TokenId> text);
  /// The chat is deleted.
  void forget(qint64 chat);

 private:
  QString file(qint64 chat) const;
  void keep();

  QString folder_;
  Engine* engine_ = nullptr;
  QSet<qint64> fetched_;  ///< Or there was nothing to fetch: the engine has what can be had.
  QHash<qint64, QList<std::function<void()>>> reading_;  ///< Chats whose files are being read, and who waits.
  QHash<qint64, std::vector<TokenId>> unsaved_;
  QTimer rest_;
  QThreadPool disk_;
};

}  // namespace hadal
