#!/bin/bash
# The frei0r filter in melt (MLT, which Kdenlive edits with), against what the command paints of the same frames.
#   mlt.sh TEMPERA FOLDER_OF_THE_PLUGIN MODELS KDENLIVES_FILE SCRATCH
set -euo pipefail
tempera=$1 plugin=$2 models=$3 kdenlive=$4 work=$5 melt=$(dirname "$0")/melt
for program in melt ffmpeg; do
  command -v $program >/dev/null || { echo "skipped: no $program"; exit 77; }
done
rm -rf "$work"
mkdir -p "$work"
source "$(dirname "$0")/../cli/expect.bash"
export TEMPERA_CACHE=$work/cache MLT_FREI0R_PLUGIN_PATH=$plugin TEMPERA_STYLES=$models
unset LD_LIBRARY_PATH DISPLAY

md5() { ffmpeg -nostdin -v error -i "$1" -pix_fmt rgb24 -f md5 -; }
expect_same() { # A B WHAT
  checks=$((checks + 1))
  [ "$(md5 "$1")" = "$(md5 "$2")" ] || fail "$3: $1 and $2 differ"
}
expect_other() {
  checks=$((checks + 1))
  [ "$(md5 "$1")" != "$(md5 "$2")" ] || fail "$3: $1 and $2 are the same"
}
cat >"$work/profile" <<'PROFILE'
description=odd
frame_rate_num=10
frame_rate_den=1
width=178
height=98
progressive=1
sample_aspect_num=1
sample_aspect_den=1
display_aspect_num=178
display_aspect_den=98
colorspace=709
PROFILE
ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=178x98:r=10:d=0.6 -pix_fmt bgr0 -c:v ffv1 "$work/in.mkv"
through() { # FILE FILTER...
  expect_success "$melt" -profile "$work/profile" "$work/in.mkv" "${@:2}" \
    -consumer "avformat:$1" f=nut vcodec=ffv1 pix_fmt=bgr0 mlt_image_format=rgb an=1 real_time=-1
}
frame_of() { ffmpeg -nostdin -v error -y -i "$1" -vf "select=eq(n\,$2),format=rgb24" -frames:v 1 "$3"; }
said() { tr '\r' '\n' <"$work/stderr" | grep 'tempera (frei0r)' || true; }

# What MLT tells its programs of it.
checks=$((checks + 1))
melt -query filter=frei0r.tempera >"$work/query" 2>/dev/null || fail 'melt -query'
identified=$(grep -cE '^  - identifier: [0-9]+$' "$work/query" || true)
[ "$identified" -eq 15 ] || fail "melt shows $identified parameters, wanted 15"

through "$work/plain.nut"
expect_same "$work/plain.nut" "$work/in.mkv" 'no filter'
for frame in 0 3; do frame_of "$work/plain.nut" $frame "$work/in$frame.png"; done
same() { # WHAT FRAME PARAMETERS OPTIONS OF THE COMMAND...
  # shellcheck disable=SC2086
  through "$work/painted.nut" -filter frei0r.tempera $3
  [ -z "$(said)" ] || fail "$1 said: $(said)"
  frame_of "$work/painted.nut" "$2" "$work/painted.png"
  expect_success "$tempera" stylize "$work/in$2.png" -o "$work/command.png" "${@:4}"
  expect_same "$work/painted.png" "$work/command.png" "$1"
  expect_other "$work/painted.png" "$work/in$2.png" "$1"
}
same 'as it begins' 0 ''
same 'a later frame by itself' 3 'style=great-wave steadiness=0' --style great-wave
same 'a blend' 3 'blend=great-wave:0.7,udnie:0.3 steadiness=0' --blend great-wave=0.7,udnie=0.3
same 'strokes, colours' 3 'style=udnie stroke=0.25 keep-colors=1 steadiness=0' --style udnie --param stroke_size=0.25 --keep-colors
same 'smaller' 3 'style=udnie short-side=0.048 painting-threads=0.02 steadiness=0' --style udnie --height 48
same 'keyframes' 3 'strength=0=0;5=1 steadiness=0' --style starry-night --strength 0.6
through "$work/steady.nut" -filter frei0r.tempera style=great-wave steadiness=0.8
through "$work/loose.nut" -filter frei0r.tempera style=great-wave steadiness=0
frame_of "$work/steady.nut" 3 "$work/steady.png"
frame_of "$work/loose.nut" 3 "$work/loose.png"
expect_other "$work/steady.png" "$work/loose.png" 'a steady frame'

# Strips, and what cannot be painted, are said once. (One core cuts none.)
if [ "$(nproc)" -gt 1 ]; then
  through "$work/strips.nut" -filter frei0r.tempera style=great-wave threads=2
  checks=$((checks + 1))
  [[ $(said) == *'cuts frames into strips'* && $(said | wc -l) -eq 1 ]] || fail "strips: $(said)"
fi
through "$work/unpainted.nut" -filter frei0r.tempera style=nosuch
checks=$((checks + 1))
[[ $(said) == *"no style 'nosuch'"*'frames pass unpainted' && $(said | wc -l) -eq 1 ]] || fail "no such style: $(said)"
expect_same "$work/unpainted.nut" "$work/in.mkv" 'no such style'

# Kdenlive's file names the parameters that there are, all of them, and the bundled styles.
checks=$((checks + 3))
sed -n 's/^    title: //p' "$work/query" | sort >"$work/wanted"
sed -n 's/.*<parameter .* name="\([^"]*\)".*/\1/p' "$kdenlive" | sort >"$work/named"
diff "$work/wanted" "$work/named" >"$work/diff" || fail "$kdenlive: parameters: $(cat "$work/diff")"
# Numbers begin as the plugin has them.
awk '/^    title: /{ name = $2 } /^    default: [0-9]/{ print name, $2 + 0 }' "$work/query" | sort >"$work/wanted"
sed -n 's/.*<parameter .* name="\([^"]*\)" default="\([0-9.]*\)".*/\1 \2/p' "$kdenlive" | grep ' [0-9]' | sort >"$work/named"
diff "$work/wanted" "$work/named" >"$work/diff" || fail "$kdenlive: defaults: $(cat "$work/diff")"
"$tempera" styles | sed '1d;/^$/,$d;s/ .*//' | sort >"$work/wanted"
sed -n 's/.* name="style".* paramlist="\([^"]*\)".*/\1/p' "$kdenlive" | tr ';' '\n' | sort >"$work/named"
diff "$work/wanted" "$work/named" >"$work/diff" || fail "$kdenlive: styles: $(cat "$work/diff")"
finish
