#!/usr/bin/env bash
# Makes the Debian package of this build, looks into it, and runs the programs from a temporary root.
# shellcheck source=tests/harness.sh
. "$(dirname "$0")/../harness.sh"
BUILD=$(readlink -f "$HADAL_BUILD_DIR")
DEB_FOLDER=$(mktemp -d)
trap 'rm -rf "$DEB_FOLDER"' EXIT
export SOURCE_DATE_EPOCH=1750000000
DEB=$("$ROOT/installer/make-deb" "$BUILD" "$DEB_FOLDER")

unpack() { dpkg-deb -x "$DEB" "$WORK/root"; }
control() { dpkg-deb -f "$DEB" "$1"; }

test_contents() {
  list=$(dpkg-deb -c "$DEB" | awk '{ print $1, $2, $6 }')
  for line in \
    "-rwxr-xr-x root/root ./usr/bin/hadal" "-rwxr-xr-x root/root ./usr/bin/hadal-engine" \
    "-rw-r--r-- root/root ./usr/lib/hadal/plugins/libplain_text.so" \
    "-rw-r--r-- root/root ./usr/share/applications/org.hadal.Hadal.desktop" \
    "-rw-r--r-- root/root ./usr/share/metainfo/org.hadal.Hadal.metainfo.xml" \
    "-rw-r--r-- root/root ./usr/share/mime/packages/org.hadal.Hadal.xml" \
    "-rw-r--r-- root/root ./usr/share/icons/hicolor/scalable/apps/hadal.svg" \
    "-rw-r--r-- root/root ./usr/share/man/man1/hadal.1.gz" "-rw-r--r-- root/root ./usr/share/man/man1/hadal-engine.1.gz" \
    "-rw-r--r-- root/root ./usr/share/doc/hadal/examples/policy-template.json" \
    "-rw-r--r-- root/root ./usr/share/doc/hadal/copyright" "-rw-r--r-- root/root ./usr/share/doc/hadal/changelog.gz"; do
    says contents "$line" "$list"
  done
  if [ -e "$BUILD/lib/hadal/libhadal_engine_cuda.so" ]; then
    says "the GPU module" "./usr/lib/hadal/libhadal_engine_cuda.so" "$list"
  fi
  check "nothing outside /usr" "" "$(awk '$3 !~ /^\.\/(usr\/.*)?$/' <<<"$list")"
  check "nobody else's, nothing others may write" "" "$(awk '$2 != "root/root" || $1 ~ /^.......s|^........w/' <<<"$list")"
}

test_control() {
  check name hadal "$(control Package)"
  check version "$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$BUILD/CMakeCache.txt")" "$(control Version)"
  # The owners of the libraries the program itself names, asked of dpkg another way.
  readelf -d "$BUILD/bin/hadal" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >needed
  holds "the program names libraries" [ -s needed ]
  while read -r library; do
    owner=$(dpkg -S "*/$library" | grep -v -e diversion -e lib32 -e libx32 | head -n 1 | cut -d: -f1)
    says "depends, for $library" "$owner" "$(control Depends)"
  done <needed
  for package in libqt6sql6-sqlite qt6-svg-plugins; do says depends "$package" "$(control Depends)"; done
  unpack
  (cd root && dpkg-deb --ctrl-tarfile "$DEB" | tar -xO ./md5sums | md5sum --quiet -c)
}

# `hadal --version` loads every library the program is linked with.
test_runs_from_a_root() {
  unpack
  cd /
  check engine "hadal-engine $(control Version)" "$("$WORK/root/usr/bin/hadal-engine" --version)"
  check program "hadal $(control Version)" "$(QT_QPA_PLATFORM=offscreen "$WORK/root/usr/bin/hadal" --version)"
  if [ -e "$WORK/root/usr/lib/hadal/libhadal_engine_cuda.so" ]; then
    devices=$("$WORK/root/usr/bin/hadal-engine" devices)
    case $devices in *"not installed"* | *"could not be loaded"*) printf 'the GPU module was not found: %s\n' "$devices"; exit 1 ;; esac
  fi
}

test_no_library_path_is_remembered() {
  unpack
  for file in root/usr/bin/* root/usr/lib/hadal/*.so root/usr/lib/hadal/plugins/*.so; do
    [ -e "$file" ] || continue
    check "$file" "" "$(readelf -d "$file" | grep -E 'RPATH|RUNPATH' || true)"
    holds "$file is stripped" [ -z "$(readelf -S "$file" | grep -F .debug_info || true)" ]
  done
}

test_the_same_again() {
  mkdir again
  again=$("$ROOT/installer/make-deb" "$BUILD" again)
  check checksum "$(sha256sum <"$DEB")" "$(sha256sum <"$again")"
}

test_desktop_files() {
  unpack
  cd root/usr/share
  says "opens models" "MimeType=application/x-gguf;" "$(cat applications/org.hadal.Hadal.desktop)"
  python3 - metainfo/*.xml mime/packages/*.xml icons/hicolor/scalable/apps/*.svg <<'TEXT'
import sys, xml.dom.minidom
for file in sys.argv[1:]: xml.dom.minidom.parse(file)
TEXT
  if command -v desktop-file-validate >/dev/null; then
    check desktop "" "$(desktop-file-validate applications/*.desktop 2>&1)"
  else echo "     (desktop-file-validate is not installed)"; fi
  if command -v appstreamcli >/dev/null; then
    out=$(appstreamcli validate --no-net --no-color metainfo/*.xml 2>&1) || { echo "$out"; exit 1; }
  else echo "     (appstreamcli is not installed)"; fi
  if command -v update-mime-database >/dev/null; then
    update-mime-database mime 2>&1
    says "the type is known" "application/x-gguf:*.gguf" "$(cat mime/globs)"
  else echo "     (update-mime-database is not installed)"; fi
}

test_manual_pages() {
  command -v man >/dev/null || { echo "     (man is not installed)"; return; }
  unpack
  for page in hadal hadal-engine; do
    out=$(MANWIDTH=100 man --warnings -E UTF-8 -l "root/usr/share/man/man1/$page.1.gz" 2>errors)
    check "$page warns" "" "$(cat errors)"
    says "$page" "SYNOPSIS" "$out"
  done
  # Every option and command the programs know is in their page.
  QT_QPA_PLATFORM=offscreen root/usr/bin/hadal --help | grep -oE -- '--[a-z-]+' | sort -u >options
  for option in $(cat options); do
    says "hadal(1)" "$option" "$(zcat root/usr/share/man/man1/hadal.1.gz | sed 's/\\-/-/g')"
  done
  for command in $(root/usr/bin/hadal-engine --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
    says "hadal-engine(1)" ".B $command" "$(zcat root/usr/share/man/man1/hadal-engine.1.gz)"
  done
}

test_not_built() {
  mkdir empty
  code=0
  out=$("$ROOT/installer/make-deb" empty . 2>&1) || code=$?
  check code 1 "$code"
  says sentence "is no build folder" "$out"
}

run_tests
