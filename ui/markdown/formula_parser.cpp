#include <QHash>

#include "ui/markdown/formula.h"
#include "ui/markdown/formula_symbols.h"

namespace hadal::ui {

namespace {

using Kind = FormulaNode::Kind;

FormulaPtr make(Kind kind) {
  auto node = std::make_unique<FormulaNode>();
  node->kind = kind;
  return node;
}

// How far a row reaches.
enum class Until { End, Brace, Bracket, Right, Cell };

class Parser {
 public:
  explicit Parser(QStringView source) : source_(source) {}

  FormulaPtr parse() {
    FormulaPtr row = parseRow(Until::End);
    return failed_ ? nullptr : std::move(row);
  }

 private:
  // ---- reading
  // --------------------------------------------------------------------------------------------------------
  bool atEnd() const { return at_ >= source_.size(); }
  QChar peek() const { return atEnd() ? QChar() : source_[at_]; }
  void skipSpace() {
    while (!atEnd() && source_[at_].isSpace()) ++at_;
  }
  bool take(QChar c) {
    if (peek() != c || atEnd()) return false;
    ++at_;
    return true;
  }
  bool comes(QStringView text) const { return source_.mid(at_).startsWith(text); }
  /// After the backslash: letters, or one other character.
  QString commandName() {
    const qsizetype start = at_;
    while (!atEnd() && ((peek() >= u'a' && peek() <= u'z') || (peek() >= u'A' && peek() <= u'Z'))) ++at_;
    if (at_ == start && !atEnd()) ++at_;
    return source_.mid(start, at_ - start).toString();
  }
  QString peekCommand() {
    if (peek() != u'\\') return {};
    const qsizetype before = at_++;
    const QString name = commandName();
    at_ = before;
    return name;
  }
  /// The text of {...} as it stands.
  QString rawGroup() {
    skipSpace();
    if (!take(u'{')) {
      failed_ = true;
      return {};
    }
    const qsizetype start = at_;
    for (int open = 1; !atEnd(); ++at_) {
      if (peek() == u'\\' && at_ + 1 < source_.size()) {
        ++at_;
      } else if (peek() == u'{') {
        ++open;
      } else if (peek() == u'}' && --open == 0) {
        return source_.mid(start, at_++ - start).toString();
      }
    }
    failed_ = true;
    return {};
  }

  FormulaPtr counted(FormulaPtr node) {
    if (++nodes_ > formulaNodes) failed_ = true;
    return node;
  }
  FormulaPtr symbol(const QString& text, AtomClass atom, MathFace face) {
    FormulaPtr node = counted(make(Kind::Symbol));
    node->text = text;
    node->atom = atom;
    node->face = face;
    return node;
  }
  FormulaPtr word(const QString& text, MathFace face, AtomClass atom = AtomClass::Ordinary) {
    FormulaPtr node = counted(make(Kind::Word));
    node->text = text;
    node->face = face;
    node->atom = atom;
    return node;
  }
  FormulaPtr space(double em) {
    FormulaPtr node = counted(make(Kind::Space));
    node->amount = em;
    return node;
  }

  FormulaPtr parseRow(Until until);
  FormulaPtr parseAtom();
  FormulaPtr parseArgument();
  FormulaPtr parseCommand(const QString& name);
  FormulaPtr parseStructure(const QString& name);
  FormulaPtr parseText(const QString& name);
  FormulaPtr parseFenced();
  FormulaPtr parseMatrix(const QString& environment);
  FormulaPtr withScripts(FormulaPtr base);
  FormulaPtr over(Kind kind, const QString& text, FormulaPtr base);
  QString delimiter();

  QStringView source_;
  qsizetype at_ = 0;
  int depth_ = 0, nodes_ = 0;
  bool failed_ = false;
  MathFace face_ = MathFace::Italic;
};

FormulaPtr Parser::parseRow(Until until) {
  FormulaPtr row = counted(make(Kind::Row));
  if (++depth_ > formulaDepth) failed_ = true;
  while (!failed_) {
    skipSpace();
    if (atEnd()) {
      failed_ = until != Until::End;
      break;
    }
    if (peek() == u'}') {
      if (until == Until::Brace) break;
      failed_ = true;
      break;
    }
    if (until == Until::Bracket && peek() == u']') break;
    const QString command = peekCommand();
    if (command == QLatin1String("right") || command == QLatin1String("end") || command == QLatin1String("\\") ||
        peek() == u'&') {
      if (until == Until::Right && command == QLatin1String("right")) break;
      if (until == Until::Cell && command != QLatin1String("right")) break;
      if (command == QLatin1String("\\")) {  // A line break where there are no lines.
        at_ += 2;
        row->children.push_back(space(1));
        continue;
      }
      failed_ = true;
      break;
    }
    const qsizetype before = at_;
    if (FormulaPtr atom = parseAtom()) row->children.push_back(withScripts(std::move(atom)));
    if (at_ == before) failed_ = true;
  }
  --depth_;
  return row;
}

// {...} as one atom, or the next character or command.
FormulaPtr Parser::parseArgument() {
  skipSpace();
  if (atEnd() || peek() == u'}' || peek() == u'&') {
    failed_ = true;
    return make(Kind::Row);
  }
  FormulaPtr atom = parseAtom();
  return atom ? std::move(atom) : make(Kind::Row);
}

FormulaPtr Parser::parseAtom() {
  if (take(u'{')) {
    const MathFace before = face_;
    FormulaPtr row = parseRow(Until::Brace);
    take(u'}');
    face_ = before;
    return row;
  }
  if (take(u'\\')) return parseCommand(commandName());
  if (peek() == u'^' || peek() == u'_') return make(Kind::Row);  // Scripts of nothing.
  if (take(u'~')) return space(0.28);
  if (peek() == u'\'') return make(Kind::Row);
  char32_t c = source_[at_].unicode();
  qsizetype length = 1;
  if (source_[at_].isHighSurrogate() && at_ + 1 < source_.size()) {
    c = QChar::surrogateToUcs4(source_[at_], source_[at_ + 1]);
    length = 2;
  }
  at_ += length;
  const AtomClass atom = atomOf(c);
  if (c == U'-') return symbol(QStringLiteral("−"), atom, face_);
  if (c == U'*') return symbol(QStringLiteral("∗"), atom, face_);
  return symbol(QString::fromUcs4(&c, 1), atom, face_);
}

FormulaPtr Parser::withScripts(FormulaPtr base) {
  FormulaPtr below, above;
  for (;;) {
    skipSpace();
    if (comes(u"\\limits") || comes(u"\\nolimits")) {
      base->limits = comes(u"\\limits");
      at_ += base->limits ? 7 : 9;
      continue;
    }
    if (peek() == u'\'' && !atEnd()) {
      QString primes;
      while (take(u'\'')) primes += QStringLiteral("′");
      FormulaPtr row = make(Kind::Row);
      row->children.push_back(symbol(primes, AtomClass::Ordinary, MathFace::Upright));
      if (above) row->children.push_back(std::move(above));
      above = std::move(row);
      continue;
    }
    FormulaPtr* place = peek() == u'^' ? &above : peek() == u'_' ? &below : nullptr;
    if (!place || atEnd()) break;
    ++at_;
    if (++depth_ > formulaDepth) failed_ = true;
    FormulaPtr script = parseArgument();
    --depth_;
    if (*place) {  // x'^2: one after the other. A second subscript is TeX's error, and harmless.
      FormulaPtr row = make(Kind::Row);
      row->children.push_back(std::move(*place));
      row->children.push_back(std::move(script));
      script = std::move(row);
    }
    *place = std::move(script);
    if (failed_) break;
  }
  if (!below && !above) return base;
  FormulaPtr node = counted(make(Kind::Scripts));
  node->atom = base->atom;
  node->limits = base->limits;
  node->children.push_back(std::move(base));
  node->children.push_back(std::move(below));
  node->children.push_back(std::move(above));
  return node;
}

FormulaPtr Parser::over(Kind kind, const QString& text, FormulaPtr base) {
  FormulaPtr node = counted(make(kind));
  node->text = text;
  node->limits = text.endsWith(QLatin1String("brace"));
  node->children.push_back(std::move(base));
  return node;
}

// After \left, \right, \big: a character or a command.
QString Parser::delimiter() {
  skipSpace();
  if (atEnd()) {
    failed_ = true;
    return {};
  }
  if (take(u'\\')) {
    const auto known = formulaSymbol(commandName());
    if (!known) failed_ = true;
    return known ? known->text : QString();
  }
  const QChar c = source_[at_++];
  if (c == u'.') return {};
  if (c == u'<') return QStringLiteral("⟨");
  if (c == u'>') return QStringLiteral("⟩");
  if (!QStringView(u"()[]{}|/⟨⟩⌈⌉⌊⌋‖↑↓").contains(c)) failed_ = true;
  return c;
}

FormulaPtr Parser::parseFenced() {
  FormulaPtr node = counted(make(Kind::Fenced));
  node->atom = AtomClass::Inner;
  node->open = delimiter();
  node->children.push_back(parseRow(Until::Right));
  if (failed_) return node;
  at_ += 6;  // \right
  node->close = delimiter();
  return node;
}

FormulaPtr Parser::parseMatrix(const QString& environment) {
  static const QHash<QString, std::pair<QString, QString>> fences{
      {QStringLiteral("pmatrix"), {QStringLiteral("("), QStringLiteral(")")}},
      {QStringLiteral("bmatrix"), {QStringLiteral("["), QStringLiteral("]")}},
      {QStringLiteral("Bmatrix"), {QStringLiteral("{"), QStringLiteral("}")}},
      {QStringLiteral("vmatrix"), {QStringLiteral("|"), QStringLiteral("|")}},
      {QStringLiteral("Vmatrix"), {QStringLiteral("‖"), QStringLiteral("‖")}},
      {QStringLiteral("cases"), {QStringLiteral("{"), QString()}}};
  FormulaPtr matrix = counted(make(Kind::Matrix));
  matrix->text = environment;
  if (environment == QLatin1String("array")) {
    QString columns = rawGroup();
    matrix->text = QStringLiteral("array:") + columns.remove(QLatin1Char('|')).remove(QLatin1Char(' '));
  }
  std::vector<std::vector<FormulaPtr>> rows(1);
  while (!failed_) {
    rows.back().push_back(parseRow(Until::Cell));
    if (failed_) return matrix;
    if (take(u'&')) continue;
    if (comes(u"\\\\")) {
      at_ += 2;
      rows.emplace_back();
      continue;
    }
    at_ += 4;  // \end
    if (rawGroup() != environment) failed_ = true;
    break;
  }
  // A last line break opens no row.
  if (rows.size() > 1 && rows.back().size() == 1 && rows.back()[0]->children.empty()) rows.pop_back();
  std::size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  matrix->columns = static_cast<int>(columns);
  if (columns * rows.size() > formulaNodes) failed_ = true;
  if (failed_) return matrix;
  for (auto& row : rows) {
    row.resize(columns);
    for (FormulaPtr& cell : row) matrix->children.push_back(cell ? std::move(cell) : make(Kind::Row));
  }
  const auto fence = fences.constFind(environment);
  if (fence == fences.constEnd()) return matrix;
  FormulaPtr node = counted(make(Kind::Fenced));
  node->atom = AtomClass::Inner;
  node->open = fence->first;
  node->close = fence->second;
  node->children.push_back(std::move(matrix));
  return node;
}

// \text and the alphabets. Null if the name is none of them.
FormulaPtr Parser::parseText(const QString& name) {
  static const QHash<QString, MathFace> words{
      {QStringLiteral("text"), MathFace::Upright},         {QStringLiteral("textrm"), MathFace::Upright},
      {QStringLiteral("mbox"), MathFace::Upright},         {QStringLiteral("textnormal"), MathFace::Upright},
      {QStringLiteral("textbf"), MathFace::Bold},          {QStringLiteral("textit"), MathFace::Italic},
      {QStringLiteral("texttt"), MathFace::Mono},          {QStringLiteral("textsf"), MathFace::Sans},
      {QStringLiteral("operatorname"), MathFace::Upright},
  };
  static const QHash<QString, MathFace> faces{
      {QStringLiteral("mathrm"), MathFace::Upright},        {QStringLiteral("mathbf"), MathFace::Bold},
      {QStringLiteral("boldsymbol"), MathFace::BoldItalic}, {QStringLiteral("bm"), MathFace::BoldItalic},
      {QStringLiteral("mathbb"), MathFace::Blackboard},     {QStringLiteral("mathcal"), MathFace::Script},
      {QStringLiteral("mathscr"), MathFace::Script},        {QStringLiteral("mathfrak"), MathFace::Fraktur},
      {QStringLiteral("mathsf"), MathFace::Sans},           {QStringLiteral("mathtt"), MathFace::Mono},
      {QStringLiteral("mathit"), MathFace::Italic},         {QStringLiteral("mathnormal"), MathFace::Italic},
  };
  if (const auto face = words.constFind(name); face != words.constEnd()) {
    const bool operation = name == QLatin1String("operatorname");
    const bool limits = operation && take(u'*');
    FormulaPtr node = word(rawGroup(), *face, operation ? AtomClass::Operator : AtomClass::Ordinary);
    node->limits = limits;
    return node;
  }
  const auto face = faces.constFind(name);
  if (face == faces.constEnd()) return nullptr;
  const MathFace before = std::exchange(face_, *face);
  FormulaPtr node = parseArgument();
  face_ = before;
  return node;
}

// Commands with arguments. Null if the name is none of them.
FormulaPtr Parser::parseStructure(const QString& name) {
  static const QHash<QString, QString> accents{
      {QStringLiteral("hat"), QStringLiteral("ˆ")},      {QStringLiteral("widehat"), QStringLiteral("ˆ")},
      {QStringLiteral("tilde"), QStringLiteral("˜")},    {QStringLiteral("widetilde"), QStringLiteral("˜")},
      {QStringLiteral("bar"), QStringLiteral("¯")},      {QStringLiteral("vec"), QStringLiteral("→")},
      {QStringLiteral("dot"), QStringLiteral("˙")},      {QStringLiteral("ddot"), QStringLiteral("¨")},
      {QStringLiteral("check"), QStringLiteral("ˇ")},    {QStringLiteral("breve"), QStringLiteral("˘")},
      {QStringLiteral("acute"), QStringLiteral("´")},    {QStringLiteral("grave"), QStringLiteral("`")},
      {QStringLiteral("mathring"), QStringLiteral("˚")},
  };
  static const QHash<QString, QString> lines{
      {QStringLiteral("overline"), QStringLiteral("over")},
      {QStringLiteral("underline"), QStringLiteral("under")},
      {QStringLiteral("boxed"), QStringLiteral("box")},
      {QStringLiteral("overbrace"), QStringLiteral("overbrace")},
      {QStringLiteral("underbrace"), QStringLiteral("underbrace")},
      {QStringLiteral("overrightarrow"), QStringLiteral("overarrow")},
  };
  if (const auto accent = accents.constFind(name); accent != accents.constEnd())
    return over(Kind::Accent, *accent, parseArgument());
  if (const auto line = lines.constFind(name); line != lines.constEnd())
    return over(Kind::Line, *line, parseArgument());
  const bool binomial = name.endsWith(QLatin1String("binom"));
  if (binomial || name.endsWith(QLatin1String("frac"))) {
    const QString style = name.chopped(binomial ? 5 : 4);
    if (!style.isEmpty() && style != QLatin1String("d") && style != QLatin1String("t") && style != QLatin1String("c"))
      return nullptr;
    FormulaPtr node = counted(make(Kind::Fraction));
    node->atom = AtomClass::Inner;
    node->text = style == QLatin1String("c") ? QStringLiteral("d") : style;
    node->amount = binomial ? 0 : 1;
    node->children.push_back(parseArgument());
    node->children.push_back(parseArgument());
    if (!binomial) return node;
    FormulaPtr fenced = counted(make(Kind::Fenced));
    fenced->atom = AtomClass::Inner;
    fenced->open = QStringLiteral("(");
    fenced->close = QStringLiteral(")");
    fenced->children.push_back(std::move(node));
    return fenced;
  }
  if (name == QLatin1String("sqrt")) {
    FormulaPtr node = counted(make(Kind::Root));
    skipSpace();
    FormulaPtr index;
    if (take(u'[')) {
      index = parseRow(Until::Bracket);
      take(u']');
    }
    node->children.push_back(parseArgument());
    node->children.push_back(std::move(index));
    return node;
  }
  const bool set = name == QLatin1String("overset") || name == QLatin1String("stackrel");
  if (set || name == QLatin1String("underset")) {
    FormulaPtr node = counted(make(Kind::Stack));
    FormulaPtr script = parseArgument();
    FormulaPtr base = parseArgument();
    node->atom = base->atom;
    node->children.push_back(std::move(base));
    node->children.push_back(set ? nullptr : std::move(script));
    node->children.push_back(set ? std::move(script) : nullptr);
    return node;
  }
  return nullptr;
}

FormulaPtr Parser::parseCommand(const QString& name) {
  if (++depth_ > formulaDepth) failed_ = true;
  struct Leave {
    int& depth;
    ~Leave() { --depth; }
  } leave{depth_};
  if (failed_) return nullptr;
  static const QHash<QString, double> spaces{
      {QStringLiteral(","), 3 / 18.0},  {QStringLiteral("thinspace"), 3 / 18.0}, {QStringLiteral(":"), 4 / 18.0},
      {QStringLiteral(">"), 4 / 18.0},  {QStringLiteral(";"), 5 / 18.0},         {QStringLiteral("!"), -3 / 18.0},
      {QStringLiteral(" "), 0.25},      {QStringLiteral("quad"), 1.0},           {QStringLiteral("qquad"), 2.0},
      {QStringLiteral("enspace"), 0.5},
  };
  if (const auto em = spaces.constFind(name); em != spaces.constEnd()) return space(*em);
  if (name == QLatin1String("left")) return parseFenced();
  if (name == QLatin1String("begin")) {
    static const QStringList known{
        QStringLiteral("matrix"),  QStringLiteral("pmatrix"), QStringLiteral("bmatrix"), QStringLiteral("Bmatrix"),
        QStringLiteral("vmatrix"), QStringLiteral("Vmatrix"), QStringLiteral("cases"),   QStringLiteral("aligned"),
        QStringLiteral("align"),   QStringLiteral("align*"),  QStringLiteral("split"),   QStringLiteral("gathered"),
        QStringLiteral("gather"),  QStringLiteral("gather*"), QStringLiteral("array"),   QStringLiteral("smallmatrix")};
    const QString environment = rawGroup();
    if (!known.contains(environment)) failed_ = true;
    return failed_ ? nullptr : parseMatrix(environment);
  }
  static const QHash<QString, double> sizes{{QStringLiteral("big"), 1.2},
                                            {QStringLiteral("Big"), 1.8},
                                            {QStringLiteral("bigg"), 2.4},
                                            {QStringLiteral("Bigg"), 3.0}};
  QString bare = name;
  if (!sizes.contains(bare) && (bare.endsWith(u'l') || bare.endsWith(u'r') || bare.endsWith(u'm'))) bare.chop(1);
  if (const auto size = sizes.constFind(bare); size != sizes.constEnd()) {
    FormulaPtr node = counted(make(Kind::Delimiter));
    node->amount = *size;
    node->text = delimiter();
    node->atom = node->text.isEmpty() ? AtomClass::Ordinary : atomOf(node->text[0].unicode());
    return node;
  }
  if (name == QLatin1String("middle")) {
    FormulaPtr node = counted(make(Kind::Delimiter));
    node->amount = 1.2;
    node->text = delimiter();
    node->atom = AtomClass::Relation;
    return node;
  }
  if (name == QLatin1String("displaystyle") || name == QLatin1String("textstyle")) {
    // Holds for what follows in its group; as LaTeX is written by models, that is the whole formula.
    FormulaPtr node = counted(make(Kind::Style));
    node->amount = name.startsWith(u'd') ? 0 : 1;
    return node;
  }
  if (name == QLatin1String("not")) {
    FormulaPtr struck = parseArgument();
    if (struck->kind == Kind::Symbol) struck->text += QChar(0x0338);
    return struck;
  }
  if (name == QLatin1String("pmod")) {
    FormulaPtr row = counted(make(Kind::Row));
    row->children.push_back(space(0.6));
    row->children.push_back(word(QStringLiteral("(mod "), MathFace::Upright));
    row->children.push_back(parseArgument());
    row->children.push_back(word(QStringLiteral(")"), MathFace::Upright));
    return row;
  }
  if (FormulaPtr text = parseText(name)) return text;
  if (FormulaPtr structure = parseStructure(name)) return structure;
  if (const auto known = formulaSymbol(name)) {
    const bool named = known->text.size() > 1 && known->text[0].isLetter() && !known->text[0].isHighSurrogate();
    FormulaPtr node =
        named ? word(known->text, MathFace::Upright, known->atom) : symbol(known->text, known->atom, face_);
    node->limits = known->limits;
    node->large = known->large;
    return node;
  }
  FormulaPtr unknown = counted(make(Kind::Source));
  unknown->text = QLatin1Char('\\') + name;
  return unknown;
}

}  // namespace

FormulaPtr parseFormula(QStringView source) {
  if (source.size() > formulaLength) return nullptr;
  return Parser(source).parse();
}

}  // namespace hadal::ui
