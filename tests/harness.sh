# A few lines that make bash functions into tests. Sourced with the repository's root as $1.
# shellcheck shell=bash disable=SC2034
set -euo pipefail
ROOT=$(readlink -f "$1")
FAILED=0

# check WHAT EXPECTED ACTUAL
check() {
  [ "$2" = "$3" ] || { printf 'FAIL %s: %s\n--- expected\n%s\n--- actual\n%s\n' "$TEST" "$1" "$2" "$3"; exit 1; }
}
# holds WHAT COMMAND...
holds() {
  local what=$1
  shift
  "$@" || { printf 'FAIL %s: %s\n' "$TEST" "$what"; exit 1; }
}
# says WHAT PART TEXT
says() { case $3 in *"$2"*) ;; *) printf 'FAIL %s: %s: "%s" is not in\n%s\n' "$TEST" "$1" "$2" "$3"; exit 1 ;; esac; }

# run_tests: every function test_*, each in a folder and a shell of its own.
run_tests() {
  local count=0
  for TEST in $(compgen -A function | grep '^test_'); do
    count=$((count + 1))
    WORK=$(mktemp -d)
    # Not in a condition: set -e must hold inside.
    set +e
    (set -e; cd "$WORK"; mkdir bin; PATH=$WORK/bin:$PATH; "$TEST")
    local code=$?
    set -e
    rm -rf "$WORK"
    if [ "$code" = 0 ]; then echo "ok   $TEST"; else echo "FAIL $TEST (exit $code)"; FAILED=$((FAILED + 1)); fi
  done
  echo "$count tests, $FAILED failed"
  [ "$count" -gt 0 ] && [ "$FAILED" = 0 ]
}

# program NAME: a stand-in from stdin, first on PATH.
program() {
  { echo '#!/usr/bin/env bash'; cat; } >"$WORK/bin/$1"
  chmod +x "$WORK/bin/$1"
}
