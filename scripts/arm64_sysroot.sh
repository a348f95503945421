#!/bin/sh
# arm64_sysroot.sh DIRECTORY PACKAGE...: Debian's arm64 packages, and those that these need, unpacked there.
#
# apt has a state of its own for it, so that the system's packages and architectures stay as they are.
set -eu
sysroot=${1:?"usage: arm64_sysroot.sh DIRECTORY PACKAGE..."}
shift
packages="$*"
stamp="$sysroot/packages"
[ "$(cat "$stamp" 2>/dev/null)" = "$packages" ] && exit 0

rm -rf "$sysroot"
mkdir -p "$sysroot"
sysroot=$(cd "$sysroot" && pwd)
state="$sysroot/apt"
mkdir -p "$state/lists/partial" "$state/archives/partial"
touch "$state/status"
apt() {
  apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root \
    -o Dir::State="$state" \
    -o Dir::State::status="$state/status" -o Dir::State::lists="$state/lists" -o Dir::Cache="$state" "$@"
}
echo "setup: fetching Debian's arm64 libraries into $sysroot (a minute)"
apt update
# shellcheck disable=SC2086  # one word per package
apt install --yes --no-install-recommends --download-only $packages >/dev/null
for archive in "$state"/archives/*.deb; do dpkg-deb -x "$archive" "$sysroot"; done
[ -e "$sysroot/lib" ] || ln -s usr/lib "$sysroot/lib"  # what programs for ARM name as their loader
rm -rf "$state"
echo "$packages" >"$stamp"
