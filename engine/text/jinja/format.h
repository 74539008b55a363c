#pragma once

#include "text/jinja/runtime.h"

namespace hadal::jinja {

/// Python's `format % values`: %s %r %d %i %x %X %o %f %e %g %c %%, with flags, width and precision.
Value format_percent(Runtime& runtime, const Value& format, const Value& values);
/// Python's format.format(...): {} {0} {name}, with a format such as :>8 or :.2f, without attributes.
Value format_braces(Runtime& runtime, const Value& format, const Arguments& arguments);

}  // namespace hadal::jinja
