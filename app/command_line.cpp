#include "app/command_line.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

#include "app/plugins/plugin_list.h"

namespace hadal {

namespace {

/// The context that lupdate finds this file's sentences in.
struct Sentences {
  Q_DECLARE_TR_FUNCTIONS(CommandLine)
};

struct Options {
  QCommandLineOption ask{QStringLiteral("ask"), Sentences::tr("Answer <text> on the standard output and end."), Sentences::tr("text")};
  QCommandLineOption json{QStringLiteral("json"), Sentences::tr("With --ask: print events, one JSON object a line.")};
  QCommandLineOption chat{QStringLiteral("chat"), Sentences::tr("Chat in the terminal.")};
  QCommandLineOption profile{QStringLiteral("profile"),
                             Sentences::tr("Keep everything in <folder> instead of ~/.local/share/hadal."), Sentences::tr("folder")};
  QCommandLineOption model{QStringLiteral("model"), Sentences::tr("Use this GGUF file."), Sentences::tr("file")};
  QCommandLineOption language{QStringLiteral("language"), Sentences::tr("Language for this run: system, en or zh_CN."),
                              Sentences::tr("language")};
  QCommandLineOption theme{QStringLiteral("theme"), Sentences::tr("Theme for this run: system, light or dark."), Sentences::tr("theme")};
  QCommandLineOption context{QStringLiteral("context"), Sentences::tr("Context for this run, in tokens."), Sentences::tr("tokens")};
  QCommandLineOption threads{QStringLiteral("threads"), Sentences::tr("Compute threads for this run."), Sentences::tr("number")};
  QCommandLineOption plugins{QStringLiteral("plugins"), Sentences::tr("List the plugins and end.")};
  QCommandLineOption help{{QStringLiteral("h"), QStringLiteral("help")}, Sentences::tr("Print this help.")};
  QCommandLineOption version{{QStringLiteral("v"), QStringLiteral("version")}, Sentences::tr("Print the version.")};
};

/// A number of at least 0; the sentence if it is none.
QString readNumber(const QCommandLineParser& parser, const QCommandLineOption& option, std::optional<int>& to) {
  if (!parser.isSet(option)) return {};
  bool ok = false;
  const int number = parser.value(option).toInt(&ok);
  if (!ok || number < 0) {
    return Sentences::tr("--%1 takes a number, not \"%2\".").arg(option.names().first(), parser.value(option));
  }
  to = number;
  return {};
}

QString readChoice(const QCommandLineParser& parser, const QCommandLineOption& option, const QStringList& choices,
                   QString& to) {
  if (!parser.isSet(option)) return {};
  to = parser.value(option);
  if (choices.contains(to)) return {};
  return Sentences::tr("--%1 takes one of %2, not \"%3\".").arg(option.names().first(), choices.join(QStringLiteral(", ")), to);
}

/// Files among the words are models, the rest is a question.
QString readWords(const QStringList& words, CommandLine& line) {
  QStringList question;
  for (const QString& word : words) {
    const bool model = word.endsWith(QStringLiteral(".gguf"), Qt::CaseInsensitive);
    if (!model)
      question.append(word);
    else if (line.model.isEmpty())
      line.model = word;
    else
      return Sentences::tr("Only one model can be given.");
  }
  line.text = question.join(u' ');
  return {};
}

}  // namespace

Outcome<CommandLine> parseCommandLine(const QStringList& arguments) {
  using Line = Outcome<CommandLine>;
  const Options options;
  QCommandLineParser parser;
  parser.setApplicationDescription(Sentences::tr("Runs language models on your own machine. Everything stays in one folder."));
  parser.addOptions({options.ask, options.json, options.chat, options.profile, options.model, options.language,
                     options.theme, options.context, options.threads, options.plugins, options.help, options.version});
  parser.addPositionalArgument(QStringLiteral("words"), Sentences::tr("A GGUF file to use, or a question for the window."),
                               QStringLiteral("[words...]"));
  if (!parser.parse(arguments)) return Line::failure(parser.errorText());

  CommandLine line;
  if (parser.isSet(options.help) || parser.isSet(options.version)) {
    line.mode = CommandLine::Mode::Print;
    line.print = parser.isSet(options.help)
                     ? parser.helpText().replace(QStringLiteral("<executable_name>"), QStringLiteral("hadal"))
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
  QString wrong = readNumber(parser, options.context, line.context);
  if (wrong.isEmpty()) wrong = readNumber(parser, options.threads, line.threads);
  if (wrong.isEmpty())
    wrong = readChoice(parser, options.language,
                       {QStringLiteral("system"), QStringLiteral("en"), QStringLiteral("zh_CN")}, line.language);
  if (wrong.isEmpty())
    wrong = readChoice(parser, options.theme,
                       {QStringLiteral("system"), QStringLiteral("light"), QStringLiteral("dark")}, line.theme);
  if (wrong.isEmpty()) wrong = readWords(parser.positionalArguments(), line);
  if (!wrong.isEmpty()) return Line::failure(wrong);
  if (!line.model.isEmpty()) line.model = QFileInfo(line.model).absoluteFilePath();

  if (parser.isSet(options.ask)) {
    line.mode = CommandLine::Mode::Ask;
    line.ask = parser.value(options.ask);
    if (line.ask.trimmed().isEmpty()) return Line::failure(Sentences::tr("--ask needs a question."));
    if (parser.isSet(options.chat)) return Line::failure(Sentences::tr("--ask and --chat exclude each other."));
  } else if (parser.isSet(options.chat)) {
    line.mode = CommandLine::Mode::Chat;
  }
  if (line.json && line.mode != CommandLine::Mode::Ask) return Line::failure(Sentences::tr("--json goes with --ask."));
  if (line.mode != CommandLine::Mode::Window && !line.text.isEmpty()) {
    return Line::failure(Sentences::tr("\"%1\" is not understood here.").arg(line.text));
  }
  return Line::success(line);
}

}  // namespace hadal
