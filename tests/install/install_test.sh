#!/bin/bash
# Installs the build into SCRATCH, builds the examples against it, runs them, looks at the result.
#   install_test.sh SOURCE BUILD SCRATCH TINY_MODEL_WRITER CC CXX [SANITIZER_FLAG...]
set -euo pipefail
source_dir=$1 build=$2 scratch=$3 write_model=$4 cc=$5 cxx=$6
shift 6
sanitizers=("$@")

fail() { echo "install_test: $*" >&2; exit 1; }

rm -rf "$scratch"
mkdir -p "$scratch"
prefix=$scratch/prefix
cmake --install "$build" --prefix "$prefix" >"$scratch/install.log" || fail "cmake --install: $(tail -3 "$scratch/install.log")"

# An installed tree can be moved: everything below must find its parts by where they lie now.
mv "$prefix" "$scratch/moved prefix"
prefix="$scratch/moved prefix"
for file in include/tempera/tempera.h include/tempera/tempera.hpp share/tempera/styles; do
  [ -e "$prefix/$file" ] || fail "$file is not installed"
done
for style in "$prefix"/share/tempera/styles/*.onnx; do
  [ -e "${style%.onnx}.jpg" ] || fail "$style has no thumbnail beside it"
done
library=$(find "$prefix" -name 'libtempera.so')
[ -n "$library" ] || fail "libtempera.so is not installed"

# Only the C API may be seen from outside.
foreign=$(nm -D --defined-only "$library" | awk '{print $3}' | grep -v '^tempera_' || true)
[ -z "$foreign" ] || fail "libtempera.so shows other names: $(head -3 <<<"$foreign")"

# A 50x30 picture, dark red to bright red, and a model that gives back its negative.
{
  printf 'P6\n50 30\n255\n'
  for y in $(seq 30); do for x in $(seq 50); do printf "\\x$(printf %02x $((x * 5)))\\x40\\x10"; done; done
} >"$scratch/in.ppm"
"$write_model" "$scratch/negative.onnx"
"$write_model" --expect "$scratch/in.ppm" "$scratch/expected.ppm"

run_example() { # PROGRAM NAME
  "$1" "$scratch/negative.onnx" "$scratch/in.ppm" "$scratch/$2.ppm" || fail "$2 failed"
  cmp "$scratch/expected.ppm" "$scratch/$2.ppm" || fail "$2 painted something else"
  ! "$1" "$scratch/gone.onnx" "$scratch/in.ppm" "$scratch/none.ppm" 2>"$scratch/$2.err" || fail "$2 took a missing model"
  grep -q 'gone.onnx' "$scratch/$2.err" || fail "$2 does not name the missing model: $(cat "$scratch/$2.err")"
  ! "$1" "$scratch/in.ppm" "$scratch/in.ppm" "$scratch/none.ppm" 2>/dev/null || fail "$2 took a picture for a model"
  [ ! -e "$scratch/none.ppm" ] || fail "$2 left a file after failing"
}

cmake -S "$source_dir/examples" -B "$scratch/examples" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" \
  -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_C_FLAGS="${sanitizers[*]}" -DCMAKE_CXX_FLAGS="${sanitizers[*]}" \
  >"$scratch/configure.log" 2>&1 || fail "find_package: $(tail -5 "$scratch/configure.log")"
cmake --build "$scratch/examples" >"$scratch/build.log" 2>&1 || fail "$(tail -5 "$scratch/build.log")"
run_example "$scratch/examples/stylize_image_c" cmake_c
run_example "$scratch/examples/stylize_image_cpp" cmake_cpp

"$scratch/examples/parameters_c" "$scratch/negative.onnx" strength 0.5 >"$scratch/parameters" || fail "parameters_c failed"
grep -q 'strength = 0.5' "$scratch/parameters" || fail "strength was not set: $(cat "$scratch/parameters")"
! "$scratch/examples/parameters_c" "$scratch/negative.onnx" stroke 1 2>"$scratch/parameters.err" || fail "took 'stroke'"
grep -q 'keep_colors' "$scratch/parameters.err" || fail "does not say what there is: $(cat "$scratch/parameters.err")"

export PKG_CONFIG_PATH=$(dirname "$library")/pkgconfig
export LD_LIBRARY_PATH=$(dirname "$library")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
pkg-config --exists tempera || fail "pkg-config does not find tempera"
# eval: pkg-config quotes the blank in the prefix.
eval "flags=($(pkg-config --cflags --libs tempera))"
"$cc" -std=c99 -Wall -Wextra -pedantic "$source_dir/examples/stylize_image.c" -o "$scratch/pc_c" "${flags[@]}" "${sanitizers[@]}"
"$cxx" -std=c++20 -Wall -Wextra "$source_dir/examples/stylize_image.cpp" -o "$scratch/pc_cpp" "${flags[@]}" "${sanitizers[@]}"
run_example "$scratch/pc_c" pkgconfig_c
run_example "$scratch/pc_cpp" pkgconfig_cpp

# The command, where it was built, and each bundled style through the C example.
if [ -x "$prefix/bin/tempera" ]; then
  "$prefix/bin/tempera" --version >/dev/null || fail "the installed command does not start"
fi
for style in "$prefix"/share/tempera/styles/*.onnx; do
  [ -e "$style" ] || continue
  "$scratch/pc_c" "$style" "$scratch/in.ppm" "$scratch/style.ppm" || fail "$style does not paint"
  cmp -s "$scratch/in.ppm" "$scratch/style.ppm" && fail "$style changes nothing"
  [ "$(stat -c %s "$scratch/style.ppm")" = "$(stat -c %s "$scratch/in.ppm")" ] || fail "$style changes the size"
done
echo "install_test: passed"
