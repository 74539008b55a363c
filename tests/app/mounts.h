#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <QByteArray>
#include <QDir>
#include <QString>
#include <cerrno>
#include <cstdio>
#include <cstring>

/// Small and read-only file systems for tests, in a mount namespace of this process: nothing outlives or leaves it.
class Mounts {
 public:
  /// Before any thread begins. Works for root and, where the kernel allows it, for everybody.
  Mounts() {
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER)) != 0) {
      fail("unshare");
      return;
    }
    if (user != 0) {
      put("/proc/self/setgroups", "deny");
      put("/proc/self/uid_map", "0 " + QByteArray::number(user) + " 1");
      put("/proc/self/gid_map", "0 " + QByteArray::number(group) + " 1");
    }
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail("mount");
  }

  bool possible() const { return reason_.isEmpty(); }
  /// Why there are none.
  const char* reason() const { return reason_.constData(); }

  bool tmpfs(const QString& folder, int kibibytes) {
    QDir().mkpath(folder);
    const QByteArray options = "size=" + QByteArray::number(kibibytes) + "k";
    return ::mount("tmpfs", QFile::encodeName(folder).constData(), "tmpfs", 0, options.constData()) == 0;
  }
  bool makeReadOnly(const QString& folder) {
    return ::mount(nullptr, QFile::encodeName(folder).constData(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }
  void release(const QString& folder) { ::umount2(QFile::encodeName(folder).constData(), MNT_DETACH); }

 private:
  void fail(const char* what) { reason_ = QByteArray(what) + ": " + std::strerror(errno); }
  static void put(const char* file, const QByteArray& text) {
    const int descriptor = ::open(file, O_WRONLY);
    if (descriptor < 0) return;
    if (::write(descriptor, text.constData(), static_cast<size_t>(text.size())) < 0) std::perror(file);
    ::close(descriptor);
  }

  QByteArray reason_;
};

/// main() of a test program that mounts.
#define HADAL_MOUNTING_TEST_MAIN(TestClass)   \
  int main(int argc, char** argv) {           \
    Mounts mounts;                            \
    QCoreApplication application(argc, argv); \
    TestClass test(mounts);                   \
    return QTest::qExec(&test, argc, argv);   \
  }
