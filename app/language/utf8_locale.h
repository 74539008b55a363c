#pragma once

namespace hadal {

/// Gives the process a UTF-8 locale where its own has another encoding or is not installed, which Qt would say in four
/// lines of its own. The person's language stays the one the environment names. Before the application object and
/// before any other thread begins.
void ensureUtf8Locale();

}  // namespace hadal
