#!/usr/bin/env bash
# ./dev's verbs in a copy of the scripts; cmake, ctest and Hadal are stand-ins, pip is offline.
# shellcheck source=tests/harness.sh
. "$(dirname "$0")/../harness.sh"

repository() {
  mkdir -p repo/installer repo/.ci
  cp "$ROOT/dev" repo/
  cp "$ROOT/installer/setup.sh" repo/installer/
  cp "$ROOT/.ci/run" repo/.ci/
  program dpkg-query <<<'echo "installed 99"'
  program python3 <<<'exit 1'
  program cmake <<TEXT
echo "cmake \$*" >>"$WORK/log"
case "\$*" in
  --build*)
    mkdir -p "\$2/bin"
    [ ! -e "$WORK/before-build" ] || . "$WORK/before-build"
    printf '#!/bin/sh\necho "hadal \$* in \$PWD"\n' >"\$2/bin/hadal"
    printf '#!/bin/sh\necho "engine \$*"\n' >"\$2/bin/hadal-engine"
    chmod +x "\$2"/bin/* ;;
  *) [ ! -e "$WORK/configure-fails" ] || { echo "CMake Error: no Qt"; exit 1; } ;;
esac
TEXT
  program ctest <<'TEXT'
echo "ctest $* on ${DISPLAY:-no display}"
echo "100% tests passed, 0 tests failed out of 1"
exit ${CTEST_CODE:-0}
TEXT
  program Xvfb <<'TEXT'
echo 77 >&3
exec sleep 100
TEXT
  # pip offline without the fallback, so that the tests stay here.
  sed -i 's#/usr/bin/python3#python3#' repo/installer/setup.sh
  unset DISPLAY WAYLAND_DISPLAY HADAL_BUILD_DIR CI HADAL_JOBS
}
hadal_says() { grep '^hadal' || true; }

test_help_from_anywhere() {
  repository
  mkdir elsewhere
  ln -s ../repo/dev elsewhere/link
  for way in "$WORK/repo/dev help" "elsewhere/link" "repo/dev -h"; do
    says "$way" "Usage: ./dev VERB" "$($way)"
  done
  code=0
  out=$(repo/dev nonsense 2>&1) || code=$?
  check code 1 "$code"
  says "unknown verb" 'there is no verb "nonsense"' "$out"
}

test_build() {
  repository
  repo/dev build >/dev/null 2>&1
  says preset "cmake --preset dev -B $WORK/repo/build" "$(cat log)"
  holds "the program is there" [ -x repo/build/bin/hadal ]
  HADAL_BUILD_DIR=out/of/tree repo/dev build >/dev/null 2>&1
  holds "the folder is honoured" [ -x repo/out/of/tree/bin/hadal ]
  HADAL_BUILD_DIR=$WORK/absolute repo/dev build >/dev/null 2>&1
  holds "an absolute one too" [ -x absolute/bin/hadal ]
}

test_configure_fails() {
  repository
  touch configure-fails
  code=0
  out=$(repo/dev build 2>&1) || code=$?
  check code 1 "$code"
  says reason "CMake Error: no Qt" "$out"
}

test_run() {
  repository
  mkdir elsewhere
  cd elsewhere
  check "no display" "hadal --chat --model x.gguf in $WORK/elsewhere" "$(../repo/dev run --model x.gguf 2>/dev/null | hadal_says)"
  check "a question" "hadal --ask why? in $WORK/elsewhere" "$(../repo/dev run --ask 'why?' 2>/dev/null | hadal_says)"
  check "a display" "hadal --model x.gguf in $WORK/elsewhere" "$(DISPLAY=:9 ../repo/dev run --model x.gguf 2>/dev/null | hadal_says)"
  check "Wayland" "hadal  in $WORK/elsewhere" "$(WAYLAND_DISPLAY=w ../repo/dev run 2>/dev/null | hadal_says)"
}

test_run_builds_the_program_alone() {
  repository
  repo/dev run --help >/dev/null 2>&1
  says "the program" "--target hadal" "$(grep -- --build log)"
  : >log
  repo/dev test >/dev/null 2>&1
  check "everything for the tests" "" "$(grep -- --target log || true)"
}

test_skipped_tests_are_told() {
  repository
  program ctest <<TEXT
mkdir -p "$WORK/repo/build/Testing/Temporary"
printf 'SKIP   : One::initTestCase() no model\nPASS   : One::x()\nSKIP   : Two::a(row) no model\nSKIP   : Two::b() no disk\n' \
  >"$WORK/repo/build/Testing/Temporary/LastTest.log"
TEXT
  out=$(repo/dev test 2>&1)
  says "how many" "3 tests or groups of tests were SKIPPED" "$out"
  says "why" "2 no model" "$out"
  says "why else" "1 no disk" "$out"
}

test_test() {
  repository
  out=$(repo/dev test 2>&1)
  says "its own screen" "on :77" "$out"
  says "the closing line" "100% tests passed" "$(tail -n 1 <<<"$out")"
  out=$(DISPLAY=:9 repo/dev test engine.gguf 2>&1)
  says filter "-R engine.gguf on :77" "$out"
  code=0
  CTEST_CODE=8 repo/dev test >/dev/null 2>&1 || code=$?
  check "the exit code" 8 "$code"
}

test_ci() {
  repository
  code=0
  out=$(CI=true repo/dev test 2>&1) || code=$?
  check "without a model" 1 "$code"
  says "without a model" "the starter model is not in $WORK/repo/build/models" "$out"
  mkdir -p repo/build/models
  (. repo/installer/setup.sh; echo model >"repo/build/models/$MODEL_NAME")
  sum=$(sha256sum repo/build/models/*.gguf | cut -d' ' -f1)
  sed -i "s/^MODEL_SHA256=.*/MODEL_SHA256=$sum/" repo/installer/setup.sh
  cd /
  says "no terminal, no stdin" "100% tests passed" "$(env -i PATH="$PATH" HOME="$WORK" "$WORK/repo/.ci/run" <&- 2>&1 | tail -n 1)"
}

test_bench() {
  repository
  program python3 <<<'case "$1" in tests/*) echo "python3 $*" ;; *) exit 1 ;; esac'
  says "the table" "python3 tests/bench/table.py --engine $WORK/repo/build/engine/bin/hadal-engine" \
    "$(repo/dev bench --pairs 2 2>/dev/null)"
  says "its arguments" "--out docs/performance.md --pairs 2" "$(repo/dev bench --pairs 2 2>/dev/null)"
  says "optimised" "cmake --preset engine -B $WORK/repo/build/engine" "$(cat log)"
}

test_fuzz() {
  repository
  mkdir -p repo/tests/fuzz/dictionaries repo/tests/fuzz/findings/gguf
  touch repo/tests/fuzz/dictionaries/{gguf,answer}.dict
  program clang++ <<<''
  cat >before-build <<'TEXT'
mkdir -p "$2/bin"
for name in gguf answer; do
  printf '#!/bin/sh\necho "%s fuzzed $*"\nexit ${FUZZ_CODE:-0}\n' "$name" >"$2/bin/fuzz-$name"
  chmod +x "$2/bin/fuzz-$name"
done
TEXT
  out=$(repo/dev fuzz gguf 5 2>&1)
  says "the preset" "--preset fuzz" "$(cat log)"
  says "one alone" "--target fuzz-gguf" "$(cat log)"
  says "seconds" "gguf fuzzed -max_total_time=5" "$out"
  says "what was found before" "tests/fuzz/corpus/gguf tests/fuzz/findings/gguf" "$out"
  check "no other" "" "$(grep "answer fuzzed" <<<"$out" || true)"
  says "all" "answer fuzzed -max_total_time=60" "$(repo/dev fuzz 2>&1)"
  code=0
  out=$(repo/dev fuzz nonsense 2>&1) || code=$?
  check "an unknown one" 1 "$code"
  says "an unknown one" "there are answer gguf" "$out"
  code=0
  out=$(FUZZ_CODE=77 repo/dev fuzz gguf 2>&1) || code=$?
  check "a finding" 1 "$code"
  says "a finding" "fuzz-gguf found something" "$out"
}

test_clean() {
  repository
  repo/dev build >/dev/null 2>&1
  mkdir -p repo/build/models
  echo model >repo/build/models/x.gguf
  repo/dev clean
  check "the model stays" "model" "$(cat repo/build/models/x.gguf)"
  holds "the rest is gone" [ ! -e repo/build/bin ]
  mkdir precious
  touch precious/file
  code=0
  out=$(HADAL_BUILD_DIR=$WORK/precious repo/dev clean 2>&1) || code=$?
  check code 1 "$code"
  says refusal "does not look like a build folder" "$out"
  holds "nothing was removed" [ -e precious/file ]
}

# The first waits inside the compiler until the second has said that it waits.
test_two_builds_take_turns() {
  repository
  mkfifo running release
  echo "rm \"$WORK/before-build\"; echo yes >\"$WORK/running\"; read -r _ <\"$WORK/release\"; echo first-done >>\"$WORK/log\"" >before-build
  repo/dev build >first 2>&1 &
  first=$!
  read -r _ <running
  repo/dev build >second 2>&1 &
  second=$!
  until grep -q "Another ./dev is at work" second; do :; done
  echo go >release
  wait "$first" "$second"
  says order "first-done
cmake --preset" "$(cat log)"
}

run_tests
