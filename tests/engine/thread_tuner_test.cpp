#include <QtTest>
#include <functional>
#include <random>

#include "runtime/thread_tuner.h"

using namespace hadal;

/// The number of threads is the one that is fastest on made-up machines, of equals the largest.
class ThreadTunerTest : public QObject {
  Q_OBJECT

  using Seconds = std::function<double(bool reading, int threads)>;
  static ThreadCounts tuned(int most, const Seconds& seconds, int* trials = nullptr) {
    ThreadTuner tuner(most);
    int count = 0;
    while (const auto trial = tuner.next()) {
      if (trial->threads < 1 || trial->threads > most || ++count > 100) return {-1, -1};
      tuner.took(seconds(trial->reading, trial->threads));
    }
    if (trials) *trials = count;
    return tuner.best();
  }

 private slots:
  void one_thread_is_not_measured() {
    int trials = -1;
    QCOMPARE(tuned(
                 1, [](bool, int) { return 1.0; }, &trials),
             ThreadCounts());
    QCOMPARE(trials, 0);
  }

  void reading_takes_all_and_writing_what_memory_feeds() {
    // Multiplying gets faster with every thread, memory is used up by six of 16, and more get in each other's way.
    const auto machine = [](bool reading, int threads) {
      return reading ? 1.0 / threads : 1.0 / std::min(threads, 6) + 0.01 * threads;
    };
    int trials = 0;
    QCOMPARE(tuned(16, machine, &trials), (ThreadCounts{16, 8}));
    QCOMPARE(trials, 4 * 8);
    QCOMPARE(tuned(2, machine), (ThreadCounts{2, 2}));
  }

  void threads_that_share_a_core_get_in_each_other_s_way() {
    const auto machine = [](bool, int threads) { return 1.0 / std::min(threads, 4) + 0.04 * threads; };
    QCOMPARE(tuned(8, machine), (ThreadCounts{4, 4}));
  }

  void all_of_them_where_fewer_are_hardly_faster() {
    // As on two cores of which another program keeps one busy.
    const auto machine = [](bool reading, int threads) { return reading ? 1.0 / threads : 1.0 + 0.1 * threads; };
    QCOMPARE(tuned(2, machine), (ThreadCounts{2, 2}));
  }

  void hiccups_and_the_first_round_are_not_believed() {
    std::mt19937 random(3);
    int trial = 0;
    const auto machine = [&](bool reading, int threads) {
      const double cold = trial++ < 8 ? 5.0 : 1.0, hiccup = random() % 4 == 0 ? 3.0 : 1.0;
      return cold * hiccup * (reading ? 1.0 / threads : 1.0 / std::min(threads, 2) + 0.1 * threads);
    };
    int good = 0;
    for (int round = 0; round < 100; ++round) {
      trial = 0;
      const ThreadCounts best = tuned(8, machine);
      good += best == ThreadCounts{8, 2};
    }
    QVERIFY2(good > 80, qPrintable(QString::number(good)));
  }
};

QTEST_GUILESS_MAIN(ThreadTunerTest)
#include "thread_tuner_test.moc"
