#!/bin/bash
# What the desktop reads of Tempera: the AppStream metadata, the menu's entry and the icon; each validator where it is
# installed. An entry that is installed starts a verb that exists.
#   desktop.sh COMMAND BUILT SOURCE     BUILT: build/.../packaging; SOURCE: packaging
set -euo pipefail
command=$1 built=$2 source_dir=$3
export LC_ALL=C.UTF-8
bad=0
offence() { echo "desktop: $*" >&2; bad=1; }

metainfo=$built/org.tempera.Tempera.metainfo.xml entry=$source_dir/tempera.desktop icon=$source_dir/tempera.svg
for file in "$metainfo" "$entry" "$icon"; do
  [ -s "$file" ] || { echo "desktop: $file is missing" >&2; exit 1; }
done
verb=$(sed -n 's/^Exec=tempera \([a-z]*\).*/\1/p' "$entry")
[ -n "$verb" ] || offence "the entry starts no verb of tempera"
if grep -q '<launchable' "$metainfo"; then
  "$command" --help | grep -E "^  $verb " >/dev/null || offence "the entry is installed (TEMPERA_DESKTOP) and starts 'tempera $verb', which does not exist"
  grep -qF ">${entry##*/}</launchable>" "$metainfo" || offence "the metadata names another entry"
else
  echo "desktop: not installed: the entry of 'tempera $verb' (TEMPERA_DESKTOP is OFF)"
fi
grep -qx "Icon=$(basename "$icon" .svg)" "$entry" || offence "the entry names another icon"

if command -v appstreamcli >/dev/null; then
  appstreamcli validate --no-net --no-color "$metainfo" >/tmp/appstream.$$ 2>&1 || offence "$(cat /tmp/appstream.$$)"
else
  echo "desktop: not checked: the metadata, for appstreamcli is not installed (tools/setup packages)"
fi
if command -v desktop-file-validate >/dev/null; then
  said=$(desktop-file-validate --warn-kde "$entry" 2>&1) && [ -z "$said" ] || offence "$said"
else
  echo "desktop: not checked: the entry, for desktop-file-validate is not installed (tools/setup packages)"
fi
if command -v rsvg-convert >/dev/null; then
  size=$(rsvg-convert -w 48 -h 48 "$icon" | { od -An -tu1 -j19 -N1; cat >/dev/null; }) || size=
  [ "${size// /}" = 48 ] || offence "the icon cannot be drawn"
else
  echo "desktop: not checked: that the icon is drawn, for rsvg-convert is not installed (tools/setup packages)"
fi
[ $bad -eq 0 ] && echo "desktop: passed"
exit $bad
