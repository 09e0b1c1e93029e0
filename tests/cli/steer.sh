#!/bin/bash
# Many styles in one file, and what is turned: --style, --blend, --param, --stroke, --animate, --timeline, in pictures and films.
#   steer.sh TEMPERA TINY_MODEL SCRATCH
# The file's styles are red, green-field and blue, each that colour whatever the picture.
set -euo pipefail
tempera=$1 tiny=$2 work=$3
rm -rf "$work"
mkdir -p "$work/styles" "$work/out"
source "$(dirname "$0")/expect.bash"
model=$work/styles/colours.onnx
"$tiny" --colours "$model"

# colour FILE [ARGUMENTS]: of its first frame, each within 255.
colour() { ffmpeg -nostdin -v error -i "$1" -vf scale=1:1:flags=area -frames:v 1 -f rawvideo -pix_fmt rgb24 - | od -An -tu1 | xargs; }
# near TEXT 'R G B' WHAT: within 6 of each.
near() {
  checks=$((checks + 1))
  read -r r g b <<<"$1"
  read -r x y z <<<"$2"
  for d in $((r - x)) $((g - y)) $((b - z)); do
    [ "${d#-}" -le 6 ] || { fail "$3: $1, wanted $2"; return; }
  done
}
said() {
  checks=$((checks + 1))
  grep -qE -- "$1" "$work/stdout" || fail "not said: $1: $(head -c 400 "$work/stdout")"
}

ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=64x48 -frames:v 1 "$work/in.png"
paint() { expect_success "$tempera" stylize "$work/in.png" -o "$work/out/o.png" --overwrite "$@"; }
for case in 'red|255 0 0' 'Green Field|0 255 0' 'BLUE|0 0 255'; do
  paint --style "$model:${case%|*}" --json
  near "$(colour "$work/out/o.png")" "${case#*|}" "$case"
done
said '"style": "BLUE"'
paint --style "$model" --blend red=1,blue=1 --json
near "$(colour "$work/out/o.png")" '128 0 128' 'two in equal parts'
said '"style": "red=1,blue=1"'
paint --style "$model" --blend green_field
near "$(colour "$work/out/o.png")" '0 255 0' 'a name alone'
paint --style "$model:red" --param mix=0,0.25,0.75
near "$(colour "$work/out/o.png")" '0 64 191' 'a parameter by its values'
# A file's own keep_colors begins with what the file says, and is turned like any other.
"$tiny" --own-keep-colors "$work/own.onnx"
paint --style "$work/own.onnx"
near "$(colour "$work/out/o.png")" '255 0 0' "a file's own keep_colors"
paint --style "$work/own.onnx" --param keep_colors=0.5
near "$(colour "$work/out/o.png")" '128 0 0' "a file's own keep_colors at a half"
paint --style "$work/own.onnx" --keep-colors
near "$(colour "$work/out/o.png")" '255 0 0' "a file's own keep_colors by --keep-colors"
# A photograph is painted as it is at 0.
paint --style "$model" --animate '0s:blue; 1s:red'
near "$(colour "$work/out/o.png")" '0 0 255' 'a photograph under keyframes'

# By name, out of the folder: a file of its own goes before one of many.
export TEMPERA_STYLES=$work/styles
expect_success "$tempera" styles --json
said '"name": "green-field"'
said '"style": "blue"'
paint --style green-field
near "$(colour "$work/out/o.png")" '0 255 0' 'a style of a file of many by its name'
paint --blend blue,red
near "$(colour "$work/out/o.png")" '128 0 128' 'a blend finds its file'
"$tiny" "$work/styles/red.onnx"
ffmpeg -nostdin -v error -y -f lavfi -i color=0x0000ff:s=64x48 -frames:v 1 "$work/blue.png"
expect_success "$tempera" stylize "$work/blue.png" -o "$work/out/o.png" --style red
near "$(colour "$work/out/o.png")" '255 255 0' 'the negative is called red'
expect_success "$tempera" styles
checks=$((checks + 1))
[ "$(grep -c '^red ' "$work/stdout")" = 1 ] || fail "red is listed twice: $(cat "$work/stdout")"
cp "$work/in.png" "$work/styles/sample.jpg"
expect_success "$tempera" styles --preview "$work/previews"
near "$(colour "$work/previews/blue.png")" '0 0 255' 'a preview of one of many'
expect_success "$tempera" inspect "$model"
said '^turned +mix\[3\] 0\.\.1, weights: How much of each'
said '^style +green-field +Green Field'

# Films: each frame at its own time, the same in a part and in the whole.
ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=64x48:r=10:d=3 -c:v ffv1 "$work/in.mkv"
film() { expect_success "$tempera" stylize "$work/in.mkv" --codec ffv1 --style "$model" "$@"; }
at() { ffmpeg -nostdin -v error -y -ss "$2" -i "$1" -frames:v 1 "$work/at.png" && colour "$work/at.png"; }
film -o "$work/out/a.mkv" --animate '0s:red=1; 1s:blue=1; 2s:blue=1,strength=1; 2.5s:strength=0'
near "$(at "$work/out/a.mkv" 0)" '255 0 0' 'the first frame'
near "$(at "$work/out/a.mkv" 0.5)" '128 0 128' 'half the way'
near "$(at "$work/out/a.mkv" 1)" '0 0 255' 'the second keyframe'
near "$(at "$work/out/a.mkv" 2.9)" "$(at "$work/in.mkv" 2.9)" 'strength 0 behind the last keyframe'
film -o "$work/out/s.mkv" --animate '0s:red=1; 1s:blue=1' --animate-ease smooth
near "$(at "$work/out/s.mkv" 0.2)" '229 0 26' 'an S is slow at its ends'
film -o "$work/out/part.mkv" --start 0.5 --duration 1 --animate '0s:red=1; 1s:blue=1; 2s:blue=1,strength=1; 2.5s:strength=0'
near "$(at "$work/out/part.mkv" 0)" '128 0 128' 'keyframes are times of the film'
film -o "$work/out/b.mkv" --animate '0s:red=1; 1s:blue=1; 2s:blue=1,strength=1; 2.5s:strength=0' --threads 1
checks=$((checks + 1))
[ "$(ffmpeg -nostdin -v error -i "$work/out/a.mkv" -map 0:v -f md5 -)" = \
  "$(ffmpeg -nostdin -v error -i "$work/out/b.mkv" -map 0:v -f md5 -)" ] || fail 'the same film twice'
cat >"$work/keys.json" <<'KEYS'
{"keyframes": [{"time": 0, "values": {"red": 1}}, {"time": "0:01", "values": {"blue": 1}}]}
KEYS
film -o "$work/out/j.mkv" --animate "$work/keys.json"
near "$(at "$work/out/j.mkv" 0.5)" '128 0 128' 'keyframes of a file'
# Frames that last unequally long.
ffmpeg -nostdin -v error -y -i "$work/in.mkv" -vf "select='eq(n,0)+eq(n,3)+eq(n,5)+gte(n,9)'" -fps_mode vfr -c:v ffv1 "$work/vfr.mkv"
expect_success "$tempera" stylize "$work/vfr.mkv" -o "$work/out/v.mkv" --codec ffv1 --style "$model" --animate '0s:red=1;1s:blue=1'
near "$(at "$work/out/v.mkv" 0.45)" '128 0 128' 'a frame at 0.5 of an uneven film'

# Strokes: rows and working size together, from what the file says of their size.
strokes=$work/strokes.onnx
"$tiny" --strokes "$strokes" '5, 10'
ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=480x640 -frames:v 1 "$work/tall.png"
grey() {
  local size=$1 wanted=$2 picture=$3
  shift 3
  expect_success "$tempera" stylize "$picture" -o "$work/out/o.png" --overwrite --style "$strokes" "$@"
  near "$(colour "$work/out/o.png")" "$wanted $wanted $wanted" "strokes at $size: $*"
}
grey 'their boldest' 255 "$work/tall.png" --stroke 5%             # 200 pixels across
grey '480 pixels, 9.6 each' 235 "$work/tall.png" --stroke 2%
grey '480 pixels, 7.92 each' 149 "$work/tall.png" --stroke fine
grey 'their finest' 0 "$work/tall.png" --stroke 1%
grey '100 pixels, 5 each' 0 "$work/tall.png" --stroke 5% --size 100x150
grey '48 pixels, 7.68 each' 137 "$work/in.png" --stroke 16%
noted() {
  checks=$((checks + 1))
  "$tempera" stylize "${@:2}" -o "$work/out/o.png" --overwrite 2>&1 | grep -qE -- "$1" || fail "no note '$1': ${*:2}"
}
noted 'strokes are 10.4% of the picture, not the 5.0%' "$work/in.png" --style "$strokes" --stroke 5%
noted 'strokes are 2.1% of the picture, not the 3.0%.*no bolder ones' "$work/tall.png" --style "$strokes" --stroke 3% --height 640
ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=320x640:r=5:d=1 -c:v ffv1 "$work/tall.mkv"
expect_success "$tempera" stylize "$work/tall.mkv" -o "$work/out/tall.mkv" --codec ffv1 --style "$strokes" --stroke 2.5% \
  --animate '0s:contrast=0.5;0.5s:contrast=1'
near "$(at "$work/out/tall.mkv" 0.7)" '153 153 153' 'strokes of a film that is animated'
expect_error 2 'stroke_size is set by an option of its own' "$tempera" stylize "$work/tall.mkv" -o "$work/out/t.mkv" \
  --style "$strokes" --stroke 3% --animate '0s:stroke_size=0;1s:stroke_size=1'
mkdir -p "$work/several"
cp "$work/tall.png" "$work/in.png" "$work/several"
expect_success "$tempera" stylize "$work/several" -o "$work/out/several" --style "$strokes" --stroke 16%
near "$(colour "$work/out/several/in.png")" '137 137 137' 'strokes of the smaller of two'
near "$(colour "$work/out/several/tall.png")" '255 255 255' 'strokes of the larger of two'
expect_error 1 'stroke_period' "$tempera" stylize "$work/in.png" -o "$work/out/o.png" --overwrite --style "$model" --stroke 3%
expect_error 2 'stroke_size is set by an option of its own' "$tempera" stylize "$work/in.png" -o "$work/out/o.png" \
  --overwrite --style "$strokes" --stroke 3% --param stroke_size=1
"$tiny" --strokes "$strokes" '10, 5'
expect_error 1 'is not the pixels of fine and of bold strokes' "$tempera" stylize "$work/in.png" -o "$work/out/o.png" \
  --overwrite --style "$strokes" --stroke 3%
"$tiny" --strokes "$strokes"
grey 'the middle rows' 128 "$work/in.png" --stroke medium

# One line each.
bad() { expect_error "$1" "$2" "$tempera" stylize "$work/in.png" -o "$work/out/bad.png" --style "$model" "${@:3}"; }
bad 1 "no style 'wave' in .*: it has red, green-field, blue" --blend wave=1
bad 2 "is no name and a number" --blend red=x
bad 2 "sum above 0" --blend red=0
bad 1 "no parameter 'hue'.*parameters strength, keep_colors" --param hue=1
bad 1 "strength 2 is not in 0..1" --param strength=2
bad 1 "mix takes 3 values, not 1" --param mix=1
bad 1 "no parameter 'stroke_size'" --stroke bold
bad 2 "write fine, medium, bold or a share" --stroke huge
bad 2 "is no keyframe" --animate red=1
bad 2 "go forward in time" --animate '1s:red=1;0s:blue=1'
bad 1 "no style or parameter 'wave'" --animate '0s:wave=1'
bad 1 "another option sets" --animate '0s:red' --blend blue
bad 2 "strength is set by an option of its own" --strength 0.5 --param strength=1
bad 2 "no such file" --animate "$work/none.json"
expect_error 1 "no style 'teal'" "$tempera" stylize "$work/in.png" -o "$work/out/bad.png" --style "$model:teal"
expect_error 1 'holds one style' "$tempera" stylize "$work/in.png" -o "$work/out/bad.png" --style "$work/styles/red.onnx" --blend a
expect_error 1 "did you mean 'green-field'" "$tempera" stylize "$work/in.png" -o "$work/out/bad.png" --style green-feild
checks=$((checks + 1))
[ ! -e "$work/out/bad.png" ] || fail 'something was painted all the same'

# As it was played live: red, and from half a second on blue.
cat >"$work/live.json" <<END
{"tempera_timeline":1,"events":[
{"change":{"open":"$model","size":[64,48],"values":{"mix":[1,0,0]}}},
{"frames":{"source":[[0,1],[1,4]],"time_us":[0,100000,100000,100000,100000],"sum":[0,0,0,0,0]}},
{"change":{"values":{"mix":[0,0,1]}}},
{"frames":{"source":[[1,1]],"time_us":[100000],"sum":[0]}}]}
END
ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=64x48:r=10:d=1 -pix_fmt yuv420p -c:v ffv1 "$work/played.mkv"
play() { expect_error "$1" "$2" "$tempera" stylize "$work/played.mkv" -o "$work/out/bad.mkv" --timeline "${@:3}"; }
expect_success "$tempera" stylize "$work/played.mkv" -o "$work/out/played.mkv" --timeline "$work/live.json"
expect_frames "$work/out/played.mkv" 10 10
near "$(colour "$work/out/played.mkv")" '255 0 0' 'the beginning of a timeline'
near "$(at "$work/out/played.mkv" 0.7)" '0 0 255' 'the end of a timeline'
play 2 'leave --style out' "$work/live.json" --style "$model"
play 2 'leave --animate out' "$work/live.json" --animate '0s:red'
play 1 'the timeline turns mix too' "$work/live.json" --param mix=1,0,0
play 1 "cannot open the timeline" "$work/none.json"
head -c 60 "$work/live.json" >"$work/cut.json"
play 1 "is no timeline of tempera live" "$work/cut.json"
sed "s#$model#/no/such/model.onnx#" "$work/live.json" >"$work/gone.json"
play 1 "'/no/such/model.onnx', which is not there" "$work/gone.json"
expect_error 2 '--timeline is for films' "$tempera" stylize "$work/in.png" -o "$work/out/bad.png" --timeline "$work/live.json"
checks=$((checks + 1))
[ ! -e "$work/out/bad.mkv" ] || fail 'something was painted all the same'
finish
