# Sourced by tests that turn a session over OSC: needs $port, and out.y4m, which it writes, of 160x96.

# What the addresses and texts of OSC are: ended by zeros, to a multiple of four.
osc_padded() {
  local text=$1_
  until [ $((${#text} % 4)) -eq 0 ]; do text+=_; done
  printf %s "$text" | tr _ '\0'
}
# osc ADDRESS NUMBER: of fewer than 256.
osc() {
  { osc_padded "$1"; osc_padded ,i; printf "\\0\\0\\0\\x$(printf %x "$2")"; } >osc.bin
  cat osc.bin >"/dev/udp/127.0.0.1/$port" # in one packet
}
# osc_text ADDRESS TEXT: without underscores.
osc_text() {
  { osc_padded "$1"; osc_padded ,s; osc_padded "$2"; } >osc.bin
  cat osc.bin >"/dev/udp/127.0.0.1/$port"
}
free_port() {
  local port
  for port in $(shuf -i 20000-39999 -n 50); do
    grep -qi ":$(printf %04x "$port") " /proc/net/udp /proc/net/udp6 2>/dev/null || break
  done
  echo "$port"
}
# more NUMBER: waits for so many further frames of Y4M, a while at most.
more() {
  local until
  until=$(($(stat -c %s out.y4m) + $1 * (160 * 96 * 3 / 2 + 6)))
  for _ in {1..400}; do
    [ "$(stat -c %s out.y4m)" -ge $until ] && return
    sleep 0.05
  done
}
