#!/bin/bash
# Masks belong to their frames where frames are not simply one after the other: telecined and interlaced films, films
# that are turned, frames that last as long as they like, series with gaps, several pictures in a file.
#   mask_frames.sh TEMPERA TINY_MODEL MASK_MODELS SCRATCH
set -euo pipefail
tempera=$1 tiny=$2 maker=$3 work=$4
rm -rf "$work"
mkdir -p "$work/out" "$work/nets/masks"
source "$(dirname "$0")/expect.bash"

"$maker" "$work/nets/masks"
"$tiny" "$work/nets/negative.onnx"
export TEMPERA_STYLES=$work/nets
make() { ffmpeg -nostdin -v error -y "$@"; }
paint() { expect_success "$tempera" stylize "$@"; }
refuse() { # refuse PATTERN INPUT OPTIONS...: with one line, and no note before it
  expect_error 1 "$1" "$tempera" stylize "$2" -o "$work/out/no.mkv" --style negative "${@:3}"
  checks=$((checks + 1))
  [ "$(wc -l <"$work/stderr")" -eq 1 ] || { fail "more than one line"; cat "$work/stderr"; }
  [ ! -e "$work/out/no.mkv" ] || fail "something was written"
}
noted() {
  checks=$((checks + 1))
  grep -qE -- "^note: .*$1" "$work/stderr" || { fail "no note '$1'"; cat "$work/stderr"; }
}
listed() { # listed PATTERN: a notice in the JSON of the last command
  checks=$((checks + 1))
  grep -qE -- "\"notices\": \[.*$1" "$work/stdout" || { fail "the JSON has no notice '$1'"; cat "$work/stdout"; }
}
# near FILE FILE DB: frame by frame, whenever they are shown, no frame's luma is farther off.
near() {
  checks=$((checks + 1))
  local count worst
  for i in 0 1; do
    make -i "${@:$((i + 1)):1}" -fps_mode passthrough -vf format=yuv444p -f rawvideo "$work/raw$i" 2>/dev/null
  done
  count=$(ffprobe -v error -show_entries stream=width,height -of csv=p=0 "$1")
  # Both as films of one rate.
  ffmpeg -nostdin -v error -f rawvideo -pix_fmt yuv444p -s "${count/,/x}" -i "$work/raw0" \
    -f rawvideo -pix_fmt yuv444p -s "${count/,/x}" -i "$work/raw1" -lavfi "psnr=stats_file=$work/psnr" -f null - 2>/dev/null
  worst=$(grep -o 'psnr_y:[0-9.inf]*' "$work/psnr" | cut -d: -f2 | sed 's/inf/99/' | sort -n | head -n 1)
  [ "$(stat -c %s "$work/raw0")" = "$(stat -c %s "$work/raw1")" ] || fail "$1 has not as many frames as $2"
  awk -v a="${worst:-0}" -v b="$3" 'BEGIN { exit !(a >= b) }' || fail "$1 is not like $2: ${worst:-no} dB, wanted $3"
}
# marker COLOUR GROUND RATE SECONDS PIXELS NAME [FILTERS]: a square that moves by so many pixels a frame.
marker() {
  make -f lavfi -i "color=$2:s=192x96:r=$3:d=$4" -f lavfi -i "color=$1:s=32x32:r=$3:d=$4" \
    -lavfi "[0][1]overlay=x=$5*n:y=32,format=yuv422p${7:+,$7}" "${@:8}" -c:v ffv1 "$work/$6"
}
exact=(--codec ffv1 --style negative --steadiness 0)
network=(--mask red --plain-edges --mask-hold 0)

echo "== a telecined film"
# With a mask that is one frame late or early it would be some 31 dB.
marker red gray 24 2 3 telecined.mkv telecine=pattern=23 -flags +ilme+ildct -field_order tt
marker cyan gray 24 2 3 wanted.mkv
marker white black 24 2 3 mask.mkv
make -i "$work/mask.mkv" -pix_fmt gray -c:v ffv1 "$work/grey.mkv"
paint "$work/telecined.mkv" -o "$work/out/x.mkv" "${exact[@]}" --detelecine --mask "$work/mask.mkv"
near "$work/out/x.mkv" "$work/wanted.mkv" 50
paint "$work/telecined.mkv" -o "$work/out/x.mkv" "${exact[@]}" --detelecine "${network[@]}"
near "$work/out/x.mkv" "$work/wanted.mkv" 50
# Its own mask goes back in.
paint "$work/telecined.mkv" -o "$work/out/m.mkv" --codec ffv1 --detelecine "${network[@]}" --mask-only
near "$work/out/m.mkv" "$work/grey.mkv" 50
paint "$work/telecined.mkv" -o "$work/out/x.mkv" "${exact[@]}" --detelecine --mask "$work/out/m.mkv"
near "$work/out/x.mkv" "$work/wanted.mkv" 50
# From the middle on: the 24 frames from the 13th.
make -ss 0.5 -t 1 -i "$work/wanted.mkv" -c:v ffv1 "$work/wanted_cut.mkv"
paint "$work/telecined.mkv" -o "$work/out/x.mkv" "${exact[@]}" --detelecine --mask "$work/mask.mkv" --start 0.5 --duration 1
near "$work/out/x.mkv" "$work/wanted_cut.mkv" 50
refuse '24.000 frames a second and the film 30.000: .*--detelecine' "$work/telecined.mkv" --mask "$work/mask.mkv"
refuse '30.000 frames a second and the film 24.000 with --detelecine' "$work/telecined.mkv" --detelecine \
  --mask "$work/telecined.mkv"
# In MPEG, whose time stamps let only guess how long it is.
make -i "$work/telecined.mkv" -vf setfield=tff,format=yuv420p -c:v mpeg2video -q:v 1 -flags +ilme+ildct "$work/telecined.mpg"
paint "$work/telecined.mpg" -o "$work/out/x.mkv" "${exact[@]}" --detelecine --mask "$work/mask.mkv"
near "$work/out/x.mkv" "$work/wanted.mkv" 50

echo "== an interlaced film"
# Fifty fields a second: the frame is what its first field saw, and so is its mask.
marker red gray 50 1 2 interlaced.mkv interlace=scan=tff:lowpass=0 -flags +ilme+ildct -field_order tt
marker white black 25 1 4 mask25.mkv
paint "$work/interlaced.mkv" -o "$work/out/whole.mkv" --codec ffv1 --mask "$work/mask25.mkv" --mask-only
make -i "$work/mask25.mkv" -pix_fmt gray -c:v ffv1 "$work/grey25.mkv"
near "$work/out/whole.mkv" "$work/grey25.mkv" 50
marker cyan gray 25 1 4 wanted25.mkv
paint "$work/interlaced.mkv" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/mask25.mkv"
near "$work/out/x.mkv" "$work/wanted25.mkv" 34
paint "$work/interlaced.mkv" -o "$work/out/m.mkv" --codec ffv1 "${network[@]}" --mask-only
# One frame late it would be 18 dB: its edges lie in the field that is made up.
near "$work/out/m.mkv" "$work/grey25.mkv" 22

echo "== a film that is turned"
lossless=(-c:v libx264 -qp 0 -pix_fmt yuv420p)
for name in red:gray:flat white:black:flat_mask cyan:gray:flat_wanted; do
  IFS=: read -r colour ground to <<<"$name"
  marker "$colour" "$ground" 10 1 4 "$to.mkv"
  make -i "$work/$to.mkv" "${lossless[@]}" "$work/$to.mp4"
  make -i "$work/$to.mp4" -c copy -metadata:s:v:0 rotate=90 "$work/turned_$to.mp4"
done
make -i "$work/turned_flat_wanted.mp4" -c:v ffv1 "$work/wanted_up.mkv"
make -i "$work/turned_flat_mask.mp4" "${lossless[@]}" "$work/mask_up.mp4"
for mask in turned_flat_mask mask_up; do
  paint "$work/turned_flat.mp4" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/$mask.mp4"
  near "$work/out/x.mkv" "$work/wanted_up.mkv" 50
done
paint "$work/turned_flat.mp4" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/flat_mask.mp4" --json
noted 'the mask is 192x96 and the picture 96x192'
listed 'the mask is 192x96 and the picture 96x192'
# What is said of a film's mask once it was read, and of a picture that is the mask of a film.
make -i "$work/flat.mkv" -vf "hue=s=3,drawbox=c=orange:t=fill" -c:v ffv1 "$work/coloured.mkv"
make -i "$work/coloured.mkv" -frames:v 1 "$work/coloured.png"
for mask in coloured.mkv coloured.png; do
  paint "$work/flat.mkv" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/$mask" --json
  noted "the mask '.*$mask': it is coloured"
  listed "the mask '.*$mask': it is coloured"
done

echo "== frames that last as long as they like"
for name in flat flat_mask; do
  make -i "$work/$name.mp4" -vf "setpts='if(lt(N,5),N,N*2-5)/10/TB'" -fps_mode vfr "${lossless[@]}" "$work/vfr_$name.mp4"
done
make -i "$work/flat_wanted.mp4" -c:v ffv1 "$work/wanted10.mkv"
paint "$work/vfr_flat.mp4" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/vfr_flat_mask.mp4"
near "$work/out/x.mkv" "$work/wanted10.mkv" 50
for name in m.mkv m.mp4 m_%02d.png; do
  paint "$work/vfr_flat.mp4" -o "$work/out/$name" "${network[@]}" --mask-only
  paint "$work/vfr_flat.mp4" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/out/$name"
  near "$work/out/x.mkv" "$work/wanted10.mkv" 50
done
refuse '10.000 frames a second and the film 7.143' "$work/vfr_flat.mp4" --mask "$work/flat_mask.mp4"
# A sound that goes on behind the pictures makes no mask too short.
make -i "$work/flat.mkv" -f lavfi -i sine=duration=2 -c:v copy -c:a pcm_s16le "$work/sound.mkv"
paint "$work/sound.mkv" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/flat_mask.mkv"
near "$work/out/x.mkv" "$work/wanted10.mkv" 50
make -i "$work/flat_mask.mkv" -frames:v 6 -c:v ffv1 "$work/six.mkv"
expect_error 1 'has 6 frames and the film more' "$tempera" stylize "$work/sound.mkv" -o "$work/out/no.mkv" --style negative \
  --mask "$work/six.mkv"

echo "== masks that are cut as the film is"
# Of the film from its middle on, and cut once more: it would be a second half late.
for end in mp4 mkv; do
  make -i "$work/flat.mp4" -f lavfi -i sine=d=1 -c:v copy "$work/whole.$end"
  paint "$work/whole.$end" -o "$work/out/half.$end" "${network[@]}" --mask-only --start 0.5
  refuse "half.$end' is 0.500 s long and the film 1.[0-9]* s, and --start cuts both: give a mask of the whole film, or cut" \
    "$work/whole.$end" --mask "$work/out/half.$end" --start 0.5
  # Where it has nothing at that second as well.
  refuse "half.$end' is 0.500 s long and the film 1.[0-9]* s, and --start cuts both: give a mask of the whole film, or cut" \
    "$work/whole.$end" --mask "$work/out/half.$end" --start 0.6
done
make -i "$work/flat_wanted.mp4" -ss 0.5 -c:v ffv1 "$work/wanted_half.mkv"
paint "$work/whole.mp4" -o "$work/out/mask.mp4" "${network[@]}" --mask-only
paint "$work/whole.mp4" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/out/mask.mp4" --start 0.5
near "$work/out/x.mkv" "$work/wanted_half.mkv" 40
# Of one picture there is nothing to cut.
paint "$work/whole.mp4" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/coloured.png" --start 0.5

echo "== masks that are nowhere white"
# Classes by number go to some hundred and more.
for level in 90 127 128; do
  make -f lavfi -i color=black:s=192x96,format=gray -vf "geq=lum='if(lt(X,96),$level,0)'" -frames:v 1 "$work/dim.png"
  paint "$work/coloured.png" -o "$work/out/x.png" --style negative --mask "$work/dim.png" --json
  if [ $level -lt 128 ]; then
    noted "dim.png': it is nowhere lighter than $level of 255: where these are numbers .*; as it is, nothing is wholly within it"
    listed "dim.png': it is nowhere lighter than $level of 255"
  else
    checks=$((checks + 1))
    ! grep -q nowhere "$work/stderr" || fail "a note of a mask that has $level"
  fi
done

echo "== masks as WebP"
# To the byte what they are as PNG.
make -f lavfi -i color=gray:s=192x96,format=gray -vf "geq=lum='128+100*sin(X/5)*cos(Y/7)'" -frames:v 1 "$work/soft.png"
mkdir "$work/webp"
make -i "$work/coloured.png" "$work/webp/a.webp"
pixels() { ffmpeg -nostdin -v error -i "$1" -pix_fmt gray -f md5 -; }
paint "$work/coloured.png" -o "$work/out/soft.webp" --mask "$work/soft.png" --mask-only
paint "$work/webp" -o "$work/out/webp/" --mask "$work/soft.png" --mask-only
paint "$work/flat.mkv" -o "$work/out/soft_%02d.webp" --mask "$work/soft.png" --mask-only
paint "$work/flat.mkv" -o "$work/out/soft_%02d.png" --mask "$work/soft.png" --mask-only
for pair in soft.webp:../soft.png soft_03.webp:soft_03.png; do
  checks=$((checks + 1))
  [ "$(pixels "$work/out/${pair%:*}")" = "$(pixels "$work/out/${pair#*:}")" ] || fail "${pair%:*} is not to the byte"
done
for mask in "$work/out/webp"/*; do
  checks=$((checks + 1))
  [ "$(pixels "$mask")" = "$(pixels "$work/soft.png")" ] || fail "$mask is not to the byte"
done

echo "== series with gaps"
mkdir "$work/series"
make -i "$work/flat_mask.mkv" "$work/series/m_%04d.png"
make -i "$work/flat.mkv" "$work/series/f_%04d.png"
paint "$work/flat.mkv" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/series/m_%04d.png"
near "$work/out/x.mkv" "$work/wanted10.mkv" 50
checks=$((checks + 1))
! grep -q 'the mask .*becomes' "$work/stderr" || fail "notes of the mask's colours: $(cat "$work/stderr")"
# What is written would replace its pictures.
before=$(cat "$work"/series/m_*.png | md5sum)
mkdir "$work/linked"
ln -s "$work"/series/m_*.png "$work/linked"
for names in series/m_%04d.png:./series/m_%04d.png series/m_%4d.png:series/m_%04d.png 'series/m_*.png:series/m_%04d.png' \
  'linked/m_*.png:series/m_%04d.png'; do
  for options in '--style negative' --mask-only; do
    expect_error 2 'is the mask itself: give -o another name' "$tempera" stylize "$work/flat.mkv" \
      -o "$work/${names#*:}" --mask "$work/${names%%:*}" $options
  done
done
expect_error 2 "would replace the mask '.*/m_0003.png': give -o another name" "$tempera" stylize "$work/flat.mkv" \
  -o "$work/series/m_%04d.png" --mask "$work/series/m_0003.png" --style negative
checks=$((checks + 1))
[ "$(cat "$work"/series/m_*.png | md5sum)" = "$before" ] || fail "a mask was replaced"
rm "$work/series/m_0006.png"
# Far too short it is before anything is painted.
refuse 'has 5 frames and the film 10: there is no picture m_0006.png.* add it' "$work/flat.mkv" --mask "$work/series/m_%04d.png"
expect_error 1 'has 9 frames and the film (10|more): there is no picture m_0006.png; add it' "$tempera" stylize \
  "$work/flat.mkv" -o "$work/out/no.mkv" --style negative --mask "$work/series/m_*.png"
# As many as the film's frames, and not those of its numbers.
rm "$work/series/f_0003.png"
paint "$work/series/f_*.png" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/series/m_*.png"
noted "has no picture m_0006.png: they are taken in order"
make -r 30 -i "$work/flat_mask.mkv" -c:v ffv1 "$work/mask_fast.mkv"
refuse 'has no picture f_0003.png' "$work/series/f_%04d.png" --mask "$work/mask_fast.mkv"

echo "== damaged frames"
# Frame 5 is no picture any more. Those behind it do not move up, whether or not the film has as many.
mkdir "$work/damaged"
named() { # named MASK PATTERN
  expect_error 1 "$2" "$tempera" stylize "$work/flat.mkv" -o "$work/out/no.mkv" --style negative --mask "$1"
  checks=$((checks + 1))
  [ ! -e "$work/out/no.mkv" ] || fail "something was written"
}
for count in 11 10; do
  for end in png jpg; do
    rm -f "$work/damaged"/*
    make -stream_loop 1 -i "$work/flat_mask.mkv" -frames:v $count -q:v 2 -pix_fmt $([ $end = png ] && echo gray || echo yuvj420p) \
      "$work/damaged/d_%02d.$end"
    cp "$work/damaged/d_05.$end" "$work/whole"
    echo 'no picture' >"$work/damaged/d_05.$end"
    named "$work/damaged/d_%02d.$end" "the mask '.*d_%02d.$end': .*/d_05.$end"
    named "$work/damaged/d_*.$end" "the mask '.*d_\*.$end': .*/d_05.$end"
    if [ $end = png ]; then
      head -c $(($(stat -c %s "$work/whole") * 2 / 3)) "$work/whole" >"$work/damaged/d_05.png"
      named "$work/damaged/d_%02d.png" '/d_05.png'
    fi
    cp "$work/whole" "$work/damaged/d_05.$end"
    echo 'no picture' >"$work/damaged/d_01.$end"
    named "$work/damaged/d_%02d.$end" "/d_01.$end"
    cp "$work/damaged/d_02.$end" "$work/damaged/d_01.$end"
  done
done
# A JPEG that breaks off shows something in its place.
head -c $(($(stat -c %s "$work/whole") * 2 / 3)) "$work/whole" >"$work/damaged/d_05.jpg"
cp "$work/damaged/d_05.jpg" "$work/damaged/d_07.jpg"
paint "$work/flat.mkv" -o "$work/out/x.mkv" "${exact[@]}" --mask "$work/damaged/d_%02d.jpg" --json
noted "the mask '.*/d_05.jpg': the file is damaged or cut short: .* counts \(and so of 1 more of its pictures\)$"
listed "the mask '.*/d_05.jpg': the file is damaged or cut short"
# A film of pictures: over the fifth of them, and over the first.
make -i "$work/flat_mask.mkv" -pix_fmt gray -c:v png "$work/pictures.mov"
for number in 5 1; do
  at=$(grep -abo $'PNG\r' "$work/pictures.mov" | sed -n "${number}p" | cut -d: -f1)
  cp "$work/pictures.mov" "$work/bad.mov"
  printf '%060d' 0 | dd of="$work/bad.mov" bs=1 seek=$((at - 1)) conv=notrunc status=none
  named "$work/bad.mov" "^tempera: frame $number of the mask '.*/bad.mov' cannot be decoded: the file is damaged"
done

echo "== several pictures in a file"
# icon NAME FILE...: PNG of 192x96 in an icon.
number() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8)))\\0\\0"; }
icon() {
  local at=$((6 + 16 * ($# - 1))) file
  {
    printf '\0\0\1\0' && printf "\\x0$(($# - 1))\\0"
    for file in "${@:2}"; do
      printf '\xc0\x60\0\0\1\0\x20\0' && number "$(stat -c %s "$file")" && number $at
      at=$((at + $(stat -c %s "$file")))
    done
    cat "${@:2}"
  } >"$work/$1"
}
for name in flat flat_mask flat_wanted; do make -i "$work/$name.mkv" -pix_fmt rgb24 "$work/${name}_%02d.png"; done
icon pages.ico "$work"/flat_0[159].png
icon masks.ico "$work"/flat_mask_0[159].png
icon two.ico "$work"/flat_mask_0[15].png
pages() { # pages MASK: each page against its own mask
  paint "$work/pages.ico" -o "$work/out/page.png" --page all --style negative --mask "$1"
  for i in 1 2 3; do near "$work/out/page-$i.png" "$work/flat_wanted_0$((4 * i - 3)).png" 50; done
}
pages red
pages "$work/masks.ico"
checks=$((checks + 1))
! grep -q 'the largest' "$work/stderr" || fail "a note of a page that is not used: $(cat "$work/stderr")"
paint "$work/pages.ico" -o "$work/out/page.png" --page 2 --style negative --mask "$work/masks.ico"
near "$work/out/page.png" "$work/flat_wanted_05.png" 50
# One for all.
paint "$work/pages.ico" -o "$work/out/one.png" --page all --mask "$work/flat_mask_05.png" --mask-only
for i in 1 2 3; do near "$work/out/one-$i.png" "$work/flat_mask_05.png" 50; done
rm -f "$work/out"/no*
expect_error 2 "would replace the mask '.*/page-2.png'" "$tempera" stylize "$work/pages.ico" -o "$work/out/page.png" \
  --page all --style negative --mask "$work/out/page-2.png"
expect_error 1 'has 2 pictures and what is painted 3' "$tempera" stylize "$work/pages.ico" -o "$work/out/no.png" --page all \
  --style negative --mask "$work/two.ico"
checks=$((checks + 1))
[ -z "$(ls "$work/out" | grep '^no')" ] || fail "pages were written"
paint "$work/flat_01.png" -o "$work/out/one.png" --style negative --mask "$work/masks.ico" --json
listed "the mask '.*masks.ico': the file holds 3 pictures: the largest, number 1, counts\""
noted "masks.ico': the file holds 3 pictures: the largest, number 1, counts$"
make -i "$work/mask.mkv" -vf scale=64:-1 "$work/moves.gif"
paint "$work/flat_01.png" -o "$work/out/one.png" --style negative --mask "$work/moves.gif"
noted "moves.gif': the first picture of an animation counts$"

echo "== cut-outs of several pictures in a file"
for i in 1 2 3; do make -f lavfi -i "color=$([ $i = 2 ] && echo gray || echo red):s=192x96" -frames:v 1 -pix_fmt rgb24 "$work/page$i.png"; done
icon cut_pages.ico "$work"/page[123].png
paint "$work/cut_pages.ico" -o "$work/out/cut.png" --page all --mask red --cutout --style negative
noted 'nothing was found to mask in picture 2$'
alphas=
for i in 1 2 3; do
  alphas+=" $(ffmpeg -nostdin -v error -i "$work/out/cut-$i.png" -vf alphaextract,format=gray,crop=1:1:16:12 -f rawvideo - | od -An -tu1 | tr -d ' ')"
done
checks=$((checks + 1))
[ "$alphas" = ' 255 0 255' ] || fail "the cut-outs' transparency is$alphas"
expect_error 2 "cut.jpg' has none: write .png, .webp or .tif" "$tempera" stylize "$work/cut_pages.ico" -o "$work/out/cut.jpg" \
  --page all --mask red --cutout --style negative
finish
