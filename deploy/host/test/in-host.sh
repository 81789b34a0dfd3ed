#!/usr/bin/env bash
# Runs inside the booted machine of check-host.sh, as its root, in the order in which an operator would do it.
set -euo pipefail
. "$(dirname "$0")/common.sh"
cd "$(dirname "$0")"

first=pinhole-9.0.1-linux-$PLATFORM
second=pinhole-9.0.2-linux-$PLATFORM
broken=pinhole-9.0.3-linux-$PLATFORM
install=./$first/deploy/host/install.sh
zeros=$(printf '0%.0s' {1..64})

main_pid() {
  systemctl show --property=MainPID --value pinhole.service
}
installed_nothing() {
  ! ls -d /opt/pinhole/releases/*/ /etc/systemd/system/pinhole.service 2>/dev/null
}
holds() {
  [ "$(pinhole --version)" = "$1" ]
}
ready() {
  exec 5<>/dev/tcp/127.0.0.1/443 && printf 'GET /ready HTTP/1.1\r\nHost: any\r\n\r\n' >&5 && grep -q '^ready' <&5
}
# Not by a pipe: grep would be gone before journalctl has written all.
journal_says() {
  grep -q -- "$1" <<<"$(journalctl -u pinhole.service)"
}

# Bad input first: a host that has nothing must still have nothing.
check 'a tarball of another checksum is refused, and nothing is installed' eval 'fails_with 1 "is not what was asked for, and was not unpacked" $install --release $first.tar.gz --sha256 $zeros && installed_nothing'
check 'so is one that was cut short' eval 'head -c 1000000 $first.tar.gz >cut.tar.gz && fails_with 1 "is not what was asked for" $install --release cut.tar.gz --sha256 "$(sum_of $first.tar.gz)" && installed_nothing'
check 'a Node that is not the one of the pin is refused, and nothing is installed' eval 'fails_with 1 "$NODE_TARBALL is not what was asked for" $install --release $MADE.tar.gz --sha256 "$(sum_of $MADE.tar.gz)" --node $NODE_TARBALL && installed_nothing'
check 'a checksum that is none is said to be' fails_with 64 'expected 64 hexadecimal digits' "./$first/deploy/host/pinhole-release" add "$first.tar.gz" --sha256 abc

check 'the release is installed' "$install" --release "$first.tar.gz" --sha256 "$(sum_of "$first.tar.gz")" --node "$NODE_TARBALL"
check 'installing it again changes nothing' "$install" --release "$first.tar.gz" --sha256 "$(sum_of "$first.tar.gz")"
check 'it is what `pinhole` is now' holds 9.0.1
check 'another release of the same name is refused' eval 'fails_with 1 "another release of the name" pinhole-release add other.tar.gz --sha256 "$(cp -r $first other-tree; mkdir -p other; cp -r $first other/; echo >>other/$first/LICENSE; tar -C other -czf other.tar.gz $first; sum_of other.tar.gz)" && holds 9.0.1'

# A boot that fails leaves the address with whoever has it.
cat >/etc/pinhole/take-address <<'END'
#!/bin/sh
echo taken >>/run/pinhole-address-taken
END
chmod +x /etc/pinhole/take-address
# It has to write somewhere for this check.
mkdir -p /etc/systemd/system/pinhole-address.service.d
printf '[Service]\nReadWritePaths=/run\n' >/etc/systemd/system/pinhole-address.service.d/check.conf
check 'systemd has nothing to say about the units' systemd-analyze verify /etc/systemd/system/pinhole.service /etc/systemd/system/pinhole-address.service
check 'its score of exposure is 1.7, under the aim of 2.0' eval 'systemd-analyze security pinhole.service --threshold=17 --no-pager'
echo 'listen: [' >/etc/pinhole/pinhole.yaml
check 'a file with a mistake: the start fails with its line, is not tried again, and takes no address' eval '! systemctl start pinhole.service pinhole-address.service && [ "$(systemctl show -p NRestarts -p ExecMainStatus --value pinhole.service | xargs)" = "0 64" ] && within 10 journal_says pinhole.yaml:2 && [ ! -e /run/pinhole-address-taken ]'
cat >/etc/pinhole/pinhole.yaml <<'END'
node: { name: eu-1a }
runtime: /run/pinhole
listen: [{ address: '0.0.0.0:443', doors: [connect] }]
endpoints: [{ name: production, data: a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com, ports: [8883] }]
resolve: { pin: [{ host: a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com, port: 8883, to: '127.0.0.1:8883' }] }
policy: { sni: off, alpn: off }
carriers: 2
probe: off
log: { file: /var/log/pinhole/eu-1a.jsonl }
END
chown root:pinhole /etc/pinhole/pinhole.yaml
chmod 0640 /etc/pinhole/pinhole.yaml
chmod 0000 /etc/pinhole/pinhole.yaml
check 'a file that the node may not read: the same' eval '! systemctl start pinhole.service pinhole-address.service && [ ! -e /run/pinhole-address-taken ]'
chmod 0640 /etc/pinhole/pinhole.yaml

check 'with a good one a start is over when the node serves on 443' eval 'systemctl start pinhole.service && ready'
check 'and then the address is taken' eval 'systemctl start pinhole-address.service && grep -q taken /run/pinhole-address-taken'
check 'no process of it is root’s, and the one capability is for the port' eval 'pids=$(cat /sys/fs/cgroup/systemd/system.slice/pinhole.service/cgroup.procs 2>/dev/null || cat /sys/fs/cgroup/system.slice/pinhole.service/cgroup.procs) && [ "$(wc -w <<<"$pids")" -ge 4 ] && for pid in $pids; do [ "$(stat -c %U /proc/$pid)" = pinhole ] && grep -q "^CapEff:.0000000000000400" /proc/$pid/status && grep -q "^CapBnd:.0000000000000400" /proc/$pid/status && grep -q "^NoNewPrivs:.1" /proc/$pid/status && grep -q "^Seccomp:.2" /proc/$pid/status || exit 1; done'
check 'the native engine runs' eval 'pinhole status | grep -q " native "'
check 'nothing that it needs is forbidden to it' eval '! grep -E "EPERM|EACCES|service-manager-not-told|relay-failed|\"bug\"" /var/log/pinhole/eu-1a.jsonl'
check 'a reload is asked of the node, and answers' systemctl reload pinhole.service

# Releases change under open tunnels.
"/opt/pinhole/current/node/bin/node" tunnels.mjs 40 /run/stop-tunnels >/run/tunnels.log 2>&1 &
tunnels=$!
check 'forty tunnels are open' within 20 grep -q open /run/tunnels.log
pid=$(main_pid)
check 'a release of another checksum takes nothing over' eval 'fails_with 1 "is not what was asked for" pinhole-release upgrade $second.tar.gz --sha256 $zeros && holds 9.0.1'
check 'a release that cannot serve takes nothing over, and says so' eval 'fails_with 1 "has not taken over; the node goes on as it was" pinhole-release upgrade $broken.tar.gz --sha256 "$(sum_of $broken.tar.gz)" && holds 9.0.1 && ready'
check 'a good one is unpacked beside it, and takes over' eval 'pinhole-release upgrade $second.tar.gz --sha256 "$(sum_of $second.tar.gz)" && holds 9.0.2 && pinhole status | grep -q "version 9.0.2"'
check 'what the node was started as cannot be removed' fails_with 1 'is in use, or the way back' pinhole-release remove "$first"
check 'the one before takes over again' eval 'pinhole-release back && holds 9.0.1 && pinhole status | grep -q "version 9.0.1"'
check 'a release that nobody runs is removed' eval 'pinhole-release remove $broken && ! pinhole-release list | grep -q 9.0.3'
check 'no process was replaced but by the upgrades: the supervisor is the one that was started' eval '[ "$(main_pid)" = "$pid" ]'
touch /run/stop-tunnels
wait "$tunnels" || true
check 'not one tunnel, and not one byte, was lost in all that' eval 'grep "numbers came back" /run/tunnels.log || ! cat /run/tunnels.log'

check 'logrotate moves the log away, and the node goes on in a new one' eval 'logrotate -f /etc/logrotate.d/pinhole && [ -s /var/log/pinhole/eu-1a.jsonl.1 ] && within 20 test -e /var/log/pinhole/eu-1a.jsonl && systemctl reload pinhole.service && within 20 grep -q configuration-unchanged /var/log/pinhole/eu-1a.jsonl'

# Short, so that the check is, and not before: a busy machine may hold up a node for longer.
mkdir -p /etc/systemd/system/pinhole.service.d
printf '[Service]\nWatchdogSec=3\nRestartSec=100ms\n' >/etc/systemd/system/pinhole.service.d/check.conf
systemctl daemon-reload
watched() {
  systemctl restart pinhole.service && within 60 ready || return
  pid=$(main_pid)
  kill -STOP "$pid"
  within 60 eval '[ "$(main_pid)" != "$pid" ] && [ "$(main_pid)" != 0 ]' && within 10 journal_says 'Watchdog timeout' && within 60 ready
}
check 'a supervisor that hangs is ended by the watchdog, and the node starts again' watched
stopped() {
  systemctl stop pinhole.service
  [ "$(systemctl show -p Result --value pinhole.service)" = success ] && ! pgrep -u pinhole
}
check 'a stop ends every process, and is a success' stopped
finish
