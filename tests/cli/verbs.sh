#!/bin/bash
# styles, inspect, run and bench as their users meet them.
#   verbs.sh TEMPERA TINY_MODEL_WRITER SAMPLE_FRAME SCRATCH
set -euo pipefail
tempera=$1 write_model=$2 sample=$3 work=$4
rm -rf "$work"
mkdir -p "$work/styles"
source "$(dirname "$0")/expect.bash"

said() { # said 'regular expression': the last command wrote it to standard output
  checks=$((checks + 1))
  grep -qE -- "$1" "$work/stdout" || { fail "standard output lacks '$1'"; head -n 5 "$work/stdout"; }
}

# A library of one good style and one broken one, and a sample frame.
"$write_model" "$work/styles/blue-negative.onnx"
echo "no model" >"$work/styles/broken.onnx"
cp "$sample" "$work/styles/sample.jpg"
export TEMPERA_STYLES=$work/styles

echo "== styles"
expect_success "$tempera" styles
said '^NAME +TITLE +ARTIST +YEAR +PARAMETERS +FILE'
said '^blue-negative .* 12 '
[ "$(grep -c 'a style is left out: .*broken' "$work/stderr")" = 1 ] || fail "the broken style is not mentioned once"
expect_success "$tempera" styles --json
for key in name title artist year license parameters file_size_bytes path; do said "\"$key\":"; done
expect_success "$tempera" styles --preview "$work/previews"
[ -s "$work/previews/blue-negative.png" ] || fail "no preview of blue-negative"
[ -s "$work/previews/source.png" ] || fail "no source beside the previews"
expect_error 1 'afile' "$tempera" styles --preview "$work/styles/broken.onnx/afile"
expect_error 1 "TEMPERA_STYLES.*nowhere" env TEMPERA_STYLES="$work/nowhere" "$tempera" styles
mkdir "$work/empty"
expect_success env TEMPERA_STYLES="$work/empty" "$tempera" styles --json
said '^\[\]$'

[ ! -w /dev/full ] || expect_error 1 'standard output' bash -c '"$0" styles >/dev/full' "$tempera"

echo "== names"
expect_error 2 "there is no verb 'stylise'" "$tempera" stylise x.png
expect_error 2 'strength' "$tempera" stylize x.png -o y.png --strength $'e\e[31m\nz'
! grep -q $'\e' "$work/stderr" || fail "an option's value reaches the terminal raw"
expect_error 1 "'blu-negativ'.*did you mean 'blue-negative'" "$tempera" inspect blu-negativ
expect_error 1 "did you mean 'blue-negative'" "$tempera" inspect negative
expect_error 1 'tempera styles' "$tempera" inspect qqqqqqqqqqqqqqqq
expect_error 1 'no/such.onnx' "$tempera" inspect no/such.onnx
expect_success "$tempera" inspect 'Blue Negative'

echo "== inspect"
expect_success "$tempera" inspect blue-negative --size 100x50
said '^input +input float32 \[1, 3, 50, 100\] +declared \[1, 3, H, W\]'
said '^output +output float32 \[1, 3, 50, 100\]'
said '^operators +Conv 1$'
said '^metadata +tempera.style = negative'
expect_success "$tempera" inspect blue-negative --json
for key in model opset parameters metadata operators inputs outputs macs activation_bytes weight_bytes steps kernel plan \
           nodes values norms memory reads writes picture layout lives offset pad_kind; do
  said "\"$key\":"
done
said '"does": "convolution"'
expect_error 2 "640.*WIDTHxHEIGHT" "$tempera" inspect blue-negative --size 640
expect_error 2 MODEL "$tempera" inspect
expect_error 1 'broken.onnx' "$tempera" inspect broken
# Refused beforehand, not killed by the system: some 16 GiB and more.
(ulimit -v 4194304; expect_error 1 'GiB|MiB' "$tempera" inspect blue-negative --size 16384x16384; exit $failures) ||
  fail "a plan beyond memory"

expect_success "$tempera" inspect blue-negative --size 1x1

echo "== run"
npy() { # npy DESCR SHAPE BYTES: a version 1 file full of zeros
  local header="{'descr': '$1', 'fortran_order': False, 'shape': ($2), }"
  printf '\x93NUMPY\x01\x00'
  printf "\\x$(printf %02x $((${#header} + 1)))\\x00%s\n" "$header"
  head -c "$3" /dev/zero
}
npy '<f4' '1, 3, 8, 8' 768 >"$work/zeros.npy"
npy '<f8' '1, 3, 8, 8' 1536 >"$work/zeros64.npy"
npy '<i4' '1, 3, 8, 8' 768 >"$work/ints.npy"
npy '<f4' '1, 4, 8, 8' 1024 >"$work/four.npy"
npy '<f4' '1, 3, 8, 9' 768 >"$work/short.npy"
expected=$work/expected
for _ in $(seq 192); do printf '\x00\x00\x7f\x43'; done >"$expected" # 255.0f
for input in "$work/zeros.npy" "input=$work/zeros.npy" "input=$work/zeros64.npy"; do
  rm -rf "$work/tensors"
  expect_success "$tempera" run blue-negative --input "$input" --output "$work/tensors" --precision fp32 --threads 1
  [ "$(ls "$work/tensors")" = output.npy ] || fail "run left $(ls "$work/tensors")"
  tail -c 768 "$work/tensors/output.npy" | cmp -s - "$expected" || fail "run computed something else from $input"
  head -c 200 "$work/tensors/output.npy" | grep -aq "'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 8, 8)" ||
    fail "the header of output.npy is another"
done
# Each CPU target gives the same.
for target in $("$tempera" run --help | sed -n 's/.*here: //p' | tr -d ,); do
  expect_success "$tempera" run blue-negative --input "$work/zeros.npy" --output "$work/tensors" --cpu "$target"
  tail -c 768 "$work/tensors/output.npy" | cmp -s - "$expected" || fail "--cpu $target computed something else"
done
# So does a precision that has nothing to round here: the model has no convolution.
for precision in auto int8; do
  expect_success "$tempera" run blue-negative --input "$work/zeros.npy" --output "$work/tensors" --precision $precision
  tail -c 768 "$work/tensors/output.npy" | cmp -s - "$expected" || fail "--precision $precision computed something else"
done
rm -rf "$work/tensors"
run_error() { expect_error "$1" "$2" "$tempera" run blue-negative --output "$work/tensors" "${@:3}"; }
run_error 1 'gone.npy' --input "$work/gone.npy"
run_error 1 'broken.onnx.*npy' --input "$work/styles/broken.onnx"
run_error 1 'short.npy.*864.*768' --input "$work/short.npy"
run_error 1 "'input' needs float32.*int32" --input "$work/ints.npy"
run_error 1 '\[1, 4, 8, 8\]|channels' --input "$work/four.npy"
run_error 1 'name is one of: input' --input "other=$work/zeros.npy"
run_error 1 'twice' --input "$work/zeros.npy" --input "input=$work/zeros.npy"
run_error 1 'avx9000' --input "$work/zeros.npy" --cpu avx9000
run_error 2 'precision' --input "$work/zeros.npy" --precision int2
run_error 1 'bf16 needs AMX.*--precision auto' --input "$work/zeros.npy" --precision bf16 --cpu sse4
run_error 2 'input' --threads 1
[ ! -e "$work/tensors" ] || fail "failed runs left $work/tensors"
expect_error 1 'broken.onnx' "$tempera" run blue-negative --input "$work/zeros.npy" --output "$work/styles/broken.onnx"
"$write_model" "$work/climber.onnx" ../../climbed
expect_success "$tempera" run "$work/climber.onnx" --input "$work/zeros.npy" --output "$work/a/b"
[ "$(ls "$work/a/b")" = _._.._climbed.npy ] || fail "an output's name led to $(find "$work" -name '*climbed*')"

echo "== bench"
expect_success "$tempera" bench blue-negative --size 64x48 --iterations 3 --threads 1
said '^median [0-9.]+ ms'
said '^on .'
expect_success "$tempera" bench blue-negative --size 64x48 --iterations 3 --per-step --json --warmup 0
for key in median_ms p90_ms p99_ms min_ms gmac_per_s peak_mib precision threads cpu steps; do said "\"$key\":"; done
grep -A5 '"shape"' "$work/stdout" | tr -d ' \n' | grep -q '1,3,48,64' || fail "--size is not width x height"
expect_success "$tempera" bench blue-negative --size 64x48 --iterations 2 --json --pin --norm-statistics smoothed
said '"norm_statistics": "smoothed"'
said '"pinned": true'
expect_success "$tempera" bench blue-negative --size 64x48 --iterations 2 --json --norm-statistics carried
said '"norm_statistics": "carried"'
expect_error 2 'norm-statistics' "$tempera" bench blue-negative --norm-statistics given
expect_error 2 'iterations' "$tempera" bench blue-negative --iterations 0
expect_error 2 'WIDTHxHEIGHT' "$tempera" bench blue-negative --size 0x0

echo "== the cache"
findings() { # findings COUNT FOLDER: so many are kept there, and nothing else
  checks=$((checks + 1))
  local found
  found=$(ls -A "$2" 2>/dev/null | grep -cE '^[0-9a-f]{32}\.calibration$' || true)
  [ "$found" -eq "$1" ] && [ "$(ls -A "$2" 2>/dev/null | wc -l)" -eq "$1" ] || fail "$2 holds $(ls -A "$2"), not $1 findings"
}
bench=("$tempera" bench blue-negative --size 32x24 --iterations 1 --precision)
expect_success env HOME="$work/home" "${bench[@]}" auto # TEMPERA_CACHE=off, as everywhere above
[ ! -e "$work/home" ] || fail "TEMPERA_CACHE=off wrote into the home"
expect_success env -u TEMPERA_CACHE -u XDG_CACHE_HOME HOME="$work/home" "${bench[@]}" auto
findings 1 "$work/home/.cache/tempera"
expect_success env -u TEMPERA_CACHE HOME="$work/home" XDG_CACHE_HOME="$work/xdg" "${bench[@]}" auto
findings 1 "$work/xdg/tempera"
export TEMPERA_CACHE=$work/cache
expect_success "${bench[@]}" fp32
[ ! -e "$work/cache" ] || fail "fp32 has nothing to find out, but wrote"
expect_success "${bench[@]}" auto
expect_success "${bench[@]}" auto
findings 1 "$work/cache"
expect_success "$tempera" stylize "$sample" --style blue-negative --height 48 -o "$work/painted.png"
findings 2 "$work/cache"
# Damaged, or not to be written at all: no word of it.
for file in "$work/cache"/*; do echo nonsense >"$file"; done
expect_success "$tempera" stylize "$sample" --style blue-negative --height 48 -o "$work/again.png"
[ ! -s "$work/stderr" ] || ! grep -q cache "$work/stderr" || fail "a damaged cache is spoken of"
cmp -s "$work/painted.png" "$work/again.png" || fail "a damaged cache changed the picture"
expect_success env TEMPERA_CACHE=/dev/null/there "${bench[@]}" auto
expect_success env -u TEMPERA_CACHE -u XDG_CACHE_HOME -u HOME "${bench[@]}" auto
finish
