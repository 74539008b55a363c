#pragma once

#include <QJsonObject>
#include <QLocalSocket>
#include <QObject>
#include <memory>

namespace hadal {

class ChatService;
class InferenceService;
class InstanceServer;

/// Answers the questions of later starts here, where the profile and the model are.
class AskHost : public QObject {
  Q_OBJECT
 public:
  AskHost(InstanceServer& server, ChatService& chat, InferenceService& inference, QObject* parent = nullptr);
  bool isBusy() const { return open_ > 0; }

 Q_SIGNALS:
  void idle();

 private:
  ChatService& chat_;
  InferenceService& inference_;
  int open_ = 0;
};

/// The events that come back, in the later start.
class RemoteAnswer : public QObject {
  Q_OBJECT
 public:
  explicit RemoteAnswer(std::unique_ptr<QLocalSocket> socket, QObject* parent = nullptr);
  void start();

 Q_SIGNALS:
  void event(const QJsonObject& event);
  void gone();

 private:
  void read();
  std::unique_ptr<QLocalSocket> socket_;
};

}  // namespace hadal
