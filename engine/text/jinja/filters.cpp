#include "text/jinja/filters.h"

#include <algorithm>

namespace hadal::jinja {

const Filter* find_filter(std::string_view name) {
  for (const auto filters : {text_filters(), scalar_filters(), sequence_filters(), order_filters()}) {
    const auto found = std::ranges::find(filters, name, &Filter::name);
    if (found != filters.end()) return &*found;
  }
  return nullptr;
}

}  // namespace hadal::jinja
