#include "text/jinja/tests.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "text/jinja/arguments.h"
#include "text/jinja/filters.h"
#include "text/jinja/methods.h"
#include "text/jinja/operations.h"
#include "text/jinja/print.h"

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;

template <Kind kind>
bool is_kind(Runtime&, const Value& input, const Arguments&) {
  return input.is(kind);
}
bool defined(Runtime&, const Value& input, const Arguments&) {
  return !input.is(Kind::undefined);
}
bool number(Runtime&, const Value& input, const Arguments&) {
  return input.is_number();
}
template <bool wanted>
bool is_boolean(Runtime&, const Value& input, const Arguments&) {
  return input.is(Kind::boolean) && input.as_boolean() == wanted;
}
/// Python's: has a length and elements by index; so have dictionaries and, oddly, what is undefined.
bool sequence(Runtime&, const Value& input, const Arguments&) {
  if (input.is(Kind::list)) {
    const auto flavour = input.as<ListObject>().flavour;
    return flavour == ListObject::Flavour::list || flavour == ListObject::Flavour::tuple;
  }
  return input.is(Kind::string) || input.is(Kind::dict) || input.is(Kind::range) || input.is(Kind::undefined);
}
bool iterable(Runtime&, const Value& input, const Arguments&) {
  return is_iterable(input);
}
bool callable(Runtime&, const Value& input, const Arguments&) {
  return input.is(Kind::callable) || input.is(Kind::undefined);
}
bool never(Runtime&, const Value&, const Arguments&) {
  return false;
}

Value operand(Runtime& runtime, const Arguments& arguments) {
  return bind_parameters(runtime, "a test", arguments, {"other"})[0];
}
bool sameas(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return identical(input, operand(runtime, arguments));
}
bool in(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return contains(runtime, input, operand(runtime, arguments));
}
bool eq(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return equal(runtime, input, operand(runtime, arguments));
}
bool ne(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return !equal(runtime, input, operand(runtime, arguments));
}
bool lt(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return order(runtime, input, operand(runtime, arguments)) < 0;
}
bool le(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return order(runtime, input, operand(runtime, arguments)) <= 0;
}
bool gt(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return order(runtime, input, operand(runtime, arguments)) > 0;
}
bool ge(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return order(runtime, input, operand(runtime, arguments)) >= 0;
}

bool divides(Runtime& runtime, const Value& input, const Value& divisor) {
  return !truthy(binary(runtime, "%", input, divisor));
}
bool divisibleby(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return divides(runtime, input, operand(runtime, arguments));
}
bool even(Runtime& runtime, const Value& input, const Arguments&) {
  return divides(runtime, input, Value::integer(2));
}
bool odd(Runtime& runtime, const Value& input, const Arguments&) {
  return !divides(runtime, input, Value::integer(2));
}

bool has_case(Runtime& runtime, const Value& input, std::string_view method) {
  const Value text = input.is(Kind::string) ? input : runtime.string(to_text(runtime, input));
  return truthy(find_method(text, method)->call(runtime, text, {}));
}
bool lower(Runtime& runtime, const Value& input, const Arguments&) {
  return has_case(runtime, input, "islower");
}
bool upper(Runtime& runtime, const Value& input, const Arguments&) {
  return has_case(runtime, input, "isupper");
}
bool filter(Runtime&, const Value& input, const Arguments&) {
  return input.is(Kind::string) && find_filter(input.bytes()) != nullptr;
}
bool test(Runtime&, const Value& input, const Arguments&) {
  return input.is(Kind::string) && find_test(input.bytes()) != nullptr;
}

constexpr std::array<Test, 39> kTests = {{{"defined", defined},
                                          {"undefined", is_kind<Kind::undefined>},
                                          {"none", is_kind<Kind::none>},
                                          {"boolean", is_kind<Kind::boolean>},
                                          {"true", is_boolean<true>},
                                          {"false", is_boolean<false>},
                                          {"integer", is_kind<Kind::integer>},
                                          {"float", is_kind<Kind::real>},
                                          {"number", number},
                                          {"string", is_kind<Kind::string>},
                                          {"mapping", is_kind<Kind::dict>},
                                          {"sequence", sequence},
                                          {"iterable", iterable},
                                          {"callable", callable},
                                          {"escaped", never},
                                          {"sameas", sameas},
                                          {"in", in},
                                          {"eq", eq},
                                          {"equalto", eq},
                                          {"==", eq},
                                          {"ne", ne},
                                          {"!=", ne},
                                          {"lt", lt},
                                          {"lessthan", lt},
                                          {"<", lt},
                                          {"le", le},
                                          {"<=", le},
                                          {"gt", gt},
                                          {"greaterthan", gt},
                                          {">", gt},
                                          {"ge", ge},
                                          {">=", ge},
                                          {"divisibleby", divisibleby},
                                          {"even", even},
                                          {"odd", odd},
                                          {"lower", lower},
                                          {"upper", upper},
                                          {"filter", filter},
                                          {"test", test}}};

}  // namespace

const Test* find_test(std::string_view name) {
  const auto found = std::ranges::find(kTests, name, &Test::name);
  return found == kTests.end() ? nullptr : &*found;
}

}  // namespace hadal::jinja
