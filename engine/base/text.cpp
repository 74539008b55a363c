#include "base/text.h"

#include "base/utf8.h"

namespace hadal {
namespace {

struct Unit {
  const char* name;
  double size;
};

Unit unit_for(std::uint64_t bytes) {
  if (bytes >= 1'000'000'000'000) return {"TB", 1e12};
  if (bytes >= 1'000'000'000) return {"GB", 1e9};
  if (bytes >= 1'000'000) return {"MB", 1e6};
  if (bytes >= 10'000) return {"kB", 1e3};
  return {"bytes", 1};
}

std::string in_unit(std::uint64_t bytes, Unit unit) {
  char digits[32];
  std::snprintf(digits, sizeof digits, unit.size == 1 ? "%.0f" : "%.1f", static_cast<double>(bytes) / unit.size);
  return digits;
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  while (!text.empty() && out.size() < limit) {
    const Utf8Head head = utf8_head(text);
    const auto first = static_cast<unsigned char>(text[0]);
    // C0, DEL, and C1 (U+0080 to U+009F), with which terminals may be told things as well.
    const bool c1 = first == 0xC2 && head.length == 2 && static_cast<unsigned char>(text[1]) < 0xA0;
    const bool control = first < 0x20 || first == 0x7F || c1;
    if (head.state == Utf8State::valid && !control) {
      out += text.substr(0, head.length);
    } else {
      out += '?';
    }
    text.remove_prefix(head.length);
  }
  if (!text.empty()) out += "...";
  return out;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return concat(count, " ", noun, count == 1 ? "" : "s");
}

std::string human_bytes(std::uint64_t bytes) {
  const Unit unit = unit_for(bytes);
  return concat(in_unit(bytes, unit), " ", unit.name);
}

std::string human_part(std::uint64_t bytes, std::uint64_t whole) {
  const Unit unit = unit_for(whole);
  const std::string part = in_unit(bytes, unit), all = in_unit(whole, unit);
  if (part == all && bytes != whole) return concat(bytes, " of ", whole, " bytes");
  return concat(part, " of ", all, " ", unit.name);
}

}  // namespace hadal
