#pragma once

#include <span>
#include <string_view>

#include "text/jinja/runtime.h"

namespace hadal::jinja {

struct Filter {
  std::string_view name;
  Value (*call)(Runtime& runtime, const Value& input, const Arguments& arguments);
};

/// Null if there is none of that name.
const Filter* find_filter(std::string_view name);

std::span<const Filter> text_filters();      // filters_text.cpp
std::span<const Filter> scalar_filters();    // filters_scalar.cpp
std::span<const Filter> sequence_filters();  // filters_sequence.cpp
std::span<const Filter> order_filters();     // filters_order.cpp

}  // namespace hadal::jinja
