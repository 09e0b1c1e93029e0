#!/bin/bash
# `tempera live` from a camera to a loopback device, both played by the stand-in; and what it says when they are not there.
#   command.sh TEMPERA STYLE STAND_IN SCRATCH
# The style paints the negative, so that the frames' numbers can be read in what was written.
set -euo pipefail
tempera=$1 style=$2 stand_in=$3 work=$4
rm -rf "$work"
mkdir -p "$work/desk"
source "$(dirname "$0")/../../cli/expect.bash"
export TEMPERA_V4L2_STAND_IN=$work/desk
live=(env "LD_PRELOAD=$stand_in" "$tempera" live)
said() {
  checks=$((checks + 1))
  grep -qE -- "$1" "$work/stdout" "$work/stderr" || fail "not said: $1: $(head -c 400 "$work/stdout" "$work/stderr")"
}
holds() {
  checks=$((checks + 1))
  "${@:2}" || fail "$1"
}

# Nothing is plugged in.
expect_error 1 'no camera was found' "${live[@]}"
expect_error 1 'there is no /dev/video3: plug it in' "${live[@]}" 3 --no-window
expect_error 1 "no such file, and no camera of that name" "${live[@]}" elgato --no-window
expect_success "${live[@]}" --list
said 'no camera was found'

# A camera that vanishes midway and comes back, and a device that takes what is painted.
cat >"$work/desk/video0" <<END
card Elgato Facecam
bus usb-0000:00:14.0-6
format MJPG 640x360 60 30
format YUYV 640x360 15
damage 10 truncated
vanish 60 1200
END
cat >"$work/desk/video9" <<END
kind loopback
card Painted
format YU12 640x360 30
out $work/written
END
expect_success "${live[@]}" --list
said '^/dev/video0  Elgato Facecam  \(usb-0000:00:14.0-6\)$'
said '^  mjpeg  640x360 at 60, 30$'
expect_error 1 "has no format 'nv12': it has mjpeg, yuyv" "${live[@]}" 0,format=nv12 --no-window --style "$style" --duration 1
expect_error 1 "there is no /dev/video8: load v4l2loopback" "${live[@]}" 0 --sink v4l2:/dev/video8 --no-window --style "$style"
expect_error 1 "'size=3' is no size" "${live[@]}" 0,size=3 --no-window --style "$style"

expect_success "${live[@]}" elgato,size=640x360 --style "$style" --no-window --sink v4l2:/dev/video9,size=640x360 --duration 6
said 'was unplugged: plug it in again'
log=$work/written.log
holds "the format was not set first: $(head -1 "$log")" grep -q '^format YU12 640x360 640 345600 ' <(head -1 "$log")
holds "the device refused frames: $(grep refused "$log" | head -1)" test "$(grep -c refused "$log")" = 0

# Evenly, 30 times a second, while the camera was away too: of 180, what starting takes away and a busy machine.
frames=$(grep -c '^frame' "$log")
holds "$frames frames were written in 6 s" test "$frames" -ge 120 -a "$frames" -le 181
middle=$(awk '/^frame/ { if (at) print int(($2 - at) / 1000); at = $2 }' "$log" | sort -n | awk '{ d[NR] = $1 } END { print d[int(NR / 2) + 1] }')
holds "frames are $middle us apart" test "$middle" -ge 30000 -a "$middle" -le 37000
holds "the file holds $(stat -c %s "$work/written") bytes" test "$(stat -c %s "$work/written")" = $((frames * 345600))

# Numbers: white squares have become black ones. They grow, none is of a damaged frame, and they begin anew once.
for ((i = 0; i < frames; ++i)); do
  od -An -v -tu1 -w256 -j $((i * 345600 + 8 * 640)) -N 256 "$work/written" |
    awk '{ n = 0; for (b = 15; b >= 0; --b) n = 2 * n + ($(16 * b + 9) < 128); print n }'
done >"$work/numbers"
holds "numbers of damaged frames were painted" test "$(awk '$1 % 10 == 9' "$work/numbers" | wc -l)" = 0
anew=$(awk 'NR > 1 && $1 < at { ++n } { at = $1 } END { print n + 0 }' "$work/numbers")
holds "numbers went back $anew times, not once" test "$anew" = 1
holds "only $(sort -u "$work/numbers" | wc -l) different frames" test "$(sort -u "$work/numbers" | wc -l)" -ge 35
finish
