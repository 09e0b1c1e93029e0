# Sourced by the command-line tests: run a command, look at what it left.
# Needs $work (a scratch folder). Counts failures in $failures.

# What earlier runs found out must not decide what a test sees.
export TEMPERA_CACHE=off

failures=0
checks=0

fail() {
  failures=$((failures + 1))
  echo "FAILED: $*"
}

# expect_error CODE 'regular expression' COMMAND...
# The command ends with CODE and says exactly one line on standard error, which matches
# and begins with "tempera: ". Lines beginning with "note: " may stand before it.
expect_error() {
  local code=$1 pattern=$2 got=0 said
  shift 2
  checks=$((checks + 1))
  timeout 120 "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || got=$?
  said=$(grep -v '^note: ' "$work/stderr" || true)
  if [ $got -ne "$code" ]; then
    fail "exit code $got, wanted $code: $*"
    head -n 5 "$work/stderr"
  elif [ "$(grep -c '' <<<"$said")" -ne 1 ] || [[ $said != "tempera: "* ]]; then
    fail "not one line of 'tempera: ...': $*"
    head -n 5 "$work/stderr"
  elif [ ${#said} -gt 500 ]; then
    fail "a line of ${#said} characters: $*"
  elif ! grep -qE -- "$pattern" <<<"$said"; then
    fail "the line does not match '$pattern': $*"
    echo "$said"
  fi
}

expect_success() {
  checks=$((checks + 1))
  local got=0
  timeout 300 "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || got=$?
  [ $got -eq 0 ] || { fail "exit code $got, wanted 0: $*"; head -n 5 "$work/stderr"; }
}

# expect_nothing FOLDER: no file, not even a temporary one, was left there.
expect_nothing() {
  checks=$((checks + 1))
  [ -z "$(ls -A "$1")" ] || { fail "left behind in $1: $(ls -A "$1" | tr '\n' ' ')"; rm -rf "${1:?}"/*; }
}

# expect_frames FILE LOW HIGH: the file's video decodes without an error and has that many frames.
expect_frames() {
  checks=$((checks + 1))
  local count errors
  [ -f "$1" ] || { fail "$1 is not there"; return; }
  errors=$(ffmpeg -v error -i "$1" -fps_mode passthrough -enc_time_base -1 -f null - 2>&1 </dev/null | head -n 3)
  [ -z "$errors" ] || fail "$1 does not play cleanly: $errors"
  count=$(ffprobe -v error -select_streams v:0 -count_frames -show_entries stream=nb_read_frames -of csv=p=0 "$1" | tr -d ',')
  [ "${count:-0}" -ge "$2" ] && [ "${count:-0}" -le "$3" ] || fail "$1 has ${count:-0} frames, wanted $2 to $3"
}

finish() {
  echo "$checks checks, $failures failed"
  [ $failures -eq 0 ]
}
