#include "base/system_memory.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace hadal {
namespace {

namespace fs = std::filesystem;

/// A file with one number; "max" is none.
std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::uint64_t value = 0;
  std::ifstream in(file);
  if (in >> value) return value;
  return std::nullopt;
}

/// Behind a word that begins a line ("MemAvailable: 123 kB", "inactive_file 123").
std::optional<std::uint64_t> number_after(const fs::path& file, std::string_view name) {
  std::ifstream in(file);
  std::string word, rest;
  while (in >> word) {
    std::uint64_t value = 0;
    if (word == name && in >> value) return value;
    in.clear();
    std::getline(in, rest);
  }
  return std::nullopt;
}

/// Names of a group's files in the two versions.
struct Version {
  std::string_view limit, used, inactive_file, active_file;
};
constexpr Version kFirst{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_active_file"};
constexpr Version kSecond{"memory.max", "memory.current", "inactive_file", "active_file"};

/// What a group and those it lies in leave.
std::uint64_t left_in_group(const fs::path& root, fs::path group, const Version& version) {
  std::uint64_t left = UINT64_MAX;
  for (group = group.relative_path();; group = group.parent_path()) {
    const fs::path folder = root / group, statistics = folder / "memory.stat";
    const auto limit = number_in(folder / version.limit), used = number_in(folder / version.used);
    if (limit && used) {
      const std::uint64_t cached = number_after(statistics, version.inactive_file).value_or(0) +
                                   number_after(statistics, version.active_file).value_or(0);
      const std::uint64_t taken = *used - std::min(*used, cached);
      left = std::min(left, *limit - std::min(*limit, taken));
    }
    if (group.empty()) return left;
  }
}

/// /proc/self/cgroup: "0::/path" of version 2, "4:memory:/path" of version 1.
std::uint64_t left_in_groups(const fs::path& proc, const fs::path& groups) {
  std::ifstream in(proc / "self" / "cgroup");
  std::uint64_t left = UINT64_MAX;
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (controllers == ",,") left = std::min(left, left_in_group(groups, path, kSecond));
    if (controllers.find(",memory,") != std::string::npos) {
      left = std::min(left, left_in_group(groups / "memory", path, kFirst));
    }
  }
  return left;
}

}  // namespace

std::uint64_t available_memory(const fs::path& proc, const fs::path& groups) {
  const auto kilobytes = number_after(proc / "meminfo", "MemAvailable:");
  return std::min(kilobytes ? *kilobytes * 1024 : UINT64_MAX, left_in_groups(proc, groups));
}

}  // namespace hadal
