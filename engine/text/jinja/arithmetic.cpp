#include <cmath>

#include "base/text.h"
#include "text/jinja/format.h"
#include "text/jinja/operations.h"

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;

[[noreturn]] void too_large(Runtime& runtime) {
  runtime.fail("a number becomes too large");
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}

Value power(Runtime& runtime, std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) runtime.fail("zero is raised to a negative power");
    return Value::real(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  std::int64_t out = 1;
  if (base == 0 || base == 1 || base == -1)
    return Value::integer(exponent == 0 ? 1 : base == -1 && exponent % 2 == 0 ? 1 : base);
  for (; exponent > 0; --exponent) {
    if (__builtin_mul_overflow(out, base, &out)) too_large(runtime);
  }
  return Value::integer(out);
}

Value integers(Runtime& runtime, char sign, bool twice, std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  bool overflow = false;
  if (sign == '+') {
    overflow = __builtin_add_overflow(a, b, &out);
  } else if (sign == '-') {
    overflow = __builtin_sub_overflow(a, b, &out);
  } else if (sign == '*') {
    if (twice) return power(runtime, a, b);
    overflow = __builtin_mul_overflow(a, b, &out);
  } else {
    if (b == 0) runtime.fail("something is divided by zero");
    if (sign == '/' && !twice) return Value::real(static_cast<double>(a) / static_cast<double>(b));
    if (b == -1) {  // INT64_MIN / -1 has no result
      overflow = sign == '/' && __builtin_sub_overflow(std::int64_t{0}, a, &out);
    } else {
      out = sign == '/' ? floor_divide(a, b) : a - floor_divide(a, b) * b;
    }
  }
  if (overflow) too_large(runtime);
  return Value::integer(out);
}

Value reals(Runtime& runtime, char sign, bool twice, double a, double b) {
  switch (sign) {
    case '+':
      return Value::real(a + b);
    case '-':
      return Value::real(a - b);
    case '*':
      return Value::real(twice ? std::pow(a, b) : a * b);
    default:
      break;
  }
  if (b == 0.0) runtime.fail("something is divided by zero");
  if (sign == '/') return Value::real(twice ? std::floor(a / b) : a / b);
  const double rest = std::fmod(a, b);
  return Value::real(rest != 0.0 && (rest < 0.0) != (b < 0.0) ? rest + b : rest);
}

Value add(Runtime& runtime, const Value& left, const Value& right) {
  if (left.is(Kind::string) && right.is(Kind::string)) {
    const std::size_t size = left.text().size() + right.text().size();
    runtime.budget().work(size);
    runtime.budget().room(size);
    Text out = left.text();
    out.append(right.text());
    return runtime.string(std::move(out));
  }
  const bool lists =
      left.is(Kind::list) && right.is(Kind::list) && left.as<ListObject>().flavour == right.as<ListObject>().flavour;
  if (!lists) return {};
  Values out = iterate(runtime, left);
  const Values more = iterate(runtime, right);
  out.insert(out.end(), more.begin(), more.end());
  return runtime.list(std::move(out), left.as<ListObject>().flavour);
}

Value repeat(Runtime& runtime, const Value& value, std::int64_t count) {
  const auto times = static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
  const bool text = value.is(Kind::string);
  const std::uint64_t size = text ? value.text().size() : value.as<ListObject>().items.size() * sizeof(Value);
  // Compared before multiplying: the product may not fit.
  if (size > 0 && times > (std::uint64_t{1} << 40U) / size) runtime.budget().room(UINT64_MAX);
  runtime.budget().room(size * times);
  runtime.budget().work(size * times);
  if (text) {
    runtime.budget().step(times);
    Text out;
    for (std::uint64_t i = 0; i < times && size > 0; ++i) out.append(value.text());
    return runtime.string(std::move(out));
  }
  Values out;
  const Values& items = value.as<ListObject>().items;
  for (std::uint64_t i = 0; i < times && size > 0; ++i) out.insert(out.end(), items.begin(), items.end());
  return runtime.list(std::move(out), value.as<ListObject>().flavour);
}

}  // namespace

Value binary(Runtime& runtime, std::string_view sign, const Value& left, const Value& right) {
  const bool twice = sign.size() == 2;
  if (left.is_integral() && right.is_integral()) {
    return integers(runtime, sign[0], twice, left.as_integer(), right.as_integer());
  }
  if (left.is_number() && right.is_number()) return reals(runtime, sign[0], twice, left.as_real(), right.as_real());
  if (sign == "+") {
    Value sum = add(runtime, left, right);
    if (!sum.is(Kind::undefined)) return sum;
  }
  if (sign == "*") {
    const bool left_repeats = left.is(Kind::string) || left.is(Kind::list);
    const bool right_repeats = right.is(Kind::string) || right.is(Kind::list);
    if (left_repeats && right.is_integral()) return repeat(runtime, left, right.as_integer());
    if (right_repeats && left.is_integral()) return repeat(runtime, right, left.as_integer());
  }
  if (sign == "%" && left.is(Kind::string)) return format_percent(runtime, left, right);
  for (const Value* value : {&left, &right}) {
    if (value->is(Kind::undefined)) runtime.fail(undefined_sentence(*value));
  }
  runtime.fail(concat("there is no ", sign, " between ", kind_name(left), " and ", kind_name(right)));
}

Value negate(Runtime& runtime, const Value& value) {
  if (value.is(Kind::real)) return Value::real(-value.as_real());
  if (value.is(Kind::undefined)) runtime.fail(undefined_sentence(value));
  if (!value.is_integral()) runtime.fail(concat("there is no negative of ", kind_name(value)));
  return integers(runtime, '-', false, 0, value.as_integer());
}

}  // namespace hadal::jinja
