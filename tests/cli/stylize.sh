#!/bin/bash
# What stylize promises of good input: every picture format, what a film holds beside its pictures,
# pipes, cuts, the summary. (bad_input.sh has the rest, interrupt.sh the signals.)
#   stylize.sh TEMPERA MODEL SCRATCH
set -euo pipefail
tempera=$1 style=$2 work=$3
rm -rf "$work"
mkdir -p "$work/out"
source "$(dirname "$0")/expect.bash"

make_clip() { ffmpeg -nostdin -v error -y "$@"; }
# field FILE STREAM ENTRY: what ffprobe says, lines joined by commas.
field() { ffprobe -v error -select_streams "$2" -show_entries "$3" -of default=nw=1:nk=1 "$1" | paste -sd,; }
expect_equal() {
  checks=$((checks + 1))
  [ "$1" = "$2" ] || fail "$3: '$1', wanted '$2'"
}
paint() { expect_success "$tempera" stylize "$@" --style "$style"; }

# Pictures: format by format, the size kept, the colours really those of the painting (a negative).
make_clip -f lavfi -i color=0xff8000:s=31x17 -vf format=rgb24 -frames:v 1 "$work/in.png"
make_clip -f lavfi -i color=0xff8000:s=48x32 -pix_fmt yuvj420p -frames:v 1 "$work/in.jpg"
make_clip -f lavfi -i color=0xff8000:s=48x32 -frames:v 1 "$work/in.webp"
for from in png jpg webp; do
  for to in png jpg webp; do
    paint "$work/in.$from" -o "$work/out/x.$to"
    expect_equal "$(field "$work/out/x.$to" v stream=width,height)" "$(field "$work/in.$from" v stream=width,height)" "$from to $to"
    read -r r g b < <(ffmpeg -nostdin -v error -i "$work/out/x.$to" -vf scale=1:1 -f rawvideo -pix_fmt rgb24 - |
      od -An -tu1 -w3)
    checks=$((checks + 1))
    [ "$r" -lt 20 ] && [ "$g" -gt 107 ] && [ "$g" -lt 147 ] && [ "$b" -gt 235 ] ||
      fail "$from to $to: the negative of orange is $r $g $b"
  done
done
# Transparency passes.
make_clip -f lavfi -i color=red@0.5:s=16x16,format=rgba -frames:v 1 "$work/alpha.png"
paint "$work/alpha.png" -o "$work/out/alpha.png"
expect_equal "$(field "$work/out/alpha.png" v stream=pix_fmt)" rgba 'a picture with alpha'
# Strength 0 is the source.
paint "$work/in.png" -o "$work/out/zero.png" --strength 0
expect_equal "$(ffmpeg -nostdin -v error -i "$work/out/zero.png" -pix_fmt rgb24 -f md5 -)" \
  "$(ffmpeg -nostdin -v error -i "$work/in.png" -pix_fmt rgb24 -f md5 -)" 'strength 0'
rm -f "$work/out"/*

# A film: sound and subtitles untouched, the summary right.
printf '1\n00:00:00,200 --> 00:00:00,900\nHello\n' >"$work/s.srt"
make_clip -f lavfi -i testsrc2=s=64x48:r=10:d=2 -f lavfi -i sine=440:d=2 -i "$work/s.srt" -map 0 -map 1 -map 2 \
  -c:v libx264 -pix_fmt yuv420p -c:a aac -c:s srt -metadata title=Walk "$work/in.mkv"
for to in mkv mp4; do
  paint "$work/in.mkv" -o "$work/out/x.$to" --json
  expect_frames "$work/out/x.$to" 20 20
  for key in '"frames": 20' '"width": 64' '"height": 48' '"codec": "libx264"' '"interrupted": false' '"fps": [0-9.]*' \
    '"seconds": [0-9.]*' '"style": "negative"' "\"output\": \"$work/out/x.$to\""; do
    checks=$((checks + 1))
    grep -q "$key" "$work/stdout" || fail "--json lacks $key: $(cat "$work/stdout")"
  done
  expect_equal "$(wc -l <"$work/stdout")" 1 'lines of --json'
  expect_equal "$(ffmpeg -nostdin -v error -i "$work/out/x.$to" -map 0:a -c copy -f md5 -)" \
    "$(ffmpeg -nostdin -v error -i "$work/in.mkv" -map 0:a -c copy -f md5 -)" "sound in $to"
  expect_equal "$(field "$work/out/x.$to" s stream=codec_type)" subtitle "subtitles in $to"
  expect_equal "$(field "$work/out/x.$to" v format_tags=title)" Walk "title in $to"
done
# Cuts, and one frame as a picture.
paint "$work/in.mkv" -o "$work/out/cut.mp4" --start 0:00:00.5 --duration 1
expect_frames "$work/out/cut.mp4" 10 10
paint "$work/in.mkv" -o "$work/out/frame.png" --start 1
expect_equal "$(field "$work/out/frame.png" v stream=width,height)" 64,48 'a frame of a film'
# Series of pictures, out and in; a name with two numbers, and one's own input, are refused.
mkdir "$work/series"
paint "$work/in.mkv" -o "$work/series/f_%04d.png" --duration 0.5
expect_equal "$(ls "$work/series" | paste -sd,)" f_0001.png,f_0002.png,f_0003.png,f_0004.png,f_0005.png 'a series'
paint "$work/series/f_%04d.png" -o "$work/out/series.mkv"
expect_frames "$work/out/series.mkv" 5 5
paint "$work/series/*.png" -o "$work/out/glob.mkv"
expect_frames "$work/out/glob.mkv" 5 5
expect_error 2 'holds 2 numbers' "$tempera" stylize "$work/in.mkv" -o "$work/out/f_%d_%d.png" --style "$style"
expect_error 1 'are 5 pictures: give -o a series' "$tempera" stylize "$work/series/*.png" -o "$work/out/one.png" \
  --style "$style"
expect_error 1 'would replace pictures of the input' "$tempera" stylize "$work/series/f_%04d.png" \
  -o "$work/series/f_0003.png" --style "$style"
expect_error 1 'would replace pictures of the input' "$tempera" stylize "$work/series/*.png" \
  -o "$work/series/f_%04d.png" --style "$style"
# Telecine.
make_clip -f lavfi -i testsrc2=s=64x48:r=24000/1001:d=2 -vf telecine=pattern=23,setfield=tff -c:v mpeg2video \
  -flags +ilme+ildct "$work/tv.mpg"
paint "$work/tv.mpg" -o "$work/out/film.mkv" --detelecine
expect_frames "$work/out/film.mkv" 47 49
# A joined transport stream is one film, and a note says so.
make_clip -f lavfi -i testsrc2=s=64x48:r=10:d=1 -f lavfi -i sine=d=1 -c:v libx264 -pix_fmt yuv420p -c:a mp2 "$work/one.ts"
cat "$work/one.ts" "$work/one.ts" >"$work/two.ts"
paint "$work/two.ts" -o "$work/out/two.mkv"
expect_frames "$work/out/two.mkv" 20 20
checks=$((checks + 1))
grep -q "clock jumps back by" "$work/stderr" || fail "a join without a note: $(cat "$work/stderr")"
# The network's size is not the output's.
paint "$work/in.mkv" -o "$work/out/small.mp4" --height 24 --codec libx265 --crf 30 --threads 1 --keep-colors --precision fp32
expect_equal "$(field "$work/out/small.mp4" v stream=width,height,codec_name)" hevc,64,48 '--height'
paint "$work/in.mkv" -o "$work/out/small.webm" --size 32x32
expect_equal "$(field "$work/out/small.webm" v stream=width,height,codec_name)" vp9,64,48 '--size'

# Carried statistics begin with the first frame's own; pictures have no frame before.
paint "$work/in.mkv" -o "$work/out/exact.mkv" --codec ffv1 --pin --norm-statistics exact
paint "$work/in.mkv" -o "$work/out/smoothed.mkv" --codec ffv1 --norm-statistics smoothed
expect_frames "$work/out/smoothed.mkv" 20 20
paint "$work/in.mkv" -o "$work/out/carried.mkv" --codec ffv1 --norm-statistics carried
expect_frames "$work/out/carried.mkv" 20 20
expect_error 2 'norm-statistics.*frames of a video' "$tempera" stylize "$work/in.mkv" -o "$work/out/s.png" \
  --style "$style" --norm-statistics smoothed
expect_error 2 'norm-statistics' "$tempera" stylize "$work/in.mkv" -o "$work/out/s.mp4" --style "$style" \
  --norm-statistics rough

# Films hold still unless they are told not to; pictures have nothing to hold on to.
frames_of() { ffmpeg -v error -i "$1" -f framemd5 - | grep -v '^#' | awk '{print $NF}' | paste -sd,; }
make_clip -f lavfi -i testsrc2=s=64x48:r=10:d=1 -vf noise=alls=12:allf=t -c:v ffv1 "$work/noisy.mkv"
paint "$work/noisy.mkv" -o "$work/out/held.mkv" --codec ffv1
paint "$work/noisy.mkv" -o "$work/out/half.mkv" --codec ffv1 --temporal on --steadiness 0.5 --threads 1
paint "$work/noisy.mkv" -o "$work/out/off.mkv" --codec ffv1 --temporal off
paint "$work/noisy.mkv" -o "$work/out/none.mkv" --codec ffv1 --steadiness 0
expect_equal "$(frames_of "$work/out/half.mkv")" "$(frames_of "$work/out/held.mkv")" 'steadiness is 0.5'
expect_equal "$(frames_of "$work/out/none.mkv")" "$(frames_of "$work/out/off.mkv")" '--temporal off is steadiness 0'
expect_equal "$(frames_of "$work/out/held.mkv" | cut -d, -f1)" "$(frames_of "$work/out/off.mkv" | cut -d, -f1)" 'a first frame'
checks=$((checks + 1))
[[ $(frames_of "$work/out/held.mkv") != $(frames_of "$work/out/off.mkv") ]] || fail 'nothing is held still'
expect_error 2 'are for videos' "$tempera" stylize "$work/in.mkv" -o "$work/out/s.png" --style "$style" --steadiness 0.5
expect_error 2 'contradict' "$tempera" stylize "$work/in.mkv" -o "$work/out/s.mp4" --style "$style" --temporal off \
  --steadiness 1
expect_error 2 '0 .frame by frame. to 1' "$tempera" stylize "$work/in.mkv" -o "$work/out/s.mp4" --style "$style" --steadiness 2

# Standard input and output are Y4M.
checks=$((checks + 1))
ffmpeg -nostdin -v error -i "$work/in.mkv" -f yuv4mpegpipe -pix_fmt yuv420p - |
  "$tempera" stylize - -o - --style "$style" 2>"$work/stderr" | cat >"$work/out/x.y4m" || fail 'Y4M through pipes failed'
expect_equal "$(head -c 9 "$work/out/x.y4m")" YUV4MPEG2 'what -o - writes'
expect_frames "$work/out/x.y4m" 20 20
expect_error 2 'standard output' "$tempera" stylize "$work/in.mkv" -o - --json --style "$style"
# No progress line where nobody looks.
checks=$((checks + 1))
! grep -q $'\r' "$work/stderr" || fail 'a progress line went into a pipe'

# Its own input, under any name, is not overwritten.
ln -s in.mkv "$work/link.mkv"
before=$(md5sum <"$work/in.mkv")
expect_error 1 'libx264 takes --crf 0 to 51, not 52' "$tempera" stylize "$work/in.mkv" -o "$work/out/s.mp4" \
  --style "$style" --crf 52
expect_error 1 'input itself' "$tempera" stylize "$work/in.mkv" -o "$work/in.mkv" --style "$style"
expect_error 1 'input itself' "$tempera" stylize "$work/in.mkv" -o "$work/link.mkv" --style "$style"
expect_equal "$(md5sum <"$work/in.mkv")" "$before" 'the input'
# A pipe whose reader leaves: one line, exit 1.
checks=$((checks + 1))
got=0
("$tempera" stylize "$work/in.mkv" -o - --style "$style" 2>"$work/stderr" || echo $? >"$work/got") | head -c 10 >/dev/null
grep -q 'Broken pipe' "$work/stderr" && [ "$(cat "$work/got")" = 1 ] || fail "a broken pipe: $(cat "$work/stderr")"

# Ctrl-C while standard input is silent.
checks=$((checks + 1))
mkfifo "$work/pipe"
set -m
"$tempera" stylize - -o "$work/out/silent.mp4" --style "$style" <"$work/pipe" 2>"$work/stderr" &
job=$!
set +m
exec 9>"$work/pipe"
ffmpeg -nostdin -v error -i "$work/in.mkv" -f yuv4mpegpipe -pix_fmt yuv420p - 2>/dev/null | head -c 60000 >&9 || true
sleep 2
kill -INT $job
got=0
wait $job || got=$?
exec 9>&-
[ $got -eq 130 ] || fail "Ctrl-C before a silent pipe gave exit code $got: $(cat "$work/stderr")"
expect_frames "$work/out/silent.mp4" 1 20

# Help fits a screen; the completion script is bash and knows the options.
for verb in '' stylize styles inspect annotate run bench completion; do
  checks=$((checks + 1))
  # shellcheck disable=SC2086
  lines=$("$tempera" $verb --help | wc -l)
  [ "$lines" -ge 5 ] && [ "$lines" -le 64 ] || fail "the help of '$verb' has $lines lines"
  # shellcheck disable=SC2086
  [ "$("$tempera" $verb --help | wc -L)" -le 100 ] || fail "the help of '$verb' is too wide"
done
checks=$((checks + 1))
"$tempera" completion bash >"$work/completion" && bash -n "$work/completion" || fail 'the completion script is no bash'
words=$(bash -c 'source "$1"; COMP_WORDS=(tempera stylize --ke); COMP_CWORD=2; _tempera; echo "${COMPREPLY[*]}"' _ "$work/completion")
expect_equal "$words" --keep-colors 'completion of --ke'
words=$(bash -c 'source "$1"; COMP_WORDS=(tempera stylize --norm-statistics s); COMP_CWORD=3; _tempera; echo "${COMPREPLY[*]}"' _ "$work/completion")
expect_equal "$words" smoothed 'completion of --norm-statistics'
# Bash makes three words of person=mosaic. A stand-in for the command has the lists.
cat >"$work/lists" <<'END'
case $2 in
  --masks) printf 'MASK     CLASSES    FILE\ntraffic  car, bus   9 KB\nperson   person   249 KB\n' ;;
  *) printf 'STYLE   FILE\nmosaic  9 KB\nmuse    9 KB\n\nMASK\nperson\n' ;;
esac
END
chmod +x "$work/lists"
sed -i '1i #!/bin/bash' "$work/lists"
completes() { # completes 'WORDS WANTED' WORD...: at the end of the last one
  words=$(bash -c 'source "$1"; COMP_WORDS=("$2" stylize in.mp4 "${@:3}"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _tempera
    echo "${COMPREPLY[*]}"' _ "$work/completion" "$work/lists" "${@:2}")
  expect_equal "$words" "$1" "completion of ${*:2}"
}
completes 'person= background=' --region ''
# Of the command itself.
words=$(bash -c 'source "$1"; COMP_WORDS=("$2" stylize in.mp4 --region ""); COMP_CWORD=4; _tempera; echo "${COMPREPLY[*]}"' _ \
  "$work/completion" "$tempera")
expect_equal "$words" 'person= background=' 'completion of --region with the bundled mask'
completes 'bus= background=' --mask traffic --region b
completes 'mask= background=' --mask m.png --region ''
completes 'mosaic muse' --region person = m
completes 'none blur mosaic muse' --region person =
completes 'person=mosaic' --region person=mo
completes traffic --mask traf
words=$(bash -c 'source "$1"; COMP_WORDS=(tempera sty); COMP_CWORD=1; _tempera; echo "${COMPREPLY[*]}"' _ "$work/completion")
expect_equal "$words" 'stylize styles' 'completion of sty'
[[ $("$tempera" --version) =~ ^tempera\ [0-9]+\.[0-9]+ ]] || fail '--version'
checks=$((checks + 1))
[ -z "$(ls -A "$work/out" | grep part)" ] || fail "temporary files are left: $(ls -A "$work/out")"
finish
