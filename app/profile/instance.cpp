#include "app/profile/instance.h"

#include <QDeadlineTimer>
#include <QJsonDocument>

namespace hadal {

namespace {

constexpr int kHungMilliseconds = 2000;
constexpr qint64 kLongestLine = 16 << 20;

QByteArray line(const QJsonObject& json) {
  return QJsonDocument(json).toJson(QJsonDocument::Compact) + '\n';
}

QJsonObject parse(const QByteArray& line) {
  return QJsonDocument::fromJson(line).object();
}

}  // namespace

QJsonObject HandOver::toJson() const {
  QJsonObject json;
  if (raise) json.insert(QStringLiteral("raise"), true);
  if (!text.isEmpty()) json.insert(QStringLiteral("text"), text);
  if (!model.isEmpty()) json.insert(QStringLiteral("model"), model);
  if (!ask.isEmpty()) json.insert(QStringLiteral("ask"), ask);
  return json;
}

HandOver HandOver::fromJson(const QJsonObject& json) {
  return {json.value(QStringLiteral("raise")).toBool(), json.value(QStringLiteral("text")).toString(),
          json.value(QStringLiteral("model")).toString(), json.value(QStringLiteral("ask")).toString()};
}

InstanceServer::InstanceServer(QObject* parent) : QObject(parent) {
  server_.setSocketOptions(QLocalServer::UserAccessOption);
  connect(&server_, &QLocalServer::newConnection, this, &InstanceServer::accept);
}

bool InstanceServer::listen(const QString& name) {
  if (name.isEmpty()) return false;
  QLocalServer::removeServer(name);
  return server_.listen(name);
}

void InstanceServer::accept() {
  while (QLocalSocket* socket = server_.nextPendingConnection()) {
    connect(socket, &QLocalSocket::readyRead, this, [this, socket] { read(socket); });
    connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
    if (socket->canReadLine()) read(socket);
  }
}

void InstanceServer::read(QLocalSocket* socket) {
  if (socket->bytesAvailable() > kLongestLine) return socket->abort();
  if (!socket->canReadLine()) return;
  const HandOver what = HandOver::fromJson(parse(socket->readLine()));
  if (!what.ask.isEmpty()) {
    reply(socket, {{QStringLiteral("taken"), true}});
    Q_EMIT asked(what, socket);
    return;
  }
  if (!refusal_.isEmpty())
    return reply(socket, {{QStringLiteral("taken"), false}, {QStringLiteral("reason"), refusal_}});
  reply(socket, {{QStringLiteral("taken"), true}});
  Q_EMIT handedOver(what);
}

void InstanceServer::reply(QLocalSocket* asker, const QJsonObject& event) {
  asker->write(line(event));
  asker->flush();
}

InstanceClient::Result InstanceClient::send(const QString& server, const HandOver& what) {
  const QDeadlineTimer deadline(kHungMilliseconds);
  socket = std::make_unique<QLocalSocket>();
  socket->connectToServer(server);
  if (!socket->waitForConnected(kHungMilliseconds)) {
    return deadline.hasExpired() ? Result::Hung : Result::Gone;
  }
  socket->write(line(what.toJson()));
  while (!socket->canReadLine()) {
    if (deadline.hasExpired()) return Result::Hung;
    if (!socket->waitForReadyRead(static_cast<int>(deadline.remainingTime())) &&
        socket->state() != QLocalSocket::ConnectedState) {
      return Result::Gone;
    }
  }
  const QJsonObject answer = parse(socket->readLine());
  if (answer.value(QStringLiteral("taken")).toBool()) return Result::Taken;
  sentence = answer.value(QStringLiteral("reason")).toString();
  return Result::Refused;
}

}  // namespace hadal
