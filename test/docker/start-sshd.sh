#!/bin/sh
# Makes the keys that no image may hold, then becomes sshd. /keys is the volume that the hosts share:
#   client      the private key that every host lets in as tester
#   NAME.pub    the host key of host NAME, for known_hosts; its private half never leaves the host
set -eu
umask 077
name=$(hostname)

if [ ! -e /etc/ssh/host_key ]; then
  ssh-keygen -q -t ed25519 -N '' -C "$name" -f /etc/ssh/host_key
fi
cp /etc/ssh/host_key.pub "/keys/$name.pub"

if [ ! -e /keys/client ]; then
  draft=$(mktemp -d "/keys/draft.XXXXXX")
  ssh-keygen -q -t ed25519 -N '' -C pssh-ts-test -f "$draft/client"
  # The hosts start at once. A link is made whole or not at all, and only by the first; the others take that one's key.
  ln "$draft/client" /keys/client 2>/dev/null || [ -e /keys/client ]
  rm -r "$draft"
fi
ssh-keygen -y -f /keys/client >/etc/ssh/authorized_keys
chmod 644 /etc/ssh/authorized_keys

mkdir -p /run/sshd
chmod 755 /run/sshd
exec /usr/sbin/sshd -D -e
