# Sourced by tests that run OBS: a screen of its own, a home of its own with the plugin as users install it, an empty
# scene. Needs $work and $build, the build's folder. After `obs_start` and `obs_stop`, $log is what OBS said.
here=$(dirname "${BASH_SOURCE[0]}")
xvfb=0 obs=0

obs_home() { # WIDTH HEIGHT FRAMES_PER_SECOND COLOR_FORMAT
  local config=$work/home/.config/obs-studio
  rm -rf "$work/home" "$work/recordings"
  mkdir -p "$config/basic/profiles/P" "$config/basic/scenes" "$work/recordings" "$work/run"
  chmod 700 "$work/run"
  cmake --install "$build" --component obs_user --prefix "$config/plugins/tempera" >/dev/null ||
    fail 'the plugin is not installed'
  obs_port=$((20000 + RANDOM % 20000))
  cat >"$config/global.ini" <<INI
[General]
FirstRun=true
LicenseAccepted=true
EnableAutoUpdates=false
LastVersion=486539266
Language=${obs_language:-en-US}
[Basic]
Profile=P
ProfileDir=P
SceneCollection=S
SceneCollectionFile=S
[BasicWindow]
PreviewEnabled=true
[OBSWebSocket]
ServerEnabled=true
FirstLoad=false
ServerPort=$obs_port
AlertsEnabled=false
AuthRequired=false
INI
  # Without loss, of the canvas's own pixels. (OBS's "Lossless" does not always start a second time: its output
  # forgets, when the machine is busy, that it has begun.)
  echo '{"rate_control":"CRF","crf":0,"preset":"ultrafast"}' >"$config/basic/profiles/P/recordEncoder.json"
  cat >"$config/basic/profiles/P/basic.ini" <<INI
[General]
Name=P
[Output]
Mode=Advanced
[AdvOut]
RecType=Standard
RecFilePath=$work/recordings
RecFormat=mkv
RecEncoder=obs_x264
RecTracks=1
[Video]
BaseCX=$1
BaseCY=$2
OutputCX=$1
OutputCY=$2
FPSType=1
FPSInt=$3
ColorFormat=$4
ColorSpace=709
ColorRange=Partial
INI
  cat >"$config/basic/scenes/S.json" <<'JSON'
{"current_program_scene":"Scene","current_scene":"Scene","current_transition":"Fade","groups":[],"name":"S",
"scene_order":[{"name":"Scene"}],"sources":[{"id":"scene","versioned_id":"scene","name":"Scene","enabled":true,
"settings":{"custom_size":false,"id_counter":0,"items":[]}}],"transition_duration":300,"transitions":[]}
JSON
}

obs_start() {
  log=$work/obs.log
  mkfifo "$work/display" 2>/dev/null || true
  Xvfb -displayfd 3 -screen 0 1400x1000x24 +extension GLX -nolisten tcp 3<>"$work/display" >"$work/xvfb.log" 2>&1 &
  xvfb=$!
  local number
  read -r -t 20 number <>"$work/display" || { fail "no Xvfb: $(cat "$work/xvfb.log")"; return 1; }
  export DISPLAY=:$number
  HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_RUNTIME_DIR=$work/run QT_QPA_PLATFORM=xcb \
    obs --multi --minimize-to-tray --disable-updater --disable-shutdown-check --verbose --unfiltered_log \
    --profile P --collection S --scene Scene >"$log" 2>&1 </dev/null &
  obs=$!
}

# Requests on standard input, answers in $work/answers.
obs_asks() {
  checks=$((checks + 1))
  timeout "${1:-120}" node "$here/obs_control.mjs" "$obs_port" >"$work/answers" 2>"$work/control.log" ||
    fail "OBS: $(cat "$work/control.log") $(tail -n 3 "$log")"
}

# OBS 29 closes its window in the handler of the signal itself, and crashes where that was just being drawn: a scene
# without sound has no meters, which are drawn all the time. The filters of the other scene live until the end.
obs_stop() {
  printf '%s\n' 'CreateScene {"sceneName":"End"}' 'SetCurrentProgramScene {"sceneName":"End"}' 'sleep 1' | obs_asks
  kill -INT "$obs" 2>/dev/null || true
  local i
  for ((i = 0; i < 150; ++i)); do
    kill -0 "$obs" 2>/dev/null || break
    sleep 0.1
  done
  if kill -0 "$obs" 2>/dev/null; then
    fail 'OBS does not end'
    kill -KILL "$obs"
  fi
  local got=0
  wait "$obs" || got=$?
  checks=$((checks + 1))
  [ $got -eq 0 ] || fail "OBS ended with exit code $got: $(tail -n 5 "$log")"
  kill "$xvfb" 2>/dev/null || true
  wait "$xvfb" 2>/dev/null || true
  obs=0 xvfb=0
}
trap '[ $obs = 0 ] || kill -KILL $obs; [ $xvfb = 0 ] || kill $xvfb' EXIT
