#pragma once

#include <QHash>
#include <QThread>
#include <atomic>
#include <functional>
#include <memory>

#include "app/inference/inference_service.h"
#include "app/inference/model_search.h"

namespace hadal {

class EngineWorker;

/// The engine of this machine, behind its worker thread.
class LocalInference : public InferenceService {
  Q_OBJECT
 public:
  explicit LocalInference(QObject* parent = nullptr);
  ~LocalInference() override;

  void load(const QString& file) override;
  /// Loads what the search finds; without a find the state becomes NoModel. Until this, load() or unload() is called
  /// for the first time, the state is Loading and requests wait.
  void load(const ModelSearch& search);
  void unload() override;
  const ModelStatus& status() const override { return status_; }
  ExpertUse experts() const override { return experts_; }
  void configure(int threads, int contextLength) override;
  void knowThreads(int reading, int writing) override;
  void keepChats(const QString& folder, bool wanted) override;
  void forgetChat(qint64 chat) override;
  std::unique_ptr<Generation> generate(GenerationRequest request) override;
  quint64 measure(QList<PromptMessage> messages) override;

 private:
  class Handle;

  void tell(std::function<void(EngineWorker&)> what);

  ModelStatus status_;
  ExpertUse experts_;
  quint64 lastTicket_ = 0;
  QHash<quint64, Handle*> handles_;
  QThread thread_;
  std::shared_ptr<std::atomic<int>> interrupt_;  ///< Messages the worker has not heard yet.
  EngineWorker* worker_;
};

}  // namespace hadal
