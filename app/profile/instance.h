#pragma once

#include <QHash>
#include <QJsonObject>
#include <QLocalServer>
#include <QLocalSocket>
#include <QObject>
#include <functional>
#include <memory>
#include <optional>

namespace hadal {

/// What a later start wants of the program that is there already. One JSON object a line, both ways.
struct HandOver {
  bool raise = false;  ///< Show the window.
  QString text;        ///< Into the composer.
  QString model;       ///< A file to load.
  QString ask;         ///< Answer it here; events come back until a "finished".
  std::optional<quint64> seed;  ///< For `ask`.
  int maxTokens = 0;            ///< For `ask`; 0: until the context is full.

  QJsonObject toJson() const;
  static HandOver fromJson(const QJsonObject& json);
};

/// Listens for later starts. Its answers come from the event loop, so a program that hangs does not answer.
///
/// A start that got no answer goes its own way, and what it wanted must not be done here a second time when this program
/// wakes up. So nothing is done before the other side, told that it is taken, has said that it relies on it.
class InstanceServer : public QObject {
  Q_OBJECT
 public:
  /// Sends one event to the start that asked.
  using Reply = std::function<void(const QJsonObject&)>;

  explicit InstanceServer(QObject* parent = nullptr);
  /// Takes over what a killed program left. Only for who holds the profile's lock.
  bool listen(const QString& name);

  /// Says no to handed-over windows, texts and models: a program in a terminal has no place for them.
  void refuseWindows(const QString& sentence) { refusal_ = sentence; }

 Q_SIGNALS:
  void handedOver(const hadal::HandOver& what);
  /// `asker` lives until the other side has gone or the answer is complete; give events to it with reply().
  void asked(const hadal::HandOver& what, QLocalSocket* asker);

 public:
  static void reply(QLocalSocket* asker, const QJsonObject& event);

 private:
  void accept();
  void read(QLocalSocket* socket);
  void offered(QLocalSocket* socket, const HandOver& what);
  void act(QLocalSocket* socket, const HandOver& what);

  QLocalServer server_;
  QString refusal_;
  QHash<QLocalSocket*, HandOver> offers_;  ///< Taken, and not yet relied on.
};

/// The other end, in a later start.
class InstanceClient {
 public:
  enum class Result {
    Taken,    ///< The first program does it.
    Refused,  ///< It said why not: `sentence`.
    Hung,     ///< It is there and does not answer.
    Gone,     ///< Nobody listens: it is just starting or just ending.
  };
  /// Waits two seconds at most. With HandOver::ask, `socket` then delivers the events.
  Result send(const QString& server, const HandOver& what);

  QString sentence;
  std::unique_ptr<QLocalSocket> socket;
};

}  // namespace hadal
