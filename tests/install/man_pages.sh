#!/bin/bash
# The manual pages against the command: each verb has its page, each page the options that the command completes, what
# is written by hand names no verb or option that does not exist, and man has nothing to complain about.
#   man_pages.sh COMMAND PAGES PARTS      PAGES: the folder of .1.gz files; PARTS: packaging/man
set -euo pipefail
command=$1 pages=$2 parts=$3
export LC_ALL=C.UTF-8

bad=0
offence() { echo "man_pages: $*" >&2; bad=1; }

# From another source than the pages: `tempera completion` asks CLI11 itself, the pages are made of --help.
completion=$("$command" completion bash)
options_of() { sed -n "s/^    $1) words='\(.*\)' ;;\$/\1/p" <<<"$completion" | tr ' ' '\n' | grep . | sort -u || true; }
mapfile -t verbs < <(sed -n "s/^    \([a-z-]*\)) words='.*/\1/p" <<<"$completion")
[ ${#verbs[@]} -ge 5 ] || { echo "man_pages: 'completion bash' lists no verbs" >&2; exit 1; }

page_options() { zcat "$1" | sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' | sed -n '/^\\fB/{s/ \\fI.*//;p}' |
  sed 's/\\-/-/g' | grep -o -- '--[a-z][a-z0-9-]*' | sort -u || true; }

for verb in "${verbs[@]}"; do
  page=$pages/tempera-$verb.1.gz
  [ -f "$page" ] || { offence "tempera $verb has no page"; continue; }
  zcat "$pages/tempera.1.gz" | sed 's/\\-/-/g' | grep -x "\.BR tempera-$verb (1)" >/dev/null || offence "tempera(1) does not name $verb"
  # What another program answers is that program's; its page names it.
  if zcat "$page" | grep '^The work is done by another program' >/dev/null; then continue; fi
  if ! difference=$(diff <(options_of "$verb") <(page_options "$page")); then
    offence "tempera-$verb(1) and the command disagree:"$'\n'"$difference"
  fi
done
for page in "$pages"/*.gz; do
  name=$(basename "$page" .1.gz)
  [ "$name" = tempera ] || [[ " ${verbs[*]} " == *" ${name#tempera-} "* ]] || offence "$name(1) is about no verb"
done

all_options=$({ for verb in "${verbs[@]}"; do options_of "$verb"; done; echo --help; echo --version; } | sort -u)
for part in "$parts"/*.roff; do
  name=$(basename "$part" .roff)
  [ "$name" = command ] || [[ " ${verbs[*]} " == *" $name "* ]] || offence "$part is about no verb"
  text=$(grep -v '^\.\\"' "$part" | sed 's/\\-/-/g')
  known=$all_options
  [ "$name" = command ] || known=$(options_of "$name")
  for option in $(grep -o -- '--[a-z][a-z0-9-]*' <<<"$text" | sort -u); do
    grep -qxF -- "$option" <<<"$known" || offence "$part cites $option, which does not exist"
  done
  for verb in $(grep -oE '(^|[^/-])\btempera [a-z]+' <<<"$text" | sed 's/.*tempera //' | sort -u); do
    [[ " ${verbs[*]} " == *" $verb "* ]] || offence "$part cites 'tempera $verb', which does not exist"
  done
done

if command -v man >/dev/null && man --version >/dev/null 2>&1; then
  for page in "$pages"/*.gz; do
    said=$(MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null) || true
    [ -z "$said" ] || offence "man says about $page: $said"
  done
else
  echo "man_pages: not checked: man's own warnings, for man is not installed"
fi
[ $bad -eq 0 ] && echo "man_pages: passed"
exit $bad
