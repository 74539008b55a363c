#pragma once

#include <vector>

namespace hadal::grammar {

/// Code points first to last, both included.
struct CodeRange {
  char32_t first = 0, last = 0;
};
/// Disjoint, in order, without neighbours that touch.
using CodeSet = std::vector<CodeRange>;

inline constexpr char32_t last_code_point = 0x10FFFF;

CodeSet united(CodeSet a, const CodeSet& b);
/// Of all code points; surrogates are code points here, and left out where text is written.
CodeSet complement(const CodeSet& set);
CodeSet intersection(const CodeSet& a, const CodeSet& b);
bool contains(const CodeSet& set, char32_t code);

}  // namespace hadal::grammar
