#pragma once

#include <QPointer>

#include "app/inference/inference_service.h"

/// A generation that says what the test tells it to. For tests of what surrounds the engine, where a stream has to
/// come in known pieces.
class ScriptedGeneration : public hadal::Generation {
 public:
  explicit ScriptedGeneration(hadal::GenerationRequest r) : request(std::move(r)) {}
  void stop() override { end(hadal::GenerationEnd::Stopped, {}, {}); }
  void answerNow() override { ++answersNow; }
  void say(const QString& text) { Q_EMIT delta(text); }
  void think(const QString& text) { Q_EMIT thinkingDelta(text); }
  void end(hadal::GenerationEnd end, const QString& error, const hadal::GenerationStats& stats) {
    if (std::exchange(over_, true)) return;
    Q_EMIT finished(end, error, stats);
  }

  hadal::GenerationRequest request;
  int answersNow = 0;

 private:
  bool over_ = false;
};

class ScriptedInference : public hadal::InferenceService {
 public:
  ScriptedInference() {
    status_.state = hadal::ModelStatus::State::Ready;
    status_.name = QStringLiteral("Scripted");
    status_.contextLength = 2048;
  }
  void load(const QString&) override {}
  void unload() override {}
  void configure(int, int) override {}
  const hadal::ModelStatus& status() const override { return status_; }
  std::unique_ptr<hadal::Generation> generate(hadal::GenerationRequest request) override {
    ++requests;
    auto generation = std::make_unique<ScriptedGeneration>(std::move(request));
    last = generation.get();
    return generation;
  }
  quint64 measure(QList<hadal::PromptMessage>) override { return 0; }

  QPointer<ScriptedGeneration> last;
  int requests = 0;

 private:
  hadal::ModelStatus status_;
};
