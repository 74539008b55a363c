#include "ui/markdown/code_colours.h"

#include <KSyntaxHighlighting/AbstractHighlighter>
#include <KSyntaxHighlighting/Definition>
#include <KSyntaxHighlighting/Format>
#include <KSyntaxHighlighting/Repository>
#include <KSyntaxHighlighting/State>
#include <KSyntaxHighlighting/Theme>
#include <QHash>

namespace hadal::ui {

namespace {

using Style = KSyntaxHighlighting::Theme::TextStyle;

std::optional<Role> roleOf(Style style) {
  switch (style) {
    case Style::Keyword:
    case Style::ControlFlow:
    case Style::Import:
    case Style::Preprocessor:
      return Role::CodeKeyword;
    case Style::Function:
    case Style::BuiltIn:
    case Style::Extension:
      return Role::CodeFunction;
    case Style::Char:
    case Style::SpecialChar:
    case Style::String:
    case Style::VerbatimString:
    case Style::SpecialString:
      return Role::CodeString;
    case Style::DataType:
    case Style::Attribute:
      return Role::CodeType;
    case Style::DecVal:
    case Style::BaseN:
    case Style::Float:
    case Style::Constant:
      return Role::CodeNumber;
    case Style::Comment:
    case Style::Documentation:
    case Style::Annotation:
    case Style::CommentVar:
      return Role::CodeComment;
    default:
      return std::nullopt;
  }
}

// Words that models write after the fence and that are no grammar's name or file ending.
QString grammarAlias(const QString& word) {
  static const QHash<QString, QString> known{
      {QStringLiteral("shell"), QStringLiteral("Bash")},
      {QStringLiteral("console"), QStringLiteral("Bash")},
      {QStringLiteral("zsh"), QStringLiteral("Zsh")},
      {QStringLiteral("csharp"), QStringLiteral("C#")},
      {QStringLiteral("golang"), QStringLiteral("Go")},
      {QStringLiteral("docker"), QStringLiteral("Dockerfile")},
      {QStringLiteral("objc"), QStringLiteral("Objective-C")},
      {QStringLiteral("make"), QStringLiteral("Makefile")},
      {QStringLiteral("tex"), QStringLiteral("LaTeX")},
      {QStringLiteral("node"), QStringLiteral("JavaScript")},
      {QStringLiteral("postgresql"), QStringLiteral("SQL (PostgreSQL)")},
      {QStringLiteral("assembly"), QStringLiteral("GNU Assembler")},
  };
  return known.value(word, word);
}

class LineReader : public KSyntaxHighlighting::AbstractHighlighter {
 public:
  KSyntaxHighlighting::State read(const QString& text, const KSyntaxHighlighting::State& state, ColouredLine& into) {
    into_ = &into;
    return highlightLine(text, state);
  }

 protected:
  void applyFormat(int offset, int length, const KSyntaxHighlighting::Format& format) override {
    const auto role = roleOf(format.textStyle());
    if (role && length > 0) *into_ << ColouredRange{offset, length, *role, *role == Role::CodeComment};
  }

 private:
  ColouredLine* into_ = nullptr;
};

}  // namespace

class CodeColours::Worker : public QObject {
 public:
  QList<ColouredLine> colour(quint64 client, const QString& language, const QStringList& lines, bool keepState) {
    if (!repository_) repository_ = std::make_unique<KSyntaxHighlighting::Repository>();
    QList<ColouredLine> result(lines.size());
    const KSyntaxHighlighting::Definition definition = find(language.toLower());
    if (!definition.isValid()) return result;
    LineReader reader;
    reader.setDefinition(definition);
    KSyntaxHighlighting::State state = states_.value(client);
    for (qsizetype i = 0; i < lines.size(); ++i) state = reader.read(lines[i], state, result[i]);
    if (keepState) states_.insert(client, state);
    return result;
  }
  void forget(quint64 client) { states_.remove(client); }

 private:
  KSyntaxHighlighting::Definition find(const QString& word) {
    if (word.isEmpty()) return {};
    if (const auto kept = definitions_.constFind(word); kept != definitions_.constEnd()) return *kept;
    auto definition = repository_->definitionForName(grammarAlias(word));
    if (!definition.isValid()) definition = repository_->definitionForFileName(QStringLiteral("code.") + word);
    return *definitions_.insert(word, definition);
  }

  std::unique_ptr<KSyntaxHighlighting::Repository> repository_;
  QHash<QString, KSyntaxHighlighting::Definition> definitions_;
  QHash<quint64, KSyntaxHighlighting::State> states_;
};

CodeColours::CodeColours(QObject* parent) : QObject(parent), worker_(new Worker) {
  thread_.setObjectName(QStringLiteral("code colours"));
  worker_->moveToThread(&thread_);
  connect(&thread_, &QThread::finished, worker_, &QObject::deleteLater);
}

CodeColours::~CodeColours() {
  if (!thread_.isRunning()) {
    delete worker_;
    return;
  }
  thread_.quit();
  thread_.wait();
}

void CodeColours::colour(quint64 client, const QString& language, int firstLine, const QStringList& lines,
                         bool keepState) {
  if (!thread_.isRunning()) thread_.start(QThread::LowPriority);
  QMetaObject::invokeMethod(worker_, [this, client, language, firstLine, lines, keepState] {
    const QList<ColouredLine> result = worker_->colour(client, language, lines, keepState);
    QMetaObject::invokeMethod(this, [this, client, firstLine, result] { Q_EMIT coloured(client, firstLine, result); });
  });
}

void CodeColours::forget(quint64 client) {
  if (thread_.isRunning()) QMetaObject::invokeMethod(worker_, [this, client] { worker_->forget(client); });
}

QString languageTitle(const QString& word) {
  static const QHash<QString, QString> known{
      {QStringLiteral("py"), QStringLiteral("Python")},
      {QStringLiteral("python"), QStringLiteral("Python")},
      {QStringLiteral("python3"), QStringLiteral("Python")},
      {QStringLiteral("js"), QStringLiteral("JavaScript")},
      {QStringLiteral("javascript"), QStringLiteral("JavaScript")},
      {QStringLiteral("ts"), QStringLiteral("TypeScript")},
      {QStringLiteral("typescript"), QStringLiteral("TypeScript")},
      {QStringLiteral("cpp"), QStringLiteral("C++")},
      {QStringLiteral("c++"), QStringLiteral("C++")},
      {QStringLiteral("c"), QStringLiteral("C")},
      {QStringLiteral("cs"), QStringLiteral("C#")},
      {QStringLiteral("csharp"), QStringLiteral("C#")},
      {QStringLiteral("sh"), QStringLiteral("Shell")},
      {QStringLiteral("bash"), QStringLiteral("Bash")},
      {QStringLiteral("shell"), QStringLiteral("Shell")},
      {QStringLiteral("console"), QStringLiteral("Shell")},
      {QStringLiteral("json"), QStringLiteral("JSON")},
      {QStringLiteral("yaml"), QStringLiteral("YAML")},
      {QStringLiteral("yml"), QStringLiteral("YAML")},
      {QStringLiteral("toml"), QStringLiteral("TOML")},
      {QStringLiteral("ini"), QStringLiteral("INI")},
      {QStringLiteral("xml"), QStringLiteral("XML")},
      {QStringLiteral("html"), QStringLiteral("HTML")},
      {QStringLiteral("css"), QStringLiteral("CSS")},
      {QStringLiteral("sql"), QStringLiteral("SQL")},
      {QStringLiteral("rust"), QStringLiteral("Rust")},
      {QStringLiteral("rs"), QStringLiteral("Rust")},
      {QStringLiteral("go"), QStringLiteral("Go")},
      {QStringLiteral("java"), QStringLiteral("Java")},
      {QStringLiteral("kotlin"), QStringLiteral("Kotlin")},
      {QStringLiteral("swift"), QStringLiteral("Swift")},
      {QStringLiteral("ruby"), QStringLiteral("Ruby")},
      {QStringLiteral("php"), QStringLiteral("PHP")},
      {QStringLiteral("diff"), QStringLiteral("Diff")},
      {QStringLiteral("cmake"), QStringLiteral("CMake")},
      {QStringLiteral("markdown"), QStringLiteral("Markdown")},
      {QStringLiteral("md"), QStringLiteral("Markdown")},
      {QStringLiteral("lua"), QStringLiteral("Lua")},
  };
  return known.value(word.toLower(), word);
}

}  // namespace hadal::ui
