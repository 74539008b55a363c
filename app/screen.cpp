#include "app/screen.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <QDir>
#include <QFile>
#include <QLibraryInfo>
#include <QStringList>
#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hadal {

namespace {

constexpr int kConnectMilliseconds = 3000;
// X11's port of display 0.
constexpr int kFirstPort = 6000;

/// Connects within the time limit, or not.
bool answers(int family, const sockaddr* address, socklen_t size) {
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return false;
  bool connected = ::connect(descriptor, address, size) == 0;
  if (!connected && errno == EINPROGRESS) {
    pollfd waiting{descriptor, POLLOUT, 0};
    int error = 0;
    socklen_t length = sizeof error;
    connected = ::poll(&waiting, 1, kConnectMilliseconds) == 1 &&
                ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
  }
  ::close(descriptor);
  return connected;
}

bool socketAnswers(const QString& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const QByteArray bytes = QFile::encodeName(path);
  if (static_cast<std::size_t>(bytes.size()) >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, bytes.constData(), static_cast<std::size_t>(bytes.size()));
  return answers(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

/// "host:N" or "host:N.S"; what names no host is not asked here. libxcb has no time limit of its own.
bool hostAnswers(const QString& display) {
  const qsizetype colon = display.lastIndexOf(u':');
  const QString host = display.left(std::max<qsizetype>(colon, 0));
  if (host.isEmpty() || host == u"unix" || host.contains(u'/')) return true;
  const int number = display.mid(colon + 1).section(u'.', 0, 0).toInt();
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const QByteArray port = QByteArray::number(kFirstPort + number);
  if (::getaddrinfo(host.toUtf8().constData(), port.constData(), &wanted, &found) != 0) return false;
  bool answered = false;
  for (const addrinfo* each = found; each && !answered; each = each->ai_next)
    answered = answers(each->ai_family, each->ai_addr, each->ai_addrlen);
  ::freeaddrinfo(found);
  return answered;
}

/// With the library that Qt's own attempt uses, since a display may answer and yet refuse us (xauth). Without the
/// library there is no attempt either.
bool x11Works() {
  const QString display = qEnvironmentVariable("DISPLAY");
  if (display.isEmpty() || !hostAnswers(display)) return false;
  void* library = ::dlopen("libxcb.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return false;
  const auto connect = reinterpret_cast<void* (*)(const char*, int*)>(::dlsym(library, "xcb_connect"));
  const auto failed = reinterpret_cast<int (*)(void*)>(::dlsym(library, "xcb_connection_has_error"));
  const auto disconnect = reinterpret_cast<void (*)(void*)>(::dlsym(library, "xcb_disconnect"));
  bool works = false;
  if (connect && failed && disconnect) {
    void* connection = connect(nullptr, nullptr);
    works = failed(connection) == 0;
    disconnect(connection);
  }
  ::dlclose(library);
  return works;
}

/// Qt's part for Wayland is a package of its own, which may be missing.
bool hasWaylandPlatform() {
  if (qEnvironmentVariableIsSet("QT_PLUGIN_PATH") || qEnvironmentVariableIsSet("QT_QPA_PLATFORM_PLUGIN_PATH"))
    return true;
  const QDir platforms(QLibraryInfo::path(QLibraryInfo::PluginsPath) + QStringLiteral("/platforms"));
  return !platforms.entryList({QStringLiteral("libqwayland*")}, QDir::Files).isEmpty();
}

/// An absolute path, or a name in the folder of the person's session.
bool waylandWorks() {
  if (qEnvironmentVariableIsSet("WAYLAND_SOCKET")) return hasWaylandPlatform();
  const QString name = qEnvironmentVariable("WAYLAND_DISPLAY");
  if (name.isEmpty() || !hasWaylandPlatform()) return false;
  if (name.startsWith(u'/')) return socketAnswers(name);
  const QString folder = qEnvironmentVariable("XDG_RUNTIME_DIR");
  return !folder.isEmpty() && socketAnswers(folder + u'/' + name);
}

bool works(const QString& platform) {
  if (platform == u"xcb") return x11Works();
  if (platform.startsWith(u"wayland")) return waylandWorks();
  return true;
}

}  // namespace

Screen findScreen() {
  const QString chosen = qEnvironmentVariable("QT_QPA_PLATFORM");
  QStringList names;
  for (const auto* variable : {"WAYLAND_DISPLAY", "DISPLAY"}) {
    if (!qEnvironmentVariableIsEmpty(variable)) names.append(qEnvironmentVariable(variable));
  }
  const QString platforms = chosen.isEmpty() ? QStringLiteral("wayland;xcb") : chosen;
  if (chosen.isEmpty() && names.isEmpty()) return {};
  // "xcb:option=value;wayland": the first that works is taken.
  for (const QString& platform : platforms.split(u';', Qt::SkipEmptyParts)) {
    if (works(platform.section(u':', 0, 0))) return {Screen::State::Usable, {}};
  }
  if (names.isEmpty()) return {};
  return {Screen::State::Unreachable, names.join(QStringLiteral(", "))};
}

}  // namespace hadal
