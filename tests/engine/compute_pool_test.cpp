#include "base/compute_pool.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <QtTest>
#include <atomic>
#include <thread>
#include <vector>

using namespace hadal;

class ComputePoolTest : public QObject {
  Q_OBJECT
 private slots:
  void covers_every_index_once_data() {
    QTest::addColumn<int>("threads");
    for (int threads : {1, 2, 3, 8}) QTest::addRow("%d threads", threads) << threads;
  }

  void covers_every_index_once() {
    QFETCH(int, threads);
    ComputePool pool(threads);
    QCOMPARE(pool.threads(), threads);
    for (std::int64_t count : {0, 1, 2, 31, 32, 33, 1000, 4097}) {
      for (std::int64_t grain : {1, 7, 32, 5000}) {
        std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
        std::atomic<bool> in_range{true};
        pool.for_range(count, grain, [&](std::int64_t begin, std::int64_t end, int thread) {
          if (thread < 0 || thread >= threads || begin >= end) in_range = false;
          if (end != count && end - begin < grain) in_range = false;
          for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
        });
        QVERIFY(in_range);
        for (const auto& times : seen) QCOMPARE(times.load(), 1);
      }
    }
  }

  void many_short_loops_each_see_their_own_body() {
    // Late wakers must never run a piece of a loop that is over.
    ComputePool pool(4);
    for (int round = 0; round < 20000; ++round) {
      std::atomic<std::int64_t> sum{0};
      pool.for_range(round % 50, 1, [&](std::int64_t begin, std::int64_t end, int) {
        for (std::int64_t i = begin; i < end; ++i) sum += i + round;
      });
      const std::int64_t n = round % 50;
      QCOMPARE(sum.load(), n * (n - 1) / 2 + n * round);
    }
  }

  void loops_run_on_as_many_threads_as_are_wanted() {
    ComputePool pool(4);
    QCOMPARE(pool.size(), 4);
    for (int round = 0; round < 5000; ++round) {
      const int wanted = round % 5;
      pool.use(wanted);
      const int threads = std::max(wanted, 1);
      QCOMPARE(pool.threads(), threads);
      std::vector<std::atomic<int>> seen(100);
      std::atomic<bool> in_range{true};
      pool.for_range(100, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
        if (thread >= threads) in_range = false;
        for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
      });
      QVERIFY(in_range);
      for (const auto& times : seen) QCOMPARE(times.load(), 1);
    }
    pool.use(100);
    QCOMPARE(pool.threads(), 4);
  }

  void workers_run_at_low_priority() {
    ComputePool pool(2);
    std::atomic<int> worker_nice{-100};
    // The caller stays in its pieces until the worker has had one, so that the worker cannot come too late.
    pool.for_range(32, 1, [&](std::int64_t, std::int64_t, int thread) {
      if (thread == 1) worker_nice = getpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)));
      const QDeadlineTimer deadline(10000);
      while (worker_nice == -100 && !deadline.hasExpired()) std::this_thread::yield();
    });
    QVERIFY2(worker_nice != -100, "the worker never ran");
    QVERIFY(worker_nice >= 10);
  }

  void a_refused_allocation_reaches_the_caller() {
    ComputePool pool(3);
    for (std::int64_t bad : {0, 17, 47}) {
      bool thrown = false;
      try {
        pool.for_range(48, 1, [&](std::int64_t begin, std::int64_t end, int) {
          if (begin <= bad && bad < end) throw std::bad_alloc();
        });
      } catch (const std::bad_alloc&) {
        thrown = true;
      }
      QVERIFY(thrown);
    }
    std::atomic<int> done{0};
    pool.for_range(48, 1, [&](std::int64_t begin, std::int64_t end, int) { done += static_cast<int>(end - begin); });
    QCOMPARE(done.load(), 48);
  }

  void idle_workers_use_no_time() {
    ComputePool pool(2);
    pool.for_range(1000, 1, [](std::int64_t, std::int64_t, int) {});
    const auto process_seconds = [] {
      timespec now{};
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
      return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
    };
    const double before = process_seconds();
    QDeadlineTimer deadline(300);
    timespec nap{0, 10'000'000};
    while (!deadline.hasExpired()) nanosleep(&nap, nullptr);
    // A spinning worker would use all of the 300 ms.
    QVERIFY2(process_seconds() - before < 0.05, "a worker without work kept its core busy");
  }
};

QTEST_GUILESS_MAIN(ComputePoolTest)
#include "compute_pool_test.moc"
