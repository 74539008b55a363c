#!/usr/bin/env bash
# An entry in a program's library path is a place to plant a library; an empty one means the working folder.
# shellcheck source=tests/harness.sh
. "$(dirname "$0")/../harness.sh"

test_programs_remember_no_library_path() {
  count=0
  for file in "$HADAL_BIN_DIR"/* "$HADAL_BIN_DIR"/../lib/hadal/*.so "$HADAL_BIN_DIR"/../lib/hadal/plugins/*.so; do
    [ -f "$file" ] || continue
    count=$((count + 1))
    check "$file" "" "$(readelf -d "$file" | grep -E 'RPATH|RUNPATH' || true)"
  done
  holds "there is something to look at" [ "$count" -ge 2 ]
}

run_tests
