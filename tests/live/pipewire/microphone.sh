#!/bin/bash
# A microphone through PipeWire for real, without a desktop: a daemon and a session manager of our own, a node that ticks
# beside pictures that flash, which stalls, dies and returns, and recordings that are decoded again.
#   tests/live/pipewire/microphone.sh DRIVER TEMPERA STYLE FOLDER
# DRIVER: tempera_microphone_driver. Exit 77, and the reason, where PipeWire is not installed.
set -uo pipefail

if [ "${5:-}" != inside ]; then
  for program in pipewire wireplumber dbus-run-session ffmpeg ffprobe; do
    command -v $program >/dev/null || { echo "live.microphone: SKIPPED: no $program (tools/setup live)"; exit 77; }
  done
  for program in "$1" "$2"; do [ -x "$program" ] || { echo "live.microphone: no $program"; exit 1; }; done
  mkdir -p "$4"
  exec dbus-run-session -- bash "$0" "$(realpath "$1")" "$(realpath "$2")" "$(realpath "$3")" "$(realpath "$4")" inside
fi

driver=$1 tempera=$2 style=$3 folder=$4
XDG_RUNTIME_DIR=$(mktemp -d)
export XDG_RUNTIME_DIR HOME=$XDG_RUNTIME_DIR
chmod 700 "$XDG_RUNTIME_DIR"
rm -f "$folder"/*.mkv "$folder"/*.mp4 "$folder"/*.json
failures=0
player=
started=()

clean_up() {
  [ ${#started[@]} -eq 0 ] || kill -9 "${started[@]}" 2>/dev/null
  rm -rf "$XDG_RUNTIME_DIR"
}
trap clean_up EXIT

start_player() {
  : >"$folder/player.log"
  "$driver" play "$1" >"$folder/player.log" 2>&1 &
  player=$!
  started+=("$player")
  for _ in {1..100}; do grep -q '^open' "$folder/player.log" && break; sleep 0.05; done
  sleep 0.5
}
# check WHAT COMMAND...: says what it tries, and counts.
check() {
  local what=$1
  shift
  if "$@" >"$folder/check.log" 2>&1; then
    echo "ok   $what$(sed -n '/^proved/s/^/: /p' "$folder/check.log" | tail -n 1)"
  else
    echo "FAIL $what"
    tail -n 15 "$folder/check.log"
    failures=$((failures + 1))
  fi
}
refuses() { # TEXT COMMAND...
  local text=$1
  shift
  local said
  said=$("$@" 2>&1) && { echo "not refused: $said"; return 1; }
  [ "$(wc -l <<<"$said")" -eq 1 ] && grep -q -- "$text" <<<"$said" || { echo "said: $said"; return 1; }
}
live() { timeout 60 "$tempera" live test:160x96@30 --style "$style" --no-window --osc off --midi off "$@"; }
has_sound() { # FILE CODEC
  [ "$(ffprobe -v error -select_streams a -show_entries stream=codec_name -of csv=p=0 "$1")" = "$2" ]
}

check "without a daemon the microphone says so" refuses "cannot be reached" live --duration 1 --microphone
pipewire 2>"$folder/pipewire.log" &
started+=($!)
for _ in {1..100}; do [ -S "$XDG_RUNTIME_DIR/pipewire-0" ] && break; sleep 0.05; done
wireplumber >"$folder/wireplumber.log" 2>&1 &
started+=($!)
sleep 1
check "without a microphone that is said" refuses "has no microphone" live --duration 1 --microphone

start_player ticker
check "it is listed" bash -c "'$tempera' live --list | grep -q -- '--microphone ticker  Ticking microphone'"
check "an unknown name is refused by name" refuses "no microphone 'elsewhere'" live --duration 1 --microphone elsewhere
check "a film behind the option is told so" refuses "no microphone: write" live --duration 1 --microphone "$style"
check "it is recorded" timeout 60 "$driver" record "$folder/long.mkv" ticker 22
check "tick and flash" "$driver" sync "$folder/long.mkv" 20 40
check "the proof can fail" refuses "not in sync" bash -c "'$driver' sync '$folder/long.mkv' 20 0.0001 2>&1 >/dev/null"

# It hangs for three seconds, is killed, and returns.
timeout 60 "$driver" record "$folder/lost.mp4" "Ticking" 18 >"$folder/lost.log" 2>&1 &
recorder=$!
started+=("$recorder")
sleep 3.5
kill -STOP "$player"
sleep 3
kill -CONT "$player"
sleep 2.5
kill -9 "$player"
sleep 2
start_player ticker
wait "$recorder"
check "the recording ends well" [ $? -eq 0 ]
cat "$folder/lost.log" >"$folder/shown.log"
check "one that stalls is named" grep -q "'Ticking microphone' gives no sound" "$folder/lost.log"
check "one that is killed is named, once" bash -c "cat '$folder/lost.log'; [ \$(grep -c 'is lost' '$folder/lost.log') -eq 1 ]"
check "and it comes back each time" bash -c "cat '$folder/lost.log'; [ \$(grep -c 'it is back' '$folder/lost.log') -eq 2 ]"
check "what was heard is in sync" "$driver" sync "$folder/lost.mp4" 8 40

check "the command records the default" live --duration 3 --microphone --record "$folder/take.mp4"
check "as AAC" has_sound "$folder/take.mp4" aac
check "the command records by name" live --duration 3 --microphone ticker --record "$folder/take.mkv"
check "as Opus" has_sound "$folder/take.mkv" opus
check "off is off" live --duration 2 --microphone off --record "$folder/mute.mkv"
check "without sound" has_sound "$folder/mute.mkv" ""

[ $failures -eq 0 ] && echo "live.microphone: passed" || echo "live.microphone: $failures failed"
exit $((failures > 0))
