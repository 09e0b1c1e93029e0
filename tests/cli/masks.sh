#!/bin/bash
# Masks and regions on the command line: the mask is that of its frame, files that are masks, cut-outs, what is refused.
#   masks.sh TEMPERA TINY_MODEL MASK_MODELS SCRATCH
set -euo pipefail
tempera=$1 tiny=$2 maker=$3 work=$4
rm -rf "$work"
mkdir -p "$work/out" "$work/nets/masks"
source "$(dirname "$0")/expect.bash"

"$maker" "$work/nets/masks"
"$tiny" "$work/nets/negative.onnx"
"$tiny" --colours "$work/nets/colours.onnx"
# Bundled ones: by name.
export TEMPERA_STYLES=$work/nets
make() { ffmpeg -nostdin -v error -y "$@"; }
said() { # said 'regular expression': the last command wrote it to standard output
  checks=$((checks + 1))
  grep -qE -- "$1" "$work/stdout" || { fail "standard output lacks '$1'"; head -n 5 "$work/stdout"; }
}
noted() {
  checks=$((checks + 1))
  grep -qE -- "^note: .*$1" "$work/stderr" || { fail "no note '$1'"; cat "$work/stderr"; }
}
paint() { expect_success "$tempera" stylize "$@"; }
# pixel FILE X Y: red, green, blue and alpha there.
pixel() {
  ffmpeg -nostdin -v error -i "$1" -frames:v 1 -vf "format=rgba,crop=1:1:$2:$3:exact=1" -f rawvideo - | od -An -tu1 -w4 |
    tr -s ' ' | sed 's/^ //'
}
# expect_pixel FILE X Y R G B A: within 12 levels.
expect_pixel() {
  checks=$((checks + 1))
  local got wanted i
  read -r -a got <<<"$(pixel "$1" "$2" "$3")"
  wanted=("${@:4}")
  for i in 0 1 2 3; do
    local away=$((${got[$i]:-999} - wanted[i]))
    [ ${away#-} -le 12 ] || { fail "$1 at $2,$3 is ${got[*]}, wanted ${wanted[*]}"; return; }
  done
}
# expect_close FILE FILE DB: no frame's luma is farther off.
expect_close() {
  checks=$((checks + 1))
  ffmpeg -nostdin -v error -i "$1" -i "$2" -lavfi "[0:v][1:v]psnr=stats_file=$work/psnr" -f null - 2>/dev/null
  local worst
  worst=$(grep -o 'psnr_y:[0-9.inf]*' "$work/psnr" | cut -d: -f2 | sed 's/inf/99/' | sort -n | head -n 1)
  awk -v a="${worst:-0}" -v b="$3" 'BEGIN { exit !(a >= b) }' || fail "$1 is not like $2: ${worst:-no} dB, wanted $3"
}

# A red marker that moves by four pixels a frame, and what it is painted: its negative. A mask that is one frame late
# or early would be 26 dB away.
marker() { # marker COLOUR NAME [OPTIONS]
  make -f lavfi -i color=gray:s=96x64:r=10:d=2 -f lavfi -i "color=$1:s=16x16:r=10:d=2" \
    -lavfi '[0][1]overlay=x=4*n:y=24,format=yuv420p' -c:v ffv1 "${@:3}" "$work/$2"
}
marker red in.mkv
marker cyan wanted.mkv
make -f lavfi -i color=black:s=96x64:r=10:d=2 -f lavfi -i color=white:s=16x16:r=10:d=2 \
  -lavfi '[0][1]overlay=x=4*n:y=24,format=yuv420p' -c:v ffv1 "$work/mask.mkv"
net=$work/nets/masks/red.onnx

echo "== the mask is that of its frame"
for options in '--mask-hold 0 --plain-edges' '' '--mask-hold 1' '--plain-edges'; do
  paint "$work/in.mkv" -o "$work/out/x.mkv" --codec ffv1 --mask red --style negative --steadiness 0 $options
  expect_close "$work/out/x.mkv" "$work/wanted.mkv" 30
done
paint "$work/in.mkv" -o "$work/out/x.mkv" --codec ffv1 --mask "$work/mask.mkv" --style negative --json
said '"mask": \{"share": 0\.041[0-9]*, "empty_frames": 0, "name": ".*/mask.mkv", "writes": "painting", "of": "mask", "outside": "none"\}'
expect_close "$work/out/x.mkv" "$work/wanted.mkv" 35
# All networks share threads and cache.
TEMPERA_CACHE=$work/cache paint "$work/in.mkv" -o "$work/out/x.mkv" --codec ffv1 --mask red --style negative --threads 2 \
  --pin
expect_close "$work/out/x.mkv" "$work/wanted.mkv" 30
# From the middle on: the mask is cut as the film is.
make -i "$work/wanted.mkv" -ss 0.5 -t 1 -c:v ffv1 "$work/wanted_cut.mkv"
paint "$work/in.mkv" -o "$work/out/cut.mkv" --codec ffv1 --mask "$work/mask.mkv" --style negative --start 0.5 --duration 1
expect_frames "$work/out/cut.mkv" 10 10
expect_close "$work/out/cut.mkv" "$work/wanted_cut.mkv" 35
# In a format that holds transparency and shows none: black and white count. One whose first frame is opaque.
make -i "$work/mask.mkv" -c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le "$work/opaque.mov"
paint "$work/in.mkv" -o "$work/out/x.mkv" --codec ffv1 --mask "$work/opaque.mov" --style negative
noted 'nowhere transparent'
expect_close "$work/out/x.mkv" "$work/wanted.mkv" 28
make -i "$work/mask.mkv" -vf "geq=lum='if(eq(N,0),235,lum(X,Y))':cb=128:cr=128,scale=out_range=full,format=gray" -c:v ffv1 \
  "$work/first_all.mkv"
make -f lavfi -i color=gray:s=96x64:r=10:d=2 -i "$work/first_all.mkv" -lavfi '[0]format=yuva444p10le[a];[a][1]alphamerge' \
  -c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le "$work/first_all.mov"
paint "$work/in.mkv" -o "$work/out/x.mkv" --codec ffv1 --mask "$work/first_all.mov" --style negative --json
said '"mask": \{"share": 0\.0[89]'
# In a pipe, and with a mask of half the size.
make -i "$work/mask.mkv" -vf scale=48:32:flags=area -c:v ffv1 "$work/small.mkv"
checks=$((checks + 1))
ffmpeg -nostdin -v error -i "$work/in.mkv" -f yuv4mpegpipe - |
  "$tempera" stylize - -o "$work/out/pipe.mkv" --codec ffv1 --mask "$work/small.mkv" --style negative 2>"$work/stderr" ||
  fail "a pipe with a mask: $(cat "$work/stderr")"
expect_close "$work/out/pipe.mkv" "$work/wanted.mkv" 28

echo "== the mask as a film, and again as a mask"
paint "$work/in.mkv" -o "$work/out/mask.mkv" --codec ffv1 --mask red --mask-only --plain-edges --mask-hold 0
expect_close "$work/out/mask.mkv" "$work/mask.mkv" 28
paint "$work/in.mkv" -o "$work/out/again.mkv" --codec ffv1 --mask "$work/out/mask.mkv" --style negative
expect_close "$work/out/again.mkv" "$work/wanted.mkv" 30
paint "$work/in.mkv" -o "$work/out/rest.mkv" --codec ffv1 --mask red --mask-of background --mask-only
make -i "$work/out/rest.mkv" -vf negate=components=y -c:v ffv1 "$work/out/rest_negated.mkv"
paint "$work/in.mkv" -o "$work/out/soft.mkv" --codec ffv1 --mask red --mask-only
expect_close "$work/out/rest_negated.mkv" "$work/out/soft.mkv" 35

echo "== cut-outs"
make -f lavfi -i sine=duration=2 -i "$work/in.mkv" -map 1:v -map 0:a -c:v copy -c:a pcm_s16le "$work/sound.mkv"
for name in cut.mov cut.webm cut.mkv cut_%02d.png; do
  paint "$work/sound.mkv" -o "$work/out/$name" --mask "$work/mask.mkv" --cutout --style negative
  decoder=
  [ "${name##*.}" = webm ] || [ "$name" = cut.mkv ] && decoder='-c:v libvpx-vp9'
  make $decoder -r 10 -i "$work/out/$name" -vf alphaextract,format=gray -c:v ffv1 "$work/out/alpha.mkv"
  make -i "$work/mask.mkv" -vf scale=out_range=full,format=gray -c:v ffv1 "$work/grey.mkv"
  expect_close "$work/out/alpha.mkv" "$work/grey.mkv" 28
  [ "$name" = cut_%02d.png ] ||
    [ "$(ffprobe -v error -select_streams a -show_entries stream=codec_type -of csv=p=0 "$work/out/$name")" = audio ] ||
    fail "$name has no sound"
done
[ "$(ffprobe -v error -show_entries stream=profile,pix_fmt -select_streams v -of csv=p=0 "$work/out/cut.mov")" = 4444,yuva444p12le ] ||
  fail "cut.mov is no ProRes 4444"
expect_pixel "$work/out/cut_06.png" 28 32 0 255 255 255
expect_pixel "$work/out/cut_06.png" 4 4 0 0 0 0
make -i "$work/in.mkv" -vf 'select=eq(n\,5)' -frames:v 1 "$work/photo.png"
make -i "$work/mask.mkv" -vf 'select=eq(n\,5)' -frames:v 1 "$work/still.png"
for to in png tif webp; do
  paint "$work/photo.png" -o "$work/out/cut.$to" --mask "$work/still.png" --cutout --style negative
  expect_pixel "$work/out/cut.$to" 28 32 0 255 255 255
  expect_pixel "$work/out/cut.$to" 4 4 0 0 0 0
done
mkdir -p "$work/photos"
make -i "$work/photo.png" -q:v 1 "$work/photos/a.jpg"
cp "$work/photo.png" "$work/photos/b.png"
for painted in 2 0; do
  paint "$work/photos" -o "$work/out/many/" --mask red --cutout --style negative --json
  [ "$(grep -c '"status": "painted"' "$work/stdout")" = $painted ] || fail "not $painted of a folder were painted"
done
[ "$(ls "$work/out/many" | paste -sd,)" = a.png,b.png ] || fail "a folder's cut-outs are $(ls "$work/out/many")"
paint "$work/photos" -o "$work/out/again/" --mask red --style negative --json
said '"mask": \{"share": 0\.04'
# What is there already and was painted otherwise: in what.
differs() { # differs WORDS OPTIONS...
  checks=$((checks + 1))
  ! "$tempera" stylize "$work/photos" -o "$work/out/many/" "${@:2}" >/dev/null 2>"$work/stderr" &&
    grep -qE "^tempera: .*/b.png' is $1: give another folder" "$work/stderr" || fail "not '$1': $(cat "$work/stderr")"
}
differs 'a painting with another --feather' --mask red --cutout --style negative --feather 3
differs 'a painting with another --mask' --mask colours:red --cutout --style negative
differs 'a painting with another --cutout' --mask red --style negative
differs 'a painting with another --cutout, --outside and --threshold' --mask red --style negative --threshold 0.3 --outside blur
differs 'a painting with another --cutout, --mask-of and --plain-edges' --mask red --style negative --mask-of background \
  --plain-edges
differs 'a painting with another --cutout, --style and --region' --mask red --region red=blur
differs 'a painting in another style' --mask red --cutout --style blue
differs 'a painting with another --cutout and --mask' --style negative
# Of lists that older versions left nobody knows.
sed -i 's/;[^ ]*//' "$work/out/many/.tempera-done"
differs 'a painting in another style, or with other options' --mask red --cutout --style negative --feather 3
paint "$work/photos" -o "$work/out/many/" --mask red --cutout --style negative
noted '2 pictures were painted before'

echo "== what summaries say"
paint "$work/photo.png" -o "$work/out/s.png" --mask red --mask-of background --style negative --outside blur:3 --json
said '"name": "red", "writes": "painting", "of": "background", "outside": "blur:3"'
paint "$work/photo.png" -o "$work/out/s.png" --mask red --cutout --style negative --json
said '"writes": "cutout", "of": "mask"'
paint "$work/photo.png" -o "$work/out/s.png" --mask red --mask-only --json
said '"writes": "mask", "of": "mask"'
paint "$work/photo.png" -o "$work/out/s.png" --mask colours --region red=negative --region background=blur --json
said '"name": "colours", "writes": "painting", "regions": \{"red": "negative", "background": "blur"\}'
for words in 'negative within red, blur outside:--outside blur' 'negative around red:--mask-of background' \
  'negative within red, cut out:--cutout'; do
  paint "$work/photo.png" -o "$work/out/s.png" --mask red --style negative ${words#*:}
  checks=$((checks + 1))
  grep -q "in ${words%%:*}, " "$work/stderr" || fail "not '${words%%:*}': $(cat "$work/stderr")"
  paint "$work/photos" -o "$work/out/s/" --mask red --style negative --overwrite ${words#*:}
  checks=$((checks + 1))
  grep -q "2 pictures painted in ${words%%:*}, " "$work/stderr" || fail "not '${words%%:*}': $(cat "$work/stderr")"
done

paint "$work/photo.png" -o "$work/out/s.png" --mask red --mask-only
checks=$((checks + 1))
grep -q ' of 96x64, the mask of red, ' "$work/stderr" || fail "not 'the mask of red': $(cat "$work/stderr")"
paint "$work/photo.png" -o "$work/out/s.png" --mask colours --region red=negative --region background=blur
checks=$((checks + 1))
grep -q ' in red=negative,background=blur by the mask colours, ' "$work/stderr" || fail "regions: $(cat "$work/stderr")"
paint "$work/photo.png" -o "$work/out/s.png" --mask colours --region red=negative --region background=blur:6 --json
said '"style": "red=negative,background=blur:6"'
# A frame of which a part is painted is not one in which nothing was found, small as it is.
make -f lavfi -i "nullsrc=s=960x640,format=gray,geq='255*lt(X,32)*lt(Y,32)'" -frames:v 1 "$work/small.png"
make -f lavfi -i 'nullsrc=s=960x640,format=gray,geq=0' -frames:v 1 "$work/nobody.png"
make -f lavfi -i testsrc2=s=960x640 -frames:v 1 "$work/large.png"
paint "$work/large.png" -o "$work/out/s.png" --mask "$work/small.png" --style negative --json
said '"empty_frames": 0,'
paint "$work/large.png" -o "$work/out/s.png" --mask "$work/nobody.png" --style negative --json
said '"empty_frames": 1,'

echo "== pictures that are masks"
make -f lavfi -i color=black:s=96x64,format=rgba -vf "geq=r=255:g=255:b=255:a='if(lt(X,48),255,0)'" -frames:v 1 "$work/alpha.png"
paint "$work/photo.png" -o "$work/out/a.png" --mask "$work/alpha.png" --style negative
expect_pixel "$work/out/a.png" 28 32 0 255 255 255
expect_pixel "$work/out/a.png" 90 60 128 128 128 255
paint "$work/photo.png" -o "$work/out/a.png" --mask "$work/alpha.png" --mask-of background --outside blue
expect_pixel "$work/out/a.png" 28 32 0 0 255 255
make -i "$work/still.png" -pix_fmt rgba "$work/opaque.png"
paint "$work/photo.png" -o "$work/out/a.png" --mask "$work/opaque.png" --style negative
expect_pixel "$work/out/a.png" 28 32 0 255 255 255
expect_pixel "$work/out/a.png" 90 60 128 128 128 255
paint "$work/in.mkv" -o "$work/out/still.mkv" --mask "$work/alpha.png" --style negative
paint "$work/photo.png" -o "$work/out/a.png" --mask "$work/still.png" --mask-only
expect_pixel "$work/out/a.png" 28 32 255 255 255 255
expect_pixel "$work/out/a.png" 4 4 0 0 0 255
make -f lavfi -i color=white:s=64x64 -frames:v 1 "$work/square.png"
paint "$work/photo.png" -o "$work/out/a.png" --mask "$work/square.png" --style negative
noted 'mask is 64x64 and the picture 96x64: it is stretched'
# What others call masks: classes in colours, or by number. A note says what is made of them.
make -f lavfi -i color=black:s=96x64,format=rgb24 -vf "geq=r='if(lt(X,48),192,0)':g=0:b=0" -frames:v 1 "$work/coloured.png"
paint "$work/photo.png" -o "$work/out/a.png" --mask "$work/coloured.png" --style negative
noted "the mask '.*coloured.png': it is coloured: how light it is counts"
make -f lavfi -i color=black:s=96x64,format=gray -vf "geq=lum='if(lt(X,48),1,0)'" -frames:v 1 "$work/numbers.png"
paint "$work/photo.png" -o "$work/out/a.png" --mask "$work/numbers.png" --style negative
noted "numbers.png': it is nowhere lighter than 1 of 255: where these are numbers"
make -loop 1 -r 10 -i "$work/coloured.png" -frames:v 20 -c:v ffv1 -pix_fmt yuv420p "$work/coloured.mkv"
paint "$work/in.mkv" -o "$work/out/a.mkv" --mask "$work/coloured.mkv" --style negative
noted "the mask '.*coloured.mkv': it is coloured"
for plain in still alpha opaque square; do
  paint "$work/photo.png" -o "$work/out/a.png" --mask "$work/$plain.png" --style negative
  checks=$((checks + 1))
  ! grep -qE 'coloured|nowhere' "$work/stderr" || fail "$plain.png: $(cat "$work/stderr")"
done
# A telephone's film that is shown upright: so is its mask.
make -f lavfi -i color=gray:s=96x64:r=10:d=0.5 -c:v libx264 -pix_fmt yuv420p "$work/flat.mp4"
make -i "$work/flat.mp4" -c copy -metadata:s:v:0 rotate=90 "$work/upright.mp4"
make -f lavfi -i color=black:s=64x96,format=gray -vf "geq=lum='if(lt(Y,48),255,0)'" -frames:v 1 "$work/top.png"
paint "$work/upright.mp4" -o "$work/out/upright.mp4" --mask "$work/top.png" --style blue
[ "$(ffprobe -v error -show_entries stream=width,height -of csv=p=0 "$work/out/upright.mp4")" = 64,96 ] ||
  fail "the rotated film is not upright"
expect_pixel "$work/out/upright.mp4" 32 10 0 0 255 255
expect_pixel "$work/out/upright.mp4" 32 86 128 128 128 255

echo "== regions"
make -f lavfi -i color=red:s=32x32,format=rgb24 -f lavfi -i color=lime:s=32x32,format=rgb24 \
  -f lavfi -i color=blue:s=32x32,format=rgb24 -f lavfi -i color=gray:s=32x32,format=rgb24 \
  -lavfi '[0][1][2][3]hstack=4' -frames:v 1 "$work/bars.png"
paint "$work/bars.png" -o "$work/out/r.png" --mask "$work/nets/masks/colours.onnx" --region red=negative \
  --region GREEN=blue --region blue=none --region background=green-field --plain-edges
expect_pixel "$work/out/r.png" 16 16 0 255 255 255
expect_pixel "$work/out/r.png" 48 16 0 0 255 255
expect_pixel "$work/out/r.png" 80 16 0 0 255 255
expect_pixel "$work/out/r.png" 112 16 0 255 0 255
paint "$work/bars.png" -o "$work/out/r.png" --mask colours:green --style negative --outside blur:4
expect_pixel "$work/out/r.png" 48 16 255 0 255 255
paint "$work/bars.png" -o "$work/out/r.png" --mask colours --region red=negative \
  --region "green=$work/nets/colours.onnx:red" --param mix=0,0,1
noted "'mix' turns nothing in negative"
expect_pixel "$work/out/r.png" 48 16 0 0 255 255
expect_error 1 "no style of the regions has a parameter 'mux'" "$tempera" stylize "$work/bars.png" -o "$work/out/no.png" \
  --mask colours --region red=negative --param mux=1
expect_error 1 'red, green, blue' "$tempera" stylize "$work/bars.png" -o "$work/out/no.png" --mask colours:yellow
expect_error 1 'red, green, blue' "$tempera" stylize "$work/bars.png" -o "$work/out/no.png" --mask colours \
  --region yellow=negative

echo "== nothing to be found"
paint "$work/photo.png" -o "$work/out/n.png" --mask nothing --style negative --json
said '"mask": \{"share": 0\.0000, "empty_frames": 1, "name": "nothing"'
noted 'nothing was found to mask'
checks=$((checks + 1))
[ "$(make -i "$work/out/n.png" -pix_fmt rgb24 -f md5 -)" = "$(make -i "$work/photo.png" -pix_fmt rgb24 -f md5 -)" ] ||
  fail "without a mask the picture is another"
paint "$work/in.mkv" -o "$work/out/n.mkv" --codec ffv1 --mask nothing --style negative
noted 'to mask in 20 of 20 frames$'
expect_close "$work/out/n.mkv" "$work/in.mkv" 99

echo "== refused"
rm -rf "$work/out"/* && mkdir -p "$work/out"
refuse() { # refuse CODE PATTERN OPTIONS...
  expect_error "$1" "$2" "$tempera" stylize "$work/in.mkv" -o "$work/out/x.mkv" "${@:3}"
  expect_nothing "$work/out"
}
make -i "$work/mask.mkv" -frames:v 12 -c:v ffv1 "$work/short.mkv"
make -i "$work/mask.mkv" -frames:v 19 -c:v ffv1 "$work/by_one.mkv"
make -stream_loop 1 -i "$work/mask.mkv" -c:v ffv1 "$work/long.mkv"
make -i "$work/mask.mkv" -vf fps=25 -c:v ffv1 "$work/fast.mkv"
refuse 1 'has 12 frames and the film 20' --mask "$work/short.mkv" --style negative
refuse 1 'has 19 frames and the film 20' --mask "$work/by_one.mkv" --style negative
refuse 1 'has 40 frames and the film 20' --mask "$work/long.mkv" --style negative
# At once, where sound says how long it can be at most; a series tells its length as well.
expect_error 1 'has 40 frames and the film 20 at most: give' "$tempera" stylize "$work/sound.mkv" -o "$work/out/x.mkv" \
  --mask "$work/long.mkv" --style negative
make -i "$work/long.mkv" "$work/long_%02d.png"
expect_error 1 'has 40 frames and the film 20 at most: give' "$tempera" stylize "$work/sound.mkv" -o "$work/out/x.mkv" \
  --mask "$work/long_*.png" --style negative
expect_nothing "$work/out"
refuse 1 'has 25.000 frames a second and the film 10.000' --mask "$work/fast.mkv" --style negative
refuse 2 'leave --outside out' --region red=negative --mask red --outside blur
refuse 2 'give one of them' --mask red --cutout --mask-only
refuse 2 'paints nothing: leave --strength out' --mask red --mask-only --strength 0.5
refuse 1 "^tempera: --mask .*/none_%02d.png: no picture is called" --mask "$work/none_%02d.png" --style negative
refuse 2 '^tempera: --mask is given more than once: give it once' --mask red --mask nothing --style negative
refuse 2 "mask-every.*'0' is no number from 1 " --mask red --style negative --mask-every 0
refuse 2 'write a blur of more than 0 and at most 256 pixels' --mask red --style negative --outside blur:0
expect_error 2 'is a series, and pictures come out: give one picture, which is the mask of all' "$tempera" stylize \
  "$work/photos" -o "$work/out/f/" --mask "$work/long_%02d.png" --style negative
refuse 2 'belongs to a mask' --feather 3 --style negative
refuse 2 'is no mask' --mask "$0" --style negative
refuse 1 "did you mean 'red'" --mask rad --style negative
refuse 1 "did you mean 'negative'" --mask red --outside negativ
refuse 1 'no such file' --mask "$work/none.png" --style negative
for net_file in negative; do # makes pictures: three numbers a pixel, of which nobody says what they mean
  refuse 1 'negative.onnx' --mask "$work/nets/$net_file.onnx" --style negative
done
expect_error 2 'film without transparency' "$tempera" stylize "$work/in.mkv" -o "$work/out/x.mp4" --mask red --cutout
expect_error 2 'has none: write .png' "$tempera" stylize "$work/photo.png" -o "$work/out/x.jpg" --mask red --cutout
expect_error 2 "x_%02d.jpg' are pictures without transparency: write .png, .webp or .tif" "$tempera" stylize "$work/in.mkv" \
  -o "$work/out/x_%02d.jpg" --mask red --cutout --style negative
expect_error 2 'is the mask itself' "$tempera" stylize "$work/photo.png" -o "$work/still.png" --mask "$work/still.png"
expect_error 2 'is a film, and pictures come out' "$tempera" stylize "$work/photo.png" -o "$work/out/x.png" \
  --mask "$work/mask.mkv"
expect_nothing "$work/out"

# One line, without the notes of what is not used.
alone() { # alone CODE PATTERN OPTIONS...
  refuse "$@"
  checks=$((checks + 1))
  [ "$(wc -l <"$work/stderr")" -eq 1 ] || { fail "more than one line"; cat "$work/stderr"; }
}
paint "$work/photo.png" -o "$work/g.png" --mask guessed --style negative
noted 'guessed.onnx.*--mask-input values= says otherwise'
alone 1 "--mask guessed:tv: the network has no class 'tv'; it has mask" --mask guessed:tv --style negative
alone 1 "there is no style 'negatve'" --mask guessed --style negative --outside negatve
alone 1 'has 12 frames and the film 20' --mask "$work/short.mkv" --style negative
make -i "$work/opaque.mov" -frames:v 12 -c copy "$work/short.mov"
alone 1 'has 12 frames and the film 20' --mask "$work/short.mov" --style negative

echo "== networks that are none"
# Whatever names them: the file and a cure, without the words of who reads it.
printf 'hello world, not a model' >"$work/text.onnx"
printf '\377\377\377\377 nothing that begins as a model does' >"$work/noise.onnx"
head -c 150 "$work/nets/negative.onnx" >"$work/cut.onnx"
: >"$work/empty.onnx"
for bad in 'text is damaged; download or export it again' 'noise is not an ONNX model; give a .onnx file' \
  'cut is truncated: .*; download it again' 'empty is empty; give a .onnx file'; do
  file=$work/${bad%% *}.onnx
  for options in "--mask $file --style negative" "--mask red --region red=$file" "--style $file" \
    "--mask red --style negative --outside $file"; do
    alone 1 "^tempera: $file ${bad#* }$" $options
  done
done
alone 1 "red.onnx is a mask network, .*: give it to --mask$" --style "$net"
alone 1 "red.onnx is a mask network, .*: give it to --mask$" --mask red --style negative --outside "$net"

echo "== live"
live() { # live PATTERN OPTIONS...: refused, whenever that is found out, in one line
  expect_error 1 "$1" "$tempera" live "$work/in.mkv" --no-window --duration 5 --sink "$work/out/live.mkv" "${@:2}"
  checks=$((checks + 1))
  [ "$(wc -l <"$work/stderr")" -eq 1 ] || { fail "more than one line"; cat "$work/stderr"; }
  rm -f "$work/out/live.mkv"
}
live "has no class 'tv'; it has mask" --mask guessed:tv --style negative
live 'negative.onnx makes no mask of a picture' --mask "$work/nets/negative.onnx" --style negative
live "red.onnx is a mask network, .*: give it to --mask$" --mask guessed --style negative --outside "$net"
live "red.onnx is a mask network, .*: give it to --mask$" --mask red --style "$net"
expect_success "$tempera" live "$work/in.mkv" --no-window --duration 1 --sink "$work/live.mkv" --mask guessed --style negative
noted 'begins again at its end'
noted 'guessed.onnx.*--mask-input values= says otherwise'

echo "== words that are nearly right"
alone 1 "--outside blurr: there is no style 'blurr'; did you mean 'blur'\?" --mask red --style negative --outside blurr
alone 1 "--outside non: .* did you mean 'none'\?" --mask red --style negative --outside non
alone 1 "--outside xyzzy: .* write none, blur, a name that 'tempera styles' lists" --mask red --style negative --outside xyzzy
alone 1 "--region red=negatve: .* did you mean 'negative'\?" --mask red --region red=negatve
alone 1 "--region rde=blur: the network has no class 'rde'; it has red" --mask red --region rde=blur
alone 1 "--mask colours:tv: the network has no class 'tv'" --mask colours:tv --region background=blur
alone 1 "there is no mask 'nothin'; did you mean 'nothing'\?" --mask nothin --style negative
alone 1 '--mask person --mask-of background' --mask background --style negative
alone 2 "'backgroud' is not mask or background; did you mean 'background'\?" --mask red --mask-of backgroud --style negative
alone 2 "'fp23' is not auto, fp32, bf16 or int8; did you mean 'fp32'\?" --mask red --style negative --precision fp23
alone 1 'colours: the network has 4 classes and none is said to be the mask: write --mask FILE.onnx:CLASS' --mask colours \
  --style negative
alone 1 'background=negative: the network has 4 classes' --mask colours --region background=negative
alone 2 'both say which class' --mask colours:red --mask-input class=green --style negative
expect_error 2 "x.mov' with libx264 holds no transparency: leave --codec out" "$tempera" stylize "$work/in.mkv" \
  -o "$work/out/x.mov" --mask red --cutout --style negative --codec libx264
expect_nothing "$work/out"
# Whose background it is, where many classes are told apart.
paint "$work/bars.png" -o "$work/r.png" --mask colours:green --region background=negative
expect_pixel "$work/r.png" 16 16 0 255 255 255
expect_pixel "$work/r.png" 48 16 0 255 0 255
paint "$work/bars.png" -o "$work/r.png" --mask colours:green --region background=negative --cutout
expect_pixel "$work/r.png" 16 16 0 255 255 255
expect_pixel "$work/r.png" 48 16 0 0 0 0

echo "== a timeline that has masks"
# Far behind the end of the film as well: what is refused does not depend on its length.
cat >"$work/live.json" <<END
{"tempera_timeline":1,"events":[
{"change":{"open":"$work/nets/negative.onnx","size":[96,64]}},
{"frames":{"source":[[0,1]],"time_us":[0],"sum":[0]}},
{"change":{"mask":{"open":"$net","regions":[{"name":"background","shows":"none"},{"name":"red","shows":"painted"}]}}},
{"frames":{"source":[[1,1]],"time_us":[9000000],"sum":[0]}}]}
END
for options in '--mask red' '--mask red --feather 20' '--region red=blur'; do
  alone 2 "the timeline '.*/live.json' has masks of its own: leave ${options%% *} out" --timeline "$work/live.json" $options
done
for options in '--feather 20' '--outside blur'; do
  alone 2 "the timeline '.*/live.json' has masks of its own: leave ${options%% *} out" --timeline "$work/live.json" $options
done
for options in --cutout --mask-only '--feather 3'; do
  alone 1 "cannot open the timeline '.*none.json'" --timeline "$work/none.json" $options
done
paint "$work/in.mkv" -o "$work/t.mkv" --timeline "$work/live.json" --json
said '"mask": \{"timeline": ".*/live.json"\}, "notices"'
paint "$work/in.mkv" -o "$work/t.mkv" --timeline "$work/live.json"
checks=$((checks + 1))
grep -q 'live.json with its masks, ' "$work/stderr" || fail "the masks are not named: $(cat "$work/stderr")"
alone 2 '--mask-only writes the mask and --cutout the painting' --timeline "$work/live.json" --mask-only --cutout
alone 2 '--mask-only writes the mask and paints nothing: leave --strength out' --timeline "$work/live.json" --mask-only --strength 0.5
# Its masks alone, and what they cut out: all of the frame until the 11th, then what is played.
played() { # played REGIONS [MORE OF THAT CHANGE]
  cat >"$work/played.json" <<END
{"tempera_timeline":1,"events":[
{"change":{"open":"$work/nets/negative.onnx","size":[96,64]}},
{"frames":{"source":[[0,1]],"time_us":[0],"sum":[0]}},
{"change":{"mask":{"open":"$net","regions":[$1]}${2:-}}},
{"frames":{"source":[[1,1]],"time_us":[1000000],"sum":[0]}}]}
END
}
simple='{"name":"background","shows":"none"},{"name":"red","shows":"painted"}'
played "$simple"
paint "$work/in.mkv" -o "$work/t.mkv" --codec ffv1 --timeline "$work/played.json" --mask-only --json
said '"style": "mask".*"mask": \{"timeline": ".*/played.json", "share": 0\.52[0-9]*, "empty_frames": 0, "writes": "mask"\}'
make -ss 1 -i "$work/t.mkv" -c:v ffv1 "$work/t_late.mkv"
make -ss 1 -i "$work/mask.mkv" -c:v ffv1 "$work/mask_late.mkv"
expect_close "$work/t_late.mkv" "$work/mask_late.mkv" 28
expect_pixel "$work/t.mkv" 90 4 255 255 255 255
# A session that mirrored its picture: its masks are the film's all the same, its cut-outs mirrored like its paintings.
played "$simple" ',"mirror":true'
paint "$work/in.mkv" -o "$work/t.mkv" --codec ffv1 --timeline "$work/played.json" --mask-only
make -ss 1 -i "$work/t.mkv" -c:v ffv1 "$work/t_late.mkv"
expect_close "$work/t_late.mkv" "$work/mask_late.mkv" 28
paint "$work/in.mkv" -o "$work/out/t_%02d.png" --timeline "$work/played.json" --cutout
expect_pixel "$work/out/t_16.png" 28 32 0 255 255 255
expect_pixel "$work/out/t_16.png" 67 32 0 0 0 0
cut() { # cut X R G B A REGIONS: at X,32 of the 16th frame, whose marker is from 60 to 75
  played "$6"
  paint "$work/in.mkv" -o "$work/out/t_%02d.png" --timeline "$work/played.json" --cutout
  expect_pixel "$work/out/t_05.png" 90 4 127 127 127 255
  expect_pixel "$work/out/t_16.png" "$1" 32 "${@:2:4}"
}
cut 67 0 255 255 255 "$simple"
cut 20 0 0 0 0 "$simple"
# Colours of what is not seen are taken away in squares.
cut 67 0 255 255 0 '{"name":"red","shows":"none"},{"name":"background","shows":"painted"}'
cut 20 127 127 127 255 '{"name":"red","shows":"none"},{"name":"background","shows":"painted"}'
cut 67 0 255 255 255 '{"name":"red","shows":"painted"}'
cut 20 0 0 0 0 '{"name":"red","shows":"painted"}'
cut 20 128 128 128 255 '{"name":"red","shows":"painted"},{"name":"background","shows":"blur"}'
noted 'the regions that were played cover the whole picture: nothing is cut out'
paint "$work/in.mkv" -o "$work/out/t.mov" --timeline "$work/played.json" --cutout
checks=$((checks + 1))
grep -q 'played.json with its masks, cut out, ' "$work/stderr" || fail "the cut-out is not named: $(cat "$work/stderr")"
rm "$work/out"/*
expect_error 2 "x.mp4' is a film without transparency" "$tempera" stylize "$work/in.mkv" -o "$work/out/x.mp4" --cutout \
  --timeline "$work/played.json"
expect_nothing "$work/out"

echo "== names"
expect_success "$tempera" inspect nothing
said '^painting +no: it is a mask network, for --mask$'
said '^mask +1 class: red$'
! grep -E '^(painting|mask).*\.\.\.' "$work/stdout" || fail "a sentence is cut off"
expect_success "$tempera" styles
said '^MASK +CLASSES +FILE$'
said '^nothing +red +'
said '^colours +none, red, green, blue +'
checks=$((checks + 1))
! sed '/^$/,$d' "$work/stdout" | grep -q '^nothing' || fail "masks are listed as styles"
expect_success "$tempera" styles --masks
said '^nothing +red +'
checks=$((checks + 1))
! grep -q '^negative' "$work/stdout" || fail "styles are listed as masks"
expect_success "$tempera" styles --masks --json
said '"classes": \["none","red","green","blue"\]'
expect_success "$tempera" styles --json
checks=$((checks + 1))
! grep -q nothing.onnx "$work/stdout" || fail "masks are listed as styles in JSON"

echo "== killed"
make -f lavfi -i color=red:s=640x360:r=25:d=60 -c:v libx264 -preset ultrafast -pix_fmt yuv420p "$work/long.mp4"
"$tempera" stylize "$work/long.mp4" -o "$work/out/k.mov" --mask red --cutout --style negative 2>/dev/null </dev/null &
job=$!
for _ in $(seq 100); do
  sleep 0.1
  [ -n "$(find "$work/out" -type f -size +0 2>/dev/null)" ] && break
done
kill -KILL $job
wait $job 2>/dev/null || true
[ ! -e "$work/out/k.mov" ] || fail "kill -9 left a file under the final name"
finish
