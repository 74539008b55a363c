#include <algorithm>
#include <array>

#include "text/jinja/arguments.h"
#include "text/jinja/methods.h"
#include "text/jinja/operations.h"
#include "text/jinja/unicode.h"

// Methods of strings that look at or change single characters.

namespace hadal::jinja {
namespace {

template <std::string (*change)(std::string_view)>
Value changed(Runtime& runtime, const Value& self, const Arguments& arguments) {
  bind_parameters(runtime, "this method", arguments, {});
  runtime.budget().characters(self.bytes());
  return runtime.string(self.text().with_bytes(change(self.bytes())));
}
std::string title(std::string_view text) {
  return to_title(text, false);
}
std::string capital(std::string_view text) {
  return to_title(text, true);
}
std::string swapped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = next_char(text, at);
    const auto character = text.substr(begin, at - begin);
    out += is_upper(c) ? to_lower(character) : to_upper(character);
  }
  return out;
}

/// True for a text that is not empty and all of whose characters are so.
template <bool (*property)(char32_t)>
Value all_are(Runtime& runtime, const Value& self, const Arguments& arguments) {
  bind_parameters(runtime, "this method", arguments, {});
  runtime.budget().characters(self.bytes());
  const auto text = self.text().view();
  for (std::size_t at = 0; at < text.size();) {
    if (!property(next_char(text, at))) return Value::boolean(false);
  }
  return Value::boolean(!text.empty());
}
bool letter_or_digit(char32_t c) {
  return is_letter(c) || is_digit(c);
}
bool ascii(char32_t c) {
  return c < 0x80;
}

/// Python's isupper and islower: some cased character, and none of the other case.
template <bool (*wanted)(char32_t), bool (*other)(char32_t)>
Value cased(Runtime& runtime, const Value& self, const Arguments& arguments) {
  bind_parameters(runtime, "this method", arguments, {});
  runtime.budget().characters(self.bytes());
  bool some = false;
  const auto text = self.text().view();
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_char(text, at);
    if (other(c)) return Value::boolean(false);
    some = some || wanted(c);
  }
  return Value::boolean(some);
}

enum class Side { left, right, center };

Value padded(Runtime& runtime, const Value& self, const Arguments& arguments, Side side) {
  const Values values = bind_parameters(runtime, "this method", arguments, {"width", "fillchar"});
  const std::int64_t count = *length(runtime, self), width = integer_or(runtime, values[0], 0);
  if (width <= count) return self;
  const Text fill = values[1].is(Value::Kind::undefined) ? Text(" ") : text_of(runtime, values[1], "fillchar");
  const auto gap = static_cast<std::uint64_t>(width - count);
  runtime.budget().room(gap);
  runtime.budget().room(gap * fill.size());
  runtime.budget().step(gap / 4);
  // str.center puts the odd one to the left where the width is odd.
  const std::uint64_t before = side == Side::right  ? gap
                               : side == Side::left ? 0
                                                    : gap / 2 + (gap & static_cast<std::uint64_t>(width) & 1U);
  Text out;
  for (std::uint64_t i = 0; i < before; ++i) out.append(fill);
  out.append(self.text());
  for (std::uint64_t i = before; i < gap; ++i) out.append(fill);
  return runtime.string(std::move(out));
}
Value string_center(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return padded(runtime, self, arguments, Side::center);
}
Value string_ljust(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return padded(runtime, self, arguments, Side::left);
}
Value string_rjust(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return padded(runtime, self, arguments, Side::right);
}

Value string_zfill(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "zfill", arguments, {"width"});
  const std::int64_t gap = integer_or(runtime, values[0], 0) - *length(runtime, self);
  if (gap <= 0) return self;
  runtime.budget().room(static_cast<std::uint64_t>(gap));
  runtime.budget().work(static_cast<std::size_t>(gap));
  const Text& text = self.text();
  const std::size_t sign = text.view().starts_with('-') || text.view().starts_with('+') ? 1 : 0;
  Text out = text.slice(0, sign);
  out.append(std::string(static_cast<std::size_t>(gap), '0'), false);
  out.append(text, sign, text.size() - sign);
  return runtime.string(std::move(out));
}

constexpr std::array<Method, 19> kMethods = {{{"upper", changed<to_upper>},
                                              {"lower", changed<to_lower>},
                                              {"title", changed<title>},
                                              {"capitalize", changed<capital>},
                                              {"swapcase", changed<swapped>},
                                              {"casefold", changed<to_lower>},
                                              {"isdigit", all_are<is_digit>},
                                              {"isdecimal", all_are<is_digit>},
                                              {"isnumeric", all_are<is_digit>},
                                              {"isalpha", all_are<is_letter>},
                                              {"isalnum", all_are<letter_or_digit>},
                                              {"isspace", all_are<is_space>},
                                              {"isascii", all_are<ascii>},
                                              {"isupper", cased<is_upper, is_lower>},
                                              {"islower", cased<is_lower, is_upper>},
                                              {"center", string_center},
                                              {"ljust", string_ljust},
                                              {"rjust", string_rjust},
                                              {"zfill", string_zfill}}};

}  // namespace

std::span<const Method> character_methods() {
  return kMethods;
}

}  // namespace hadal::jinja
