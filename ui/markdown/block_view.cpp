#include "ui/markdown/block_view.h"

#include "ui/markdown/code_block.h"
#include "ui/markdown/formula_block.h"
#include "ui/markdown/table_block.h"
#include "ui/markdown/text_block.h"

namespace hadal::ui {

std::unique_ptr<BlockView> makeBlockView(const MarkdownBlock& block, const ProseStyle& style, CodeColours* colours) {
  switch (block.kind) {
    case MarkdownBlock::Kind::Code:
      return std::make_unique<CodeBlock>(block, colours);
    case MarkdownBlock::Kind::Table:
      return std::make_unique<TableBlock>(block);
    case MarkdownBlock::Kind::Rule:
      return std::make_unique<RuleBlock>(block);
    case MarkdownBlock::Kind::Formula:
      return std::make_unique<FormulaBlock>(block);
    case MarkdownBlock::Kind::Paragraph:
    case MarkdownBlock::Kind::Heading:
      break;
  }
  return std::make_unique<TextBlock>(block, style);
}

int gapBetween(const MarkdownBlock& above, const MarkdownBlock& below) {
  using Kind = MarkdownBlock::Kind;
  const auto framed = [](const MarkdownBlock& b) { return b.kind == Kind::Code || b.kind == Kind::Table; };
  if (below.kind == Kind::Heading) return 16;
  if (above.kind == Kind::Heading) return framed(below) ? 8 : 4;
  if (framed(above) || framed(below)) return 12;
  if (above.tight && below.tight) return 4;
  return 8;
}

}  // namespace hadal::ui
