#!/bin/bash
# The worker against a library that stands in for ncnn: what it says, and that it refuses rather than measure
# something else.
#   ncnn_worker_test.sh STAND_IN.so SCRATCH
set -euo pipefail
stand_in=$1 work=$2
worker=$(cd "$(dirname "$0")" && pwd)/ncnn_worker.py
python=${TEMPERA_BENCH_PYTHON:-/usr/bin/python3}
if ! [ -x "$python" ]; then
  echo "skipped: no $python"
  exit 77
fi
rm -rf "$work"
mkdir -p "$work/build/src" "$work/build/tools" "$work/empty"
cp "$stand_in" "$work/build/src/libncnn.so"
touch "$work/net.onnx"

failures=0
expect() { # expect 'regular expression' MODEL BUILD: the worker's answers to "run" and "facts"
  local answers
  answers=$(printf 'run\nfacts\n' | "$python" "$worker" "$2" 17x31 2 "$3" 2>&1 || true)
  grep -qzP -- "$1" <<<"$answers" || { failures=$((failures + 1)); printf 'wanted %s, heard:\n%s\n' "$1" "$answers"; }
}
expect '^absent no libncnn.so below .*NCNN_SHARED_LIB' "$work/net.onnx" "$work/empty"
expect '^absent no onnx2ncnn below' "$work/net.onnx" "$work/build"

# A converter that fails, one that goes on after what it cannot convert, one that works.
put_converter() {
  printf '#!/bin/sh\n%s\n' "$1" >"$work/build/tools/onnx2ncnn"
  chmod +x "$work/build/tools/onnx2ncnn"
}
put_converter 'echo no such model >&2; exit 1'
expect '^absent onnx2ncnn: no such model' "$work/net.onnx" "$work/build"
net='7767517\n4 4\nInput picture 0 1 picture\nSplit s 1 2 picture a b\nConvolution c 1 1 a side 0=3\nReLU r 1 1 b painting\n'
put_converter "printf '$net' >\$2; : >\$3; echo 'Foo not supported yet!' >&2"
expect '^absent onnx2ncnn: Foo not supported' "$work/net.onnx" "$work/build"
put_converter "printf '$net' >\$2; : >\$3"
expect '^ready ncnn stand-in\n[0-9.]+ [0-9.]+\n\{"peak_mib": [0-9.]+, "resident_mib": ' "$work/net.onnx" "$work/build"

# Files beside the model go before the converter; a network of other names does not run.
put_converter 'echo must not be asked >&2; exit 1'
# shellcheck disable=SC2059
printf "$net" >"$work/net.param"
: >"$work/net.bin"
expect '^ready ncnn' "$work/net.onnx" "$work/build"
sed -i 's/picture/photo/g' "$work/net.param"
expect '^absent ncnn cannot run the network' "$work/net.onnx" "$work/build"
exit $((failures > 0))
