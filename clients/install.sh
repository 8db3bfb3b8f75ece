#!/bin/sh
# Installs what the tests need: npm packages, Python's clients, Feast's SDK, Chromium. Does nothing that was done
# before.
# Usage: install.sh [node] [python] [feast] [browser]     (all four if none is named)
set -eu
cd "$(dirname "$0")"

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

# Whether $2 was made from $1 as it stands.
is_current() {
  [ -f "$2" ] && cmp -s "$1" "$2"
}

install_node() {
  command -v node >/dev/null || fail "node is missing; install Node.js 20 or later"
  command -v npm >/dev/null || fail "npm is missing; it comes with Node.js 20 or later"
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || fail "node is of version $major; install Node.js 20 or later"
  is_current package-lock.json node_modules/.installed && return
  npm ci || fail "npm ci failed; the lines above say why"
  cp package-lock.json node_modules/.installed
}

# Makes the virtual environment $1 with what the list $2 pins.
install_environment() {
  command -v python3 >/dev/null || fail "python3 is missing; install Python 3.10 or later with its venv module"
  is_current "$2" "$1/.installed" && return
  rm -rf "$1"
  python3 -m venv "$1" || { rm -rf "$1"; fail "python3 cannot make a virtual environment; install its venv module (python3-venv on Debian)"; }
  "$1/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$2" ||
    fail "pip could not install clients/$2; the lines above say why"
  cp "$2" "$1/.installed"
}

install_python() {
  install_environment .venv requirements.txt
}

# Apart from the other clients: it is large, and pins much.
install_feast() {
  install_environment .venv-feast requirements-feast.txt
}

has_browser() {
  for program in "${CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome /opt/google/chrome/chrome; do
    [ -n "$program" ] && [ -x "$program" ] && return
  done
  return 1
}

install_browser() {
  has_browser && return
  [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null ||
    fail "chromium is missing; install it, or name the program of a Chrome or Chromium in CHROMIUM"
  { apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } ||
    fail "apt-get could not install chromium; the lines above say why"
  has_browser || fail "chromium was installed and is not in /usr/bin; name its program in CHROMIUM"
}

[ $# -gt 0 ] || set -- node python feast browser
for part in "$@"; do
  case $part in
    node | python | feast | browser) "install_$part" ;;
    *) fail "there is no part '$part'; there are node, python, feast and browser" ;;
  esac
done
