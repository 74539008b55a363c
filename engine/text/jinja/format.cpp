#include "text/jinja/format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "text/jinja/operations.h"
#include "text/jinja/print.h"
#include "text/jinja/unicode.h"

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;
constexpr int kWidest = 10'000;

struct Spec {
  bool left = false, plus = false, space = false, zero = false, alternate = false, center = false;
  int width = 0, precision = -1;
  char type = 's';
  bool aligned = false;
};

int take_digits(Runtime& runtime, std::string_view text, std::size_t& at) {
  int out = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    out = out * 10 + (text[at++] - '0');
    if (out > kWidest) runtime.fail("a format is wider than 10000");
  }
  return out;
}

std::string number(Runtime& runtime, const Spec& spec, const Value& value) {
  if (!value.is_number()) runtime.fail(concat("a format wants a number, but there is ", kind_name(value)));
  std::string format = "%";
  if (spec.plus) format += '+';
  if (spec.space) format += ' ';
  if (spec.alternate) format += '#';
  char buffer[512];
  const bool whole = spec.type == 'd' || spec.type == 'x' || spec.type == 'X' || spec.type == 'o';
  if (whole) {
    const bool fits = value.is_integral() || std::abs(value.as_real()) < 9.2e18;
    if (!fits) runtime.fail("a format wants an integer, but the number is too large");
    const auto integer = value.is_integral() ? value.as_integer() : static_cast<std::int64_t>(value.as_real());
    if (spec.type == 'd') {
      std::snprintf(buffer, sizeof buffer, (format + "lld").c_str(), static_cast<long long>(integer));
    } else {
      // Python writes a sign where C would write the two's complement.
      const auto magnitude =
          integer < 0 ? -static_cast<unsigned long long>(integer) : static_cast<unsigned long long>(integer);
      const char text[] = {'%', 'l', 'l', spec.type, '\0'};
      std::snprintf(buffer, sizeof buffer, text, magnitude);
      return concat(integer < 0 ? "-" : spec.plus ? "+" : "", buffer);
    }
    return buffer;
  }
  format += ".*";
  format += spec.type;
  std::snprintf(buffer, sizeof buffer, format.c_str(), spec.precision < 0 ? 6 : std::min(spec.precision, 100),
                value.as_real());
  return buffer;
}

Text padded(Text text, const Spec& spec, bool numeric) {
  const auto count = static_cast<int>(char_count(text.view()));
  if (count >= spec.width) return text;
  const auto gap = static_cast<std::size_t>(spec.width - count);
  Text out;
  if (spec.center) {
    out.append(std::string(gap / 2, ' '), false);
    out.append(text);
    out.append(std::string(gap - gap / 2, ' '), false);
  } else if (spec.left) {
    out.append(text);
    out.append(std::string(gap, ' '), false);
  } else if (spec.zero && numeric) {
    const std::size_t sign = text.view().starts_with('-') || text.view().starts_with('+') ? 1 : 0;
    out.append(text, 0, sign);
    out.append(std::string(gap, '0'), false);
    out.append(text, sign, text.size() - sign);
  } else {
    out.append(std::string(gap, ' '), false);
    out.append(text);
  }
  return out;
}

Text formatted(Runtime& runtime, const Spec& spec, const Value& value) {
  switch (spec.type) {
    case 's':
    case 'r': {
      Text text = spec.type == 's' ? to_text(runtime, value) : Text(repr(runtime, value), true);
      if (spec.precision >= 0)
        text = text.slice(0, byte_of_char(text.view(), static_cast<std::size_t>(spec.precision)));
      return padded(std::move(text), spec, false);
    }
    case 'c': {
      if (value.is(Kind::string)) return padded(value.text(), spec, false);
      if (!value.is_integral()) runtime.fail(concat("a format wants a character, but there is ", kind_name(value)));
      std::string text;
      append_char(text, static_cast<char32_t>(value.as_integer()));
      return padded(Text(std::move(text), true), spec, false);
    }
    default:
      return padded(Text(number(runtime, spec, value)), spec, true);
  }
}

/// What follows a %, or the colon of {:...}.
Spec take_spec(Runtime& runtime, std::string_view text, std::size_t& at, bool braces) {
  Spec spec;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '-' && !braces) {
      spec.left = true;
    } else if (c == '+') {
      spec.plus = true;
    } else if (c == ' ') {
      spec.space = true;
    } else if (c == '0') {
      spec.zero = true;
    } else if (c == '#') {
      spec.alternate = true;
    } else if (braces && (c == '<' || c == '>' || c == '^')) {
      spec.left = c == '<';
      spec.center = c == '^';
      spec.aligned = true;
    } else {
      break;
    }
  }
  spec.width = take_digits(runtime, text, at);
  if (at < text.size() && text[at] == '.') {
    ++at;
    spec.precision = take_digits(runtime, text, at);
  }
  return spec;
}

char checked_type(Runtime& runtime, char c) {
  static constexpr std::string_view types = "sriduxXofFeEgGc";
  if (types.find(c) == std::string_view::npos) runtime.fail(concat("a format has the type ", printable({&c, 1})));
  return c == 'i' || c == 'u' ? 'd' : c;
}

}  // namespace

Value format_percent(Runtime& runtime, const Value& format, const Value& values) {
  const Text& text = format.text();
  const bool tuple = values.is(Kind::list) && values.as<ListObject>().flavour == ListObject::Flavour::tuple;
  const Values items = tuple ? iterate(runtime, values) : Values{values};
  std::size_t next = 0;
  Text out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t percent = std::min(text.view().find('%', at), text.size());
    out.append(text, at, percent - at);
    if (percent == text.size()) break;
    at = percent + 1;
    Value named;
    bool is_named = false;
    if (at < text.size() && text.view()[at] == '(') {
      const std::size_t close = text.view().find(')', at);
      if (close == std::string_view::npos || !values.is(Kind::dict))
        runtime.fail("a format names a value that is not there");
      named = get_item(runtime, values, runtime.string(text.view().substr(at + 1, close - at - 1)), nullptr);
      is_named = true;
      at = close + 1;
    }
    Spec spec = take_spec(runtime, text.view(), at, false);
    if (at == text.size()) runtime.fail("a format ends in the middle");
    const char type = text.view()[at++];
    if (type == '%') {
      out.append("%", false);
      continue;
    }
    spec.type = checked_type(runtime, type);
    if (!is_named && next >= items.size()) runtime.fail("a format has more places than values");
    const Text piece = formatted(runtime, spec, is_named ? named : items[next++]);
    runtime.budget().work(piece.size());
    runtime.budget().room(out.size() + piece.size());
    out.append(piece);
  }
  if (next < items.size() && (tuple || !values.is(Kind::dict))) runtime.fail("a format has fewer places than values");
  return runtime.string(std::move(out));
}

Value format_braces(Runtime& runtime, const Value& format, const Arguments& arguments) {
  const Text& text = format.text();
  std::size_t next = 0;
  Text out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t brace = std::min(text.view().find_first_of("{}", at), text.size());
    out.append(text, at, brace - at);
    if (brace == text.size()) break;
    at = brace + 1;
    if (at < text.size() && text.view()[at] == text.view()[brace]) {
      out.append(text, at++, 1);
      continue;
    }
    const std::size_t close = text.view()[brace] == '{' ? text.view().find('}', at) : std::string_view::npos;
    if (close == std::string_view::npos) runtime.fail("a format has a single brace");
    const auto field = text.view().substr(at, close - at);
    at = close + 1;
    const std::size_t colon = std::min(field.find(':'), field.size());
    const std::size_t dot = std::min(field.substr(0, colon).find('.'), colon);
    const auto name = field.substr(0, dot);
    const bool numbered =
        !name.empty() && name.size() < 6 && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
    const std::size_t index = name.empty() ? next++ : numbered ? std::stoul(std::string(name)) : SIZE_MAX;
    const auto found = std::ranges::find(arguments.named, name, &std::pair<std::string, Value>::first);
    if (index == SIZE_MAX ? found == arguments.named.end() : index >= arguments.positional.size()) {
      runtime.fail(concat("a format asks for ", printable(field), ", which is not there"));
    }
    Value value = index == SIZE_MAX ? found->second : arguments.positional[index];
    if (dot < colon) value = get_path(runtime, value, runtime.string(field.substr(dot + 1, colon - dot - 1)));
    Spec spec;
    if (colon < field.size()) {
      std::size_t place = colon + 1;
      spec = take_spec(runtime, field, place, true);
      spec.type = place < field.size() ? checked_type(runtime, field[place]) : value.is_integral() ? 'd' : 's';
    }
    if (!spec.aligned && spec.type == 's') spec.left = true;
    const Text piece = formatted(runtime, spec, value);
    runtime.budget().work(piece.size());
    runtime.budget().room(out.size() + piece.size());
    out.append(piece);
  }
  return runtime.string(std::move(out));
}

}  // namespace hadal::jinja
