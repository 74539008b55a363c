#include "app/terminal/remote_ask.h"

#include <QFileInfo>
#include <QJsonDocument>

#include "app/inference/inference_service.h"
#include "app/inference/model_path.h"
#include "app/profile/instance.h"
#include "app/terminal/ask_session.h"

namespace hadal {

AskHost::AskHost(InstanceServer& server, ChatService& chat, InferenceService& inference, QObject* parent)
    : QObject(parent), chat_(chat), inference_(inference) {
  connect(&server, &InstanceServer::asked, this, [this](const HandOver& what, QLocalSocket* asker) {
    // Loading another model for one question would take this one from whoever works with it.
    if (!what.model.isEmpty() && QFileInfo(modelAt(what.model).path) != QFileInfo(inference_.status().path)) {
      InstanceServer::reply(asker,
                            {{QStringLiteral("error"),
                              tr("Hadal is already running with this profile and another model. Choose %1 there, or "
                                 "use another --profile.")
                                  .arg(what.model)}});
      InstanceServer::reply(asker, {{QStringLiteral("finished"), QStringLiteral("failed")}});
      asker->disconnectFromServer();
      return;
    }
    // It outlives the connection until its answer has been stopped.
    auto* session = new AskSession(chat_, this);
    ++open_;
    connect(session, &QObject::destroyed, this, [this] {
      if (--open_ == 0) Q_EMIT idle();
    });
    connect(session, &AskSession::event, asker,
            [asker](const QJsonObject& event) { InstanceServer::reply(asker, event); });
    connect(session, &AskSession::ended, asker, &QLocalSocket::disconnectFromServer);
    connect(session, &AskSession::ended, session, &QObject::deleteLater);
    connect(asker, &QLocalSocket::disconnected, session, &AskSession::stop);
    session->ask(what.ask, {what.seed, what.maxTokens});
  });
}

RemoteAnswer::RemoteAnswer(std::unique_ptr<QLocalSocket> socket, QObject* parent)
    : QObject(parent), socket_(std::move(socket)) {
  connect(socket_.get(), &QLocalSocket::readyRead, this, &RemoteAnswer::read);
  connect(socket_.get(), &QLocalSocket::disconnected, this, [this] {
    read();
    Q_EMIT gone();
  });
}

void RemoteAnswer::start() {
  read();
  if (socket_->state() != QLocalSocket::ConnectedState) Q_EMIT gone();
}

void RemoteAnswer::read() {
  while (socket_->canReadLine()) Q_EMIT event(QJsonDocument::fromJson(socket_->readLine()).object());
}

}  // namespace hadal
