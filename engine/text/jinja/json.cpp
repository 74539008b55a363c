#include "text/jinja/json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "text/jinja/operations.h"
#include "text/jinja/print.h"
#include "text/jinja/unicode.h"

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;

class Writer {
 public:
  Writer(Runtime& runtime, const JsonStyle& style) : runtime_(runtime), style_(style) {}

  void write(const Value& value, std::size_t level) {
    runtime_.budget().step();
    const Depth depth(runtime_.budget());
    switch (value.kind()) {
      case Kind::none:
        return add("null");
      case Kind::boolean:
        return add(value.as_boolean() ? "true" : "false");
      case Kind::integer:
        return add(std::to_string(value.as_integer()));
      case Kind::real:
        return add(number(value.as_real()));
      case Kind::string:
        return write_string(value.text());
      case Kind::list:
      case Kind::generator:
        return write_list(iterate(runtime_, value), level);
      case Kind::dict:
        return write_dict(value.as<DictObject>(), level);
      case Kind::undefined:
        runtime_.fail(concat(undefined_sentence(value), ", so it cannot be written as JSON"));
      default:
        runtime_.fail(concat(kind_name(value), " cannot be written as JSON"));
    }
  }

  Text take() { return std::move(out_); }

 private:
  static std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    return float_repr(value);
  }

  void add(std::string_view text, bool literal = false) {
    runtime_.budget().work(text.size());
    runtime_.budget().room(out_.size() + text.size());
    out_.append(text, literal);
  }

  static void append_unit(std::string& out, char32_t unit) {
    static constexpr char digits[] = "0123456789abcdef";
    out += "\\u";
    for (unsigned shift = 16; shift > 0; shift -= 4) out += digits[(unit >> (shift - 4)) & 0xFU];
  }

  void append_escaped(std::string& out, char32_t c, std::string_view character) const {
    static constexpr std::string_view plain = "\"\\\b\f\n\r\t", names = "\"\\bfnrt";
    const std::size_t at = c < 0x80 ? plain.find(static_cast<char>(c)) : std::string_view::npos;
    if (at != std::string_view::npos) {
      out += '\\';
      out += names[at];
    } else if (c < 0x20) {
      append_unit(out, c);
    } else if (style_.ascii && c >= 0x10000) {
      append_unit(out, 0xD800 + ((c - 0x10000) >> 10U));
      append_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FFU));
    } else if (style_.ascii && c >= 0x7F) {
      append_unit(out, c);
    } else {
      out += character;
    }
  }

  void write_string(const Text& text) {
    runtime_.budget().work(text.size() * 4);
    runtime_.budget().room(text.size() * 6);
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = at;
      const char32_t c = next_char(text.view(), at);
      append_escaped(out, c, text.view().substr(begin, at - begin));
    }
    add(out + "\"", text.any_literal());
  }

  void open_line(std::size_t level) {
    if (!style_.indent) return;
    add("\n");
    for (std::size_t i = 0; i < level; ++i) add(*style_.indent);
  }

  void write_list(const Values& items, std::size_t level) {
    if (items.empty()) return add("[]");
    add("[");
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) add(style_.comma);
      open_line(level + 1);
      write(items[i], level + 1);
    }
    open_line(level);
    add("]");
  }

  Text key_text(const Value& key) const {
    switch (key.kind()) {
      case Kind::string:
        return key.text();
      case Kind::none:
        return Text("null");
      case Kind::boolean:
        return Text(key.as_boolean() ? "true" : "false");
      case Kind::integer:
        return Text(std::to_string(key.as_integer()));
      case Kind::real:
        return Text(number(key.as_real()));
      default:
        runtime_.fail(concat(kind_name(key), " cannot be a key in JSON"));
    }
  }

  void write_dict(const DictObject& dict, std::size_t level) {
    if (dict.entries.empty()) return add("{}");
    std::vector<DictObject::Entry> entries = dict.entries;
    if (style_.sort_keys) {
      std::ranges::stable_sort(entries,
                               [&](const auto& a, const auto& b) { return order(runtime_, a.first, b.first) < 0; });
    }
    add("{");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) add(style_.comma);
      open_line(level + 1);
      write_string(key_text(entries[i].first));
      add(style_.colon);
      write(entries[i].second, level + 1);
    }
    open_line(level);
    add("}");
  }

  Runtime& runtime_;
  const JsonStyle& style_;
  Text out_;
};

/// A role's name is a word of the template's language: "<|" + role + "|>" may spell a control token.
bool is_role(const nlohmann::ordered_json& json) {
  if (!json.is_string()) return false;
  const std::string& name = json.get_ref<const std::string&>();
  return name.size() <= 32 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

}  // namespace

Text to_json(Runtime& runtime, const Value& value, const JsonStyle& style) {
  Writer writer(runtime, style);
  writer.write(value, 0);
  return writer.take();
}

Value to_value(Runtime& runtime, const nlohmann::ordered_json& json, bool literal) {
  const Depth depth(runtime.budget());
  switch (json.type()) {
    case nlohmann::json::value_t::boolean:
      return Value::boolean(json.get<bool>());
    case nlohmann::json::value_t::number_integer:
      return Value::integer(json.get<std::int64_t>());
    case nlohmann::json::value_t::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      return number <= INT64_MAX ? Value::integer(static_cast<std::int64_t>(number))
                                 : Value::real(static_cast<double>(number));
    }
    case nlohmann::json::value_t::number_float:
      return Value::real(json.get<double>());
    case nlohmann::json::value_t::string:
      return runtime.string(json.get_ref<const std::string&>(), literal);
    case nlohmann::json::value_t::array: {
      Values items;
      for (const auto& item : json) items.push_back(to_value(runtime, item, literal));
      return runtime.list(std::move(items));
    }
    case nlohmann::json::value_t::object: {
      std::vector<DictObject::Entry> entries;
      for (const auto& [key, item] : json.items()) {
        const bool written = literal && !(key == "role" && is_role(item));
        entries.emplace_back(runtime.string(key, literal), to_value(runtime, item, written));
      }
      return runtime.dict(std::move(entries));
    }
    default:
      return Value::none();
  }
}

Value from_json(Runtime& runtime, const Value& text) {
  if (!text.is(Kind::string)) runtime.fail(concat(kind_name(text), " cannot be read as JSON"));
  runtime.budget().step(text.text().size());
  // Objects are built by comparing every key with all before it.
  const auto members = static_cast<std::uint64_t>(std::ranges::count(text.bytes(), ':'));
  runtime.budget().step(members * members / 64);
  const auto json = nlohmann::ordered_json::parse(text.bytes(), nullptr, false);
  if (json.is_discarded()) runtime.fail("a string cannot be read as JSON");
  return to_value(runtime, json, text.text().any_literal());
}

}  // namespace hadal::jinja
