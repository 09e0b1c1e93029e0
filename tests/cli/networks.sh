#!/bin/bash
# Networks as people have them: pixel conventions seen, said and kept in the file; files that cannot run.
#   networks.sh TEMPERA SCRATCH
set -euo pipefail
tempera=$1 work=$2
rm -rf "$work"
mkdir -p "$work/nets" "$work/out"
source "$(dirname "$0")/expect.bash"
command -v python3 >/dev/null || { echo "skipped: needs python3"; exit 77; }
python3 "$(dirname "$0")/foreign_networks.py" "$work/nets"
ffmpeg -v error -f lavfi -i "testsrc2=size=96x64,format=rgb24" -frames:v 1 "$work/photo.png" </dev/null

said() { # said 'regular expression': the last command wrote it to standard output
  checks=$((checks + 1))
  grep -qE -- "$1" "$work/stdout" || { fail "standard output lacks '$1'"; head -n 5 "$work/stdout"; }
}
noted() { # noted 'regular expression': the last command wrote one note, and it says that
  checks=$((checks + 1))
  [ "$(grep -c '^note: ' "$work/stderr")" = 1 ] && grep -qE -- "^note: .*$1" "$work/stderr" ||
    { fail "no single note '$1'"; cat "$work/stderr"; }
}
silent() {
  checks=$((checks + 1))
  ! grep -q '^note: ' "$work/stderr" || { fail "a note where nothing is to be said"; cat "$work/stderr"; }
}
# expect_like FILE: it differs from fast_neural_style's painting by at most two levels anywhere.
expect_like() {
  checks=$((checks + 1))
  ffmpeg -v error -i "$1" -f rawvideo -pix_fmt rgb24 "$work/a.raw" -y </dev/null
  python3 - "$work/a.raw" "$work/wanted.raw" <<'P' || fail "$1 is another painting"
import sys
a, b = (open(p, 'rb').read() for p in sys.argv[1:])
sys.exit(len(a) != len(b) or max(abs(x - y) for x, y in zip(a, b)) > 2)
P
}
paint() { # paint NETWORK [OPTIONS...]
  local net=$1
  shift
  expect_success "$tempera" stylize "$work/photo.png" -o "$work/out/$net.png" --style "$work/nets/$net.onnx" \
    --precision fp32 "$@"
}

echo "== conventions"
paint fast_neural_style
silent
ffmpeg -v error -i "$work/out/fast_neural_style.png" -f rawvideo -pix_fmt rgb24 "$work/wanted.raw" </dev/null
for net in imagenet divides bytes core_ml animegan half zero_dce; do
  paint $net
  expect_like "$work/out/$net.png"
  case $net in
    animegan) noted 'its painting is -1\.\.1 .*--value-range says otherwise' ;;
    half | zero_dce) noted '0\.\.1.*--value-range says otherwise' ;;
    *) silent ;;
  esac
done
paint grey_out
paint colouriser
paint rgba_out
noted 'the fourth is taken for transparency'
expect_like "$work/out/rgba_out.png"
[ "$(ffprobe -v error -show_entries stream=pix_fmt -of csv=p=0 "$work/out/rgba_out.png")" = rgba ] ||
  fail "a painting with transparency lost it"
expect_success "$tempera" stylize "$work/photo.png" -o "$work/out/opaque.jpg" --style "$work/nets/rgba_out.onnx"
checks=$((checks + 1))
grep -q '^note: .*transparency is left out' "$work/stderr" || fail "transparency is left out without a word"
ffmpeg -v error -f lavfi -i testsrc2=size=96x64:rate=5:duration=0.4 -c:v libx264 "$work/film.mp4" </dev/null
expect_success "$tempera" stylize "$work/film.mp4" -o "$work/out/film.mp4" --style "$work/nets/rgba_out.onnx"
checks=$((checks + 1))
grep -q '^note: .*transparency that this style paints is dropped in films' "$work/stderr" ||
  fail "a style's transparency is dropped in films without a word"
names_what_can_be_typed() {
  checks=$((checks + 1))
  ! grep -q 'tempera_' "$work/stderr" || { fail "a message names a function of the library"; cat "$work/stderr"; }
}
expect_error 1 'ends in Softmax' "$tempera" stylize "$work/photo.png" -o "$work/out/x.png" \
  --style "$work/nets/classes.onnx"
names_what_can_be_typed
expect_success "$tempera" stylize "$work/photo.png" -o "$work/out/json.png" --style "$work/nets/grey_out.onnx" --json
said '"notices": \[".*one channel comes out'
expect_error 1 "its output 'y' is float32 \[1, [0-9]*, [0-9]*, 5\]" "$tempera" stylize "$work/photo.png" \
  -o "$work/out/x.png" --style "$work/nets/nhwc_classes.onnx"
names_what_can_be_typed

echo "== what is said"
# Few pixels have little contrast whatever the network's numbers are.
paint fast_neural_style --size 1x1
silent
expect_error 2 "black's below white's" "$tempera" stylize a.png -o b.png --value-range 1..-1
for wrong in nan inf -inf 1.5 -0.1 abc; do
  expect_error 2 'strength.* is no number from 0' "$tempera" stylize a.png -o b.png "--strength=$wrong"
done
expect_error 2 'o is missing: say where' "$tempera" stylize a.png b.png
for verb in inspect bench; do
  expect_error 1 "photo.png' is a picture, not a network" "$tempera" $verb "$work/photo.png"
done
expect_error 1 "photo.png' is a picture, not a network" "$tempera" stylize "$work/photo.png" -o "$work/out/x.png" \
  --style "$work/photo.png"
paint animegan --value-range -1..1
silent
expect_like "$work/out/animegan.png"
paint normalised --value-range 0..1 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
silent
expect_like "$work/out/normalised.png"
paint normalised
noted 'hardly any contrast.*--value-range'
expect_success "$tempera" bench "$work/nets/animegan.onnx" --size 64x64 --iterations 1 --value-range -1..1
# What the notice says to type does what it says.
paint animegan --value-range 0..255,-1..1
silent
# Of what nobody gave as an option, the file's name.
expect_success "$tempera" annotate "$work/nets/missing.onnx" -o "$work/nets/missing3.onnx" --value-range 0..1
python3 - "$work/nets" <<'P'
import sys
data = open(sys.argv[1] + '/fast_neural_style.onnx', 'rb').read()
entry = b'\n\x13tempera.value_range\x12\x03foo'
open(sys.argv[1] + '/foo.onnx', 'wb').write(data + b'\x72' + bytes([len(entry)]) + entry)
P
expect_error 1 "metadata tempera.value_range is 'foo'" "$tempera" stylize "$work/photo.png" -o "$work/out/x.png" \
  --style "$work/nets/foo.onnx"
expect_error 2 "--value-range is empty" "$tempera" stylize a.png -o b.png --value-range ""
expect_error 2 "--layout is empty" "$tempera" bench "$work/nets/divides.onnx" --layout ""
expect_error 1 "channels are first, as --layout says" "$tempera" stylize "$work/photo.png" -o "$work/out/x.png" \
  --style "$work/nets/animegan.onnx" --layout nchw
expect_error 2 "--value-range 0 " "$tempera" stylize a.png -o b.png --value-range 0
expect_error 2 "--mean 1,2 " "$tempera" stylize a.png -o b.png --mean 1,2
expect_error 2 "--std 0 " "$tempera" inspect "$work/nets/divides.onnx" --std 0
expect_error 2 "--layout hwc " "$tempera" bench "$work/nets/divides.onnx" --layout hwc
expect_error 1 "--layout" "$tempera" stylize "$work/photo.png" -o "$work/out/x.png" --layout nhwc \
  --style "$work/nets/fast_neural_style.onnx"

echo "== together with other options"
# Each picture of a file through a network of other numbers: as it is painted alone.
ffmpeg -v error -f lavfi -i "testsrc2=size=48x32,format=rgb24" -frames:v 1 "$work/small.png" </dev/null
number() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\0\\0"; }
first=$(stat -c %s "$work/photo.png") second=$(stat -c %s "$work/small.png")
{
  printf '\0\0\1\0\2\0\x60\x40\0\0\1\0\x20\0' && number "$first" && number 38
  printf '\x30\x20\0\0\1\0\x20\0' && number "$second" && number $((38 + first))
  cat "$work/photo.png" "$work/small.png"
} >"$work/two.ico"
same() { # same FILE FILE WHAT: the same pixels
  checks=$((checks + 1))
  [ "$(ffmpeg -v error -i "$1" -f md5 - </dev/null)" = "$(ffmpeg -v error -i "$2" -f md5 - </dev/null)" ] || fail "$3"
}
for options in "animegan --value-range -1..1" "zero_dce --value-range 0..1 --strength 0.5" "core_ml --layout bgr" \
  "rgba_out --height 24"; do
  read -r net more <<<"$options"
  for one in photo small; do
    expect_success "$tempera" stylize "$work/$one.png" -o "$work/out/$one.png" --style "$work/nets/$net.onnx" $more
  done
  expect_success "$tempera" stylize "$work/two.ico" -o "$work/out/page.png" --page all --style "$work/nets/$net.onnx" $more
  same "$work/out/page-1.png" "$work/out/photo.png" "--page all with $options, the first"
  same "$work/out/page-2.png" "$work/out/small.png" "--page all with $options, the second"
  expect_success "$tempera" stylize "$work/two.ico" -o "$work/out/page.png" --page 2 --style "$work/nets/$net.onnx" $more
  same "$work/out/page.png" "$work/out/small.png" "--page 2 with $options"
done
# What a network remembers of one picture is nothing to the next one: in folders, and in the pages of a file.
mkdir -p "$work/folder"
cp "$work/photo.png" "$work/folder/1.png"
ffmpeg -v error -i "$work/photo.png" -vf negate "$work/folder/2.png" </dev/null
cp "$work/small.png" "$work/folder/3.png"
cp "$work/photo.png" "$work/folder/4.png"
expect_success "$tempera" stylize "$work/folder" -o "$work/out/folder" --style "$work/nets/remembers.onnx" --jobs 2
for i in 1 2 3 4; do
  expect_success "$tempera" stylize "$work/folder/$i.png" -o "$work/out/alone.png" --style "$work/nets/remembers.onnx"
  same "$work/out/alone.png" "$work/out/folder/$i.png" "picture $i of a folder is painted as if another were before it"
done
expect_success "$tempera" stylize "$work/two.ico" -o "$work/out/page.png" --page all --style "$work/nets/remembers.onnx"
expect_success "$tempera" stylize "$work/small.png" -o "$work/out/alone.png" --style "$work/nets/remembers.onnx"
same "$work/out/alone.png" "$work/out/page-2.png" "a page is painted as if another were before it"

echo "== annotate"
before=$(cksum <"$work/nets/normalised.onnx")
expect_success "$tempera" annotate "$work/nets/normalised.onnx" -o "$work/nets/said.onnx" --value-range 0..1 \
  --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --name vase --license CC0-1.0 --set note=a=b
paint said
silent
expect_like "$work/out/said.png"
expect_success "$tempera" inspect "$work/nets/said.onnx"
said '^metadata +tempera.style = vase$'
said '^metadata +note = a=b$'
said '^pixels +in -2\.1179'
expect_success "$tempera" annotate "$work/nets/said.onnx" -o "$work/nets/unsaid.onnx" --remove tempera.value_range \
  --remove tempera.mean --remove tempera.std --remove tempera.style --remove tempera.license --remove note
cmp "$work/nets/unsaid.onnx" "$work/nets/normalised.onnx" || fail "annotating there and back changes the file"
# Operators that do not run stay as they are.
expect_success "$tempera" annotate "$work/nets/missing.onnx" -o "$work/nets/missing2.onnx" --license MIT
cmp -n "$(stat -c %s "$work/nets/missing.onnx")" "$work/nets/missing.onnx" "$work/nets/missing2.onnx" ||
  fail "annotate changes a file beyond what it adds"
# A bundled style is meant by its name here too.
mkdir -p "$work/styles"
cp "$work/nets/divides.onnx" "$work/styles/night-sky.onnx"
TEMPERA_STYLES=$work/styles expect_success "$tempera" annotate "Night Sky" -o "$work/out/named.onnx" --title Night
expect_success "$tempera" inspect "$work/out/named.onnx"
said '^metadata +tempera.title = Night$'
for name in ../../x /x .x -x 'a b' 'a\b'; do
  expect_error 2 "no style's name" "$tempera" annotate "$work/nets/divides.onnx" -o "$work/out/x.onnx" "--name=$name"
done
expect_error 2 "set tempera.style=../x is no style's name" "$tempera" annotate "$work/nets/divides.onnx" \
  -o "$work/out/x.onnx" --set tempera.style=../x
for key in value_range Tempera.Value_Range TEMPERA.value_range; do
  expect_error 2 "write tempera.value_range" "$tempera" annotate "$work/nets/divides.onnx" -o "$work/out/x.onnx" \
    --set $key=0..1
done
for own in license=MIT seed=3 Style=mine title=x net= thumbnail=none; do
  expect_success "$tempera" annotate "$work/nets/divides.onnx" -o "$work/out/own.onnx" --set "$own"
done
expect_error 2 "^tempera: .*--set tempera.style= is empty" "$tempera" annotate "$work/nets/divides.onnx" \
  -o "$work/out/x.onnx" --set tempera.style=
expect_error 2 "write tempera.license" "$tempera" annotate "$work/nets/divides.onnx" -o "$work/out/x.onnx" \
  --set Tempera.License=MIT
expect_error 2 "write tempera.param.Blend " "$tempera" annotate "$work/nets/parametric.onnx" -o "$work/out/x.onnx" \
  --set "Tempera.Param.Blend=range = 0..9"
expect_error 2 "write tempera.param.blend " "$tempera" annotate "$work/nets/parametric.onnx" -o "$work/out/x.onnx" \
  --set "param.blend=range = 0..9"
expect_error 2 "no key that Tempera knows" "$tempera" annotate "$work/nets/divides.onnx" -o "$work/out/x.onnx" \
  --set tempera.valuerange=0..1
expect_error 1 'is the input itself' "$tempera" annotate "$work/nets/said.onnx" -o "$work/nets/said.onnx" --name a
expect_error 1 'no metadata tempera.mean' "$tempera" annotate "$work/nets/divides.onnx" -o "$work/out/x.onnx" \
  --remove tempera.mean
expect_error 1 '--layout' "$tempera" annotate "$work/nets/divides.onnx" -o "$work/out/x.onnx" --layout nhwc
expect_error 2 'nothing to say' "$tempera" annotate "$work/nets/divides.onnx" -o "$work/out/x.onnx"
expect_error 2 '--set x ' "$tempera" annotate "$work/nets/divides.onnx" -o "$work/out/x.onnx" --set x
expect_error 1 'is a picture, not a network' "$tempera" annotate "$work/photo.png" -o "$work/out/x.onnx" --name a
expect_error 1 "'external.data' beside it" "$tempera" annotate "$work/nets/external.onnx" -o "$work/out/x.onnx" --name a
expect_success "$tempera" annotate "$work/nets/external.onnx" -o "$work/nets/external2.onnx" --name a
paint external2
expect_like "$work/out/external2.png"
weights=$(cksum <"$work/nets/external.data")
expect_error 1 "holds the weights" "$tempera" annotate "$work/nets/external.onnx" -o "$work/nets/external.data" --name a
[ "$weights" = "$(cksum <"$work/nets/external.data")" ] || fail "annotate wrote over the weights"
# A hub's cache: links into another folder, where the weights lie as well.
mkdir -p "$work/hub/blobs" "$work/hub/snapshot"
cp "$work/nets/external.onnx" "$work/hub/blobs/1" && cp "$work/nets/external.data" "$work/hub/blobs/2"
ln -s ../blobs/1 "$work/hub/snapshot/m.onnx" && ln -s ../blobs/2 "$work/hub/snapshot/external.data"
expect_success "$tempera" inspect "$work/hub/snapshot/m.onnx"
expect_error 1 "external.data" "$tempera" annotate "$work/hub/snapshot/m.onnx" -o "$work/hub/snapshot/n.onnx" --name a
[ ! -e "$work/hub/snapshot/n.onnx" ] || fail "annotate writes what nobody can open"
expect_error 2 "tempera.value_range is said twice" "$tempera" annotate "$work/nets/divides.onnx" -o "$work/out/x.onnx" \
  --value-range 0..1 --set tempera.value_range=0..255
expect_error 2 "a is said twice" "$tempera" annotate "$work/nets/divides.onnx" -o "$work/out/x.onnx" --set a=1 --set a=2
expect_error 2 "--title is empty: --remove tempera.title" "$tempera" annotate "$work/nets/divides.onnx" \
  -o "$work/out/x.onnx" --title ""
expect_error 1 "tempera.std" "$tempera" annotate "$work/nets/missing.onnx" -o "$work/out/x.onnx" --set tempera.std=0
expect_error 1 "channels are first" "$tempera" annotate "$work/nets/animegan.onnx" -o "$work/out/x.onnx" --layout nchw
expect_success "$tempera" annotate "$work/nets/parametric.onnx" -o "$work/nets/blend.onnx" \
  --set "tempera.param.blend=range = 0..9"
expect_success "$tempera" inspect "$work/nets/blend.onnx"
said '^input +blend float32 \[1\]'
expect_error 1 "names no input" "$tempera" annotate "$work/nets/parametric.onnx" -o "$work/out/x.onnx" \
  --set "tempera.param.blond=range = 0..9"
expect_success "$tempera" annotate "$work/nets/core_ml.onnx" -o "$work/nets/layout.onnx" --layout bgr
expect_success "$tempera" annotate "$work/nets/layout.onnx" -o "$work/nets/layout2.onnx" --layout nchw
expect_success "$tempera" inspect "$work/nets/layout2.onnx"
said '^metadata +tempera.layout = NCHW BGR$'
mkfifo "$work/pipe"
cat "$work/nets/animegan.onnx" >"$work/pipe" &
expect_error 1 "channels are first" "$tempera" annotate "$work/pipe" -o "$work/out/x.onnx" --layout nchw
[ ! -e "$work/out/x.onnx" ] || fail "a refused annotate leaves a file"
[ "$before" = "$(cksum <"$work/nets/normalised.onnx")" ] || fail "annotate changed its input"

echo "== inspect"
expect_error 1 "com.example.Fold" "$tempera" inspect "$work/nets/missing.onnx"
said '^missing +com.example.Fold 2, first in node node_v1$'
said '^missing +TextureWarp 1'
said '^output +y float32  declared \[1, 3, h, w\]$'
said '^opset +13, IR version 8, by foreign$'
expect_error 1 "com.example.Fold" "$tempera" inspect "$work/nets/missing.onnx" --json
python3 -c 'import json, sys; d = json.load(sys.stdin); assert not d["runs"] and len(d["missing"]) == 2' <"$work/stdout" ||
  fail "inspect's JSON of a file that cannot run"
expect_success "$tempera" inspect "$work/nets/animegan.onnx"
said '^pixels +in -1\.\.1 RGB, out -1\.\.1 RGB$'
said '^input +x float32 \[1, 360, 640, 3\] +declared \[1, h, w, 3\]$'
said '^output +y float32 \[1, 360, 640, 3\]'
expect_success "$tempera" inspect "$work/nets/colouriser.onnx"
said '^pixels +in 0\.\.255 grey, out 0\.\.255 RGB$'
expect_success "$tempera" inspect "$work/nets/rgba_out.onnx"
said '^pixels +in 0\.\.255 RGB, out 0\.\.255 RGBA$'
expect_success "$tempera" inspect "$work/nets/half.onnx"
said '^pixels +in 0\.\.1 RGB, out 0\.\.1 RGB$'
expect_success "$tempera" inspect "$work/nets/spare_function.onnx"
checks=$((checks + 1))
! grep -q '^missing' "$work/stdout" || fail "inspect misses what nobody calls"
expect_success "$tempera" inspect "$work/nets/divides_many.onnx"
said '^metadata +\.\.\. and 19000 more$'
expect_error 1 "more than 1000000" "$tempera" inspect "$work/nets/divides_flood.onnx"

finish
