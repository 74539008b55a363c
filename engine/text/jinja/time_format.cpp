#include <array>
#include <cstdio>

#include "text/jinja/globals.h"

namespace hadal::jinja {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};

bool is_leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int day_of_year(const LocalTime& time) {
  static constexpr std::array<int, 12> before = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  return before[static_cast<std::size_t>(time.month - 1)] + time.day + (time.month > 2 && is_leap(time.year) ? 1 : 0);
}

/// 0 is Sunday (Sakamoto's rule).
int weekday(const LocalTime& time) {
  static constexpr std::array<int, 12> shift = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
  const int year = time.year - (time.month < 3 ? 1 : 0);
  return (year + year / 4 - year / 100 + year / 400 + shift[static_cast<std::size_t>(time.month - 1)] + time.day) % 7;
}

std::string padded(int number, int width, char fill = '0') {
  std::string out = std::to_string(number);
  if (static_cast<int>(out.size()) < width) out.insert(0, static_cast<std::size_t>(width) - out.size(), fill);
  return out;
}

std::string field(const LocalTime& time, char code) {
  const int hour = time.hour % 12 == 0 ? 12 : time.hour % 12, day = weekday(time);
  switch (code) {
    case 'Y':
      return std::to_string(time.year);
    case 'y':
      return padded(time.year % 100, 2);
    case 'm':
      return padded(time.month, 2);
    case 'B':
      return std::string(kMonths[static_cast<std::size_t>(time.month - 1)]);
    case 'b':
    case 'h':
      return std::string(kMonths[static_cast<std::size_t>(time.month - 1)].substr(0, 3));
    case 'd':
      return padded(time.day, 2);
    case 'e':
      return padded(time.day, 2, ' ');
    case 'A':
      return std::string(kDays[static_cast<std::size_t>(day)]);
    case 'a':
      return std::string(kDays[static_cast<std::size_t>(day)].substr(0, 3));
    case 'H':
      return padded(time.hour, 2);
    case 'I':
      return padded(hour, 2);
    case 'M':
      return padded(time.minute, 2);
    case 'S':
      return padded(time.second, 2);
    case 'p':
      return time.hour < 12 ? "AM" : "PM";
    case 'j':
      return padded(day_of_year(time), 3);
    case 'w':
      return std::to_string(day);
    case 'u':
      return std::to_string(day == 0 ? 7 : day);
    case 'f':
      return "000000";
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case '%':
      return "%";
    case 'z':
    case 'Z':
      return "";  // of a time without a zone
    default:
      return std::string("%") + code;
  }
}

/// Those that stand for several others.
std::string_view composed(char code) {
  switch (code) {
    case 'c':
      return "%a %b %e %H:%M:%S %Y";
    case 'x':
    case 'D':
      return "%m/%d/%y";
    case 'X':
    case 'T':
      return "%H:%M:%S";
    case 'F':
      return "%Y-%m-%d";
    case 'R':
      return "%H:%M";
    default:
      return {};
  }
}

}  // namespace

std::string format_time(Runtime& runtime, const LocalTime& time, std::string_view format) {
  std::string out;
  for (std::size_t at = 0; at < format.size(); ++at) {
    runtime.budget().step();
    if (format[at] != '%' || at + 1 == format.size()) {
      out += format[at];
      continue;
    }
    char code = format[++at];
    const bool bare = code == '-' && at + 1 < format.size();
    if (bare) code = format[++at];
    const auto several = composed(code);
    std::string piece = several.empty() ? field(time, code) : format_time(runtime, time, several);
    while (bare && piece.size() > 1 && (piece[0] == '0' || piece[0] == ' ')) piece.erase(0, 1);
    out += piece;
  }
  return out;
}

}  // namespace hadal::jinja
