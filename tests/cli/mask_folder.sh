#!/bin/bash
# A mask for each picture of a folder: which belongs to which, what is painted again, what is refused before anything is.
#   mask_folder.sh TEMPERA TINY_MODEL MASK_MODELS SCRATCH
set -euo pipefail
tempera=$1 tiny=$2 maker=$3 work=$4
rm -rf "$work"
mkdir -p "$work/nets/masks" "$work/photos" "$work/masks"
source "$(dirname "$0")/expect.bash"

"$maker" "$work/nets/masks"
"$tiny" "$work/nets/negative.onnx"
export TEMPERA_STYLES=$work/nets
cd "$work"
make() { ffmpeg -nostdin -v error -y "$@"; }
paint() { expect_success "$tempera" stylize "$@" --style negative; }
says() { # says PATTERN: on standard error
  checks=$((checks + 1))
  grep -qE -- "$1" stderr || { fail "standard error lacks '$1'"; cat stderr; }
}
# painted N: of the last command's pictures, by its JSON.
painted() {
  checks=$((checks + 1))
  [ "$(grep -c '"status": "painted"' stdout)" = "$1" ] || { fail "not $1 were painted"; cat stdout; }
}
# refuse CODE PATTERN ARGUMENTS...: in one line, and nothing is painted.
refuse() {
  local before
  before=$(find . -type f ! -name stdout ! -name stderr -exec md5sum {} + | sort)
  expect_error "$1" "$2" "$tempera" stylize "${@:3}" --style negative
  checks=$((checks + 1))
  [ "$(wc -l <stderr)" -eq 1 ] || { fail "more than one line"; cat stderr; }
  [ "$(find . -type f ! -name stdout ! -name stderr -exec md5sum {} + | sort)" = "$before" ] || fail "files changed: $2"
}
# A grey picture, whose negative is as grey, would show nothing.
photo() { make -f lavfi -i "color=0x4060a0:s=${2:-64x48}" -frames:v 1 "$1"; }
# half left|right|all FILE
half() {
  local x=32 from='lt(X,32)'
  [ "$1" = right ] && from='gte(X,32)'
  [ "$1" = all ] && from=1
  make -f lavfi -i "color=black:s=64x48,format=gray" -vf "geq=lum='if($from,255,0)'" -frames:v 1 "$2"
}
blue_of() { # FILE X
  ffmpeg -nostdin -v error -i "$1" -frames:v 1 -vf "format=rgb24,crop=1:1:$2:24:exact=1" -f rawvideo - | od -An -tu1 | awk '{print $3}'
}
# sides FILE LEFT RIGHT: painted or plain.
sides() {
  checks=$((checks + 1))
  local got=''
  for x in 8 56; do
    local blue
    blue=$(blue_of "$1" $x)
    got+=" $([ "${blue:-0}" -lt 128 ] && echo painted || echo plain)"
  done
  [ "$got" = " $2 $3" ] || fail "$1 is$got, wanted $2 $3"
}

echo "== each picture has its own"
for name in a.png b.png c.webp; do photo "photos/$name"; done
make -i photos/a.png -q:v 1 photos/d.jpg
half left masks/a.png
half right masks/b_mask.png
half all masks/c.tif
half left masks/d.jpg.png
half right masks/d.png
touch masks/.a.png masks/a.txt masks/a.json
paint photos -o out/ --mask masks --json
painted 4
sides out/a.png painted plain
sides out/b.png plain painted
sides out/c.webp painted painted
sides out/d.jpg painted plain
checks=$((checks + 1))
grep -q '"share": 0.5000, "empty_frames": 0, "name": "masks"' stdout || { fail "the mask is not told"; cat stdout; }
paint photos/a.png -o one/ --mask masks/
sides one/a.png painted plain
paint 'photos/*.png' -o glob/ --mask masks --mask-of background --jobs 3
sides glob/a.png plain painted
sides glob/b.png painted plain
expect_success "$tempera" stylize photos -o regions/ --mask masks --region background=negative
sides regions/a.png plain painted
expect_success "$tempera" stylize photos -o cut/ --mask masks --cutout --style negative
checks=$((checks + 1))
[ "$(ls cut | paste -sd,)" = a.png,b.png,c.webp,d.png ] || fail "cut-outs are called $(ls cut | paste -sd,)"

echo "== a mask that changed is another picture's no matter"
paint photos -o out/ --mask masks --json
painted 0
half right masks/a.png
paint photos -o out/ --mask masks --json
painted 1
sides out/a.png plain painted
sides out/b.png plain painted
mv masks/b_mask.png masks/b.png
paint photos -o out/ --mask masks --json
painted 1
refuse_done() { # what is there was painted otherwise
  checks=$((checks + 1))
  ! "$tempera" stylize photos -o out/ --style negative "${@:2}" >stdout 2>stderr || fail "nothing was refused"
  says "^tempera: .*out/a.png' is a painting with another $1: give another folder"
}
refuse_done --mask --mask masks/a.png
refuse_done --mask

# Saved while the pictures are painted, which goes on with what was read: painted again the next time. The painting
# is held still shortly after the list has its line, which comes before anything is read; the unit test is exact.
saved_meanwhile() { # PICTURES FILE ITS_NEXT_VERSION
  local got=0
  rm -rf meanwhile
  "$tempera" stylize "$1" -o meanwhile/ --mask large/masks --style negative --json >stdout 2>stderr &
  local process=$!
  for _ in $(seq 1000); do
    [ -s meanwhile/.tempera-done ] && break
    sleep 0.01
  done
  sleep 0.1
  kill -STOP $process
  [ ! -e "meanwhile/${1##*/}" ] || echo "(painted before it was held still)"
  mv "$3" "$2"
  kill -CONT $process
  wait $process || got=$?
  checks=$((checks + 1))
  [ $got -eq 0 ] || { fail "exit code $got of what was held still"; cat stderr; }
  painted 1
  paint "$1" -o meanwhile/ --mask large/masks --json
  painted 1
  paint "$1" -o meanwhile/ --mask large/masks --json
  painted 0
}
mkdir -p large/masks
make -f lavfi -i testsrc2=s=3000x2250 -frames:v 1 -pix_fmt rgb24 large/a.png
cp large/a.png large/next.png
half left large/masks/a.png
half right large/next_mask.png
saved_meanwhile large/a.png large/masks/a.png large/next_mask.png
saved_meanwhile large/a.png large/a.png large/next.png

echo "== masks that were written go back in"
expect_success "$tempera" stylize photos -o written/ --mask red --mask-only
# Of d.jpg the mask is d.jpg itself, and of c.webp c.webp.
paint photos -o again/ --mask written --json
painted 4
photo photos/a.bmp
mkdir other more
photo other/a.gif
cp other/a.gif more/
expect_success "$tempera" stylize photos -o written2/ --mask masks/b.png --mask-only
checks=$((checks + 1))
[ -f written2/a.bmp ] || [ -f written2/a.bmp.png ] || fail "written2 has $(ls written2)"
# A mask with a picture's whole name is that one's.
refuse 1 "^tempera: --mask masks has no mask of 'photos/a.bmp': put a.bmp.png there$" photos -o no/ --mask masks
cp photos/a.bmp photos/b.bmp
refuse 1 "^tempera: --mask masks has no mask of 'photos/a.bmp', nor of 1 more: put a.bmp.png there$" photos -o no/ --mask masks
refuse 1 "^tempera: 'masks/a.png' would be the mask of 'photos/a.bmp' and of 'other/a.gif': call their masks a.bmp.png and a.gif.png$" \
  photos/a.bmp other/a.gif -o no/ --mask masks
refuse 1 "^tempera: 'masks/a.png' would be the mask of 'other/a.gif' and of 'more/a.gif', which have one name: paint one of them at a time, or rename one$" \
  other/a.gif more/a.gif -o no/ --mask masks
rm photos/[ab].bmp
# Of pictures that differ in their endings alone, whatever the masks are called then: each has one half in red.
mkdir mixed
side() { # X FILE
  make -f lavfi -i color=0x4060a0:s=64x48 -vf "drawbox=$1:0:32:48:red:fill" -frames:v 1 -q:v 1 -quality 100 "$2"
}
side 0 mixed/a.jpg
side 32 mixed/a.tif
side 0 mixed/b.webp
side 32 mixed/b.jpg
side 32 mixed/c.bmp
side 0 mixed/c.png
side 32 mixed/c.tif
side 0 mixed/c.webp
side 0 mixed/d.jpg
side 32 mixed/d_mask.jpg
expect_success "$tempera" stylize mixed -o mixed_masks/ --mask red --mask-only
checks=$((checks + 1))
[ "$(ls mixed_masks | paste -sd,)" = a.png,a.tif,b.png,b.webp,c.bmp.png,c.png,c.tif,c.webp,d.png,d_mask.png ] ||
  fail "masks are called $(ls mixed_masks | paste -sd,)"
paint mixed -o mixed_out/ --mask mixed_masks --json
painted 10
for name in a.jpg a.tif b.jpg b.webp c.bmp c.png c.tif c.webp d.jpg d_mask.jpg; do
  # Red turns to cyan and the rest stays as it is; through the mask of the other half the red would stay, and the rest turn.
  checks=$((checks + 1))
  for x in 8 56; do
    blue=$(blue_of mixed_out/$name $x)
    [ "${blue:-0}" -ge 128 ] || fail "$name is painted through another's mask"
  done
done
rm -r mixed

echo "== what is said of a mask is said of its picture"
photo photos/e.png 48x64
photo photos/f.png 48x64
half all masks/e.png
half all masks/f.png
paint photos -o said/ --mask masks --jobs 1
says '^note: 2 pictures \(e.png, f.png\): the mask is 64x48 and the picture 48x64: it is stretched to that shape$'
paint photos -o said2/ --mask masks --json
checks=$((checks + 1))
[ "$(grep -c 'it is stretched' stdout)" = 2 ] || { fail "JSON does not say what is stretched"; cat stdout; }
# One mask for all of them, too.
paint photos -o said3/ --mask masks/a.png --jobs 1
says '2 pictures \(e.png, f.png\): the mask is 64x48'
# A mask that cannot be read is its picture's trouble.
head -c 60 masks/e.png >short.png
mv short.png masks/e.png
checks=$((checks + 1))
! "$tempera" stylize photos -o broken/ --mask masks --style negative --json >stdout 2>stderr || fail "a broken mask is none"
painted 5
says '^tempera: .*masks/e.png'
half all masks/e.png

# One for all that lies among them is none of them.
cp masks/a.png photos/mask.png
paint photos -o said4/ --mask photos/mask.png --json
painted 6
says '^note: skipped: 1 picture \(mask.png\): it is the mask of the others$'
checks=$((checks + 1))
grep -q '"input": "photos/mask.png", "output": null, .*"status": "skipped", .*"error": "the mask of the others"' stdout ||
  { fail "the mask is not told of as skipped"; cat stdout; }
rm photos/mask.png
refuse 2 'is a series, and pictures come out: .* or a folder with one of each' photos -o no/ --mask 'masks/*.png'

echo "== refused"
rm masks/b.png
refuse 1 "^tempera: --mask masks has no mask of 'photos/b.png': put b.png or b_mask.png there$" photos -o no/ --mask masks
rm masks/a.png
refuse 1 "^tempera: --mask masks has no mask of 'photos/a.png', nor of 1 more: put a.png or a_mask.png there$" photos -o no/ \
  --mask masks
[ ! -e no ] || fail "a folder was made"
half left masks/a.png
half left masks/b.png
half left masks/b_mask.png
refuse 1 "two masks of 'photos/b.png', b.png and b_mask.png: leave one" photos -o no/ --mask masks
# What is not there is told of as it is without masks.
refuse 1 "^tempera: cannot open 'photos/nosuch.jpg'" photos/nosuch.jpg -o no/ --mask masks --json
rm masks/b_mask.png
# Neither masks nor pictures are replaced.
refuse 2 "^tempera: 'masks/?' is the folder of the masks: give -o another name" photos -o masks/ --mask masks --overwrite
ln -sn masks link
refuse 2 'is the folder of the masks' photos -o link/ --mask masks --overwrite
mkdir no && cp masks/a.png no/
refuse 1 "^tempera: 'no/a.png' is a mask, and would be replaced" photos -o no/ --mask no/a.png --overwrite
rm -r no
# Nor by the way of links: neither what a mask's name leads to, nor a link on the way, nor another picture's.
mkdir linked targets && cp masks/a.png targets/a.png
ln -s ../targets/a.png linked/a.png
refuse 1 "^tempera: 'targets/a.png' is a mask, and would be replaced" photos/a.png -o targets/ --mask linked --overwrite
ln -s targets/a.png mask-link.png
refuse 1 "^tempera: 'targets/a.png' is a mask, and would be replaced" photos -o targets/ --mask mask-link.png --overwrite
mv targets/a.png targets/real.png && ln -s real.png targets/a.png
refuse 1 "^tempera: 'targets/a.png' is a mask, and would be replaced" photos/a.png -o targets/ --mask linked --overwrite
ln -sf "$PWD/targets/a.png" linked/b.png && rm linked/a.png && cp masks/a.png linked/
refuse 1 "^tempera: 'targets/a.png' is a mask, and would be replaced" photos/[ab].png -o targets/ --mask linked --overwrite
rm targets/a.png linked/b.png && ln -s ../linked/a.png targets/a.png
refuse 1 "^tempera: 'targets/a.png' is a mask, and would be replaced" photos/a.png -o targets/ --mask linked --overwrite
# Among the pictures: nobody knows which is which.
mkdir mixed && cp photos/a.png mixed/ && cp masks/a.png mixed/a_mask.png
refuse 1 "mixed/a_mask.png' of 'mixed/a.png' is to be painted itself: put the masks into a folder of their own" mixed -o no/ \
  --mask mixed
paint mixed/a.png -o beside/ --mask mixed
sides beside/a.png painted plain
refuse 1 'has no mask of' mixed/a_mask.png -o no/ --mask mixed
refuse 2 'masks is a folder: name a file in it, which is the mask' photos/a.png -o no.png --mask masks
make -f lavfi -i color=red:s=64x48:d=1 -c:v ffv1 film.mkv
refuse 2 'masks is a folder: name a file in it, or a series such as' film.mkv -o no.mkv --mask masks
refuse 2 '--threshold is for masks that a network makes' photos -o no/ --mask masks --threshold 0.3

echo "== a folder with a bundled mask's name"
cp -r masks red
paint photos -o named/ --mask red/
sides named/a.png painted plain
paint photos -o named2/ --mask red
says "^note: --mask red is the bundled mask: write red/ for the folder of that name$"
sides named2/a.png plain plain
paint film.mkv -o red.mkv --mask red
finish
