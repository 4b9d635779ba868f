#!/usr/bin/env bash
# two-hosts.sh COMMAND...: runs a command with mpirun as two processes on two hosts, each a network namespace with a name of its own,
# which see each other through a virtual cable only. Needs root. NETEM="delay 5ms loss 0.1%" makes the cable a bad one, if the kernel has sch_netem.
set -euo pipefail
id=$$
one=permseg-$id-a two=permseg-$id-b
cleanup() { ip netns del "$one" 2> /dev/null || true; ip netns del "$two" 2> /dev/null || true; rm -f "$agent"; }
agent=$(mktemp)
trap cleanup EXIT
ip netns add "$one"
ip netns add "$two"
ip link add ma$((id % 100000)) netns "$one" type veth peer name mb$((id % 100000)) netns "$two"
ip -n "$one" addr add 10.77.0.1/24 dev ma$((id % 100000))
ip -n "$two" addr add 10.77.0.2/24 dev mb$((id % 100000))
for host in "$one" "$two"; do ip -n "$host" link set lo up; done
ip -n "$one" link set ma$((id % 100000)) up
ip -n "$two" link set mb$((id % 100000)) up
if [[ -n ${NETEM:-} ]]; then
    # shellcheck disable=SC2086
    ip netns exec "$one" tc qdisc add dev ma$((id % 100000)) root netem $NETEM
    # shellcheck disable=SC2086
    ip netns exec "$two" tc qdisc add dev mb$((id % 100000)) root netem $NETEM
fi
# What mpirun starts its daemons with on other hosts, instead of ssh: AGENT HOST COMMAND...
cat > "$agent" <<AGENT
#!/bin/sh
shift
exec ip netns exec $two unshare --uts sh -c 'hostname b; exec "\$0" -c "\$*"' sh "\$@"
AGENT
chmod +x "$agent"
ip netns exec "$one" unshare --uts sh -c 'hostname a; exec "$0" "$@"' mpirun --allow-run-as-root -np 2 --bind-to none -H 10.77.0.1,10.77.0.2 \
    --mca plm_rsh_agent "$agent" --mca pml ob1 --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 "$@"
