#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <memory>
#include <optional>

#include "app/chat/chat_types.h"
#include "app/inference/expert_use.h"
#include "app/inference/sampling_advice.h"

namespace hadal {

/// One turn of the prompt.
struct PromptMessage {
  MessageRole role = MessageRole::User;
  QString content;
  QString thinking{};  ///< Of an answer; whether the model sees it again is its template's to say.
};

struct GenerationRequest {
  QList<PromptMessage> messages;
  /// Nothing: as the model's makers say (SamplingAdvice), known once the model is loaded.
  SamplingValues sampling{};
  quint64 seed = 0;
  int maxTokens = 0;  ///< 0: until the context is full.
  QStringList stop;
  /// The last message is the beginning of the answer: what comes goes on from there, inside its thinking if there is no
  /// content yet.
  bool continueLast = false;
  qint64 chat = 0;  ///< Which chat it goes on with, for keepChats(); 0: none.
};

struct GenerationStats {
  int promptTokens = 0;
  int reusedTokens = 0;  ///< Of the prompt, found in the cache: not read again.
  int tokens = 0;
  double tokensPerSecond = 0;
  double firstTokenSeconds = 0;
};

enum class GenerationEnd {
  Done,
  Stopped,
  ContextFull,    ///< The answer filled the context; what came so far stands.
  PromptTooLong,  ///< Nothing was computed.
  NoModel,        ///< None is loaded and none is being loaded.
  Failed,
};

/// A running answer. Lives in the thread that asked; deleting it cancels the request.
class Generation : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;
  /// Takes effect within one engine step; `finished` still comes.
  virtual void stop() = 0;
  /// Ends the thinking, so that the answer comes next. Nothing happens if the model does not think now.
  virtual void answerNow() = 0;

 Q_SIGNALS:
  /// Reading the prompt.
  void promptProgress(int done, int total);
  /// New text, at most 30 times a second. Tool calls are in it as blocks of JSON.
  void delta(const QString& text);
  /// New thinking; not part of the text.
  void thinkingDelta(const QString& text);
  /// The figures so far; before the delta they belong to.
  void progressed(const hadal::GenerationStats& stats);
  /// The last signal. `error` is a sentence for the person, empty for Done and Stopped.
  void finished(hadal::GenerationEnd end, const QString& error, const hadal::GenerationStats& stats);
};

/// Which chat template is in force.
struct TemplateStatus {
  bool builtIn = false;  ///< One of Hadal's own stands in for the file's.
  QString name;          ///< Of a built-in one: "chatml".
  QString reason;        ///< The engine's sentence.
};

/// What the status line and the composer show.
struct ModelStatus {
  /// At the program's start Loading stands for looking for a model as well.
  enum class State { NoModel, Loading, Ready, Failed };
  State state = State::NoModel;
  QString path;          ///< The file or folder that is loaded.
  QString name;          ///< The file's name without its ending and type: what the person chose.
  QString quantisation;  ///< The weights' main type, "Q4_1".
  /// State::Failed: why, as the engine's sentence. State::Ready: why failedPath, wanted last, is not the one in use.
  QString error;
  QString failedPath;  ///< State::Ready: empty, or the file that was to be used instead and could not be loaded.
  QString device;      ///< "CPU, 2 threads, AVX512".
  float progress = 0;  ///< State::Loading: 0 to 1.
  int contextLength = 0;
  int trainedContext = 0;   ///< Tokens the model was made for; 0: not known. A longer context cannot be set.
  quint64 memoryBytes = 0;  ///< Weights and cache.
  int readingThreads = 0;   ///< Those that read prompts, if their number was measured; otherwise 0.
  int writingThreads = 0;   ///< Those that write answers; likewise.
  int experts = 0;          ///< Of a layer of a mixture of experts; 0: the model is none.
  int expertsUsed = 0;      ///< For each token.
  TemplateStatus chatTemplate{};
  SamplingAdvice advice{};
};

/// The engine behind a thread of its own. Every method returns at once; this object lives in the GUI thread.
class InferenceService : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

  /// Loads a model to take the place of the one there is. That one goes on answering until the new one is loaded and
  /// the answers it began are complete; if loading fails, it stays. Progress comes as statusChanged, the outcome also
  /// as modelLoaded or modelFailed, unless a later load() made this one void. New requests wait for the outcome.
  ///
  /// `file`: a GGUF file, a folder as Hugging Face publishes models, or a file in one; see modelAt().
  virtual void load(const QString& file) = 0;
  virtual void unload() = 0;
  virtual const ModelStatus& status() const = 0;
  /// Of the model in use.
  virtual ExpertUse experts() const { return {}; }
  /// How the model that is loaded, and later ones, are run; 0 leaves the choice to the engine. Takes effect when no
  /// answer is being computed.
  virtual void configure(int threads, int contextLength) = 0;
  /// With how many threads this machine reads prompts and writes answers fastest, as threadsMeasured() told once. Until
  /// that is known it is measured while the model has nothing to do. Both hold where configure() leaves the choice
  /// open.
  virtual void knowThreads(int reading, int writing) {
    Q_UNUSED(reading)
    Q_UNUSED(writing)
  }
  /// From now on keeps in `folder` what the model has read of long chats, so that they are answered sooner when they
  /// are opened again; what the folder has of them already is used. Not `wanted`: keeps nothing, and clears the folder
  /// of it.
  virtual void keepChats(const QString& folder, bool wanted) {
    Q_UNUSED(folder)
    Q_UNUSED(wanted)
  }
  /// What is kept of the chat goes.
  virtual void forgetChat(qint64 chat) { Q_UNUSED(chat) }

  /// The caller owns the handle. Submitting while a model loads waits for it.
  virtual std::unique_ptr<Generation> generate(GenerationRequest request) = 0;

  /// Counts the tokens the prompt would take. The answer comes as promptMeasured with this ticket: -1 if no model is
  /// loaded or it cannot render the prompt.
  virtual quint64 measure(QList<PromptMessage> messages) = 0;

 Q_SIGNALS:
  void statusChanged(const hadal::ModelStatus& status);
  /// After the statusChanged that goes with it, whose path says what `file`, as it was given to load(), stands for.
  void modelLoaded(const QString& file);
  /// `error` is the engine's sentence. What answers now, if anything, tells status().
  void modelFailed(const QString& file, const QString& error);
  void promptMeasured(quint64 ticket, int tokens);
  void threadsMeasured(int reading, int writing);
  /// Of a mixture of experts: at most twice a second while it computes, once more when it rests. Of others: once,
  /// empty.
  void expertsChanged(const hadal::ExpertUse& use);
};

}  // namespace hadal

Q_DECLARE_METATYPE(hadal::GenerationStats)
Q_DECLARE_METATYPE(hadal::ModelStatus)
