#include "ops/experts/groups.h"

namespace hadal::ops {

ExpertGroups group_by_expert(const ExpertRoutes& routes, std::size_t experts) {
  const auto count = static_cast<std::size_t>(routes.tokens * routes.used);
  std::vector<std::int64_t> next(experts);  // of each expert, its number of tokens, then its next place
  for (std::size_t i = 0; i < count; ++i) ++next[static_cast<std::size_t>(routes.chosen[i])];
  ExpertGroups out{{}, std::vector<std::int32_t>(count), std::vector<std::int32_t>(count)};
  std::int64_t first = 0;
  for (std::size_t e = 0; e < experts; ++e) {
    const std::int64_t tokens = next[e];
    if (tokens > 0) out.groups.push_back({static_cast<std::int32_t>(e), first, tokens});
    next[e] = first;
    first += tokens;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t place = next[static_cast<std::size_t>(routes.chosen[i])]++;
    out.tokens[static_cast<std::size_t>(place)] = static_cast<std::int32_t>(static_cast<std::int64_t>(i) / routes.used);
    out.places[i] = static_cast<std::int32_t>(place);
  }
  return out;
}

}  // namespace hadal::ops
