#include "hadal/engine.h"

#include <time.h>

#include <QtTest>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>

using namespace hadal;

namespace {

struct Answer {
  std::string text;
  std::vector<TokenId> tokens;
  std::vector<Event> events;
  FinishReason reason = FinishReason::failed;
  RequestStats stats;
  int finished = 0;
};

}  // namespace

/// The scheduler over the starter model.
class EngineTest : public QObject {
  Q_OBJECT

  std::shared_ptr<const Model> model_;

  std::unique_ptr<Engine> engine(EngineOptions options = {}) {
    auto made = Engine::create(model_, options);
    if (!made) qFatal("%s", made.error().message.c_str());
    return std::move(*made);
  }
  Request request(const std::string& prompt, int max_tokens, Priority priority = Priority::chat) {
    Request made;
    made.prompt = *model_->tokenizer().encode(prompt);
    made.max_tokens = max_tokens;
    made.priority = priority;
    return made;
  }
  static RequestId submit(Engine& engine, Request request) {
    auto id = engine.submit(std::move(request));
    if (!id) qFatal("%s", id.error().message.c_str());
    return *id;
  }
  static void take(std::map<RequestId, Answer>& answers, std::vector<Event> events) {
    for (Event& event : events) {
      Answer& answer = answers[event.request];
      answer.text += event.text;
      answer.tokens.insert(answer.tokens.end(), event.tokens.begin(), event.tokens.end());
      if (event.kind == Event::Kind::finished) {
        answer.reason = event.reason;
        answer.stats = event.stats;
        ++answer.finished;
      }
      answer.events.push_back(std::move(event));
    }
  }
  static std::map<RequestId, Answer> run(Engine& engine) {
    std::map<RequestId, Answer> answers;
    while (!engine.idle()) take(answers, engine.step());
    return answers;
  }
  Answer answer(Engine& engine, Request request) {
    const RequestId id = submit(engine, std::move(request));
    return run(engine)[id];
  }
  std::string chat(const std::string& question) {
    const auto parts = (*model_->chat_template())->render(std::vector<ChatMessage>{{"user", question}}, true);
    return *parts;
  }
  static double thread_milliseconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
  }
  static std::string long_text(int sentences) {
    std::string text;
    for (int i = 0; i < sentences; ++i)
      text += "The " + std::to_string(i) + "th sentence of a long story tells of the sea. ";
    return text;
  }

 private slots:
  void initTestCase() {
    if (!QFile::exists(qEnvironmentVariable("HADAL_TEST_MODEL")))
      QSKIP("The starter model is not there (./dev setup fetches it).");
    auto loaded = Model::load(qEnvironmentVariable("HADAL_TEST_MODEL").toStdString());
    QVERIFY2(bool(loaded), loaded ? "" : loaded.error().message.c_str());
    model_ = *loaded;
  }

  void answers_a_question() {
    const auto one = engine();
    const Answer got = answer(*one, request(chat("What is the capital of France?"), 40));
    QVERIFY2(got.text.find("Paris") != std::string::npos, got.text.c_str());
    QCOMPARE(got.reason, FinishReason::end_of_text);
    QCOMPARE(got.finished, 1);
    QCOMPARE(model_->tokenizer().decode(got.tokens), got.text);
    QCOMPARE(got.stats.generated_tokens, static_cast<int>(got.tokens.size()));
    QVERIFY(got.stats.first_token_seconds >= got.stats.prefill_seconds);
    QVERIFY(got.stats.prefill_seconds > 0.0 && got.stats.decode_seconds > 0.0);
  }

  void many_at_once_give_what_each_gives_alone() {
    std::vector<Request> requests;
    const std::vector<std::string> prompts{
        "Once upon a time", chat("Name three fish."), long_text(12), "def fibonacci(n):", "海沟深处", "1, 2, 3, 4,"};
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      Request made = request(prompts[i], 12 + static_cast<int>(i));
      made.sampling = {.temperature = i % 2 ? 0.9F : 0.0F, .top_p = 0.95F, .seed = i};
      requests.push_back(std::move(made));
    }
    std::vector<std::vector<TokenId>> alone;
    for (const Request& one : requests) alone.push_back(answer(*engine(), one).tokens);

    const auto together = engine({.max_requests = 4});
    std::vector<RequestId> ids;
    std::map<RequestId, Answer> answers;
    for (const Request& one : requests) {
      ids.push_back(submit(*together, one));
      take(answers, together->step());  // arriving while others are under way
    }
    for (auto& [id, rest] : run(*together)) {
      take(answers, std::move(rest.events));
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      QCOMPARE(answers[ids[i]].tokens, alone[i]);
      QCOMPARE(answers[ids[i]].finished, 1);
    }
  }

  void higher_priorities_hold_back_lower_ones() {
    const auto one = engine();
    const RequestId background = submit(*one, request("The sea", 30, Priority::background));
    std::map<RequestId, Answer> answers;
    for (int i = 0; i < 5; ++i) take(answers, one->step());
    const std::size_t before = answers[background].tokens.size();
    QVERIFY(before > 0);
    const RequestId chat_id = submit(*one, request("A ship", 10, Priority::chat));
    for (int i = 0; i < 3; ++i) take(answers, one->step());
    const RequestId completion = submit(*one, request("int main", 8, Priority::completion));
    const std::size_t chat_before = answers[chat_id].tokens.size();
    while (answers[completion].finished == 0) {
      take(answers, one->step());
      QCOMPARE(answers[chat_id].tokens.size(), chat_before);
    }
    while (answers[chat_id].finished == 0) {
      QCOMPARE(answers[background].tokens.size(), before);
      take(answers, one->step());
    }
    for (auto& [id, rest] : run(*one)) take(answers, std::move(rest.events));
    QCOMPARE(answers[background].tokens, answer(*engine(), request("The sea", 30)).tokens);
  }

  void a_completion_has_its_first_token_within_two_steps() {
    const auto one = engine({.max_requests = 2, .interrupt = std::make_shared<std::atomic<int>>(0)});
    const Request talk = request(chat("Tell me of the sea."), 40);
    const RequestId chat_id = submit(*one, talk);
    std::map<RequestId, Answer> answers;
    while (answers[chat_id].tokens.size() < 3) take(answers, one->step());
    // Beside a chat that reads a long prompt, and beside one that writes; new texts, so that nothing is reused.
    submit(*one, request("First. " + long_text(100), 2));
    take(answers, one->step());
    for (const int sentences : {1, 20, 60}) {
      const Request wanted = request(std::to_string(sentences) + " " + long_text(sentences), 3, Priority::completion);
      QVERIFY(wanted.prompt.size() < 1024);
      const std::size_t before = answers[chat_id].tokens.size();
      const RequestId id = submit(*one, wanted);
      take(answers, one->step());
      if (answers[id].tokens.empty()) take(answers, one->step());
      QVERIFY(!answers[id].tokens.empty());
      QCOMPARE(answers[chat_id].tokens.size(), before);
      while (answers[id].finished == 0) take(answers, one->step());
      QCOMPARE(answers[id].tokens, answer(*engine(), wanted).tokens);
    }
    for (auto& [id, rest] : run(*one)) take(answers, std::move(rest.events));
    QCOMPARE(answers[chat_id].tokens, answer(*engine(), talk).tokens);
  }

  void held_back_requests_survive_the_loss_of_their_cache() {
    // Room for one long request only: the others take its blocks while it waits.
    const EngineOptions small{.context_length = 256, .max_requests = 1};
    const Request story = request(long_text(8), 40, Priority::background);
    const auto expected = answer(*engine(small), story).tokens;
    const auto one = engine(small);
    const RequestId id = submit(*one, story);
    std::map<RequestId, Answer> answers;
    while (answers[id].tokens.size() < 10) take(answers, one->step());
    submit(*one, request(long_text(7) + "And so on.", 100, Priority::chat));
    for (auto& [other, rest] : run(*one)) take(answers, std::move(rest.events));
    QCOMPARE(answers[id].tokens, expected);
    QCOMPARE(answers[id].reason, FinishReason::max_tokens);
  }

  void cancel_ends_within_one_step() {
    const auto one = engine();
    const RequestId first = submit(*one, request("Once upon a time", 0)), second = submit(*one, request("The sea", 6));
    std::map<RequestId, Answer> answers;
    while (answers[first].tokens.empty()) take(answers, one->step());
    one->cancel(first);
    one->cancel(987654321);  // unknown: ignored
    std::map<RequestId, Answer> after;
    take(after, one->step());
    QCOMPARE(after[first].finished, 1);
    QCOMPARE(after[first].reason, FinishReason::cancelled);
    QVERIFY(after[first].tokens.empty());
    const auto rest = run(*one);
    QVERIFY(!rest.contains(first));
    QCOMPARE(rest.at(second).reason, FinishReason::max_tokens);
    one->cancel(second);  // already over
    QVERIFY(one->step().empty());
  }

  void cancel_during_a_long_prompt() {
    const auto one = engine();
    const RequestId id = submit(*one, request(long_text(150), 5));
    std::map<RequestId, Answer> answers;
    take(answers, one->step());
    QCOMPARE(answers[id].events.front().kind, Event::Kind::prefill);
    QVERIFY(answers[id].events.front().prompt_done < answers[id].events.front().prompt_total);
    one->cancel(id);
    take(answers, one->step());
    QCOMPARE(answers[id].reason, FinishReason::cancelled);
    QVERIFY(one->idle());
  }

  void an_interrupted_step_changes_nothing() {
    const auto interrupt = std::make_shared<std::atomic<int>>(0);
    const auto one = engine({.interrupt = interrupt}), other = engine();
    const RequestId id = submit(*one, request(long_text(20), 5));
    std::map<RequestId, Answer> answers;
    // Half the steps do nothing; decoding is not interrupted.
    for (int step = 0; !one->idle(); ++step) {
      const bool reading = answers[id].tokens.empty();
      *interrupt = step % 2;
      auto events = one->step();
      if (reading && step % 2 == 1) QVERIFY(events.empty());
      if (!reading) QVERIFY(!events.empty());
      take(answers, std::move(events));
      QVERIFY(step < 1000);
    }
    QCOMPARE(answers[id].tokens.size(), std::size_t{5});
    QCOMPARE(answers[id].tokens, answer(*other, request(long_text(20), 5)).tokens);
  }

  void shared_beginnings_are_reused() {
    const auto one = engine();
    const std::string story = long_text(20);
    const Answer first = answer(*one, request(story + "What", 8));
    QCOMPARE(first.stats.reused_tokens, 0);
    const Answer second = answer(*one, request(story + "Who", 8));
    const Request again = request(story + "Who", 8);
    // All but the word that differs, though it stands in the middle of a block.
    QVERIFY(second.stats.reused_tokens >= static_cast<int>(again.prompt.size()) - 2);
    QVERIFY(second.stats.reused_tokens < second.stats.prompt_tokens);
    QCOMPARE(second.tokens, answer(*engine(), again).tokens);
    // A prompt that is in the cache as a whole still has its last tokens computed.
    const Answer third = answer(*one, again);
    QCOMPARE(third.tokens, second.tokens);
    // A conversation goes on: the answer's own tokens are found as well.
    Request next = request(story + "Who", 8);
    next.prompt.insert(next.prompt.end(), third.tokens.begin(), third.tokens.end());
    next.prompt.insert(next.prompt.end(), 40, next.prompt.front());
    const Answer more = answer(*one, next);
    QCOMPARE(more.stats.reused_tokens, static_cast<int>(again.prompt.size() + third.tokens.size()) - 1);
    QCOMPARE(more.tokens, answer(*engine(), next).tokens);
  }

  void equal_prompts_at_once_are_read_once() {
    const auto one = engine({.max_requests = 8});
    const std::string story = long_text(20);
    const auto expected = answer(*engine(), request(story + "What", 8)).tokens;
    std::vector<RequestId> ids;
    for (int i = 0; i < 8; ++i) ids.push_back(submit(*one, request(story + "What", 8)));
    auto answers = run(*one);
    int computed = 0;
    for (const RequestId id : ids) {
      QCOMPARE(answers[id].tokens, expected);
      computed += answers[id].stats.prompt_tokens - answers[id].stats.reused_tokens;
    }
    QVERIFY2(computed < answers[ids[0]].stats.prompt_tokens + 7 * 32, qPrintable(QString::number(computed)));
  }

  void the_cache_keeps_to_its_limit() {
    constexpr std::uint64_t token = 30 * 2 * 3 * (64 + 2) * 2, limit = 500 * token;  // layers, keys and values, heads
    const auto one = engine({.context_length = 256, .max_requests = 4, .cache_bytes = limit});
    const auto story = [&](int number) { return request(std::to_string(number) + long_text(14), 2); };
    std::vector<int> reused;
    for (const int number : {1, 2, 3, 4, 3, 4, 1}) {
      reused.push_back(answer(*one, story(number)).stats.reused_tokens);
      QVERIFY(one->status().cache_bytes <= limit);
    }
    const int all = static_cast<int>(story(1).prompt.size()) - 1;
    QVERIFY(all > 150);
    // Two and a half of them fit: the two that were asked last stay, the first has gone.
    QCOMPARE(reused[4], all);
    QCOMPARE(reused[5], all);
    QVERIFY(reused[6] < all / 2);
    // However small the limit, one context fits.
    const auto least = engine({.context_length = 256, .cache_bytes = 1});
    QCOMPARE(answer(*least, story(1)).tokens, answer(*one, story(1)).tokens);
    QVERIFY(least->status().cache_bytes <= 256 * token);
  }

  void log_probabilities_come_with_their_tokens() {
    Request made = request("1, 2, 3, 4,", 12);
    made.sampling.logprobs = 2;
    made.stop = {"never"};
    const Answer got = answer(*engine(), made);
    std::size_t told = 0;
    for (const Event& event : got.events) {
      QCOMPARE(event.logprobs.size(), event.tokens.size());
      for (std::size_t i = 0; i < event.tokens.size(); ++i, ++told) {
        QCOMPARE(event.logprobs[i].chosen.token, event.tokens[i]);
        QCOMPARE(event.logprobs[i].likeliest.size(), std::size_t{2});
      }
    }
    QCOMPARE(told, got.tokens.size());
    // The same as the whole text's, up to rounding.
    std::vector<TokenId> all = made.prompt;
    all.insert(all.end(), got.tokens.begin(), got.tokens.end());
    const auto whole = engine()->log_probabilities(all);
    QVERIFY(bool(whole) && whole->size() == all.size() - 1);
    std::size_t at = made.prompt.size() - 1;
    for (const Event& event : got.events) {
      for (const TokenLogprobs& one : event.logprobs) {
        QVERIFY(std::abs(static_cast<double>(one.chosen.logprob) - (*whole)[at++]) < 0.05);
      }
    }
  }

  void stop_strings_end_the_text_before_them() {
    const auto one = engine();
    const std::string whole = answer(*one, request("1, 2, 3, 4,", 24)).text;
    const std::size_t at = whole.find(" 8");
    QVERIFY2(at != std::string::npos, whole.c_str());
    Request stopping = request("1, 2, 3, 4,", 24);
    stopping.stop = {"never", " 8, 9"};
    const Answer got = answer(*one, stopping);
    QCOMPARE(got.reason, FinishReason::stop_string);
    QCOMPARE(got.text, whole.substr(0, at));
  }

  void text_never_splits_a_character() {
    Request made = request("海沟深处没有光，压力是海面的一千倍。海沟", 60);
    made.ignore_end = true;
    made.sampling = {.temperature = 1.5F, .seed = 5};
    const Answer got = answer(*engine(), made);
    for (const Event& event : got.events) {
      if (event.kind != Event::Kind::text) continue;
      QVERIFY(!event.text.empty());
      QCOMPARE(QString::fromUtf8(event.text).toUtf8(), QByteArray::fromStdString(event.text));
    }
    QCOMPARE(model_->tokenizer().decode(got.tokens), got.text);
  }

  void prompts_longer_than_the_context_are_refused_with_the_numbers() {
    const auto one = engine({.context_length = 64});
    Request made;
    made.prompt.assign(70, 100);
    const auto refused = one->submit(made);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::context_full);
    for (const char* number : {"70", "64", "63", " 7 tokens too long"}) {
      QVERIFY2(refused.error().message.find(number) != std::string::npos, refused.error().message.c_str());
    }
    made.prompt.resize(64);
    const auto by_one = one->submit(made);
    QVERIFY(!by_one);
    for (const char* part : {" 1 token too long", "never cut", "shorten", "longer context", "8192"}) {
      QVERIFY2(by_one.error().message.find(part) != std::string::npos, by_one.error().message.c_str());
    }
    made.prompt.resize(63);
    const Answer last = answer(*one, made);
    QCOMPARE(last.reason, FinishReason::context_full);
    QCOMPARE(last.stats.generated_tokens, 1);
    const auto logits = one->logits(std::vector<TokenId>(65, 100), false);
    QVERIFY(!logits);
    QCOMPARE(logits.error().code, ErrorCode::context_full);
  }

  void nonsense_is_refused() {
    const auto one = engine();
    QVERIFY(!one->submit({}));
    Request outside;
    outside.prompt = {1, 49152};
    const auto refused = one->submit(outside);
    QVERIFY(!refused);
    QVERIFY(refused.error().message.find("49152") != std::string::npos);
    outside.prompt = {-1};
    QVERIFY(!one->submit(outside));
    QVERIFY(one->idle());
    Request cold = request("x", 1);
    cold.sampling.temperature = -1.0F;
    QVERIFY(!one->submit(cold));
    QVERIFY(!Engine::create(model_, {.max_requests = 0}));
    QVERIFY(!Engine::create(model_, {.context_length = 1}));
  }

  void steps_stay_short_while_a_prompt_is_read() {
    const auto one = engine({.step_milliseconds = 60, .prompt_milliseconds = 60});
    submit(*one, request(long_text(40), 1));
    std::vector<double> steps;
    int most = 0, before = 0;
    while (!one->idle()) {
      const double start = thread_milliseconds();
      for (const Event& event : one->step()) {
        if (event.kind != Event::Kind::prefill) continue;
        most = std::max(most, event.prompt_done - before);
        before = event.prompt_done;
      }
      steps.push_back(thread_milliseconds() - start);
    }
    std::sort(steps.begin(), steps.end());
    QVERIFY(most < 1000);  // the prompt was not swallowed whole
    // The thread's own time, and the median: other programs slow steps down, and the first ones find the speed.
    QVERIFY2(steps[steps.size() / 2] < 60.0, qPrintable(QString::number(steps[steps.size() / 2])));
  }

  void forced_target_runs_and_unknown_ones_are_refused() {
    qputenv("HADAL_CPU_TARGET", "SSE2");
    const auto plain = engine();
    QVERIFY(QString::fromStdString(plain->status().device).endsWith("SSE2"));
    const auto tokens = answer(*plain, request("The capital of France is", 6)).tokens;
    qputenv("HADAL_CPU_TARGET", "AVX9");
    const auto refused = Engine::create(model_, {});
    qunsetenv("HADAL_CPU_TARGET");
    QVERIFY(!refused);
    QVERIFY(refused.error().message.find("AVX9") != std::string::npos);
    QCOMPARE(answer(*engine(), request("The capital of France is", 6)).tokens, tokens);
  }

  void preparing_can_be_cancelled_and_changes_no_answer() {
    LoadControl given_up, watched;
    given_up.cancel = true;
    const auto late = engine(), ready = engine();
    const auto cancelled = late->prepare(&given_up);
    QVERIFY(!cancelled);
    QCOMPARE(cancelled.error().code, ErrorCode::cancelled);
    QVERIFY(bool(ready->prepare(&watched)));
    QCOMPARE(watched.progress.load(), 1.0F);
    // The first step does what was left out.
    QCOMPARE(answer(*late, request("The capital of France is", 6)).tokens,
             answer(*ready, request("The capital of France is", 6)).tokens);
  }

  void cuda_is_refused_with_the_reason() {
    const auto refused = Engine::create(model_, {.device = Device::cuda});
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::unavailable);
    QVERIFY(!refused.error().message.empty());
  }

  void status_counts() {
    const auto one = engine({.context_length = 1000000, .max_requests = 2});
    QCOMPARE(one->status().context_length, 8192);
    QVERIFY(one->status().weight_bytes > 90'000'000);
    QCOMPARE(one->status().cache_bytes, std::uint64_t{0});
    for (int i = 0; i < 3; ++i) submit(*one, request("The sea", 2));
    QCOMPARE(one->status().running, 2);
    QCOMPARE(one->status().waiting, 1);
    one->step();
    QVERIFY(one->status().cache_bytes > 0);
  }
};

QTEST_GUILESS_MAIN(EngineTest)
#include "engine_test.moc"
