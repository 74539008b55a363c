#include "base/system_memory.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

using namespace hadal;

/// What a process may take, from the files by which the kernel tells it.
class SystemMemoryTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;

  void put(const QString& name, const QByteArray& content) {
    const QString path = folder_.filePath(name);
    QVERIFY(QDir().mkpath(QFileInfo(path).path()));
    QFile file(path);
    QVERIFY(file.open(QFile::WriteOnly));
    file.write(content);
  }
  std::uint64_t available() const {
    return available_memory(folder_.filePath("proc").toStdString(), folder_.filePath("cgroup").toStdString());
  }

 private slots:
  void nothing_told_is_no_limit() { QCOMPARE(available(), UINT64_MAX); }

  void what_the_kernel_says_is_available() {
    put("proc/meminfo", "MemTotal:       24000000 kB\nMemFree:         1000000 kB\nMemAvailable:   20000000 kB\n");
    QCOMPARE(available(), std::uint64_t{20000000} * 1024);
  }

  void a_group_limits_and_its_page_cache_counts_as_free() {
    put("proc/self/cgroup", "0::/user.slice/app\n");
    put("cgroup/user.slice/app/memory.max", "1000000000\n");
    put("cgroup/user.slice/app/memory.current", "700000000\n");
    put("cgroup/user.slice/app/memory.stat", "anon 100000000\ninactive_file 500000000\nactive_file 100000000\n");
    QCOMPARE(available(), std::uint64_t{900000000});
  }

  void the_tightest_of_the_groups_around_counts() {
    put("cgroup/user.slice/memory.max", "800000000\n");
    put("cgroup/user.slice/memory.current", "750000000\n");
    QCOMPARE(available(), std::uint64_t{50000000});
    put("cgroup/user.slice/memory.max", "max\n");
    QCOMPARE(available(), std::uint64_t{900000000});
    put("cgroup/user.slice/app/memory.current", "2000000000\n");
    QCOMPARE(available(), std::uint64_t{0});
  }

  void groups_of_version_1() {
    put("proc/self/cgroup", "5:devices:/x\n4:cpu,memory:/box\n0::/\n");
    put("cgroup/memory/box/memory.limit_in_bytes", "600000000\n");
    put("cgroup/memory/box/memory.usage_in_bytes", "500000000\n");
    put("cgroup/memory/box/memory.stat", "cache 9\ntotal_inactive_file 200000000\ntotal_active_file 0\n");
    put("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("cgroup/memory/memory.usage_in_bytes", "500000000\n");
    QCOMPARE(available(), std::uint64_t{300000000});
  }

  void this_machine_tells() {
    const std::uint64_t here = available_memory();
    QVERIFY(here > 0 && here < (std::uint64_t{1} << 60));
  }
};

QTEST_GUILESS_MAIN(SystemMemoryTest)
#include "system_memory_test.moc"
