#include <QJsonDocument>
#include <QtTest>
#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "hadal/engine.h"
#include "runtime/drafter.h"

using namespace hadal;

namespace {

/// What a request answered, down to the bits of its log-probabilities.
struct Answer {
  std::string text;
  std::vector<TokenId> tokens;
  std::vector<float> logprobs;
  FinishReason reason = FinishReason::failed;
  RequestStats stats;
  bool operator==(const Answer& other) const {
    return text == other.text && tokens == other.tokens && logprobs == other.logprobs && reason == other.reason;
  }
};

}  // namespace

/// Guessed tokens change when an answer's tokens come, and never which.
class DraftsTest : public QObject {
  Q_OBJECT

  QString data_ = qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/";
  std::shared_ptr<const Model> starter_;

  static std::shared_ptr<const Model> load(const QString& path) {
    auto model = Model::load(path.toStdString());
    if (!model) qFatal("%s", model.error().message.c_str());
    return *model;
  }
  static std::unique_ptr<Engine> engine_of(const std::shared_ptr<const Model>& model, bool eager = false) {
    // Steps may be long, so that drafts come on busy machines too.
    auto engine = Engine::create(model, {.step_milliseconds = 10000, .eager_drafts = eager});
    if (!engine) qFatal("%s", engine.error().message.c_str());
    return std::move(*engine);
  }
  static std::vector<Answer> answers(Engine& engine, const std::vector<Request>& requests) {
    std::map<RequestId, std::size_t> order;
    for (const Request& request : requests) {
      const auto id = engine.submit(request);
      if (!id) qFatal("%s", id.error().message.c_str());
      order.emplace(*id, order.size());
    }
    std::vector<Answer> out(requests.size());
    while (!engine.idle()) {
      for (const Event& event : engine.step()) {
        Answer& answer = out[order[event.request]];
        answer.text += event.text;
        answer.tokens.insert(answer.tokens.end(), event.tokens.begin(), event.tokens.end());
        for (const TokenLogprobs& one : event.logprobs) {
          answer.logprobs.push_back(one.chosen.logprob);
          for (const TokenLogprob& likely : one.likeliest) answer.logprobs.push_back(likely.logprob);
        }
        if (event.kind != Event::Kind::finished) continue;
        answer.reason = event.reason;
        answer.stats = event.stats;
      }
    }
    return out;
  }
  /// Each request with drafts gives what it gives without; returns the tokens that were guessed right.
  static int compare(const std::shared_ptr<const Model>& model, std::vector<Request> requests, bool eager = false) {
    const auto expected = answers(*engine_of(model), requests);
    for (Request& request : requests) request.drafts = true;
    const auto together = answers(*engine_of(model, eager), requests);
    int accepted = 0;
    const auto engine = engine_of(model, eager);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const Answer alone = answers(*engine, {requests[i]})[0];
      if (!(alone == expected[i]) || !(together[i] == expected[i])) return -1;
      if (expected[i].stats.drafted_tokens != 0) return -2;
      if (alone.stats.accepted_tokens > alone.stats.drafted_tokens ||
          alone.stats.accepted_tokens >= std::max(alone.stats.generated_tokens, 1))
        return -3;
      accepted += alone.stats.accepted_tokens;
    }
    return accepted;
  }
  Request starter(const std::string& prompt, int max_tokens, SamplingOptions sampling = {}) const {
    Request request;
    request.prompt = *starter_->tokenizer().encode(prompt);
    request.max_tokens = max_tokens;
    request.sampling = std::move(sampling);
    return request;
  }

  /// A text whose tokens are the draft layer's guesses, but each seventh one; `right` says which.
  struct LayerText {
    std::vector<TokenId> tokens;
    std::vector<bool> right;
  };
  static LayerText layer_text(Engine& engine, std::vector<TokenId> begin, std::size_t length) {
    LayerText out{std::move(begin), {}};
    out.right.resize(out.tokens.size());
    while (out.tokens.size() < length) {
      const auto logits = *engine.draft_logits(out.tokens, false);
      const auto vocabulary = static_cast<std::ptrdiff_t>(logits.size() / (out.tokens.size() - 1));
      const auto guess =
          static_cast<TokenId>(std::max_element(logits.end() - vocabulary, logits.end()) - (logits.end() - vocabulary));
      out.right.push_back(out.tokens.size() % 7 != 0);
      out.tokens.push_back(out.right.back() ? guess : static_cast<TokenId>((guess + 1) % vocabulary));
    }
    return out;
  }
  /// Runs the rest of the text behind `prompt` tokens as a forced answer, beside `beside`. Returns how many steps the
  /// layer guessed in, or -1 if a first guess was right where the text is not, or the other way round.
  static int guessed_steps(Engine& engine, const LayerText& text, std::size_t prompt, const Request* beside = nullptr) {
    Request request;
    const auto middle = text.tokens.begin() + static_cast<std::ptrdiff_t>(prompt);
    request.prompt.assign(text.tokens.begin(), middle);
    request.forced.assign(middle, text.tokens.end());
    request.max_tokens = static_cast<int>(request.forced.size());
    request.ignore_end = request.drafts = true;
    if (beside && !engine.submit(*beside)) return -1;
    const auto id = engine.submit(request);
    if (!id) return -1;
    RequestStats last;
    int steps = 0;
    while (!engine.idle()) {
      RequestStats now = last;
      for (const Event& event : engine.step()) {
        if (event.request == *id && event.kind != Event::Kind::prefill) now = event.stats;
      }
      const std::size_t place = prompt + static_cast<std::size_t>(last.generated_tokens);
      if (now.layer_drafted_tokens > last.layer_drafted_tokens) {
        ++steps;
        if ((now.layer_accepted_tokens > last.layer_accepted_tokens) != text.right[place]) return -1;
      }
      last = now;
    }
    return last.generated_tokens == request.max_tokens ? steps : -1;
  }

 private slots:
  void initTestCase() {
    const QString path = qEnvironmentVariable("HADAL_TEST_MODEL");
    if (QFile::exists(path)) starter_ = load(path);
  }

  void guesses_are_what_followed_the_longest_suffix() {
    std::mt19937 random(7);
    std::vector<TokenId> text;
    NgramDraft draft;
    for (int round = 0; round < 3000; ++round) {
      for (std::size_t more = random() % 3; more < 4; ++more) text.push_back(static_cast<TokenId>(random() % 3));
      if (round % 50 == 0) {  // an old stretch again
        const std::size_t from = random() % (text.size() - 3);
        for (std::size_t i = 0; i < 40; ++i) text.push_back(text[from + i]);
      }
      const auto guess = draft.guess(text, 12);
      // The length it claims is there, and what it says came after that.
      if (guess.matched == 0) continue;
      QVERIFY(guess.matched >= 3 && guess.tokens.size() == 12);
      bool found = false;
      for (std::size_t end = 0; end + 1 < text.size() && !found; ++end) {
        std::size_t same = 0;
        while (same < 32 && same <= end && text[end - same] == text[text.size() - 1 - same]) ++same;
        if (static_cast<int>(same) != guess.matched) continue;
        found = true;
        for (std::size_t i = 0; i < 12 && found; ++i) {
          const std::size_t next = end + 1 + i;
          found = guess.tokens[i] == (next < text.size() ? text[next] : guess.tokens[next - text.size()]);
        }
      }
      QVERIFY(found);
    }
  }

  void a_loop_goes_on() {
    NgramDraft draft;
    const std::vector<TokenId> text{9, 8, 1, 2, 3, 1, 2, 3, 1, 2};
    const auto guess = draft.guess(text, 7);
    QCOMPARE(guess.matched, 5);
    QCOMPARE(guess.tokens, (std::vector<TokenId>{3, 1, 2, 3, 1, 2, 3}));
    QVERIFY(NgramDraft().guess(std::vector<TokenId>{1, 2, 3, 4, 5, 6}, 7).tokens.empty());
    QVERIFY(NgramDraft().guess(std::vector<TokenId>{1, 1}, 7).tokens.empty());
  }

  void the_longest_match_is_kept_however_far_back_it_is() {
    // The same three tokens a hundred times over, each followed by another; the first time after a long common text.
    std::vector<TokenId> text;
    for (TokenId i = 0; i < 40; ++i) text.push_back(1000 + i);
    for (TokenId i = 0; i < 20; ++i) text.insert(text.end(), {2000 + i, 1, 2, 3});
    for (TokenId i = 0; i < 100; ++i) text.insert(text.end(), {3000 + i, 1, 2, 3});
    NgramDraft draft;
    const std::vector<TokenId> original(text.begin(), text.begin() + 120);
    std::size_t right = 0;
    for (std::size_t i = 0; i < original.size(); ++i) {
      const auto guess = draft.guess(text, 1);
      right += !guess.tokens.empty() && guess.tokens[0] == original[i];
      text.push_back(original[i]);
    }
    QVERIFY2(right >= original.size() - 3, qPrintable(QString::number(right)));
  }

  void costs_are_learned_and_filled_in() {
    StepCost cost;
    QVERIFY(!cost.known());
    cost.measured(1, 0.010);
    QCOMPARE(cost.seconds(1), 0.010);
    QVERIFY(cost.seconds(6) > 0.015 && cost.seconds(6) < 0.025);  // as a dense model's
    for (int i = 0; i < 40; ++i) {
      cost.measured(1, 0.010);
      cost.measured(9, 0.050);
    }
    QVERIFY(std::abs(cost.seconds(9) - 0.050) < 6e-3);
    QVERIFY(std::abs(cost.seconds(5) - 0.030) < 4e-3);
    // What is not measured any more drifts towards the guess, so that it is tried again.
    for (int i = 0; i < 60; ++i) cost.measured(1, 0.010);
    QVERIFY(cost.seconds(9) > 0.026 && cost.seconds(9) < 0.038);
    for (int i = 0; i < 60; ++i) cost.measured(9, 0.050);
    QVERIFY(std::abs(cost.seconds(9) - 0.050) < 2e-3);
    // One hiccup does not last.
    cost.measured(9, 5.0);
    for (int i = 0; i < 20; ++i) cost.measured(9, 0.050);
    QVERIFY(std::abs(cost.seconds(9) - 0.050) < 2e-3);
  }

  void wrong_guesses_cost_next_to_nothing_data() {
    QTest::addColumn<double>("row");
    QTest::addColumn<bool>("busy");
    for (const double row : {0.05, 0.2, 0.5, 0.9}) {
      QTest::addRow("%.2f", row) << row << false;
      QTest::addRow("%.2f, busy", row) << row << true;
    }
  }
  /// A machine on which a further row takes `row` of the first one's time and which may be busy with something else,
  /// and texts that repeat themselves in part.
  void wrong_guesses_cost_next_to_nothing() {
    QFETCH(double, row);
    QFETCH(bool, busy);
    for (const int rightness : {0, 30, 60, 100}) {
      std::mt19937 random(static_cast<unsigned>(rightness) + 1);
      Drafter drafter;
      DraftRecord record;
      std::vector<TokenId> text;
      for (TokenId i = 0; i < 3000; ++i) text.push_back(i % 300);  // always something to guess
      double with = 0.0, without = 0.0;
      for (std::size_t generated = 0; generated < 2000;) {
        DecodingStep step{1, 1, 1.0, 1e9};
        const Draft draft = drafter.draft(record, text, generated, 1000, step);
        std::size_t accepted = 0;
        while (accepted < draft.tokens.size() && static_cast<int>(random() % 100) < rightness) ++accepted;
        for (std::size_t i = 0; i < accepted; ++i) text.push_back(draft.tokens[i]);
        // Where the draft was wrong comes a token that keeps the text guessable.
        text.push_back((text.back() + 1) % 300);
        const double seconds = 1.0 + row * static_cast<double>(step.rows - 1);
        const double hiccup = random() % 10 == 0 ? 3.0 : 0.8 + 0.04 * static_cast<double>(random() % 10);
        drafter.measured(step.rows, step.took = busy ? seconds * hiccup : seconds);
        if (!draft.tokens.empty()) drafter.judge(record, draft, accepted, step);
        generated += accepted + 1;
        with += seconds;
        without += static_cast<double>(accepted) + 1.0;
        QVERIFY2(with <= 1.02 * without + 3.0, qPrintable(QString("%1 of %2").arg(with).arg(without)));
      }
      QVERIFY2(with <= 1.025 * without, qPrintable(QString("%1 of %2").arg(with).arg(without)));
      if (rightness == 100 && row <= 0.2) QVERIFY2(with < without / 3, qPrintable(QString::number(with / without)));
    }
  }

  void a_layer_that_guesses_badly_costs_next_to_nothing_data() {
    QTest::addColumn<double>("pass");
    for (const double pass : {0.02, 0.05, 0.3, 1.0}) QTest::addRow("%.2f", pass) << pass;
  }
  /// A pass of the layer takes `pass` of a token's time, and a further row a tenth of it.
  void a_layer_that_guesses_badly_costs_next_to_nothing() {
    QFETCH(double, pass);
    for (const int rightness : {0, 30, 60, 90, 100}) {
      std::mt19937 random(static_cast<unsigned>(rightness) + 1);
      Drafter drafter;
      DraftRecord record;
      std::vector<TokenId> text{0}, guessed;
      double with = 0.0, without = 0.0;
      for (std::size_t generated = 0; generated < 2000;) {
        DecodingStep step{1, 1, 1.0, 1e9};
        const Draft draft = drafter.draft(record, text, generated, 1000, step, guessed);
        std::size_t accepted = 0;
        while (accepted < draft.tokens.size() && static_cast<int>(random() % 100) < rightness) ++accepted;
        for (std::size_t i = 0; i <= accepted; ++i) text.push_back(text.back() + 1);  // repeats nothing
        drafter.measured(step.rows, step.took = 1.0 + 0.1 * static_cast<double>(step.rows - 1));
        if (!draft.tokens.empty()) drafter.judge(record, draft, accepted, step);
        generated += accepted + 1;
        with += step.took;
        without += static_cast<double>(accepted) + 1.0;
        guessed.assign(drafter.ahead(record, text, generated, 1000, 1), 7);
        if (guessed.empty()) continue;
        with += pass * static_cast<double>(guessed.size());
        std::array<DraftRecord*, 1> asked{&record};
        drafter.asked(asked, guessed.size(), 1.0, pass * static_cast<double>(guessed.size()));
        QVERIFY2(with <= 1.02 * without + 3.0, qPrintable(QString("%1 of %2").arg(with).arg(without)));
      }
      QVERIFY2(with <= 1.025 * without, qPrintable(QString("%1 of %2").arg(with).arg(without)));
      if (rightness >= 90 && pass <= 0.05) QVERIFY2(with < without / 1.5, qPrintable(QString::number(with / without)));
    }
  }

  void answers_stay_the_same_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"tiny_models/llama", "tiny_models/qwen2", "tiny_models/mistral-window",
                             "tiny_models/starcoder2", "tiny_moe/qwen3moe", "tiny_moe/deepseek",
                             "tiny_moe/deepseek2-ocr", "deepseek/v2-lite", "deepseek/v3", "deepseek/v3-draft"})
      QTest::newRow(name) << name;
  }
  void answers_stay_the_same() {
    QFETCH(QString, name);
    const auto model = load(data_ + name + ".gguf");
    std::vector<Request> requests;
    for (int seed = 0; seed < 4; ++seed) {
      Request request;
      for (int i = 0; i < 60 + seed; ++i) request.prompt.push_back(1 + (seed * 31 + (i % 20) * (i % 20) * 7) % 63);
      request.max_tokens = 60;
      request.ignore_end = true;
      request.sampling = {.temperature = seed % 2 ? 0.5F : 0.0F, .seed = static_cast<unsigned>(seed), .logprobs = 5};
      if (seed == 2) request.sampling.repetition_penalty = 1.1F;
      requests.push_back(std::move(request));
    }
    // The layer of a model as small as this one takes longer than it can save.
    const int accepted = compare(model, requests, name.endsWith("draft"));
    QVERIFY2(accepted > 0, qPrintable(QString::number(accepted)));
  }

  /// The layer's first guess is what draft_logits() says of the whole text, whatever became of earlier guesses and
  /// wherever the text's beginning comes from.
  void the_draft_layer_says_what_it_says_of_the_whole_text() {
    const auto model = load(data_ + "deepseek/v3-draft.gguf");
    const auto engine = engine_of(model, true);
    std::vector<TokenId> begin;
    for (int i = 0; i < 9; ++i) begin.push_back(1 + i * 5);
    const LayerText text = layer_text(*engine, begin, 150);
    QVERIFY(guessed_steps(*engine, text, 9) > 10);
    QVERIFY(guessed_steps(*engine, text, 71) > 5);  // found in the cache, but for the last token
    const auto snapshot = engine->snapshot(text.tokens);
    QVERIFY(bool(snapshot));
    const auto another = engine_of(model, true);
    QVERIFY(bool(another->restore(*snapshot)));
    QVERIFY(guessed_steps(*another, text, 100) > 3);
    // Goes on otherwise where a block is half full.
    const LayerText branch = layer_text(*engine, {text.tokens.begin(), text.tokens.begin() + 80}, 150);
    LayerText other = branch;
    other.tokens[80] = (other.tokens[80] + 1) % 64;
    other.tokens.resize(81);
    other = layer_text(*engine, other.tokens, 140);
    QVERIFY(guessed_steps(*engine, other, 81) > 3);
    // Beside another text, and one that is given up while it guesses.
    Request beside;
    beside.prompt.assign(70, 3);
    beside.max_tokens = 200;
    beside.ignore_end = beside.drafts = true;
    QVERIFY(guessed_steps(*engine_of(model, true), text, 9, &beside) > 5);
    const auto id = engine->submit(beside);
    QVERIFY(bool(id));
    for (int i = 0; i < 12; ++i) engine->step();
    engine->cancel(*id);
    QVERIFY(guessed_steps(*engine, text, 60) > 3);
  }

  void the_draft_layer_can_be_left_out() {
    const auto model = load(data_ + "deepseek/v3-draft.gguf");
    Request request;
    request.prompt = {1, 2, 3, 4, 5};
    request.max_tokens = 100;
    request.ignore_end = true;
    const auto plain = answers(*engine_of(model), {request})[0];
    request.drafts = true;
    auto without = Engine::create(model, {.step_milliseconds = 10000, .draft_layer = false});
    QVERIFY(bool(without));
    const auto answer = answers(**without, {request})[0];
    QVERIFY(answer == plain && answer.stats.layer_drafted_tokens == 0);
    QVERIFY(!(*without)->draft_logits(request.prompt, false));
    const auto kept = (*without)->snapshot(request.prompt);
    QVERIFY(kept && !engine_of(model)->restore(*kept));
  }

  void the_starter_model_answers_the_same() {
    if (!starter_) QSKIP("The starter model is not there.");
    std::string lines;
    for (int i = 0; i < 12; ++i)
      lines += "int value_" + std::to_string(i) + " = read_number(input, " + std::to_string(i) + ");\n";
    std::vector<Request> requests{
        starter("The same lines again:\n" + lines + "\nThe same lines again:\n" + lines.substr(0, 80), 120,
                {.logprobs = 3}),
        starter("Once upon a time", 80, {.temperature = 0.8F, .top_p = 0.95F, .seed = 3}),
        starter("1, 2, 3, 4, 1, 2, 3, 4, 1, 2,", 80, {.temperature = 0.9F, .top_k = 40, .seed = 5}),
        starter("One fish, two fish, one fish,", 60, {.frequency_penalty = 0.1F, .penalty_window = 64}),
    };
    requests[2].stop = {"3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2"};
    requests[0].ignore_end = requests[2].ignore_end = true;
    const int accepted = compare(starter_, requests);
    QVERIFY2(accepted > 40, qPrintable(QString::number(accepted)));
  }

  void forms_are_kept() {
    if (!starter_) QSKIP("The starter model is not there.");
    const auto compiler = GrammarCompiler::create(starter_->tokenizer());
    QVERIFY(bool(compiler));
    const auto grammar = (*compiler)->json_schema(
        R"({"type":"array","items":{"type":"object","properties":{"name":{"type":"string","maxLength":12},"depth":{"type":"integer"}},"required":["name","depth"]},"minItems":6,"maxItems":6})");
    QVERIFY(bool(grammar));
    std::vector<Request> requests{
        starter(R"([{"name": "sea", "depth": 1}, {"name": "sea", "depth": 1}] again, six of them: )", 160),
        starter(R"([{"name": "sea", "depth": 1}] more: )", 56,
                {.temperature = 1.0F, .seed = 4}),  // cut to its shortest
    };
    for (Request& request : requests) {
      request.grammar = *grammar;
      request.sampling.logprobs = 2;
    }
    const int accepted = compare(starter_, requests);
    QVERIFY2(accepted > 0, qPrintable(QString::number(accepted)));
    const auto engine = engine_of(starter_);
    for (Request& request : requests) request.drafts = true;
    for (const Answer& answer : answers(*engine, requests))
      QVERIFY2(QJsonDocument::fromJson(QByteArray::fromStdString(answer.text)).array().size() == 6,
               answer.text.c_str());
  }

  void limits_end_an_answer_in_the_middle_of_a_draft() {
    const auto model = load(data_ + "tiny_models/llama.gguf");
    std::vector<Request> requests;
    for (int most = 1; most < 30; ++most) {
      Request request;
      request.prompt.assign(50, 7);
      request.max_tokens = most;
      request.ignore_end = true;
      request.forced.assign(40, 7);
      requests.push_back(std::move(request));
    }
    const int accepted = compare(model, requests);
    QVERIFY2(accepted > 100, qPrintable(QString::number(accepted)));
  }

  void forced_answers_come_and_then_the_model_goes_on() {
    const auto model = load(data_ + "tiny_models/llama.gguf");
    Request request;
    request.prompt = {1, 2, 3, 4};
    request.max_tokens = 12;
    request.ignore_end = true;
    request.forced = {9, 8, 7, 9, 8, 7};
    const auto forced = answers(*engine_of(model), {request})[0].tokens;
    QVERIFY(std::equal(request.forced.begin(), request.forced.end(), forced.begin()));
    Request plain = request;
    plain.prompt.insert(plain.prompt.end(), request.forced.begin(), request.forced.end());
    plain.forced.clear();
    plain.max_tokens = 6;
    const auto rest = answers(*engine_of(model), {plain})[0].tokens;
    QVERIFY(std::equal(rest.begin(), rest.end(), forced.begin() + 6, forced.end()));
    request.forced = {100000};
    QVERIFY(!engine_of(model)->submit(request));
  }
};

QTEST_GUILESS_MAIN(DraftsTest)
#include "drafts_test.moc"
