#include "base/utf8.h"
#include "hadal/tokenizer.h"

namespace hadal {

std::string Utf8Stream::push(std::string_view bytes) {
  held_ += bytes;
  std::string out;
  std::string_view rest = held_;
  while (!rest.empty()) {
    const Utf8Head head = utf8_head(rest);
    if (head.state == Utf8State::incomplete) break;
    out += head.state == Utf8State::valid ? rest.substr(0, head.length) : utf8_replacement;
    rest.remove_prefix(head.length);
  }
  held_.erase(0, held_.size() - rest.size());
  return out;
}

std::string Utf8Stream::finish() {
  const bool unfinished = !held_.empty();
  held_.clear();
  return std::string(unfinished ? utf8_replacement : "");
}

}  // namespace hadal
