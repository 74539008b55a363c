#include "ui/markdown/formula_symbols.h"

#include <QHash>

namespace hadal::ui {

namespace {

struct Group {
  AtomClass atom;
  const char* names;  ///< "name character name character ..."
};

const Group kGroups[] = {
    {AtomClass::Ordinary,
     "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ "
     "mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ "
     "psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω infty ∞ "
     "partial ∂ nabla ∇ hbar ℏ ell ℓ Re ℜ Im ℑ wp ℘ aleph ℵ beth ℶ emptyset ∅ varnothing ∅ forall ∀ exists ∃ "
     "nexists ∄ neg ¬ lnot ¬ angle ∠ triangle △ square □ Box □ blacksquare ■ checkmark ✓ dagger † prime ′ "
     "degree ° circledR ® top ⊤ bot ⊥ clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠ flat ♭ sharp ♯ natural ♮ "
     "imath ı jmath ȷ backslash \\ # # $ $ % % & & _ _ S § P ¶ pounds £ euro € yen ¥ copyright © Diamond ◊ "
     "blacktriangle ▲ complement ∁ mho ℧ eth ð"},
    {AtomClass::Binary,
     "pm ± mp ∓ times × div ÷ cdot ⋅ ast ∗ star ⋆ circ ∘ bullet ∙ cap ∩ cup ∪ uplus ⊎ sqcap ⊓ sqcup ⊔ vee ∨ lor ∨ "
     "wedge ∧ land ∧ setminus ∖ smallsetminus ∖ wr ≀ diamond ⋄ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ amalg ⨿ "
     "ltimes ⋉ rtimes ⋊ bigtriangleup △ bigtriangledown ▽ triangleleft ◁ triangleright ▷ boxplus ⊞ boxtimes ⊠ "
     "centerdot ⋅ dotplus ∔ barwedge ⊼ veebar ⊻ bmod mod"},
    {AtomClass::Relation,
     "leq ≤ le ≤ geq ≥ ge ≥ leqslant ⩽ geqslant ⩾ neq ≠ ne ≠ equiv ≡ sim ∼ simeq ≃ approx ≈ approxeq ≊ cong ≅ "
     "propto ∝ varpropto ∝ asymp ≍ doteq ≐ triangleq ≜ coloneqq ≔ eqqcolon ≕ prec ≺ succ ≻ preceq ⪯ succeq ⪰ ll ≪ "
     "gg ≫ lll ⋘ ggg ⋙ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊ supsetneq ⊋ nsubseteq ⊈ sqsubseteq ⊑ "
     "sqsupseteq ⊒ in ∈ ni ∋ notin ∉ vdash ⊢ dashv ⊣ models ⊨ vDash ⊨ Vdash ⊩ perp ⟂ parallel ∥ nparallel ∦ mid ∣ "
     "nmid ∤ lesssim ≲ gtrsim ≳ nless ≮ ngtr ≯ nleq ≰ ngeq ≱ to → rightarrow → gets ← leftarrow ← "
     "leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⟹ impliedby ⟸ iff ⟺ longrightarrow ⟶ "
     "longleftarrow ⟵ longleftrightarrow ⟷ Longrightarrow ⟹ Longleftarrow ⟸ Longleftrightarrow ⟺ mapsto ↦ "
     "longmapsto ⟼ hookrightarrow ↪ hookleftarrow ↩ uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ "
     "nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ rightharpoonup ⇀ rightharpoondown ⇁ leftharpoonup ↼ "
     "leftharpoondown ↽ rightleftharpoons ⇌ rightleftarrows ⇄ leadsto ⇝ rightsquigarrow ⇝ twoheadrightarrow ↠ "
     "nrightarrow ↛ therefore ∴ because ∵ colon : bowtie ⋈ smile ⌣ frown ⌢ between ≬"},
    {AtomClass::Open, "langle ⟨ lceil ⌈ lfloor ⌊ lbrace { { { lbrack [ lvert | lVert ‖ lgroup ⟮ ulcorner ⌜"},
    {AtomClass::Close, "rangle ⟩ rceil ⌉ rfloor ⌋ rbrace } } } rbrack ] rvert | rVert ‖ rgroup ⟯ urcorner ⌝"},
    {AtomClass::Ordinary, "vert | Vert ‖ | ‖"},
    {AtomClass::Inner, "ldots … dots … cdots ⋯ vdots ⋮ ddots ⋱ dotsc … dotsb ⋯ dotso … hdots … iddots ⋰"},
};

// Larger in display style; with limits above and below unless it is an integral.
const char* const kLarge =
    "sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ biguplus ⨄ "
    "bigsqcup ⨆ int ∫ iint ∬ iiint ∭ oint ∮ oiint ∯";
const char* const kFunctions =
    "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan exp log ln lg arg deg dim hom ker";
const char* const kLimitFunctions = "lim max min sup inf limsup liminf argmax argmin det gcd Pr injlim projlim";

QHash<QString, FormulaSymbol> makeTable() {
  QHash<QString, FormulaSymbol> table;
  const auto pairs = [](const char* names) { return QString::fromUtf8(names).split(QLatin1Char(' ')); };
  for (const Group& group : kGroups) {
    const QStringList words = pairs(group.names);
    for (qsizetype i = 0; i + 1 < words.size(); i += 2) table.insert(words[i], {words[i + 1], group.atom});
  }
  const QStringList large = pairs(kLarge);
  for (qsizetype i = 0; i + 1 < large.size(); i += 2) {
    const bool integral = large[i].endsWith(QLatin1String("int"));
    table.insert(large[i], {large[i + 1], AtomClass::Operator, !integral, true});
  }
  for (const QString& name : pairs(kFunctions)) table.insert(name, {name, AtomClass::Operator});
  for (const QString& name : pairs(kLimitFunctions)) table.insert(name, {name, AtomClass::Operator, true, false});
  table[QStringLiteral("limsup")].text = QStringLiteral("lim sup");
  table[QStringLiteral("liminf")].text = QStringLiteral("lim inf");
  table[QStringLiteral("argmax")].text = QStringLiteral("arg max");
  table[QStringLiteral("argmin")].text = QStringLiteral("arg min");
  return table;
}

// First characters of A, a, and 0 in a face's block; 0: the face has none.
struct Alphabet {
  char32_t upper, lower, digit, greekUpper, greekLower;
};

Alphabet alphabetOf(MathFace face) {
  switch (face) {
    case MathFace::Italic:
      return {0x1D434, 0x1D44E, 0, 0, 0x1D6FC};
    case MathFace::Bold:
      return {0x1D400, 0x1D41A, 0x1D7CE, 0x1D6A8, 0x1D6C2};
    case MathFace::BoldItalic:
      return {0x1D468, 0x1D482, 0x1D7CE, 0x1D71C, 0x1D736};
    case MathFace::Blackboard:
      return {0x1D538, 0x1D552, 0x1D7D8, 0, 0};
    case MathFace::Script:
      return {0x1D49C, 0x1D4B6, 0, 0, 0};
    case MathFace::Fraktur:
      return {0x1D504, 0x1D51E, 0, 0, 0};
    case MathFace::Sans:
      return {0x1D5A0, 0x1D5BA, 0x1D7E2, 0, 0};
    case MathFace::Mono:
      return {0x1D670, 0x1D68A, 0x1D7F6, 0, 0};
    case MathFace::Upright:
      break;
  }
  return {};
}

// Letters that Unicode had before the alphabets came.
char32_t elsewhere(char32_t c) {
  static const QHash<char32_t, char32_t> known{
      {0x1D455, 0x210E}, {0x1D49D, 0x212C}, {0x1D4A0, 0x2130}, {0x1D4A1, 0x2131}, {0x1D4A3, 0x210B}, {0x1D4A4, 0x2110},
      {0x1D4A7, 0x2112}, {0x1D4A8, 0x2133}, {0x1D4AD, 0x211B}, {0x1D4BA, 0x212F}, {0x1D4BC, 0x210A}, {0x1D4C4, 0x2134},
      {0x1D506, 0x212D}, {0x1D50B, 0x210C}, {0x1D50C, 0x2111}, {0x1D515, 0x211C}, {0x1D51D, 0x2128}, {0x1D53A, 0x2102},
      {0x1D53F, 0x210D}, {0x1D545, 0x2115}, {0x1D547, 0x2119}, {0x1D548, 0x211A}, {0x1D549, 0x211D}, {0x1D551, 0x2124}};
  return known.value(c, c);
}

}  // namespace

std::optional<FormulaSymbol> formulaSymbol(QStringView name) {
  static const QHash<QString, FormulaSymbol> table = makeTable();
  const auto found = table.constFind(name.toString());
  return found == table.constEnd() ? std::nullopt : std::optional(*found);
}

AtomClass atomOf(char32_t c) {
  const auto isOneOf = [c](const char32_t* set) {
    for (; *set; ++set) {
      if (*set == c) return true;
    }
    return false;
  };
  if (isOneOf(U"+-−*∗±×÷⋅·∘⊕⊗∩∪∧∨∖")) return AtomClass::Binary;
  if (isOneOf(U"=<>:≤≥≠≈≡∼∈∉⊂⊆→←↔⇒⇔∝≪≫↦⟶")) return AtomClass::Relation;
  if (isOneOf(U"([{⟨⌈⌊")) return AtomClass::Open;
  if (isOneOf(U")]}⟩⌉⌋!?")) return AtomClass::Close;
  if (isOneOf(U",;，；")) return AtomClass::Punctuation;
  return AtomClass::Ordinary;
}

char32_t inFace(char32_t c, MathFace face) {
  const Alphabet a = alphabetOf(face);
  if (c >= U'A' && c <= U'Z') return a.upper ? elsewhere(a.upper + (c - U'A')) : 0;
  if (c >= U'a' && c <= U'z') return a.lower ? elsewhere(a.lower + (c - U'a')) : 0;
  if (c >= U'0' && c <= U'9') return a.digit ? a.digit + (c - U'0') : 0;
  if (c >= U'Α' && c <= U'Ω') return a.greekUpper ? a.greekUpper + (c - U'Α') : 0;
  if (c >= U'α' && c <= U'ω') return a.greekLower ? a.greekLower + (c - U'α') : 0;
  // ϵ ϑ ϰ ϕ ϱ ϖ follow the small letters, after the sign of the partial derivative.
  if (a.greekLower) {
    const std::u32string_view variants = U"∂ϵϑϰϕϱϖ";
    if (const auto at = variants.find(c); at != variants.npos && at > 0)
      return a.greekLower + 25 + static_cast<char32_t>(at);
  }
  return 0;
}

}  // namespace hadal::ui
