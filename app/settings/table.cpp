#include <array>

#include "app/settings/settings.h"

namespace hadal {

namespace {

QList<SettingSpec> makeTable() {
  QList<SettingSpec> table;
  table.append({.key = setting::language,
                .type = SettingType::Choice,
                .defaultValue = QStringLiteral("system"),
                .page = QT_TRANSLATE_NOOP("Settings", "General"),
                .label = QT_TRANSLATE_NOOP("Settings", "Language"),
                .help = QT_TRANSLATE_NOOP("Settings", "Changes at once."),
                .choices = {QStringLiteral("system"), QStringLiteral("en"), QStringLiteral("zh_CN")},
                .choiceLabels = {QT_TRANSLATE_NOOP("Settings", "As the system"), "English", "简体中文"}});
  table.append({.key = setting::theme,
                .type = SettingType::Choice,
                .defaultValue = QStringLiteral("system"),
                .page = "General",
                .label = QT_TRANSLATE_NOOP("Settings", "Theme"),
                .help = QT_TRANSLATE_NOOP("Settings", "Changes at once."),
                .choices = {QStringLiteral("system"), QStringLiteral("light"), QStringLiteral("dark")},
                .choiceLabels = {QT_TRANSLATE_NOOP("Settings", "As the system"), QT_TRANSLATE_NOOP("Settings", "Light"),
                                 QT_TRANSLATE_NOOP("Settings", "Dark")}});
  table.append({.key = setting::modelFile,
                .type = SettingType::File,
                .defaultValue = QString(),
                .page = QT_TRANSLATE_NOOP("Settings", "Model"),
                .label = QT_TRANSLATE_NOOP("Settings", "Model used"),
                .help = QT_TRANSLATE_NOOP("Settings",
                                          "A GGUF file, or a folder as Hugging Face publishes models. Empty: the first "
                                          "model found beside the program, in "
                                          "the folders for shared models and in this profile.")});
  table.append({.key = setting::contextLength,
                .type = SettingType::Integer,
                .defaultValue = 0,
                .page = "Model",
                .label = QT_TRANSLATE_NOOP("Settings", "Context"),
                .help = QT_TRANSLATE_NOOP("Settings",
                                          "Tokens that a chat and its next answer may take together. More "
                                          "takes more memory. 0: what the model was made for, at most 8,192."),
                .minimum = 0,
                .maximum = 1 << 20});
  table.append({.key = setting::threads,
                .type = SettingType::Integer,
                .defaultValue = 0,
                .page = "Model",
                .label = QT_TRANSLATE_NOOP("Settings", "Threads"),
                .help = QT_TRANSLATE_NOOP(
                    "Settings", "Processor threads that compute answers. 0: as many as are fastest on this machine."),
                .minimum = 0,
                .maximum = 1024});
  table.append({.key = setting::measuredThreads,
                .type = SettingType::Text,
                .defaultValue = QString(),
                .page = "Model",
                .label = "",
                .help = "",
                .lockable = false,
                .hidden = true});
  table.append({.key = setting::temperature,
                .type = SettingType::Real,
                .defaultValue = 0.7,
                .page = "Model",
                .label = QT_TRANSLATE_NOOP("Settings", "Temperature"),
                .help = QT_TRANSLATE_NOOP("Settings", "How freely words are chosen. 0: always the likeliest."),
                .minimum = 0,
                .maximum = 2,
                .advised = true});
  table.append({.key = setting::topK,
                .type = SettingType::Integer,
                .defaultValue = 40,
                .page = "Model",
                .label = QT_TRANSLATE_NOOP("Settings", "Top-k"),
                .help = QT_TRANSLATE_NOOP("Settings", "Only so many of the likeliest tokens are considered. 0: all."),
                .minimum = 0,
                .maximum = 1000,
                .advised = true});
  table.append({.key = setting::topP,
                .type = SettingType::Real,
                .defaultValue = 0.95,
                .page = "Model",
                .label = QT_TRANSLATE_NOOP("Settings", "Top-p"),
                .help = QT_TRANSLATE_NOOP("Settings",
                                          "Only the likeliest tokens are considered that reach this "
                                          "probability together. 1: all."),
                .minimum = 0.01,
                .maximum = 1,
                .advised = true});
  table.append({.key = setting::minP,
                .type = SettingType::Real,
                .defaultValue = 0.0,
                .page = "Model",
                .label = QT_TRANSLATE_NOOP("Settings", "Min-p"),
                .help = QT_TRANSLATE_NOOP("Settings",
                                          "Only tokens are considered that are at least this much as likely as the "
                                          "likeliest. 0: all."),
                .minimum = 0,
                .maximum = 1,
                .advised = true});
  table.append({.key = setting::repetitionPenalty,
                .type = SettingType::Real,
                .defaultValue = 1.0,
                .page = "Model",
                .label = QT_TRANSLATE_NOOP("Settings", "Repetition penalty"),
                .help = QT_TRANSLATE_NOOP("Settings",
                                          "Above 1, tokens become less likely that the chat or the answer has already. "
                                          "1: off."),
                .minimum = 0.5,
                .maximum = 2,
                .advised = true});
  table.append({.key = setting::frequencyPenalty,
                .type = SettingType::Real,
                .defaultValue = 0.0,
                .page = "Model",
                .label = QT_TRANSLATE_NOOP("Settings", "Frequency penalty"),
                .help = QT_TRANSLATE_NOOP("Settings",
                                          "Above 0, a token becomes the less likely the more often the answer has it. "
                                          "0: off."),
                .minimum = -2,
                .maximum = 2,
                .advised = true});
  table.append(
      {.key = setting::presencePenalty,
       .type = SettingType::Real,
       .defaultValue = 0.0,
       .page = "Model",
       .label = QT_TRANSLATE_NOOP("Settings", "Presence penalty"),
       .help = QT_TRANSLATE_NOOP("Settings", "Above 0, tokens become less likely that the answer has already. 0: off."),
       .minimum = -2,
       .maximum = 2,
       .advised = true});
  table.append({.key = setting::systemPrompt,
                .type = SettingType::Text,
                .defaultValue = QString(),
                .page = "Model",
                .label = QT_TRANSLATE_NOOP("Settings", "System prompt"),
                .help = QT_TRANSLATE_NOOP("Settings", "Said to the model before every chat.")});
  table.append({.key = setting::keepChats,
                .type = SettingType::Bool,
                .defaultValue = true,
                .page = "Data",
                .label = QT_TRANSLATE_NOOP("Settings", "Keep long chats read"),
                .help = QT_TRANSLATE_NOOP(
                    "Settings",
                    "What the model has read of a long chat is kept in the data folder, so that it answers "
                    "at once when you come back. Takes 4 GB at most.")});
  table.append(
      {.key = setting::dataFolder,
       .type = SettingType::Folder,
       .defaultValue = QString(),
       .page = QT_TRANSLATE_NOOP("Settings", "Data"),
       .label = QT_TRANSLATE_NOOP("Settings", "Data folder"),
       .help = QT_TRANSLATE_NOOP("Settings", "Everything you make is here. Start with --profile to use another."),
       .lockable = false,
       .readOnly = true});
  return table;
}

}  // namespace

std::span<const SettingSpec> Settings::table() {
  static const QList<SettingSpec> table = makeTable();
  return {table.constData(), static_cast<std::size_t>(table.size())};
}

}  // namespace hadal
