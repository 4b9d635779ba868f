#!/usr/bin/env bash
# two-hosts.sh COMMAND...: runs a command with mpirun as two processes on two hosts, each a network namespace with a name of its own,
# which see each other through a virtual cable only. Needs root. BAD_CABLE="2 0.005" makes it a bad one (bad-cable.py): 2 ms of delay, half
# a percent of all frames lost.
set -euo pipefail
id=$$
one=permseg-$id-a two=permseg-$id-b cable=
cleanup() {
    [[ -z $cable ]] || kill "$cable" 2> /dev/null || true
    ip netns del "$one" 2> /dev/null || true
    ip netns del "$two" 2> /dev/null || true
    rm -f "$agent"
}
agent=$(mktemp)
trap cleanup EXIT
ip netns add "$one"
ip netns add "$two"
if [[ -n ${BAD_CABLE:-} ]]; then
    # shellcheck disable=SC2086
    /usr/bin/python3 "$(dirname "$0")/bad-cable.py" "$one" "$two" $BAD_CABLE &
    cable=$!
    until ip -n "$two" link show cable &> /dev/null; do kill -0 "$cable" && sleep 0.1; done
else
    ip link add cable netns "$one" type veth peer name cable netns "$two"
fi
number=0
for host in "$one" "$two"; do
    number=$((number + 1))
    ip -n "$host" addr add "10.77.0.$number/24" dev cable
    ip -n "$host" link set lo up
    ip -n "$host" link set cable mtu 9000 up
done
# What mpirun starts its daemons with on other hosts, instead of ssh: AGENT HOST COMMAND...
cat > "$agent" <<AGENT
#!/bin/sh
shift
exec ip netns exec $two unshare --uts sh -c 'hostname b; exec "\$0" -c "\$*"' sh "\$@"
AGENT
chmod +x "$agent"
ip netns exec "$one" unshare --uts sh -c 'hostname a; exec "$0" "$@"' mpirun --allow-run-as-root -np 2 --bind-to none -H 10.77.0.1,10.77.0.2 \
    --mca plm_rsh_agent "$agent" --mca pml ob1 --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 "$@"
