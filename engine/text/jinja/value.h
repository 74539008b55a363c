#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/budget.h"
#include "text/jinja/text.h"

namespace hadal::jinja {

class Runtime;
struct Arguments;

/// Anything on the heap that a value refers to.
struct Object {
  virtual ~Object() = default;
};

/// A value of the template language, as Python has them. Copies share what they refer to, which never changes
/// (namespaces and generators aside), so there are no cycles but through namespaces, which the Runtime owns.
class Value {
 public:
  enum class Kind : std::uint8_t {
    undefined,
    none,
    boolean,
    integer,
    real,
    string,
    list,  ///< Also tuples and the views of a dictionary: see ListObject::Flavour.
    dict,
    generator,  ///< What filters such as map and select give: can be walked over once.
    range,
    space,     ///< namespace()
    callable,  ///< Macros, functions, bound methods; `loop`, cycler() and joiner() as well.
  };

  Value() = default;
  /// `name`: what was looked for, for the sentence if it is used; it must outlive the value.
  static Value missing(const std::string* name) {
    Value out;
    out.name_ = name;
    return out;
  }
  static Value none() { return Value(Kind::none); }
  static Value boolean(bool b) {
    Value out(Kind::boolean);
    out.integer_ = b ? 1 : 0;
    return out;
  }
  static Value integer(std::int64_t i) {
    Value out(Kind::integer);
    out.integer_ = i;
    return out;
  }
  static Value real(double d) {
    Value out(Kind::real);
    out.real_ = d;
    return out;
  }
  Value(Kind kind, std::shared_ptr<const Object> object) : kind_(kind), object_(std::move(object)) {}

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  /// Booleans count as numbers, as in Python.
  bool is_integral() const { return kind_ == Kind::integer || kind_ == Kind::boolean; }
  bool is_number() const { return is_integral() || kind_ == Kind::real; }
  std::int64_t as_integer() const { return integer_; }
  double as_real() const { return kind_ == Kind::real ? real_ : static_cast<double>(integer_); }
  bool as_boolean() const { return integer_ != 0; }
  const std::string* name() const { return kind_ == Kind::undefined ? name_ : nullptr; }

  const Text& text() const;  ///< Of a string.
  const std::string& bytes() const { return text().bytes(); }
  const Object* object() const { return object_.get(); }
  template <class T>
  const T& as() const {
    return static_cast<const T&>(*object_);
  }

 private:
  explicit Value(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::undefined;
  union {
    std::int64_t integer_ = 0;
    double real_;
    const std::string* name_;
  };
  std::shared_ptr<const Object> object_;
};

using Values = std::vector<Value>;

struct StringObject final : Object {
  StringObject(Budget* budget, Text t) : text(std::move(t)), charge(budget, sizeof *this + text.footprint()) {}
  Text text;
  Charge charge;
};

struct ListObject final : Object {
  enum class Flavour : std::uint8_t { list, tuple, keys, values, items };
  ListObject(Budget* budget, Values v, Flavour f);
  Values items;
  Flavour flavour;
  int depth;  ///< Containers inside one another.
  Charge charge;
};

struct DictObject final : Object {
  using Entry = std::pair<Value, Value>;
  DictObject(Budget* budget, std::vector<Entry> e);
  std::vector<Entry> entries;  ///< In the order of insertion; keys differ.
  int depth;
  Charge charge;
};

/// Consumed as it is walked over, as in Python.
struct GeneratorObject final : Object {
  GeneratorObject(Budget* budget, Values v);
  Values items;
  mutable std::size_t next = 0;
  int depth;
  Charge charge;
};

struct RangeObject final : Object {
  RangeObject(std::int64_t a, std::int64_t b, std::int64_t c) : start(a), stop(b), step(c) {}
  std::int64_t size() const;
  std::int64_t start, stop, step;
};

/// Owned by the Runtime, because values may form cycles through it.
struct SpaceObject final : Object {
  mutable std::vector<std::pair<std::string, Value>> entries;
};

struct CallableObject : Object {
  virtual Value call(Runtime& runtime, const Arguments& arguments) const = 0;
  /// Attributes such as loop.index; nothing where there is none.
  virtual std::optional<Value> attribute(Runtime& runtime, std::string_view name) const;
  virtual std::string describe() const = 0;
};

/// Arguments of a call.
struct Arguments {
  Values positional;
  std::vector<std::pair<std::string, Value>> named;
};

const char* kind_name(const Value& value);  ///< "a string", "a list", ... for sentences.

}  // namespace hadal::jinja
