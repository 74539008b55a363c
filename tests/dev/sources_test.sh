#!/usr/bin/env bash
# Which Debian mirror a machine trusts, read from its own sources in both formats.
# shellcheck source=tests/harness.sh
. "$(dirname "$0")/../harness.sh"
# shellcheck source=installer/setup.sh
. "$ROOT/installer/setup.sh"

etc() {
  APT_ETC=$WORK/apt OS_RELEASE=$WORK/os-release
  mkdir -p "$APT_ETC/sources.list.d" "$APT_ETC/preferences.d"
}
list() { cat >"$APT_ETC/sources.list.d/$1"; }

test_one_line() {
  etc
  cat >"$APT_ETC/sources.list" <<'TEXT'
# deb http://commented.example/debian bookworm main
deb-src http://sources.example/debian bookworm main
deb cdrom:[Debian GNU/Linux 12]/ bookworm main
deb http://mirror.example/debian/ bookworm main contrib # ours
deb http://mirror.example/debian/ bookworm-updates main
deb http://security.example/debian-security bookworm-security main
TEXT
  check mirror "http://mirror.example/debian/ -" "$(apt_mirror bookworm)"
  check release bookworm "$(debian_release)"
  check "no such release" "" "$(apt_mirror trixie)"
}

test_options_in_brackets() {
  etc
  list a.list <<'TEXT'
deb [ arch=amd64,i386 signed-by=/usr/share/keyrings/own.gpg ] https://mirror.example/debian bookworm main
TEXT
  check mirror "https://mirror.example/debian /usr/share/keyrings/own.gpg" "$(apt_mirror bookworm)"
  list a.list <<'TEXT'
deb	[arch=amd64]	https://mirror.example/debian	trixie	main
TEXT
  check tabs "https://mirror.example/debian -" "$(apt_mirror trixie)"
  check release trixie "$(debian_release)"
}

test_deb822() {
  etc
  list debian.sources <<'TEXT'
# A comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main
TEXT
  check mirror "http://mirror.example/debian /usr/share/keyrings/debian-archive-keyring.gpg" "$(apt_mirror bookworm)"
}

test_deb822_continuation_lines() {
  etc
  printf 'types: deb\r\nuris:\r\n http://mirror.example/debian\r\nsuites:\r\n bookworm\r\n bookworm-updates\r\n' | list x.sources
  printf 'components: main\r\nSigned-By:\r\n -----BEGIN PGP PUBLIC KEY BLOCK-----\r\n .\r\n abc\r\n' >>"$APT_ETC/sources.list.d/x.sources"
  check mirror "http://mirror.example/debian -" "$(apt_mirror bookworm)"
}

test_disabled_and_source_only() {
  etc
  list off.sources <<'TEXT'
Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main
TEXT
  check mirror "" "$(apt_mirror bookworm)"
}

test_other_publishers_use_the_name_too() {
  etc
  list a-php.list <<'TEXT'
deb https://php.example/php bookworm main
deb https://docker.example/linux/debian bookworm stable
TEXT
  list z.sources <<'TEXT'
Types: deb
URIs: http://mirror.example/pool
Suites: bookworm bookworm-updates
Components: main
TEXT
  check "the one with -updates" "http://mirror.example/pool -" "$(apt_mirror bookworm)"
  list z.sources <<'TEXT'
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
TEXT
  check "the one that ends in /debian" "http://mirror.example/debian -" "$(apt_mirror bookworm)"
}

test_our_own_source_does_not_count() {
  etc
  list debian.list <<<'deb http://mirror.example/debian bookworm main'
  list hadal-trixie.sources <<'TEXT'
Types: deb
URIs: http://mirror.example/debian
Suites: trixie
Components: main
TEXT
  echo 'VERSION_CODENAME=trixie' >"$OS_RELEASE"
  check "still Debian 12 after trixie's base-files" bookworm "$(debian_release)"
}

test_release_from_os_release() {
  etc
  list debian.list <<<'deb http://mirror.example/debian stable main'
  echo 'VERSION_CODENAME=trixie' >"$OS_RELEASE"
  check codename trixie "$(debian_release)"
  echo 'ID=fedora' >"$OS_RELEASE"
  check id fedora "$(debian_release)"
  rm "$OS_RELEASE"
  check nothing unknown "$(debian_release)"
}

run_tests
