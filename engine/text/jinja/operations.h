#pragma once

#include <compare>
#include <string_view>

#include "text/jinja/runtime.h"

namespace hadal::jinja {

// What Python does with values of these kinds. All may throw Failure.

bool truthy(const Value& value);
bool equal(Runtime& runtime, const Value& left, const Value& right);
/// Negative, zero, positive; fails for kinds that have no order among themselves.
int order(Runtime& runtime, const Value& left, const Value& right);
/// left in right.
bool contains(Runtime& runtime, const Value& left, const Value& right);
/// The same object, or the same scalar.
bool identical(const Value& left, const Value& right);

Value binary(Runtime& runtime, std::string_view sign, const Value& left, const Value& right);
Value negate(Runtime& runtime, const Value& value);

/// Elements of anything that can be walked over; a generator is empty afterwards.
Values iterate(Runtime& runtime, const Value& value);
bool is_iterable(const Value& value);
/// Nothing where it has none.
std::optional<std::int64_t> length(Runtime& runtime, const Value& value);

/// value.name and value[key]; undefined where there is none. `hint` names what was asked for and must outlive the
/// value.
Value get_attribute(Runtime& runtime, const Value& value, const std::string& name, const std::string* hint);
Value get_item(Runtime& runtime, const Value& value, const Value& key, const std::string* hint);
/// value[start:stop:step], each undefined or none where left out.
Value get_slice(Runtime& runtime, const Value& value, const Value& start, const Value& stop, const Value& step);
/// a.b.0 as filters take it: attribute="a.b.0", or an index.
/// `fallback`, unless undefined, stands for every step that is undefined.
Value get_path(Runtime& runtime, const Value& value, const Value& path, const Value& fallback = {});

/// Null if the key is missing.
const Value* find_key(Runtime& runtime, const DictObject& dict, const Value& key);
/// Later keys replace earlier ones in place, as Python's do.
Value make_dict(Runtime& runtime, std::vector<DictObject::Entry> entries);

/// "x" is undefined, for a sentence.
std::string undefined_sentence(const Value& value);

}  // namespace hadal::jinja
