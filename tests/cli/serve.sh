#!/bin/bash
# tempera serve as browsers, players and strangers meet it.
#   serve.sh TEMPERA SCRATCH
set -euo pipefail
export LC_ALL=C
tempera=$1 work=$2
rm -rf "$work"
mkdir -p "$work/page/styles" "$work/page/.git" "$work/empty"
source "$(dirname "$0")/expect.bash"

echo '<!doctype html><title>page</title>' >"$work/page/index.html"
seq 3000 >"$work/page/engine.wasm"
seq 2000 >"$work/page/main.js"
seq 1000 >"$work/page/film-7K2PQXWA.js"
seq 5000 >"$work/page/styles/a b.onnx"
head -c 3000000 /dev/urandom >"$work/page/clip.mp4"
: >"$work/page/nothing.txt"
echo secret >"$work/page/.git/config"
echo secret >"$work/outside"
ln -s ../outside "$work/page/link"
ln -s engine.wasm "$work/page/inner.wasm"

servers=()
trap 'kill -9 "${servers[@]}" 2>/dev/null || true' EXIT

# start OPTIONS...: a server with SIGINT at its default (a background job of a script ignores it otherwise); $url, $port, $server.
start() {
  rm -f "$work/url"
  set -m
  "$tempera" serve "$@" >"$work/url" 2>"$work/said" </dev/null &
  server=$!
  set +m
  servers+=("$server")
  local tries
  for tries in $(seq 200); do
    [ -s "$work/url" ] && break
    sleep 0.05
  done
  url=$(cat "$work/url")
  port=${url##*:} port=${port%/}
}

# end SIGNAL: it is through at once, with exit code 0.
end() {
  checks=$((checks + 1))
  local got=0 tries
  kill "-$1" "$server"
  for tries in $(seq 100); do
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  kill -9 "$server" 2>/dev/null || true
  wait "$server" || got=$?
  [ $got -eq 0 ] || { fail "$1 gave exit code $got within 5 s, wanted 0"; cat "$work/said"; }
}

# send BYTES [HOST]: these bytes to the server, what it answers into $work/head and $work/body; $status.
# What is too long may be refused before all of it is sent, and the answer be lost with the connection: it is sent again.
send() {
  local tries ended
  for tries in 1 2 3; do
    exec 3<>"/dev/tcp/${2:-127.0.0.1}/$port"
    (trap '' PIPE; printf '%b' "$1" >&3) 2>/dev/null || true
    ended=0
    timeout 30 cat <&3 >"$work/answer" 2>/dev/null || ended=$?
    exec 3>&-
    if [ $ended -eq 124 ] || [ -s "$work/answer" ]; then break; fi
  done
  if [ $ended -eq 124 ] || { [ $ended -ne 0 ] && [ ! -s "$work/answer" ]; }; then fail "no end of the answer to: ${1:0:60}"; fi
  sed '/^\r$/q' "$work/answer" | tr -d '\r' >"$work/head"
  sed '1,/^\r$/d' "$work/answer" >"$work/body"
  status=$(head -n 1 "$work/head" | cut -d ' ' -f 2)
}

# get TARGET [FIELD...]: with GET, or $method.
get() {
  local field fields=
  for field in "${@:2}"; do fields+="$field\r\n"; done
  send "${method:-GET} $1 HTTP/1.1\r\nHost: localhost:$port\r\nConnection: close\r\n$fields\r\n"
}

answered() { # answered STATUS WHAT
  checks=$((checks + 1))
  [ "$status" = "$1" ] || { fail "${2:-it} was answered with $status, wanted $1"; head -n 3 "$work/head"; }
}

has() { # has 'Field: value', as a regular expression
  checks=$((checks + 1))
  grep -qiE "^$1\$" "$work/head" || { fail "the answer lacks '$1'"; cat "$work/head"; }
}

lacks() {
  checks=$((checks + 1))
  ! grep -qi "^$1:" "$work/head" || fail "the answer has a $1"
}

body_is() { # body_is FILE
  checks=$((checks + 1))
  cmp -s "$work/body" "$1" || fail "the body is not $1"
}

isolates() {
  has 'Cross-Origin-Opener-Policy: same-origin'
  has 'Cross-Origin-Embedder-Policy: require-corp'
  has 'Cross-Origin-Resource-Policy: same-origin'
  has 'X-Content-Type-Options: nosniff'
}

if [[ $("$tempera" serve --dir "$work/page" --host 256.0.0.1 2>&1) == *"built without libmicrohttpd"* ]]; then
  echo "skipped: this build has no web server"
  exit 77
fi

echo "== what cannot be served"
expect_error 1 "no such folder; give --dir" "$tempera" serve --dir "$work/gone" --port 0
expect_error 1 "no such folder; give --dir" "$tempera" serve --dir "" --port 0
expect_error 1 "outside is no folder" "$tempera" serve --dir "$work/outside" --port 0
expect_error 2 "port" "$tempera" serve --dir "$work/page" --port 65536
expect_error 2 "port" "$tempera" serve --dir "$work/page" --port http
expect_error 1 "256.0.0.1.*give an address of this machine" "$tempera" serve --dir "$work/page" --host 256.0.0.1
expect_error 1 "192.0.2.1 is no address of this machine" "$tempera" serve --dir "$work/page" --host 192.0.2.1 --port 0
# A binary without a page near it.
mkdir -p "$work/elsewhere/bin"
cp "$tempera" "$work/elsewhere/bin/tempera"
expect_error 1 "the page is not built: run 'make web'" "$work/elsewhere/bin/tempera" serve --port 0

echo "== the page that belongs to it"
for place in share/tempera/page page; do # as it is installed, as it is built
  mkdir -p "$work/elsewhere/$place"
  echo "$place" >"$work/elsewhere/$place/index.html"
  tempera=$work/elsewhere/bin/tempera start --port 0
  get / && answered 200 "$place" && body_is "$work/elsewhere/$place/index.html"
  end INT
done

echo "== the page"
start --dir "$work/page" --port 0
checks=$((checks + 1))
[[ $(cat "$work/url") =~ ^http://127\.0\.0\.1:[0-9]+/$ ]] || fail "it printed $(cat "$work/url")"
[ "$(cat "$work/said")" = "serving $work/page; Ctrl-C ends it" ] || fail "it said: $(cat "$work/said")"
expect_error 1 "port $port is taken by another program: give another one with --port" \
  "$tempera" serve --dir "$work/page" --port "$port"
get / && answered 200 / && body_is "$work/page/index.html" && isolates
has 'Content-Type: text/html; charset=utf-8'
has 'Cache-Control: no-cache'
get '/index.html?a=b' && answered 200 && body_is "$work/page/index.html"
get /main.js && has 'Content-Type: text/javascript; charset=utf-8'
get /film-7K2PQXWA.js && has 'Cache-Control: public, max-age=31536000, immutable'
get /engine.wasm && has 'Content-Type: application/wasm' && body_is "$work/page/engine.wasm" && lacks Content-Encoding
get /styles/a%20b.onnx && has 'Content-Type: application/octet-stream' && body_is "$work/page/styles/a b.onnx"
get /clip.mp4 && has 'Content-Type: video/mp4' && has 'Accept-Ranges: bytes' && has 'Content-Length: 3000000' &&
  body_is "$work/page/clip.mp4"
get /nothing.txt && answered 200 && has 'Content-Length: 0' && body_is /dev/null
get /inner.wasm && answered 200 && body_is "$work/page/engine.wasm"

checks=$((checks + 1))
exec 3<>"/dev/tcp/127.0.0.1/$port"
for name in a index.html; do printf 'GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n' $name >&3; done
printf 'GET /main.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
[ "$(timeout 30 grep -a -c '^HTTP/1.1 [24]0[04] ' <&3)" = 3 ] || fail "a connection is not kept for the next request"
exec 3>&-

echo "== compression"
for name in engine.wasm main.js 'styles/a b.onnx'; do
  for again in 1 2; do
    get "/${name// /%20}" 'Accept-Encoding: gzip, deflate, br' && answered 200 "$name"
    has 'Content-Encoding: gzip' && has 'Vary: Accept-Encoding' && isolates
    gunzip <"$work/body" >"$work/plain" || fail "$name is no gzip"
    cmp -s "$work/plain" "$work/page/$name" || fail "$name comes out of gzip as something else"
    [ "$(grep -i ^content-length "$work/head" | cut -d ' ' -f 2)" = "$(stat -c %s "$work/body")" ] || fail "length of $name"
  done
done
get /engine.wasm 'Accept-Encoding: gzip;q=0, br' && lacks Content-Encoding && has 'Vary: Accept-Encoding'
get /clip.mp4 'Accept-Encoding: gzip' && lacks Content-Encoding && lacks Vary
method=HEAD get /engine.wasm 'Accept-Encoding: gzip' && answered 200 HEAD && has 'Content-Encoding: gzip' && body_is /dev/null

echo "== pieces and copies"
tag() { grep -i '^etag' "$work/head" | cut -d ' ' -f 2; }
get /clip.mp4
whole=$(tag)
get /clip.mp4 'Range: bytes=100-299' 'Accept-Encoding: gzip' && answered 206 && has 'Content-Range: bytes 100-299/3000000'
has 'Content-Length: 200' && isolates
cmp -s "$work/body" <(tail -c +101 "$work/page/clip.mp4" | head -c 200) || fail "a piece is another"
get /clip.mp4 'Range: bytes=-5' && answered 206 && has 'Content-Range: bytes 2999995-2999999/3000000'
get /engine.wasm 'Range: bytes=5-' 'Accept-Encoding: gzip' && answered 206 && lacks Content-Encoding
get /clip.mp4 'Range: bytes=3000000-' && answered 416 && has 'Content-Range: bytes \*/3000000'
get /clip.mp4 'Range: bytes=0-1' "If-Range: $whole" && answered 206
get /clip.mp4 'Range: bytes=0-1' 'If-Range: "other"' && answered 200 && body_is "$work/page/clip.mp4"
get /clip.mp4 'Range: bytes=0-1,5-6' && answered 200
method=HEAD get /clip.mp4 && answered 200 && has 'Content-Length: 3000000' && body_is /dev/null
get /clip.mp4 "If-None-Match: $whole" && answered 304 && body_is /dev/null && has "ETag: $whole" && has 'Content-Length: 3000000'
get /clip.mp4 "If-None-Match: W/$whole, \"x\"" && answered 304
get /engine.wasm 'Accept-Encoding: gzip'
packed=$(tag)
get /engine.wasm 'Accept-Encoding: gzip' "If-None-Match: $packed" && answered 304 && has 'Vary: Accept-Encoding'
get /engine.wasm "If-None-Match: $packed" && answered 200
seq 3001 >"$work/page/engine.wasm"
get /engine.wasm 'Accept-Encoding: gzip' "If-None-Match: $packed" && answered 200
gunzip <"$work/body" | cmp -s - "$work/page/engine.wasm" || fail "a changed file is served as it was"

echo "== what is not there"
for target in /gone /styles /styles/ /link /.git/config /../outside /%2e%2e/outside /styles/..%2f..%2foutside //etc/passwd \
              /./index.html /index.html/ /%2Fetc/passwd "$work/outside" "/$(printf 'a%.0s' $(seq 5000))"; do
  get "$target" && answered 404 "${target:0:40}" && isolates
  [ "$(wc -l <"$work/body")" -eq 1 ] || fail "not one line about ${target:0:40}"
done
for target in '/%00' '/index.html%00.js' '/..%5coutside' '/a\\\\b' '/%zz' '/%' '*' "http://localhost:$port/"; do
  get "$target" && answered 400 "$target"
done
grep -q secret "$work/body" && fail "a secret got out"
method=POST get / 'Content-Length: 3' && answered 405 POST && has 'Allow: GET, HEAD'
for method in PUT DELETE OPTIONS BREW; do get / && answered 405 "$method"; done
unset method
send "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n" && answered 403 "a foreign name"
send "GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example:$port\r\nConnection: close\r\n\r\n" && answered 403 "a foreign name"
send "GET / HTTP/1.1\r\nConnection: close\r\n\r\n" && answered 400 "no name"
send "GET / HTTP/1.0\r\n\r\n" && answered 400 "no name"
send "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n" && answered 200 "HTTP/1.0"
send "nonsense\r\n\r\n"
send "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"
long=$(printf 'x%.0s' $(seq 60000))
send "GET / HTTP/1.1\r\nHost: localhost\r\nX: $long\r\n\r\n"
checks=$((checks + 1))
[[ $status =~ ^4 ]] || fail "a request of 60,000 bytes was answered with $status"

echo "== clients that take their time"
# More than it has threads: half a request each, an answer that nobody reads, and nothing at all.
slow=()
for i in $(seq 100); do
  exec {fd}<>"/dev/tcp/127.0.0.1/$port"
  slow+=("$fd")
  case $((i % 3)) in
    0) printf 'GET /main.js HT' >&"$fd" ;;
    1) printf 'GET /clip.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$fd" ;;
  esac
done
before=$SECONDS
get /main.js && answered 200 "a request beside slow ones" && body_is "$work/page/main.js"
[ $((SECONDS - before)) -le 5 ] || fail "slow clients held it up for $((SECONDS - before)) s"
end INT
for fd in "${slow[@]}"; do exec {fd}>&-; done

# A byte now and then keeps no connection for longer than a request may take.
start --dir "$work/page" --port 0
exec 4<>"/dev/tcp/127.0.0.1/$port"
checks=$((checks + 1))
before=$SECONDS
(trap '' PIPE; while printf 'G' >&4; do sleep 1; done) 2>/dev/null &
timeout 30 cat <&4 >/dev/null || true
kill $! 2>/dev/null || true
[ $((SECONDS - before)) -le 20 ] || fail "a request of a byte a second was waited for"
exec 4>&-
end TERM

start --dir "$work/page" --port 0 --host localhost
[[ $url =~ ^http://(127.0.0.1|\[::1\]): ]] || fail "localhost is $url"
end HUP

echo "== for others"
start --dir "$work/page" --port 0 --host 0.0.0.0
checks=$((checks + 1))
[ "$(grep -c '^note: other machines can reach this .*no camera.*https' "$work/said")" = 1 ] || fail "it said: $(cat "$work/said")"
send "GET / HTTP/1.1\r\nHost: studio.example\r\nConnection: close\r\n\r\n" && answered 200 "another name"
end INT

start --dir "$work/empty" --port 0
grep -q "note: .*empty has no index.html" "$work/said" || fail "it said: $(cat "$work/said")"
get / && answered 404 "a folder without a page"
end INT
finish
