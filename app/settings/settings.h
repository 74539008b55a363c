#pragma once

#include <QHash>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QVariant>
#include <functional>
#include <span>

namespace hadal {

class Store;

enum class SettingType { Bool, Integer, Real, Text, Choice, File, Folder };

/// One row of the only settings table. `label` and `help` are untranslated sources in the context "Settings".
struct SettingSpec {
  const char* key;
  SettingType type;
  QVariant defaultValue;
  const char* page;  ///< Group on the settings page: "General", "Model", "Data".
  const char* label;
  const char* help;
  QStringList choices{};  ///< SettingType::Choice: stored values.
  QList<const char*> choiceLabels{};
  double minimum = 0;
  double maximum = 0;
  bool lockable = true;   ///< Whether a policy may fix it.
  bool readOnly = false;  ///< Shown, not edited here (the data location of this run).
  bool hidden = false;    ///< Not on the settings page: what the program finds out by itself.
  bool advised = false;   ///< Unless chosen, as the makers of the model in use say: advise().
};

/// Typed access to the settings table with a changed signal. Values live in memory; writing goes to the store's
/// writer thread. Lives in the GUI thread.
class Settings : public QObject {
  Q_OBJECT
 public:
  explicit Settings(QObject* parent = nullptr);

  static std::span<const SettingSpec> table();
  static const SettingSpec* find(const QString& key);

  QVariant value(const QString& key) const;
  /// False, and nothing changes, for unknown keys, locked ones and values of the wrong type or out of range.
  bool setValue(const QString& key, const QVariant& value);
  void reset(const QString& key);
  /// Values of `key` that the person chooses are given to `attempt` from now on instead of being kept: a model file is
  /// kept once it could be loaded. accept() then keeps one; reject() announces again what still holds.
  using Attempt = std::function<void(const QVariant& wanted)>;
  void tryFirst(const QString& key, Attempt attempt);
  void accept(const QString& key, const QVariant& value);
  void reject(const QString& key);
  bool isLocked(const QString& key) const;
  /// False if the value is the default or what is advised: neither the person nor the administrator has said otherwise.
  bool isChosen(const QString& key) const;
  /// The person has chosen, so that reset() changes something.
  bool isOwn(const QString& key) const;
  bool isRecommended(const QString& key) const;

  /// What holds where nobody chose: what the model's makers say. An invalid value takes the advice back.
  void advise(const QString& key, const QVariant& value);

  /// A policy's value: it wins over the person's and cannot be changed.
  void lock(const QString& key, const QVariant& value);
  /// An administrator's default for everybody: holds over advice, until the person chooses otherwise.
  /// False, and nothing changes, for values it cannot have.
  bool recommend(const QString& key, const QVariant& value);
  /// For this run only (command line); not written.
  void overrideForRun(const QString& key, const QVariant& value);

  /// Takes what is stored and keeps it up to date from now on.
  void attach(Store& store, const QHash<QString, QVariant>& stored);

 Q_SIGNALS:
  void changed(const QString& key, const QVariant& value);
  /// What was chosen holds for this run but could not be written; a sentence says why.
  void storeFailed(const QString& sentence);

 private:
  QHash<QString, QVariant> stored_;
  QHash<QString, QVariant> locked_;
  QHash<QString, QVariant> overridden_;
  QHash<QString, QVariant> recommended_;
  QHash<QString, QVariant> advised_;
  QHash<QString, Attempt> attempts_;
  Store* store_ = nullptr;
};

/// Keys, so that no string is spelt twice.
namespace setting {
inline constexpr auto language = "general.language";  ///< "system", "en", "zh_CN"
inline constexpr auto theme = "general.theme";        ///< "system", "light", "dark"
inline constexpr auto modelFile = "model.file";
inline constexpr auto contextLength = "model.context";             ///< tokens; 0: the model's
inline constexpr auto threads = "model.threads";                   ///< 0: as many as were measured to be fastest
inline constexpr auto measuredThreads = "model.measured_threads";  ///< See MeasuredThreads; empty: not measured yet.
inline constexpr auto temperature = "model.temperature";
inline constexpr auto topK = "model.top_k";
inline constexpr auto topP = "model.top_p";
inline constexpr auto minP = "model.min_p";
inline constexpr auto repetitionPenalty = "model.repetition_penalty";
inline constexpr auto frequencyPenalty = "model.frequency_penalty";
inline constexpr auto presencePenalty = "model.presence_penalty";
inline constexpr auto systemPrompt = "chat.system_prompt";
inline constexpr auto keepChats = "data.keep_chats";  ///< What the model has read of them, in files.
inline constexpr auto dataFolder = "data.folder";
}  // namespace setting

}  // namespace hadal
