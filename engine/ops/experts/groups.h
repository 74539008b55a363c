#pragma once

#include <cstdint>
#include <vector>

#include "ops/experts/experts.h"

namespace hadal::ops {

/// The places of a batch's routes when they are sorted by expert.
struct ExpertGroups {
  /// Tokens of one expert, one after another in the sorted order.
  struct Group {
    std::int32_t expert = 0;
    std::int64_t first = 0;  ///< Place of the first.
    std::int64_t tokens = 0;
  };
  std::vector<Group> groups;         ///< Of the experts that have tokens, by number.
  std::vector<std::int32_t> tokens;  ///< [routes]: the token at each place.
  std::vector<std::int32_t> places;  ///< [tokens, used]: the place of each route.
};

/// A counting sort: the tokens of an expert keep their order.
ExpertGroups group_by_expert(const ExpertRoutes& routes, std::size_t experts);

}  // namespace hadal::ops
