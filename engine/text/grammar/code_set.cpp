#include "text/grammar/code_set.h"

#include <algorithm>

namespace hadal::grammar {

CodeSet united(CodeSet a, const CodeSet& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::ranges::sort(a, {}, &CodeRange::first);
  CodeSet out;
  for (const CodeRange& range : a) {
    if (!out.empty() && range.first <= out.back().last + 1) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

CodeSet complement(const CodeSet& set) {
  CodeSet out;
  char32_t next = 0;
  for (const CodeRange& range : set) {
    if (range.first > next) out.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= last_code_point) out.push_back({next, last_code_point});
  return out;
}

CodeSet intersection(const CodeSet& a, const CodeSet& b) {
  return complement(united(complement(a), complement(b)));
}

bool contains(const CodeSet& set, char32_t code) {
  return std::ranges::any_of(set, [code](const CodeRange& range) { return range.first <= code && code <= range.last; });
}

}  // namespace hadal::grammar
