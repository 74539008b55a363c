#include "app/command_line.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <limits>
#include <type_traits>

#include "app/inference/model_path.h"
#include "app/plugins/plugin_list.h"
#include "app/settings/settings.h"

namespace hadal {

namespace {

/// The context that lupdate finds this file's sentences in.
struct Sentences {
  Q_DECLARE_TR_FUNCTIONS(CommandLine)
};

const QStringList kLanguages{QStringLiteral("system"), QStringLiteral("en"), QStringLiteral("zh_CN")};

struct Options {
  QCommandLineOption ask{QStringLiteral("ask"), Sentences::tr("Answer <text> on the standard output and end; - takes it from the standard input."), Sentences::tr("text")};
  QCommandLineOption json{QStringLiteral("json"), Sentences::tr("With --ask: print events, one JSON object a line.")};
  QCommandLineOption seed{QStringLiteral("seed"), Sentences::tr("With --ask: the seed of chance; the same one gives the same answer."),
                          Sentences::tr("number")};
  QCommandLineOption maxTokens{QStringLiteral("max-tokens"), Sentences::tr("With --ask: end the answer after so many tokens."),
                               Sentences::tr("tokens")};
  QCommandLineOption chat{QStringLiteral("chat"), Sentences::tr("Chat in the terminal.")};
  QCommandLineOption profile{QStringLiteral("profile"),
                             Sentences::tr("Keep everything in <folder> instead of ~/.local/share/hadal."), Sentences::tr("folder")};
  QCommandLineOption model{QStringLiteral("model"), Sentences::tr("Use this model: a GGUF file, or a folder as Hugging Face publishes models."), Sentences::tr("path")};
  QCommandLineOption language{QStringLiteral("language"), Sentences::tr("Language for this run: system, en or zh_CN."),
                              Sentences::tr("language")};
  QCommandLineOption theme{QStringLiteral("theme"), Sentences::tr("Theme for this run: system, light or dark."), Sentences::tr("theme")};
  QCommandLineOption context{QStringLiteral("context"), Sentences::tr("Context for this run, in tokens."), Sentences::tr("tokens")};
  QCommandLineOption threads{QStringLiteral("threads"), Sentences::tr("Compute threads for this run."), Sentences::tr("number")};
  QCommandLineOption plugins{QStringLiteral("plugins"), Sentences::tr("List the plugins and end.")};
  QCommandLineOption help{{QStringLiteral("h"), QStringLiteral("help")}, Sentences::tr("Print this help.")};
  QCommandLineOption version{{QStringLiteral("v"), QStringLiteral("version")}, Sentences::tr("Print the version.")};
};

/// A whole number in the range; the sentence if it is none.
template <class Number>
QString readNumber(const QCommandLineParser& parser, const QCommandLineOption& option, Number least, Number most,
                   std::optional<Number>& to) {
  if (!parser.isSet(option)) return {};
  const QString given = parser.value(option);
  bool ok = false;
  Number number{};
  if constexpr (std::is_unsigned_v<Number>)
    number = given.toULongLong(&ok);
  else
    number = given.toInt(&ok);
  if (!ok || number < least || number > most) {
    return Sentences::tr("--%1 takes a whole number from %2 to %3, not \"%4\".")
        .arg(option.names().first())
        .arg(least)
        .arg(most)
        .arg(given);
  }
  to = number;
  return {};
}

/// The same with the range that the settings table gives.
QString readSetting(const QCommandLineParser& parser, const QCommandLineOption& option, const char* key,
                    std::optional<int>& to) {
  const SettingSpec* spec = Settings::find(QString::fromLatin1(key));
  return readNumber(parser, option, static_cast<int>(spec->minimum), static_cast<int>(spec->maximum), to);
}

QString readChoice(const QCommandLineParser& parser, const QCommandLineOption& option, const QStringList& choices,
                   QString& to) {
  if (!parser.isSet(option)) return {};
  to = parser.value(option);
  if (choices.contains(to)) return {};
  return Sentences::tr("--%1 takes one of %2, not \"%3\".").arg(option.names().first(), choices.join(QStringLiteral(", ")), to);
}

/// A folder with a model in it, or a file of such a folder; words that happen to be a folder's name are none.
bool namesModel(const QString& word) {
  if (word.endsWith(QStringLiteral(".gguf"), Qt::CaseInsensitive)) return true;
  const QFileInfo info(word);
  if (info.isDir()) return word.contains(u'/') || modelAt(word).error.isEmpty();
  return isPartOfModel(word) && info.exists();
}

/// Files and folders among the words are models, the rest is a question.
QString readWords(const QStringList& words, CommandLine& line) {
  QStringList question;
  for (const QString& word : words) {
    if (!namesModel(word))
      question.append(word);
    else if (line.model.isEmpty())
      line.model = word;
    else
      return Sentences::tr("Only one model can be given.");
  }
  line.text = question.join(u' ');
  return {};
}

/// The program goes by its name, however it was called.
QString helpOf(const QCommandLineParser& parser, const QStringList& arguments) {
  QString help = parser.helpText();
  const qsizetype end = help.indexOf(u'\n');
  QString usage = help.first(end);
  usage.replace(QStringLiteral("<executable_name>"), QStringLiteral("hadal"));
  usage.replace(arguments.first(), QStringLiteral("hadal"));
  return usage + help.mid(end);
}

}  // namespace

QString languageAmong(const QStringList& arguments) {
  const QString option = QStringLiteral("--language");
  for (qsizetype i = 1; i < arguments.size(); ++i) {
    const QString value = arguments[i] == option                  ? arguments.value(i + 1)
                          : arguments[i].startsWith(option + u'=') ? arguments[i].mid(option.size() + 1)
                                                                  : QString();
    if (kLanguages.contains(value)) return value;
  }
  return {};
}

Outcome<CommandLine> parseCommandLine(const QStringList& arguments) {
  using Line = Outcome<CommandLine>;
  const Options options;
  QCommandLineParser parser;
  parser.setApplicationDescription(Sentences::tr("Runs language models on your own machine. Everything stays in one folder."));
  parser.addOptions({options.ask, options.json, options.seed, options.maxTokens, options.chat, options.profile, options.model, options.language,
                     options.theme, options.context, options.threads, options.plugins, options.help, options.version});
  parser.addPositionalArgument(QStringLiteral("words"), Sentences::tr("A model to use (a GGUF file or a model's folder), or a question for the window."),
                               QStringLiteral("[words...]"));
  if (!parser.parse(arguments)) return Line::failure(parser.errorText());

  for (const QString& name : parser.optionNames()) {
    if (parser.optionNames().count(name) > 1) return Line::failure(Sentences::tr("--%1 is given twice.").arg(name));
  }
  CommandLine line;
  if (parser.isSet(options.help) || parser.isSet(options.version)) {
    line.mode = CommandLine::Mode::Print;
    line.print = parser.isSet(options.help)
                     ? helpOf(parser, arguments)
                     : QStringLiteral("hadal " HADAL_VERSION "\n");
    return Line::success(line);
  }
  if (parser.isSet(options.plugins)) {
    line.mode = CommandLine::Mode::Print;
    line.print = pluginList();
    return Line::success(line);
  }
  line.profile = parser.value(options.profile);
  // A script's unset variable must not end up in the person's own profile.
  if (parser.isSet(options.profile) && line.profile.isEmpty())
    return Line::failure(Sentences::tr("--profile needs a folder."));
  line.model = parser.value(options.model);
  line.json = parser.isSet(options.json);
  QString wrong = readSetting(parser, options.context, setting::contextLength, line.context);
  if (wrong.isEmpty()) wrong = readSetting(parser, options.threads, setting::threads, line.threads);
  if (wrong.isEmpty())
    wrong = readNumber(parser, options.seed, quint64{0}, quint64{std::numeric_limits<qint64>::max()}, line.seed);
  std::optional<int> maxTokens;
  if (wrong.isEmpty()) wrong = readNumber(parser, options.maxTokens, 1, 1 << 20, maxTokens);
  line.maxTokens = maxTokens.value_or(0);
  if (wrong.isEmpty())
    wrong = readChoice(parser, options.language, kLanguages, line.language);
  if (wrong.isEmpty())
    wrong = readChoice(parser, options.theme,
                       {QStringLiteral("system"), QStringLiteral("light"), QStringLiteral("dark")}, line.theme);
  if (wrong.isEmpty()) wrong = readWords(parser.positionalArguments(), line);
  if (!wrong.isEmpty()) return Line::failure(wrong);
  if (!line.model.isEmpty()) line.model = QDir::cleanPath(QFileInfo(line.model).absoluteFilePath());

  if (parser.isSet(options.ask)) {
    line.mode = CommandLine::Mode::Ask;
    line.ask = parser.value(options.ask);
    if (line.ask.trimmed().isEmpty()) return Line::failure(Sentences::tr("--ask needs a question."));
    if (parser.isSet(options.chat)) return Line::failure(Sentences::tr("--ask and --chat exclude each other."));
  } else if (parser.isSet(options.chat)) {
    line.mode = CommandLine::Mode::Chat;
  }
  for (const auto* option : {&options.json, &options.seed, &options.maxTokens}) {
    if (parser.isSet(*option) && line.mode != CommandLine::Mode::Ask)
      return Line::failure(Sentences::tr("--%1 goes with --ask.").arg(option->names().first()));
  }
  if (line.mode != CommandLine::Mode::Window && !line.text.isEmpty()) {
    return Line::failure(Sentences::tr("\"%1\" is not understood here.").arg(line.text));
  }
  return Line::success(line);
}

}  // namespace hadal
