#!/usr/bin/env bash
# What ./dev setup installs, says and asks; apt-get is a stand-in that writes its arguments down.
# shellcheck source=tests/harness.sh
. "$(dirname "$0")/../harness.sh"

# A machine that lacks two base packages and three of Debian 13's.
machine() {
  mkdir -p apt/sources.list.d apt/preferences.d
  echo "deb http://mirror.example/debian $1 main" >apt/sources.list
  echo "VERSION_CODENAME=$1" >os-release
  program dpkg-query <<'TEXT'
case ${!#} in
  ninja-build | ccache | qt6-base-dev) exit 1 ;;
  libsqlite3-dev) echo "installed 3.40.1-2" ;;
  sqlite3) echo "config-files 3.46.0" ;;
  *) echo "installed 99" ;;
esac
TEXT
  program apt-get <<TEXT
echo "\$*" >>"$WORK/apt-calls"
case "\$*" in *update*) exit ${2:-0} ;; esac
exit ${3:-0}
TEXT
  program sudo <<<'exec "$@"'
}
setup_packages() {
  APT_ETC=$WORK/apt OS_RELEASE=$WORK/os-release bash -c 'set -euo pipefail; . "$0"; install_packages' "$ROOT/installer/setup.sh" 2>&1 </dev/null
}
calls() { sed 's/-[qy] //g; s/-o [^ ]* //g' apt-calls; }

test_debian_13() {
  machine trixie
  out=$(setup_packages)
  says "what comes from where" "from this machine's release (trixie): ninja-build ccache" "$out"
  says "what comes from where" "from Debian 13 (trixie): qt6-base-dev libsqlite3-dev sqlite3" "$out"
  check calls "update
install --no-install-recommends -t trixie ninja-build ccache
install --no-install-recommends -t trixie qt6-base-dev libsqlite3-dev sqlite3" "$(calls)"
  check "no source was added" "" "$(find apt -name '*hadal*')"
}

test_debian_12() {
  machine bookworm
  out=$(setup_packages)
  says "the source is announced" "Debian 13 is added as a source with a low priority" "$out"
  check calls "update
install --no-install-recommends -t bookworm ninja-build ccache
install --no-install-recommends -t trixie qt6-base-dev libsqlite3-dev sqlite3" "$(calls)"
  check pin "Package: *
Pin: release n=trixie
Pin-Priority: 100" "$(cat apt/preferences.d/hadal-trixie)"
  says "the machine's own mirror" "URIs: http://mirror.example/debian
Suites: trixie" "$(cat apt/sources.list.d/hadal-trixie.sources)"
  before=$(cat apt/sources.list.d/hadal-trixie.sources)
  setup_packages >/dev/null
  check "a second run changes no source" "$before" "$(cat apt/sources.list.d/hadal-trixie.sources)"
}

test_nothing_missing_calls_nobody() {
  machine bookworm
  program dpkg-query <<<'echo "installed 99"'
  check output "" "$(setup_packages)"
  holds "apt-get was not called" [ ! -e apt-calls ]
}

test_unknown_system_goes_on() {
  machine noble
  out=$(setup_packages)
  says sentence "this is noble" "$out"
  holds "apt-get was not called" [ ! -e apt-calls ]
}

test_update_fails_install_works() {
  machine trixie 100
  out=$(setup_packages)
  says sentence "did not reach every source" "$out"
}

test_install_fails() {
  machine trixie 0 100
  code=0
  out=$(setup_packages) || code=$?
  check code 1 "$code"
  says sentence "could not be installed" "$out"
}

test_no_mirror() {
  machine bookworm
  : >apt/sources.list
  code=0
  out=$(setup_packages) || code=$?
  check code 1 "$code"
  says sentence "no Debian 12 mirror found" "$out"
}

# A pseudo-terminal answers.
test_asks_at_a_terminal() {
  command -v script >/dev/null || { echo "     (script is not installed)"; return; }
  machine trixie
  cat >ask <<TEXT
set -euo pipefail; . "$ROOT/installer/setup.sh"; install_packages
TEXT
  out=$(echo n | env -u CI -u HADAL_YES APT_ETC="$WORK/apt" OS_RELEASE="$WORK/os-release" script -qec "bash ask" /dev/null) || true
  says question "Install them now?" "$out"
  says answer "nothing was installed" "$out"
  holds "apt-get was not called" [ ! -e apt-calls ]
  out=$(echo y | env -u CI -u HADAL_YES APT_ETC="$WORK/apt" OS_RELEASE="$WORK/os-release" script -qec "bash ask" /dev/null)
  holds "apt-get was called" [ -e apt-calls ]
  rm apt-calls
  out=$(env HADAL_YES=1 APT_ETC="$WORK/apt" OS_RELEASE="$WORK/os-release" script -qec "bash ask" /dev/null </dev/null)
  case $out in *"Install them now"*) exit 1 ;; esac
  holds "apt-get was called" [ -e apt-calls ]
}

test_scripts_name_no_host() {
  cd "$ROOT" || exit
  check "addresses" "" "$(grep -nE '(https?|ftp)://|\.(org|com|net|io)/' dev installer/setup.sh .ci/run CMakeLists.txt cmake/* || true)"
}

test_shellcheck() {
  command -v shellcheck >/dev/null || { echo "     (shellcheck is not installed)"; return; }
  cd "$ROOT" || exit
  holds "shellcheck finds nothing" shellcheck -S warning -x -P "$ROOT" dev installer/setup.sh installer/make-deb .ci/run tests/*.sh tests/*/*.sh
}

run_tests
