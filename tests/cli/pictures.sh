#!/bin/bash
# A folder of pictures is one command: what is painted, what is left and why, resuming, interrupting, and the edges of
# transparent pictures.
#   pictures.sh TEMPERA MODEL SCRATCH
set -euo pipefail
tempera=$1 style=$2 work=$3
rm -rf "$work"
mkdir -p "$work/in/within" "$work/out"
source "$(dirname "$0")/expect.bash"

make() { ffmpeg -nostdin -v error -y -f lavfi -i "$@"; }
paint=("$tempera" stylize --style "$style")
expect_said() {
  checks=$((checks + 1))
  grep -qE -- "$1" "$work/stderr" || { fail "nothing said of '$1'"; cat "$work/stderr"; }
}
expect_equal() {
  checks=$((checks + 1))
  [ "$1" = "$2" ] || fail "$3: '$1', wanted '$2'"
}
names() { (cd "$1" && find . -mindepth 1 ! -name .tempera-done | LC_ALL=C sort | paste -sd' '); }

make testsrc2=s=64x48 -frames:v 1 "$work/in/a.jpg"
make testsrc2=s=40x30 -frames:v 1 -pix_fmt rgb24 "$work/in/b c é.PNG"
make testsrc2=s=24x24 -frames:v 1 "$work/in/a.gif"
make testsrc2=s=24x24 -frames:v 1 -pix_fmt rgb24 "$work/in/a.png"
make testsrc2=s=32x32 -frames:v 1 "$work/in/-x.webp"
make testsrc2=s=32x32:d=1 "$work/in/film.mp4"
echo words >"$work/in/read.me"
cp "$work/in/a.jpg" "$work/in/.hidden.jpg"

# Names and extensions are kept where they can be written, nobody's painting replaces another's.
expect_success "${paint[@]}" "$work/in" -o "$work/out/new/deep/"
expect_equal "$(names "$work/out/new/deep")" './-x.webp ./a.gif.png ./a.jpg ./a.png ./b c é.PNG' 'names'
expect_equal "$(ffprobe -v error -show_entries stream=width,height -of csv=p=0 "$work/out/new/deep/b c é.PNG")" 40,30 size
expect_said 'note: skipped: 1 file that is no picture, 1 hidden file$'
expect_said 'note: skipped: 1 folder within \(within\): give each of them itself'
expect_said 'note: skipped: 1 film \(film.mp4\)'
expect_said 'note: a.gif becomes a.gif.png'
expect_said '5 pictures painted'

# Again: nothing is done twice, but for what is newer than its painting, or when asked to.
stamp() { stat -c '%n %y' "$work/out/new/deep/"* | md5sum; }
expect_equal "$(find "$work/in" -name .tempera-done)" '' 'nothing is left among the inputs'
before=$(stamp)
expect_success "${paint[@]}" "$work/in" -o "$work/out/new/deep"
expect_said '5 pictures were painted before: --overwrite paints them again'
expect_equal "$(stamp)" "$before" 'what is there stays'
touch -d 'now + 1 hour' "$work/in/a.jpg"
expect_success "${paint[@]}" "$work/in" -o "$work/out/new/deep"
expect_said ': 1 picture painted'
got=0
"${paint[@]}" "$work/in" -o "$work/out/new/deep" --strength 0.5 >/dev/null 2>"$work/stderr" || got=$?
expect_equal $got 1 'another strength into the same folder'
expect_said 'is a painting with another --strength: give another folder'
expect_success "${paint[@]}" "$work/in" -o "$work/out/new/deep" --overwrite --jobs 4
expect_said '5 pictures painted'

# Every option can stand in the list of what was painted, and is named where it is another.
rm -rf "$work/out"/*
again() { # OPTIONS: a folder twice, and once more without them
  local got=0
  rm -rf "$work/out/again"
  expect_success "${paint[@]}" "$work/in/a.jpg" "$work/in/a.png" -o "$work/out/again" "$@"
  expect_said ': 2 pictures painted'
  expect_success "${paint[@]}" "$work/in/a.jpg" "$work/in/a.png" -o "$work/out/again" "$@"
  expect_said '2 pictures were painted before'
  "${paint[@]}" "$work/in/a.jpg" "$work/in/a.png" -o "$work/out/again" >/dev/null 2>"$work/stderr" || got=$?
  expect_equal $got 1 "without $1"
  expect_said "is a painting with another $1: give another folder"
}
again --height 24
again --size 32x24
again --value-range 0..255
again --mean 0.1
again --std 0.9
again --layout nchw
again --precision fp32
again --keep-colors

# As the shell expands a pattern; one that fails does not keep the others.
rm -rf "$work/out"/*
: >"$work/in/empty.jpg"
checks=$((checks + 1))
got=0
"${paint[@]}" "$work/in/"*.jpg "$work/in/missing.png" -o "$work/out/o" --json >"$work/stdout" 2>"$work/stderr" || got=$?
expect_equal $got 1 'exit code when some failed'
expect_said "tempera: '.*empty.jpg' is empty"
expect_said "tempera: cannot open '.*missing.png'"
expect_equal "$(names "$work/out/o")" './a.jpg' 'painted beside the failures'
expect_equal "$(grep -c '"status": "failed"' "$work/stdout")" 2 '--json tells of failures'
expect_equal "$(grep -c '"status": "painted"' "$work/stdout")" 1 '--json tells of paintings'
rm "$work/in/empty.jpg"
got=0
"${paint[@]}" "$work/in/a.jpg" "$work/in/film.mp4" -o "$work/out/o" >/dev/null 2>"$work/stderr" || got=$?
expect_equal $got 1 'a film that was asked for and is not painted'
expect_said "tempera: '.*film.mp4' is a film: give it alone"

# --json tells of what is left alone, too.
expect_success "${paint[@]}" "$work/in" -o "$work/out/json" --json
expect_equal "$(grep -c '"status": "skipped"' "$work/stdout")" 4 'skipped in --json'
checks=$((checks + 1))
grep -q '/film.mp4", "output": null, .*"status": "skipped", .*"error": "a film: paint' "$work/stdout" ||
  fail "--json does not say why a film is skipped"

# A pattern in quotes is as good as one that the shell reads.
expect_success "${paint[@]}" "$work/in/*.jpg" -o "$work/out/glob"
expect_equal "$(names "$work/out/glob")" './a.jpg' 'a pattern in quotes'
expect_success "${paint[@]}" "$work/in/?.gif" "$work/in/a.png" -o "$work/out/glob2/"
expect_equal "$(names "$work/out/glob2")" './a.gif.png ./a.png' 'a pattern of what cannot be written'
expect_error 1 "no file is called '.*nothing\*.jpg'" "${paint[@]}" "$work/in/nothing*.jpg" -o "$work/out/none"
ln -s loop "$work/loop"
expect_error 1 "cannot read the folder '.*loop': Too many levels" "${paint[@]}" "$work/loop/*.jpg" -o "$work/out/none"
# Who writes the dot asks for hidden files.
expect_success "${paint[@]}" "$work/in/.h*.jpg" -o "$work/out/hidden/"
expect_equal "$(names "$work/out/hidden")" './.hidden.jpg' 'hidden files that a pattern names'
expect_error 1 "cannot open '.*/no': no such file or folder" "${paint[@]}" "$work/no" -o "$work/out/none"
got=0
"${paint[@]}" "$work/no" -o "$work/out/none/" >/dev/null 2>"$work/stderr" || got=$?
expect_equal "$got $(ls -d "$work/out/none" 2>/dev/null)" '1 ' 'a wrong name makes no folder'

# No more room: one line, and the same command goes on later.
mkdir "$work/large"
for i in 1 2 3 4 5 6; do
  make "nullsrc=s=320x240,format=rgb24,geq=r='random($i)*255':g='random($i)*255':b='random($i)*255'" -frames:v 1 \
    "$work/large/$i.png"
done
cp "$work/in/a.png" "$work/large/0.png"
mkdir "$work/out/large"
for i in 1 3; do ln -s /dev/full "$work/out/large/$i.png"; done
got=0
"${paint[@]}" "$work/large" -o "$work/out/large/" --jobs 1 --json --overwrite >"$work/stdout" 2>"$work/stderr" || got=$?
expect_equal $got 1 'a full disk'
expect_equal "$(grep -c '^tempera: ' "$work/stderr")" 1 'lines about a full disk'
expect_said "^tempera: cannot write '.*/1.png': No space left on device: stopped, 6 pictures are not painted; make room and give"
expect_equal "$(names "$work/out/large")" './0.png ./1.png ./3.png' 'what there was room for'
rm "$work/out/large"/[13].png
# No room for the list either: nothing is painted that would be taken for somebody else's later, nothing is replaced.
mv "$work/out/large/.tempera-done" "$work/list"
ln -s /dev/full "$work/out/large/.tempera-done"
sum=$(md5sum <"$work/out/large/0.png")
expect_error 1 'tempera-done.: No space left on device: stopped, 7 pictures are not painted; make room' \
  "${paint[@]}" "$work/large" -o "$work/out/large/" --json --jobs 1 --overwrite
expect_equal "$(names "$work/out/large") $(md5sum <"$work/out/large/0.png")" "./0.png $sum" 'what was there stays'
mv "$work/list" "$work/out/large/.tempera-done"
# One file that is too large is no matter of the others.
got=0
(
  ulimit -f 64 # blocks of 1,024 bytes
  "${paint[@]}" "$work/large" "$work/in/a.jpg" -o "$work/out/large/" --jobs 1 >"$work/stdout" 2>"$work/stderr"
) || got=$?
expect_equal $got 1 'files that are too large'
expect_equal "$(grep -c '^tempera: .*/[1-6].png.: File too large$' "$work/stderr")" 6 'each file that is too large'
expect_equal "$(names "$work/out/large")" './0.png ./a.jpg' 'what is small enough'
expect_success "${paint[@]}" "$work/large" -o "$work/out/large/"
expect_said '6 pictures painted'
# What is no file under the name of the list is not waited for.
mkdir "$work/out/pipe"
mkfifo "$work/out/pipe/.tempera-done"
expect_error 1 'tempera-done. is to hold what was painted there, and is no file' \
  "${paint[@]}" "$work/large/0.png" -o "$work/out/pipe/"

# Names that do not fit together.
expect_error 1 'need a folder to go to' "${paint[@]}" "$work/in" -o "$work/out/x.png"
expect_error 2 'need a folder to go to' "${paint[@]}" "$work/in/a.jpg" "$work/in/a.png" -o "$work/out/x.mp4"
expect_error 2 'one film at a time' "${paint[@]}" "$work/in" -o "$work/out/o/" --start 1
expect_error 1 'no picture to paint' "${paint[@]}" "$work/in/within" -o "$work/out/o/"
# What lies there instead is said.
mkdir "$work/films" && cp "$work/in/film.mp4" "$work/in/read.me" "$work/films/"
expect_error 1 'no picture to paint in .*films' "${paint[@]}" "$work/films" -o "$work/out/o/"
expect_said '^note: skipped: 1 film \(film.mp4\): paint each with a command of its own$'
expect_said '^note: skipped: 1 file that is no picture$'
mkdir "$work/other"
cp "$work/in/a.jpg" "$work/other/a.jpg"
got=0
"${paint[@]}" "$work/in/a.jpg" "$work/other/a.jpg" -o "$work/out/o/" --overwrite >/dev/null 2>"$work/stderr" || got=$?
expect_equal $got 1 'two of one name'
expect_said "other/a.jpg' is not painted: .* another's painting"
sum=$(md5sum <"$work/other/a.jpg")
got=0
"${paint[@]}" "$work/other" "$work/in/a.png" -o "$work/other/" >/dev/null 2>"$work/stderr" || got=$?
expect_equal $got 1 'into the folder of the inputs'
expect_equal "$(md5sum <"$work/other/a.jpg")" "$sum" 'an input is never replaced'
: >"$work/file"
expect_error 1 'cannot make the folder' "${paint[@]}" "$work/in" -o "$work/file/"

# What is no film is said to be none.
expect_error 1 "is a picture: give -o a name in" "${paint[@]}" "$work/in/-x.webp" -o "$work/out/x.mp4"
printf 'RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x3f\0\0\x1f\0\0' >"$work/anim.webp"
expect_error 1 'animated WebP cannot be read as a film' "${paint[@]}" "$work/anim.webp" -o "$work/out/x.mp4"

# A file of several pictures: an icon of two PNG, 24x24 and 40x30.
number() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8)))\\0\\0"; }
first=$(stat -c %s "$work/in/a.png") second=$(stat -c %s "$work/in/b c é.PNG")
{
  printf '\0\0\1\0\2\0'
  printf '\x18\x18\0\0\1\0\x20\0' && number "$first" && number 38
  printf '\x28\x1e\0\0\1\0\x20\0' && number "$second" && number $((38 + first))
  cat "$work/in/a.png" "$work/in/b c é.PNG"
} >"$work/two.ico"
size_of() { ffprobe -v error -show_entries stream=width,height -of csv=p=0 "$1"; }
expect_success "${paint[@]}" "$work/two.ico" -o "$work/out/two.png"
expect_said 'holds 2 pictures: the largest, number 2, is painted'
expect_equal "$(size_of "$work/out/two.png")" 40,30 'the largest'
expect_success "${paint[@]}" "$work/two.ico" -o "$work/out/one.png" --page 1
expect_equal "$(size_of "$work/out/one.png")" 24,24 '--page 1'
expect_success "${paint[@]}" "$work/two.ico" -o "$work/out/every.png" --page all
expect_equal "$(size_of "$work/out/every-1.png") $(size_of "$work/out/every-2.png")" '24,24 40,30' '--page all'
expect_said 'every-1.png, .*every-2.png: 2 frames of up to 40x30'
expect_success "${paint[@]}" "$work/two.ico" -o "$work/out/every.png" --page all --json
checks=$((checks + 1))
grep -q '"output": \[".*every-1.png", ".*every-2.png"\]' "$work/stdout" || fail "--page all names what is not there"
# The input's own name among those of the paintings: refused before the first is painted.
cp "$work/two.ico" "$work/scan-2.png"
cp "$work/two.ico" "$work/scan-3.png"
sum=$(md5sum <"$work/scan-2.png")
expect_error 1 'is the input itself' "${paint[@]}" "$work/scan-2.png" -o "$work/scan.png" --page all
expect_equal "$(md5sum <"$work/scan-2.png") $(ls "$work"/scan-1.png 2>&1 | grep -c cannot)" "$sum 1" 'the input stays'
expect_success "${paint[@]}" "$work/scan-3.png" -o "$work/scan.png" --page all
expect_error 1 'no picture number 3: the file holds 2' "${paint[@]}" "$work/two.ico" -o "$work/out/x.png" --page 3
expect_error 2 'write a number from 1, or all' "${paint[@]}" "$work/two.ico" -o "$work/out/x.png" --page 0
expect_error 2 'page is for one file' "${paint[@]}" "$work/in" -o "$work/out/o/" --page 1

# Ctrl-C leaves whole files only, and says so.
mkdir "$work/many"
make testsrc2=s=1280x960 -frames:v 1 "$work/many/000.jpg"
for i in $(seq 1 60); do cp "$work/many/000.jpg" "$work/many/$i.jpg"; done
got=0
"$tempera" stylize "$work/many" -o "$work/out/many/" --style "$style" >/dev/null 2>"$work/stderr" &
process=$!
for _ in $(seq 100); do
  [ "$(find "$work/out/many" -name '*.jpg' 2>/dev/null | wc -l)" -gt 1 ] && break
  sleep 0.05
done
kill -TERM $process # a job in the background does not hear ^C
wait $process || got=$?
expect_equal $got 130 'exit code after Ctrl-C'
expect_said 'stopped early'
checks=$((checks + 1))
for file in "$work/out/many"/* "$work/out/many"/.[!.]*; do
  [ -e "$file" ] && [ "${file##*/}" != .tempera-done ] || continue
  [[ $file == *.jpg ]] && ffmpeg -nostdin -v error -i "$file" -f null - || fail "$file is no whole picture"
done

# The edge of a red disc on nothing: seen smaller by the network, black must not seep in. Its negative is cyan, that of the
# black that lies under what is transparent would be white.
make "nullsrc=s=64x64,format=rgba,geq=r='255*lt(hypot(X-32,Y-32),20)':g=0:b=0:a='255*lt(hypot(X-32,Y-32),20)'" \
  -frames:v 1 "$work/disc.png"
expect_success "${paint[@]}" "$work/disc.png" -o "$work/out/disc.png" --height 24
checks=$((checks + 1))
most=$(ffmpeg -nostdin -v error -i "$work/out/disc.png" -f rawvideo -pix_fmt rgba - | od -An -v -tu1 -w4 |
  awk '$4 == 255 && $1 > most { most = $1 } END { print most + 0 }')
[ "$most" -lt 40 ] || fail "the edge of a transparent picture has a halo: red of $most where it should be none"
# Where there is no transparency, it is white.
expect_success "${paint[@]}" "$work/disc.png" -o "$work/out/disc.jpg"
expect_said 'transparency becomes white'
expect_equal "$(ffmpeg -nostdin -v error -i "$work/out/disc.jpg" -vf crop=1:1:2:2 -f rawvideo -pix_fmt rgb24 - | od -An -tu1)" \
  ' 255 255 255' 'the corner of a JPEG'
# Strength 0 is the source, what nobody sees included.
expect_success "${paint[@]}" "$work/disc.png" -o "$work/out/zero.png" --strength 0
expect_equal "$(ffmpeg -nostdin -v error -i "$work/out/zero.png" -f md5 -)" \
  "$(ffmpeg -nostdin -v error -i "$work/disc.png" -f md5 -)" 'strength 0 with transparency'
finish
