#!/bin/bash
# The window of `tempera live`, pressed with a real mouse and keys under Xvfb: what it asks of its owner, what it
# sets, what it shows.
#   tests/live/window/window.sh DRIVER [FOLDER for screenshots]
# DRIVER: tempera_window_driver of the build. Needs Xvfb, xdotool, ImageMagick ('tools/setup live').
set -euo pipefail
driver=$(realpath "$1")
root=$(cd "$(dirname "$0")/../../.." && pwd)
work=$(mktemp -d)
pictures=${2:-$work}
mkdir -p "$pictures"
pictures=$(realpath "$pictures")
for tool in Xvfb xdotool import; do
  command -v "$tool" >/dev/null || {
    echo "window.sh: $tool is missing: tools/setup live installs it"
    exit 77
  }
done

built=0
"$driver" >"$work/built" 2>&1 || built=$?
[ $built -ne 77 ] || { cat "$work/built"; rm -rf "$work"; exit 77; }

server='' window='' failed=0
stop() {
  [ -z "$window" ] || kill "$window" 2>/dev/null || true
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT

fail() {
  echo "FAILED: $*"
  failed=1
}
screen() { # screen WIDTHxHEIGHT: a display of that size, on a number that is free
  [ -z "$server" ] || { kill "$server" && wait "$server" 2>/dev/null || true; }
  rm -f "$work/display"
  Xvfb -displayfd 3 -screen 0 "$1x24" -nolisten tcp +extension GLX >"$work/xvfb" 2>&1 3>"$work/display" &
  server=$!
  for _ in $(seq 100); do [ -s "$work/display" ] && break || sleep 0.1; done
  DISPLAY=:$(cat "$work/display")
  export DISPLAY
}
open() { # open ARGUMENTS: the window, and its standard input on descriptor 5
  rm -f "$work/in" "$work/out" "$work/layout"
  mkfifo "$work/in"
  "$driver" "$root/models/sample.jpg" "$root/models" "$work/layout" "$@" <"$work/in" >"$work/out" 2>"$work/err" &
  window=$!
  exec 5>"$work/in"
  for _ in $(seq 150); do
    grep -q '^picture ' "$work/layout" 2>/dev/null && break
    kill -0 "$window" 2>/dev/null || break
    sleep 0.1
  done
  sleep 0.7 # thumbnails
}
tell() { echo "$*" >&5; }
# expect NAME LINE: a line of the driver's, within three seconds; extended regular expression.
expect() {
  for _ in $(seq 30); do
    grep -qE "^$2\$" "$work/out" && return
    sleep 0.1
  done
  fail "$1: no line '$2'; the last are: $(tail -n 4 "$work/out" | tr '\n' ';')"
}
forget() { : >"$work/seen" && : >"$work/out"; }
# place ITEM [X Y]: a point of what is drawn, in its own fractions (its middle).
place() {
  awk -v name="$1" -v fx="${2:-0.5}" -v fy="${3:-0.5}" '
    { at = NF - 3; item = $1; for (i = 2; i < at; ++i) item = item " " $i }
    item == name { printf "%d %d\n", $at + fx * $(at + 2), $(at + 1) + fy * $(at + 3); found = 1; exit }
    END { if (!found) exit 1 }' "$work/layout" || { echo "window.sh: nothing called $1 is drawn" >&2; return 1; }
}
point() { xdotool mousemove $(place "$@") && sleep 0.15; }
press() { point "$@" && xdotool click 1 && sleep 0.25; }
drag() { # drag ITEM FROM_X FROM_Y TO_X TO_Y, in fractions of it
  local to
  to=$(place "$1" "$4" "$5") || return 1
  point "$1" "$2" "$3" && xdotool mousedown 1 && sleep 0.1 && xdotool mousemove $to && sleep 0.15 &&
    xdotool mouseup 1 && sleep 0.2
}
key() { xdotool key "$1" && sleep 0.25; }
shot() { import -window root "$pictures/$1.png"; }
# colour SHOT X Y: of a point, as "r g b".
colour() {
  convert "$pictures/$1.png" -crop "1x1+$2+$3" -depth 8 txt:- | sed -nE 's/.*\(([0-9]+),([0-9]+),([0-9]+).*/\1 \2 \3/p' | head -n 1
}
differ() { # differ A B X Y WIDTH HEIGHT: how much two shots do there, 0 to 255
  { compare -metric MAE -extract "$5x$6+$3+$4" "$pictures/$1.png" "$pictures/$2.png" null: 2>&1 || true; } | awk '{ print int($1 / 257 + 0.5) }'
}
left() { # left NAME: the window is asked to end, and does
  tell quit
  for _ in $(seq 50); do kill -0 "$window" 2>/dev/null || break; sleep 0.1; done
  kill -0 "$window" 2>/dev/null && fail "$1: the window does not close"
  wait "$window" || fail "$1: exit status $?: $(cat "$work/err")"
  exec 5>&-
  window=''
}

keys() {
  key space && expect 'space freezes' 'freeze 1'
  key space && expect 'space goes on' 'freeze 0'
  key m && expect 'M mirrors' 'mirror 1'
  key s && expect 'S keeps a picture' 'snapshot 640'
  key r && expect 'R records' 'record on'
  key r && expect 'R ends it' 'record off'
  key Right && expect 'the next style' 'style the-scream'
  key Left && key Left && expect 'the style before' 'style starry-night'
  key 3 && expect 'a scene' 'recall 3'
  key ctrl+5 && expect 'a scene is stored' 'store 5'
  key 5 && expect 'and recalled' 'recall 5'
  key ctrl+3 && expect 'digits with Ctrl store' 'store 3'
  key question && shot help
  grep -q '^help ' "$work/layout" || fail '? lists the keys'
  key question
  ! grep -q '^help ' "$work/layout" || fail '? closes the list again'
  key Tab
  ! grep -q '^slider:' "$work/layout" || fail 'Tab hides the panel'
  shot hidden
  key Tab
  grep -q '^slider:' "$work/layout" || fail 'Tab shows it again'
}

controls() {
  drag slider:strength:0 0.98 0.5 0.5 0.5 && expect 'a slider is dragged' 'value strength 0\.(49|5|51)[0-9]*'
  press slider:stroke_size:0 0.9 0.6 && expect 'a slider is pressed' 'value stroke_size 5[0-9.]+'
  press slider:passes:0 0.62 0.6 && expect 'a whole number' 'value passes [45]'
  press toggle:keep_colors:0 && expect 'a switch' 'value keep_colors 1'
  press button:mirror && expect 'a button' 'mirror 0'
  press button:snapshot && expect 'snapshot' 'snapshot 640'
  press style:metzinger && expect 'a style of the gallery' 'style metzinger'
  press pad 0.5 0.45 && expect 'the middle of the pad' 'value style_weights( 0\.2[0-9]*){4}( 0)+'
  drag pad 0.5 0.45 0.1 0.14 && expect 'a corner of the pad' 'value style_weights (1|0\.9[0-9]*)( 0[0-9.]*)+'
  shot blend
  forget && point style:udnie && xdotool click 3 && sleep 0.4
  grep -q '^placed:Udnie' "$work/layout" || fail 'right click places a style on the pad'
  press placed:Udnie && expect 'one style of the pad alone' 'value style_weights 0 0 0 0 0 1( 0)+'
  xdotool mousemove $(place slider:passes:0) && xdotool click --repeat 30 --delay 20 5 && sleep 0.4
  press step:height:+ && expect 'working height' 'height 120'
  press step:fps:+ && press step:fps:+ && expect 'frame rate' 'fps 10'
  xdotool click --repeat 30 --delay 20 4 && sleep 0.4
  point slider:strength:0 0.2 0.5 && xdotool click --repeat 2 --delay 60 1 && sleep 0.3
  expect 'a double click' 'value strength 1'
  point slider:strength:0 0.2 0.5 && xdotool click 3 && sleep 0.4 && xdotool type --delay 30 '0.25' && key Return
  expect 'a value is typed' 'value strength 0\.25'
  ! grep -q '^recall' "$work/out" || fail 'digits of a typed value are no scenes'
  # Down to what lies below the panel's edge.
  xdotool mousemove $(place slider:passes:0) && xdotool click --repeat 30 --delay 20 5 && sleep 0.4
  press scene:1 && expect 'a scene is pressed' 'recall 1'
  point scene:9 && xdotool click 3 && sleep 0.3 && expect 'a scene is stored by right click' 'store 9'
  press toggle:learn && xdotool mousemove $(place scene:1) && xdotool click --repeat 30 --delay 20 4 && sleep 0.4
  drag slider:passes:0 0.5 0.6 0.9 0.6 && expect 'a control is touched to be learnt' 'learn passes 0'
}

# What is masked, and what regions show: by words, and by the gallery's pictures.
masks() {
  xdotool mousemove $(place slider:passes:0) && xdotool click --repeat 30 --delay 20 5 && sleep 0.4
  press mask:of && expect 'the person is painted' 'mask 1 background=none mask=painted 0 0\.5'
  press mask:background && expect 'the background is painted' 'mask 1 mask=none background=painted 0 0\.5'
  xdotool mousemove $(place mask:off) && xdotool click --repeat 30 --delay 20 5 && sleep 0.4
  press step:mask.region.0:+ && expect 'the rest is blurred' 'mask 1 mask=blur background=painted 0 0\.5'
  ! grep -q '^region:0' "$work/layout" || fail 'what is blurred has no picture'
  press step:mask.region.0:+ && expect 'the rest is a style' 'mask 1 mask=[^b].* background=painted 0 0\.5'
  press region:0 && press style:the-scream && expect 'a picture for the rest' 'mask 1 mask=the-scream background=painted .*'
  press style:metzinger && expect 'the next picture is the style again' 'style metzinger'
  press step:mask.class:+ && expect 'another class' 'mask 1 person=the-scream background=painted .*'
  drag slider:mask.feather:0 0.02 0.6 0.5 0.6 && expect 'feather' 'mask.feather 1 person=the-scream background=painted 3[0-9.]+ 0\.5'
  drag slider:mask.threshold:0 0.5 0.6 0.25 0.6 && expect 'threshold' 'mask.threshold 1 .* 0\.2[0-9]*'
  shot mask
  press mask:off && expect 'all is painted' 'mask 0 .*'
  ! grep -q '^slider:mask' "$work/layout" || fail 'without a mask its sliders are hidden'
  xdotool click --repeat 30 --delay 20 4 && sleep 0.4
}

# The source lies left of the divider, and only there; the picture is where it is said to be.
divider() {
  local x y w h
  read -r x y w h < <(sed -n 's/^picture //p' "$work/layout")
  key space && sleep 0.3 # so that pictures can be compared
  shot after
  key b && sleep 0.3 && shot half
  [ "$(differ after half $((x + 10)) $((y + 10)) $((w / 2 - 40)) $((h - 60)))" -ge 10 ] || fail 'no source left of the divider'
  [ "$(differ after half $((x + w / 2 + 40)) $((y + 60)) $((w / 2 - 60)) $((h - 120)))" -eq 0 ] || fail 'right of the divider is no painting'
  drag divider 0.5 0.8 -11 0.8
  shot moved
  [ "$(differ half moved $((x + w / 4 + 40)) $((y + 60)) $((w / 4 - 60)) $((h - 120)))" -ge 10 ] || fail 'the divider does not follow the mouse'
  key b && key space
}

messages() {
  tell 'state lost lost: the camera was unplugged; it is looked for' && sleep 1 && shot lost
  grep -q '^banner:source' "$work/layout" || fail 'a lost source is shown'
  tell 'state running' && sleep 1
  ! grep -q '^banner:source' "$work/layout" || fail 'a source that came back is well'
  tell "trouble no style 'great-wive': did you mean 'great-wave'?" && sleep 0.8 && shot trouble
  tell 'trouble'
}

full_screen() {
  local x y w h
  key f && sleep 0.5
  read -r x y w h < <(sed -n 's/^picture //p' "$work/layout")
  [ "$w" -eq "$1" ] || fail "full screen is $w pixels wide, not $1"
  shot full
  key Escape && sleep 0.5
  point picture 0.5 0.7 && xdotool click --repeat 2 --delay 80 1 && sleep 0.6
  read -r x y w h < <(sed -n 's/^picture //p' "$work/layout")
  [ "$w" -eq "$1" ] || fail 'a double click is no full screen'
  key F11 && sleep 0.5
}

screen 1280x800
open
expect 'drawn by the processor' 'renderer software'
keys
controls
masks
divider
messages
full_screen 1280
left 'the window'
# Nearly all that was painted, at once, and cheaply. (Frames may be missed while a machine is busy.)
read -r shown painted delay busy < <(sed -nE 's/^ended: shown ([0-9]+) of ([0-9]+), ([0-9.]+) ms .* ([0-9.]+) % .*/\1 \2 \3 \4/p' "$work/out")
echo "shown $shown of $painted, $delay ms after painting, $busy % of a core"
[ "$shown" -ge $((painted * 8 / 10)) ] || fail "only $shown of $painted paintings were shown"

# The same pixels whatever draws them, and however they come.
for words in '--software' '--gpu' '--software --nv12' '--gpu --nv12'; do
  open --still --compare $words
  shot "still$(echo "$words" | tr -d ' -')"
  read -r x y w h < <(sed -n 's/^picture //p' "$work/layout")
  left "$words"
done
for other in stillgpu stillsoftwarenv12 stillgpunv12; do
  off=$(differ stillsoftware $other "$x" "$y" "$w" "$h")
  [ "$off" -le 3 ] || fail "$other is $off levels off what the processor draws"
done
[ "$(differ stillsoftware after "$x" "$y" "$w" "$h")" -ge 4 ] || fail 'two different pictures look alike: nothing was compared'
# Shapes of their own: upright, odd, larger than its place.
for words in '--frame 357x513' '--frame 1920x1080' '--frame 64x600'; do
  open --compare $words
  frame=${words#* }
  read -r x y w h < <(sed -n 's/^picture //p' "$work/layout")
  [ $((w * ${frame#*x} - h * ${frame%x*})) -lt $((h + ${frame#*x} + 2000)) ] && [ "$w" -gt 10 ] || fail "$words: the picture is ${w}x$h"
  left "$words"
done
# The last of two quits while a recording runs.
open
key r && expect 'R records' 'record on'
key q && sleep 0.3
kill -0 "$window" 2>/dev/null || fail 'Q ends a recording without asking'
key q
for _ in $(seq 30); do kill -0 "$window" 2>/dev/null || break; sleep 0.1; done
! kill -0 "$window" 2>/dev/null || fail 'Q twice does not leave'
wait "$window" || fail "Q: exit status $?"
exec 5>&-
window=''

screen 3840x2160
open --size 3840x2160
shot 4k
# Texts are twice as large as on a display of 1080 lines.
size=$(awk '/^button:freeze /{ print int($5) }' "$work/layout")
[ "$size" -ge 100 ] || fail "buttons are $size pixels high on a 4K display"
left '4K'

# A display that dies: the window says so, and the program goes on to what it has to finish.
open
{ kill -9 "$server" && wait "$server"; } 2>/dev/null || true
for _ in $(seq 50); do kill -0 "$window" 2>/dev/null || break; sleep 0.1; done
! kill -0 "$window" 2>/dev/null || fail 'a display that died is not noticed'
! wait "$window" || fail 'a display that died is no error'
grep -q '^ended:' "$work/out" || fail 'a display that died ended the program'
[ "$(cat "$work/err")" = 'the window is closed: its display went away' ] || fail "a display that died: $(cat "$work/err")"
exec 5>&-
window='' server=''

if env -u DISPLAY -u WAYLAND_DISPLAY -u SDL_VIDEODRIVER timeout 20 "$driver" "$root/models/sample.jpg" "$root/models" "$work/layout" </dev/null >"$work/out" 2>"$work/err"; then
  fail 'a window without a display'
fi
[ "$(wc -l <"$work/err")" -eq 1 ] && grep -q 'no-window' "$work/err" || fail "without a display: $(cat "$work/err")"
[ $failed -eq 0 ] && echo 'window.sh: passed'
exit $failed
