#include "runtime/planner.h"

#include <QtTest>
#include <map>

using namespace hadal;

class PlannerTest : public QObject {
  Q_OBJECT

  static std::unique_ptr<Sequence> sequence(RequestId id, std::size_t pending, Priority priority = Priority::chat) {
    Request request;
    request.prompt.assign(pending + 5, 1);
    request.priority = priority;
    auto made = std::make_unique<Sequence>(id, std::move(request), Clock::now());
    made->computed = 5;
    return made;
  }
  static std::vector<RequestId> ids(const std::vector<Sequence*>& sequences) {
    std::vector<RequestId> out;
    for (const Sequence* s : sequences) out.push_back(s->id);
    return out;
  }
  static std::map<RequestId, std::size_t> parts(const std::vector<Share>& shares) {
    std::map<RequestId, std::size_t> out;
    for (const Share& share : shares) out[share.sequence->id] = share.tokens;
    return out;
  }

 private slots:
  void only_the_highest_priority_runs() {
    std::vector<std::unique_ptr<Sequence>> all;
    QVERIFY(choose_running(all, 4).empty());
    all.push_back(sequence(1, 1, Priority::background));
    all.push_back(sequence(2, 1, Priority::chat));
    all.push_back(sequence(3, 1, Priority::chat));
    all.push_back(sequence(4, 1, Priority::chat));
    QCOMPARE(ids(choose_running(all, 2)), (std::vector<RequestId>{2, 3}));
    all.push_back(sequence(5, 1, Priority::completion));
    QCOMPARE(ids(choose_running(all, 2)), (std::vector<RequestId>{5}));
  }

  void decoding_comes_first_and_prompts_share_the_rest() {
    const auto a = sequence(1, 1), b = sequence(2, 100), c = sequence(3, 4), d = sequence(4, 100);
    const std::vector<Sequence*> running{a.get(), b.get(), c.get(), d.get()};
    QCOMPARE(parts(divide(running, 41)), (std::map<RequestId, std::size_t>{{1, 1}, {2, 18}, {3, 4}, {4, 18}}));
    QCOMPARE(parts(divide(running, 1000)), (std::map<RequestId, std::size_t>{{1, 1}, {2, 100}, {3, 4}, {4, 100}}));
    // A budget that decoding uses up still lets a prompt crawl.
    QCOMPARE(parts(divide(running, 1)), (std::map<RequestId, std::size_t>{{1, 1}, {3, 1}}));
  }

  void interrupted_steps_become_shorter_until_one_is_done() {
    StepBudget budget(0.001, 8, 256);
    QCOMPARE(budget.tokens(1.0), std::size_t{256});
    budget.interrupted(256);
    QCOMPARE(budget.tokens(1.0), std::size_t{128});
    budget.interrupted(128);
    budget.interrupted(64);
    QCOMPARE(budget.tokens(1.0), std::size_t{32});
    for (std::size_t tokens = 32; tokens > 0; tokens /= 2) budget.interrupted(tokens);
    QCOMPARE(budget.tokens(1.0), std::size_t{8});  // never less than is worth a step
    budget.measured(8, 0.008);
    QCOMPARE(budget.tokens(1.0), std::size_t{256});
  }

  void budget_finds_the_chunk_that_fits_the_step() {
    // A machine with 2 ms of fixed cost and 1 ms a token: 43 tokens take 45 ms, three quarters of a 60 ms step.
    StepBudget budget(0.030, 1, 256);
    QCOMPARE(budget.tokens(0.060), std::size_t{1});  // starts small
    for (int i = 0; i < 30; ++i) budget.measured(budget.tokens(0.060), 0.002 + 0.001 * static_cast<double>(budget.tokens(0.060)));
    QVERIFY(budget.tokens(0.060) >= 40 && budget.tokens(0.060) <= 43);
    // A step that took ten times as long is followed by shorter ones, and forgotten.
    budget.measured(40, 0.42);
    QVERIFY(budget.tokens(0.060) < 10);
    for (int i = 0; i < 30; ++i) budget.measured(budget.tokens(0.060), 0.002 + 0.001 * static_cast<double>(budget.tokens(0.060)));
    QVERIFY(budget.tokens(0.060) >= 40);
  }

  void budget_stays_within_its_bounds() {
    StepBudget slow(10.0, 8, 256), fast(1e-9, 8, 256);
    QCOMPARE(slow.tokens(0.060), std::size_t{8});
    QCOMPARE(fast.tokens(0.060), std::size_t{256});
  }
};

QTEST_GUILESS_MAIN(PlannerTest)
#include "planner_test.moc"
