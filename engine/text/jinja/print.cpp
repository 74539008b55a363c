#include "text/jinja/print.h"

#include <charconv>
#include <cmath>

#include "base/text.h"
#include "text/jinja/unicode.h"

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;

void append_escape(std::string& out, char32_t c) {
  static constexpr char digits[] = "0123456789abcdef";
  const int length = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
  out += '\\';
  out += length == 2 ? 'x' : length == 4 ? 'u' : 'U';
  for (int i = length - 1; i >= 0; --i) out += digits[(c >> (4U * static_cast<unsigned>(i))) & 0xFU];
}

/// Python's repr of a str: single quotes unless only those occur inside.
std::string quoted(std::string_view text) {
  const bool apostrophes = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char quote = apostrophes ? '"' : '\'';
  std::string out(1, quote);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = next_char(text, at);
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      out += text.substr(begin, at - begin);
    } else {
      append_escape(out, c);
    }
  }
  return out + quote;
}

class Printer {
 public:
  explicit Printer(Runtime& runtime) : runtime_(runtime) {}

  void print(const Value& value) {
    runtime_.budget().step();
    const Depth depth(runtime_.budget());
    switch (value.kind()) {
      case Kind::undefined:
        return add("Undefined");
      case Kind::none:
        return add("None");
      case Kind::boolean:
        return add(value.as_boolean() ? "True" : "False");
      case Kind::integer:
        return add(std::to_string(value.as_integer()));
      case Kind::real:
        return add(float_repr(value.as_real()));
      case Kind::string:
        runtime_.budget().characters(value.bytes());
        return add(quoted(value.bytes()));
      case Kind::list:
        return print_list(value.as<ListObject>());
      case Kind::dict:
        return print_dict(value.as<DictObject>());
      case Kind::generator:
        return add("<generator object>");
      case Kind::range:
        return print_range(value.as<RangeObject>());
      case Kind::space:
        return print_space(value.as<SpaceObject>());
      case Kind::callable:
        return add(concat("<", value.as<CallableObject>().describe(), ">"));
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void add(std::string_view text) {
    runtime_.budget().work(text.size());
    runtime_.budget().room(out_.size() + text.size());
    out_ += text;
  }

  void print_list(const ListObject& list) {
    using Flavour = ListObject::Flavour;
    const bool tuple = list.flavour == Flavour::tuple;
    static constexpr const char* names[] = {"", "", "dict_keys(", "dict_values(", "dict_items("};
    const char* name = names[static_cast<int>(list.flavour)];
    add(name);
    add(tuple ? "(" : "[");
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      if (i > 0) add(", ");
      print(list.items[i]);
    }
    if (tuple && list.items.size() == 1) add(",");
    add(tuple ? ")" : "]");
    if (*name != '\0') add(")");
  }

  void print_dict(const DictObject& dict) {
    add("{");
    for (std::size_t i = 0; i < dict.entries.size(); ++i) {
      if (i > 0) add(", ");
      print(dict.entries[i].first);
      add(": ");
      print(dict.entries[i].second);
    }
    add("}");
  }

  void print_space(const SpaceObject& space) {
    add("<Namespace {");
    for (std::size_t i = 0; i < space.entries.size(); ++i) {
      if (i > 0) add(", ");
      add(concat(quoted(space.entries[i].first), ": "));
      print(space.entries[i].second);
    }
    add("}>");
  }

  void print_range(const RangeObject& range) {
    add(concat("range(", range.start, ", ", range.stop));
    if (range.step != 1) add(concat(", ", range.step));
    add(")");
  }

  Runtime& runtime_;
  std::string out_;
};

bool has_literal(const Value& value) {
  switch (value.kind()) {
    case Kind::string:
      return value.text().any_literal();
    case Kind::list:
      for (const Value& item : value.as<ListObject>().items) {
        if (has_literal(item)) return true;
      }
      return false;
    case Kind::dict:
      for (const auto& [key, item] : value.as<DictObject>().entries) {
        if (has_literal(key) || has_literal(item)) return true;
      }
      return false;
    case Kind::space:
    case Kind::callable:
      return true;  // not looked into
    default:
      return false;
  }
}

}  // namespace

std::string float_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string_view shortest(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t e = shortest.find('e');
  int exponent = 0;
  const char* digits = shortest.data() + e + 1;
  std::from_chars(digits + (*digits == '+' ? 1 : 0), end, exponent);
  // float.__repr__ writes an exponent below 1e-4 and from 1e16 on.
  if (exponent < -4 || exponent >= 16) {
    const std::string_view power = shortest.substr(e + 2);
    return concat(shortest.substr(0, e), "e", shortest[e + 1], power);
  }
  char plain[64];
  const auto last = std::to_chars(plain, plain + sizeof plain, value, std::chars_format::fixed).ptr;
  std::string out(plain, last);
  if (out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string repr(Runtime& runtime, const Value& value) {
  Printer printer(runtime);
  printer.print(value);
  return printer.take();
}

Text to_text(Runtime& runtime, const Value& value) {
  if (value.is(Kind::string)) return value.text();
  if (value.is(Kind::undefined)) return {};
  // In this order: printing counts steps, so what is too much to look through does not get there.
  std::string text = repr(runtime, value);
  return Text(std::move(text), has_literal(value));
}

}  // namespace hadal::jinja
