#!/bin/bash
# Every hostile model gets one clear line and exit code 1, from inspect and from stylize.
#   bad_models.sh TEMPERA FOLDER_OF_HOSTILE_MODELS SCRATCH
set -euo pipefail
tempera=$1 models=$2 work=$3
rm -rf "$work"
mkdir -p "$work/out"
source "$(dirname "$0")/expect.bash"

ffmpeg -v error -f lavfi -i testsrc2=size=64x64:rate=1 -frames:v 1 -y "$work/in.png" </dev/null
# A hostile model may not win by eating the machine: 4 GiB of address space for each.
ulimit -v 4194304
for model in "$models"/*.onnx; do
  name=$(basename "$model" .onnx)
  expect_error 1 . "$tempera" inspect "$model" --size 64x64
  expect_error 1 . "$tempera" stylize "$work/in.png" -o "$work/out/$name.png" --style "$model"
  expect_nothing "$work/out"
done
# What the line must say, where one word decides.
expect_error 1 'FancyAttention.*(the_FancyAttention|supported)' "$tempera" inspect "$models/graph_unknown_operator.onnx"
expect_error 1 'opset|version' "$tempera" inspect "$models/opset_99.onnx"
expect_error 1 'beside the model|external' "$tempera" inspect "$models/weight_elsewhere.onnx"
expect_error 1 'weight_claims_2gb.onnx' "$tempera" inspect "$models/weight_claims_2gb.onnx"
expect_error 1 'nowhere.onnx' "$tempera" inspect "$work/nowhere.onnx"
expect_error 1 . "$tempera" inspect "$work"

# Whole models that meet what few do.
expect_success "$tempera" inspect "$models/odd/no_inputs.onnx"
grep -qE '^painting +no: ' "$work/stdout" || fail "inspect does not say that no_inputs.onnx cannot be painted with"
expect_success "$tempera" inspect "$models/odd/no_inputs.onnx" --graph "$work/plan.dot"
expect_success "$tempera" bench "$models/odd/no_inputs.onnx" --iterations 2 --warmup 0
grep -q 'no input' "$work/stdout" || fail "bench does not say that there is no input"
expect_success "$tempera" bench "$models/odd/no_inputs.onnx" --iterations 2 --warmup 0 --json --threads 2
grep -q '"threads": 2' "$work/stdout" || fail "bench does not say how many threads work"
# What files say is shown, not obeyed.
mkdir "$work/styles"
cp "$models/odd/escapes.onnx" "$work/styles/"
for verb in styles "inspect escapes"; do
  # shellcheck disable=SC2086  # the words of the verb
  expect_success env TEMPERA_STYLES="$work/styles" "$tempera" $verb
  grep -qE 'red [? ]\[31m and more' "$work/stdout" || fail "$verb does not show the title"
  ! LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]\|\xc2[\x80-\x9f]' "$work/stdout" ||
    fail "$verb hands control characters to the terminal"
done
finish
