#!/bin/bash
# Masks live through every sink at once, while scenes turn the mask and a microphone is recorded: mask and picture are of one
# frame in all that comes out.
#   tests/live/masks.sh COMMAND TINY_MODEL MASK_MODELS MARKER STAND_IN MICROPHONE_DRIVER FOLDER
# STAND_IN: the library that plays a loopback device. MICROPHONE_DRIVER: "" leaves PipeWire out, its camera and its microphone,
# as do programs that are not installed.
set -uo pipefail
if [ "${8:-}" != inside ]; then
  mkdir -p "$7"
  arguments=()
  for argument in "${@:1:6}"; do arguments+=("${argument:+$(realpath "$argument")}"); done
  for program in pipewire wireplumber dbus-run-session gst-launch-1.0; do
    command -v $program >/dev/null || arguments[5]=
  done
  if [ -n "${arguments[5]}" ] && gst-inspect-1.0 pipewiresrc >/dev/null 2>&1; then
    exec dbus-run-session -- bash "$0" "${arguments[@]}" "$(realpath "$7")" inside
  fi
  echo "live.masks: without PipeWire, which is not installed (tools/setup live)"
  exec bash "$0" "${arguments[@]:0:5}" '' "$(realpath "$7")" inside
fi
source "$(dirname "${BASH_SOURCE[0]}")/session.bash"
command=$1 tiny=$2 maker=$3 marker=$4 stand_in=$5 microphone=$6 folder=$7
XDG_RUNTIME_DIR=$(mktemp -d)
export XDG_RUNTIME_DIR HOME=$XDG_RUNTIME_DIR
chmod 700 "$XDG_RUNTIME_DIR"
rm -rf "${folder:?}" && mkdir -p "$folder/styles/masks" "$folder/desk" && cd "$folder" || exit 1
failures=0
started=()
clean_up() {
  [ ${#started[@]} -eq 0 ] || kill -9 "${started[@]}" 2>/dev/null
  rm -rf "$XDG_RUNTIME_DIR"
}
trap clean_up EXIT
check() { # WHAT COMMAND...
  local what=$1
  shift
  if "$@" >check.log 2>&1; then
    echo "ok   $what$(sed -n '/^proved/s/^/: /p' check.log | tail -n 1)"
  else
    echo "FAIL $what"
    tail -n 15 check.log
    failures=$((failures + 1))
  fi
}
# Those that there are: times between which one is missing are not filled with another.
frames_of() { ffmpeg -nostdin -v error -y -i "$1" -fps_mode passthrough -f rawvideo -pix_fmt yuv420p "$2"; }

export TEMPERA_STYLES=$folder/styles
"$tiny" styles/negative.onnx && "$maker" styles/masks && "$marker" draw marker.yuv 120 || exit 1
ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt yuv420p -s 160x96 -r 30 -i marker.yuv -c:v ffv1 marker.mkv || exit 1

# What the checks look for can be missing: masks of the frame before, and of none.
paint() { "$command" stylize marker.mkv --codec ffv1 "$@" >paint.log 2>&1 || cat paint.log; }
paint -o right.mkv --mask red --style negative --steadiness 0
paint -o mask.mkv --mask red --mask-only
ffmpeg -nostdin -v error -y -i mask.mkv -vf 'tpad=start=1:start_mode=clone' -frames:v 120 -c:v ffv1 late_mask.mkv
paint -o late.mkv --mask late_mask.mkv --style negative --steadiness 0
for name in right late; do frames_of $name.mkv $name.yuv; done
check "masks of their frames" "$marker" check right.yuv 120 120 0 0
refuses() { ! "$@"; }
check "masks one frame late are found out" refuses "$marker" check late.yuv 100
check "a source that is not painted is found out" refuses "$marker" check marker.yuv 100

# 1: the marker; 2: all around it; 3: all of the picture.
scene() { # NUMBER ON WITHIN AROUND
  printf '"%s": {"style": "negative", "seconds": 0, "mask": {"on": %s, "network": "red", "regions": {"background": "%s", "": "%s"}}}' "$@"
}
printf '{"scenes": {%s,\n%s,\n%s}}\n' "$(scene 1 true none painted)" "$(scene 2 true painted none)" "$(scene 3 false none painted)" >scenes.json
printf 'kind loopback\ncard Painted\nformat YU12 160x96 30\nout %s/loopback.yuv\n' "$folder" >desk/video9
export TEMPERA_V4L2_STAND_IN=$folder/desk
sinks=(--sink - --sink v4l2:/dev/video9,size=160x96 --record take.mkv)
if [ -n "$microphone" ]; then
  pipewire 2>pipewire.log &
  started+=($!)
  for _ in {1..100}; do [ -S "$XDG_RUNTIME_DIR/pipewire-0" ] && break; sleep 0.05; done
  wireplumber >wireplumber.log 2>&1 &
  started+=($!)
  sleep 1
  "$microphone" play ticker >player.log 2>&1 &
  started+=($!)
  for _ in {1..100}; do grep -q '^open' player.log && break; sleep 0.05; done
  sleep 0.5
  sinks+=(--sink pipewire --microphone ticker)
fi
port=$(free_port)
: >out.y4m
LD_PRELOAD=$stand_in timeout --foreground 100 "$command" live marker.mkv --no-window --style negative --steadiness 0 --mask red --midi off \
  --osc 127.0.0.1:$port --scenes scenes.json --bindings bindings.json "${sinks[@]}" >out.y4m 2>said &
live=$!
started+=($live)
if [ -n "$microphone" ]; then
  for _ in {1..40}; do
    "$command" live --list 2>/dev/null | grep -q Tempera && break
    sleep 0.1
  done
  timeout 30 gst-launch-1.0 -q pipewiresrc target-object=tempera num-buffers=75 ! video/x-raw,format=I420 ! filesink location=pipewire.yuv \
    >gst.log 2>&1 &
  reader=$!
  started+=($reader)
fi
more 45
for scene in 2 1 3 1; do
  osc /tempera/scene $scene
  more 24
done
[ -z "$microphone" ] || wait $reader
kill -TERM $live # a job in the background does not hear ^C
wait $live
check "the session ends well" [ $? -eq 0 ]
cat said
check "which says what masked it" grep -q ', 7 % of the picture masked by red$' said
figures() { timeout 60 "$command" live marker.mkv --no-window --style negative --midi off --osc off --duration 1.2 --json "$@" 2>/dev/null; }
says_mask() { figures --mask red | grep -E '"mask": \{"name": "red", "share": 0\.06[0-9]*, "empty_share": 0\.0000, "ms": [0-9.]+\}\}$'; }
check "and its figures" says_mask
frames_of out.y4m out.yuv
frames_of take.mkv take.yuv
# On a busy machine fewer come; of each kind some must.
check "Y4M" "$marker" check out.yuv 60 20 5 5
check "a loopback device" "$marker" check loopback.yuv 60 20 5 5
check "a recording" "$marker" check take.yuv 60 20 5 5
check "its timeline has the scenes" [ "$(grep -o '"mask":' take.live.json | wc -l)" -ge 4 ]
if [ -n "$microphone" ]; then
  check "PipeWire" "$marker" check pipewire.yuv 40 10 5 0
  check "the microphone ticks on through it all" "$microphone" ticks take.mkv 3 60
fi
[ $failures -eq 0 ] && echo "live.masks: passed" || echo "live.masks: $failures failed"
exit $((failures > 0))
