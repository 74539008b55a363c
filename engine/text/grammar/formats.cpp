#include "text/grammar/formats.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hadal::grammar {
namespace {

// RFC 3339, section 5.6, with the days each month has and 29 February in leap years alone. The year 0000 is left out:
// many calendars know none.
#define HADAL_YEAR "([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
#define HADAL_LEAP "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
#define HADAL_DATE                                                                             \
  "(" HADAL_YEAR                                                                               \
  "-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1" \
  "[0-9]|2[0-8]))|" HADAL_LEAP "-02-29)"
#define HADAL_TIME "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
#define HADAL_OCTET "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
#define HADAL_LABEL "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"
#define HADAL_HOST HADAL_LABEL "(\\." HADAL_LABEL "){0,3}"

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> patterns = {{
    {"date", HADAL_DATE},
    {"time", HADAL_TIME},
    {"date-time", HADAL_DATE "T" HADAL_TIME},
    {"duration",
     "P([0-9]{1,4}D(T[0-9]{1,2}H)?|[0-9]{1,4}W|T([0-9]{1,4}H([0-9]{1,2}M)?|[0-9]{1,4}M([0-9]{1,2}S)?|[0-9]{1,4}S))"},
    {"uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"email", "[a-z0-9]([._+-]?[a-z0-9]){0,31}@" HADAL_LABEL "(\\." HADAL_LABEL "){1,3}"},
    {"hostname", HADAL_HOST},
    {"ipv4", HADAL_OCTET "(\\." HADAL_OCTET "){3}"},
    {"ipv6", "[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}"},
    {"uri", "https?://" HADAL_HOST "(:[1-9][0-9]{1,3})?(/[a-zA-Z0-9._~-]{0,64}){0,8}"},
}};

}  // namespace

std::string_view format_pattern(std::string_view format) {
  const auto found = std::ranges::find(patterns, format, &std::pair<std::string_view, std::string_view>::first);
  return found == patterns.end() ? std::string_view() : found->second;
}

bool is_storage_format(std::string_view format) {
  return format == "float" || format == "double";
}

}  // namespace hadal::grammar
