#!/bin/bash
# The Debian packages as they were made (`make packages`): what is in them, what lintian says, and that what they install
# paints. Builds nothing, installs nothing on this machine. At its end it says what it could not check.
#   packages.sh [FOLDER]      FOLDER: where the .deb files lie (out/packages)
set -euo pipefail
folder=${1:-$(dirname "$0")/../../out/packages}
export LC_ALL=C.UTF-8

if ! command -v dpkg-deb >/dev/null; then
  echo "packages: skipped: dpkg-deb is not installed"
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bad=0 unchecked=()
offence() { echo "packages: $*" >&2; bad=1; }
fail() { echo "packages: $*" >&2; exit 1; }

declare -A file
for deb in "$folder"/*.deb; do
  [ -f "$deb" ] || fail "no package lies in $folder: run 'make packages'"
  file[$(dpkg-deb -f "$deb" Package)]=$deb
done
library=$(printf '%s\n' "${!file[@]}" | grep -xE 'libtempera[0-9]+' || true)
for package in tempera "${library:-libtempera1}" libtempera-dev tempera-styles; do
  [ -n "${file[$package]:-}" ] || fail "$package is not in $folder"
done

check_control() { # PACKAGE DEB TREE
  local package=$1 deb=$2 tree=$3 field value
  for field in Version Architecture Maintainer Section Priority Description Installed-Size; do
    [ -n "$(dpkg-deb -f "$deb" $field)" ] || offence "$package has no field $field"
  done
  [ "$(dpkg-deb -f "$deb" Priority)" = optional ] || offence "$package is not optional"
  value=$(dpkg-deb -f "$deb" Description | sed -n 1p)
  [ ${#value} -le 80 ] || offence "$package: the summary is longer than 80 characters: $value"
  for value in copyright changelog.gz changelog.Debian.gz; do
    [ -s "$tree/usr/share/doc/$package/$value" ] || offence "$package lacks /usr/share/doc/$package/$value"
  done
  ! grep -L '^Format: .*/copyright-format/1.0/' "$tree/usr/share/doc/$package/copyright" | grep . >/dev/null ||
    offence "$package: copyright is not machine-readable"
  [ -s "$tree/DEBIAN/md5sums" ] || offence "$package has no md5sums"
  (cd "$tree" && md5sum --quiet -c DEBIAN/md5sums) || offence "$package: files and md5sums disagree"
  value=$(cd "$tree" && find . -path ./DEBIAN -prune -o -type f -print | wc -l)
  [ "$(wc -l <"$tree/DEBIAN/md5sums")" -eq "$value" ] || offence "$package: md5sums lists not all of its $value files"
}

check_files() { # PACKAGE DEB TREE
  local package=$1 deb=$2 tree=$3 path
  dpkg-deb -c "$deb" >"$scratch/list"
  awk '$2 != "root/root"' "$scratch/list" | grep . && offence "$package: files of others than root"
  awk '$1 !~ /^(drwxr-xr-x|lrwxrwxrwx|-rw-r--r--|-rwxr-xr-x)$/' "$scratch/list" | grep . && offence "$package: odd permissions"
  awk '$6 !~ /^\.\/(usr\/.*)?$/' "$scratch/list" | grep . && offence "$package: files outside /usr"
  awk '$1 == "-rwxr-xr-x" && $6 !~ /^\.\/usr\/bin\// && $6 !~ /\.so/' "$scratch/list" | grep . && offence "$package: executable data"
  # The same sources give the same bytes: no file has the time at which it was made.
  [ "$(awk '{ print $4, $5 }' "$scratch/list" | sort -u | wc -l)" -eq 1 ] || offence "$package: files of different times"
  while IFS= read -r -d '' path; do
    readelf -h "$path" >/dev/null 2>&1 || continue
    [ "$(dpkg-deb -f "$deb" Architecture)" != all ] || offence "$package is for all processors and holds ${path#"$tree"}"
    ! readelf -d "$path" | grep -E 'R(UN)?PATH' || offence "$package: ${path#"$tree"} has an rpath"
    ! readelf -SW "$path" | grep -E ' \.(symtab|debug_info) ' || offence "$package: ${path#"$tree"} is not stripped"
    dpkg-deb -f "$deb" Depends | grep -w libc6 >/dev/null || offence "$package does not depend on libc6"
  done < <(find "$tree/usr" -type f -print0)
  return 0
}

for package in "${!file[@]}"; do
  tree=$scratch/$package
  dpkg-deb -R "${file[$package]}" "$tree"
  check_control "$package" "${file[$package]}" "$tree"
  check_files "$package" "${file[$package]}" "$tree"
done

# The library: named after its SONAME, found by ld.so and by who links it.
triplet=$(basename "$(dirname "$(find "$scratch/$library/usr/lib" -name 'libtempera.so.?')")")
lib=$scratch/$library/usr/lib/$triplet soname=libtempera.so.${library#libtempera}
readelf -d "$lib/$soname" | grep -F "[$soname]" >/dev/null || offence "$library holds no library of SONAME $soname"
[ -L "$lib/$soname" ] && [ -f "$lib/$soname" ] || offence "$library: $soname is no link to the library"
grep -q "^libtempera ${library#libtempera} $library " "$scratch/$library/DEBIAN/shlibs" || offence "$library: wrong shlibs"
grep -q 'ldconfig' "$scratch/$library/DEBIAN/triggers" || offence "$library does not tell ldconfig"
dev=$scratch/libtempera-dev/usr
[ "$(readlink "$dev/lib/$triplet/libtempera.so")" = "$soname" ] || offence "libtempera-dev: libtempera.so does not point to $soname"
for path in include/tempera/tempera.h include/tempera/tempera.hpp "lib/$triplet/pkgconfig/tempera.pc" \
  "lib/$triplet/cmake/tempera/temperaConfig.cmake" "lib/$triplet/cmake/tempera/temperaTargets.cmake"; do
  [ -s "$dev/$path" ] || offence "libtempera-dev lacks $path"
done
version=$(dpkg-deb -f "${file[$library]}" Version)
dpkg-deb -f "${file[libtempera-dev]}" Depends | grep -F "$library (= $version)" >/dev/null || offence "libtempera-dev does not need its library"
dpkg-deb -f "${file[tempera]}" Depends | grep 'libavfilter' >/dev/null || offence "tempera does not depend on libavfilter, which films need"

styles=$scratch/tempera-styles/usr/share/tempera/styles
for style in "$styles"/*.onnx; do
  [ -f "$style" ] || fail "tempera-styles holds no style"
  for ending in jpg md; do
    [ -s "${style%.onnx}.$ending" ] || offence "tempera-styles: ${style##*/} has no .$ending beside it"
  done
done

if command -v lintian >/dev/null; then
  root=()
  [ "$(id -u)" -ne 0 ] || root=(--allow-root)
  lintian "${root[@]}" --fail-on error --tag-display-limit 0 "$folder"/*.deb || offence "lintian found errors"
else
  unchecked+=("what lintian says, which is not installed (tools/setup packages)")
fi

# Installed: by dpkg into a root of its own where that is allowed, else only unpacked.
root=$scratch/root
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
: >"$root/var/lib/dpkg/status"
if [ "$(id -u)" -eq 0 ] && dpkg --root="$root" --force-depends -i "$folder"/*.deb >"$scratch/dpkg.log" 2>&1; then
  for package in "${!file[@]}"; do
    dpkg --root="$root" -s "$package" | grep '^Status: install ok installed' >/dev/null || offence "dpkg did not install $package"
    said=$(dpkg --root="$root" -V "$package" || true)
    [ -z "$said" ] || offence "what dpkg installed of $package is not what was in it: $said"
  done
else
  [ "$(id -u)" -ne 0 ] || offence "dpkg -i: $(tail -3 "$scratch/dpkg.log")"
  unchecked+=("dpkg's own installation, which needs root: the files were only unpacked")
  for package in "${!file[@]}"; do dpkg-deb -x "${file[$package]}" "$root"; done
fi
unchecked+=("that apt finds the dependencies on a clean machine: this one has the libraries already")

# The programs run with this machine's libraries.
export LD_LIBRARY_PATH=$root/usr/lib/$triplet HOME=$scratch TEMPERA_CACHE=off
unset TEMPERA_STYLES
for package in "${!file[@]}"; do
  for needed in $(dpkg-deb -f "${file[$package]}" Depends | tr ',' '\n' | awk '{ print $1 }'); do
    [ -n "${file[$needed]:-}" ] || dpkg-query -W -f '${db:Status-Status}\n' "$needed" 2>/dev/null | grep -x installed >/dev/null ||
      unchecked+=("$package needs $needed, which this machine lacks")
  done
done
said=$(LD_BIND_NOW=1 LD_PRELOAD=$root/usr/lib/$triplet/$soname true 2>&1 || true)
[ -z "$said" ] || offence "$library does not load: $said"
tempera=$root/usr/bin/tempera
"$tempera" --version | grep -xF "tempera ${version%-*}" >/dev/null || offence "the command and its package are not of one version"
"$tempera" styles >"$scratch/styles" || offence "the command does not find the installed styles"
grep -qF starry-night "$scratch/styles" || offence "the command lists no starry-night"
sample=$root/usr/share/tempera/styles/sample.jpg
"$tempera" stylize "$sample" -o "$scratch/painted.png" --style starry-night --threads 2 || offence "the command does not paint"
"$tempera" stylize "$sample" -o "$scratch/plain.png" --style starry-night --strength 0 || offence "strength 0 does not paint"
[ -s "$scratch/painted.png" ] && ! cmp -s "$scratch/painted.png" "$scratch/plain.png" || offence "the painting is the picture"
size_of() { od -An -tu1 -j16 -N8 "$1"; }
[ "$(size_of "$scratch/painted.png")" = "$(size_of "$scratch/plain.png")" ] || offence "the painting has another size"
# The plugins, where they were built, find library and styles from where they were installed.
plugin_paints() { # PACKAGE COMMAND...
  if [ -z "${file[$1]:-}" ]; then
    unchecked+=("$1, which this build lacks (tools/setup plugins)")
  elif command -v "$2" >/dev/null; then
    "${@:2}" >"$scratch/said" 2>&1 && [ ! -s "$scratch/said" ] || offence "$1: $(head -n 3 "$scratch/said")"
  else
    unchecked+=("that $1 paints: there is no $2")
  fi
}
FREI0R_PATH=$root/usr/lib/frei0r-1 plugin_paints frei0r-tempera ffmpeg -nostdin -v error \
  -f lavfi -i testsrc2=s=64x48:d=0.1 -vf frei0r=tempera:starry-night -f null -
GST_PLUGIN_PATH=$root/usr/lib/$triplet/gstreamer-1.0 GST_REGISTRY=$scratch/registry plugin_paints gstreamer1.0-tempera \
  gst-launch-1.0 -q videotestsrc num-buffers=2 ! video/x-raw,width=64,height=48 ! temperavideo style=starry-night ! fakesink
man_pages=$(find "$root/usr/share/man/man1" -name 'tempera*.1.gz' | wc -l)
[ "$man_pages" -ge 5 ] || offence "only $man_pages manual pages are installed"

for reason in "${unchecked[@]}"; do echo "packages: not checked: $reason"; done
[ $bad -eq 0 ] && echo "packages: passed: ${!file[*]}"
exit $bad
