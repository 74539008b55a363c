#include "app/profile/instance.h"

#include <QDeadlineTimer>
#include <QJsonDocument>

namespace hadal {

namespace {

constexpr int kHungMilliseconds = 2000;
constexpr qint64 kLongestLine = 16 << 20;
const QString kGo = QStringLiteral("go");

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
  // As text, since a JSON number has 53 bits.
  if (seed) json.insert(QStringLiteral("seed"), QString::number(*seed));
  if (maxTokens > 0) json.insert(QStringLiteral("max_tokens"), maxTokens);
  return json;
}

HandOver HandOver::fromJson(const QJsonObject& json) {
  HandOver what;
  what.raise = json.value(QStringLiteral("raise")).toBool();
  what.text = json.value(QStringLiteral("text")).toString();
  what.model = json.value(QStringLiteral("model")).toString();
  what.ask = json.value(QStringLiteral("ask")).toString();
  bool given = false;
  const quint64 seed = json.value(QStringLiteral("seed")).toString().toULongLong(&given);
  if (given) what.seed = seed;
  what.maxTokens = json.value(QStringLiteral("max_tokens")).toInt();
  return what;
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
    connect(socket, &QObject::destroyed, this, [this, socket] { offers_.remove(socket); });
    if (socket->canReadLine()) read(socket);
  }
}

void InstanceServer::read(QLocalSocket* socket) {
  if (socket->bytesAvailable() > kLongestLine) return socket->abort();
  while (socket->canReadLine()) {
    const QJsonObject said = parse(socket->readLine());
    if (!offers_.contains(socket))
      offered(socket, HandOver::fromJson(said));
    else if (said.value(kGo).toBool())
      act(socket, offers_.take(socket));
  }
}

void InstanceServer::offered(QLocalSocket* socket, const HandOver& what) {
  if (what.ask.isEmpty() && !refusal_.isEmpty())
    return reply(socket, {{QStringLiteral("taken"), false}, {QStringLiteral("reason"), refusal_}});
  offers_.insert(socket, what);
  reply(socket, {{QStringLiteral("taken"), true}});
}

void InstanceServer::act(QLocalSocket* socket, const HandOver& what) {
  if (what.ask.isEmpty())
    Q_EMIT handedOver(what);
  else
    Q_EMIT asked(what, socket);
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
  if (answer.value(QStringLiteral("taken")).toBool()) {
    socket->write(line({{kGo, true}}));
    // All of it is under way before this program may end.
    while (socket->bytesToWrite() > 0 && socket->waitForBytesWritten(kHungMilliseconds)) {
    }
    return Result::Taken;
  }
  sentence = answer.value(QStringLiteral("reason")).toString();
  return Result::Refused;
}

}  // namespace hadal
