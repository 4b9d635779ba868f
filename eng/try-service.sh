#!/usr/bin/env bash
# Runs samples/SegmentationService as its container would, where there is no container engine: published, in a read-only Debian 12 with the
# packages of its Dockerfile, as another user and as process 1, with a network of its own. Also reads kubernetes.yaml. Needs root, since it
# makes that root file system, and installs what it needs for that. Without a folder with model.zip, key.pem and an image it trains a model.
# eng/try-service.sh [FOLDER]
set -euo pipefail
given=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."
service=samples/SegmentationService
work=$(mktemp -d)
# bwrap's --die-with-parent would not do: it does not hold for a process that becomes another user.
trap '[[ -z $pid ]] || kill -KILL $pid || true; wait; rm -rf "$work"' EXIT
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
user=10001 api_key=trial pid=

say() { printf '%-52s %5d s  %s\n' "$1" "$((SECONDS - since))" "${2:-}"; since=$SECONDS; }
fail() { echo "failed: $*" >&2; [[ ! -s $work/service.log ]] || grep -vi 'health \?check' "$work/service.log" | tail -20 >&2; exit 1; }
expect() { [[ $2 == *"$3"* ]] || fail "$1 said '$2' instead of '$3'"; }
quietly() { "$@" < /dev/null > "$work/log" 2>&1 || { cat "$work/log"; fail "$*"; }; }
size() { du -smx "$@" | awk '{ sum += $1 } END { print sum " MB" }'; }
since=$SECONDS
[[ $(id -u) == 0 ]] || fail "it needs root"

missing=()
for need in bwrap:bubblewrap debootstrap:debootstrap curl:curl nsenter:util-linux; do
    command -v "${need%:*}" > /dev/null || missing+=("${need#*:}")
done
/usr/bin/python3 -c 'import yaml' 2> /dev/null || missing+=(python3-yaml)
if ((${#missing[@]})); then
    quietly apt-get update
    quietly apt-get install -y --no-install-recommends "${missing[@]}"
    say "installed ${missing[*]}"
fi

said=$(/usr/bin/python3 eng/check-deployment.py "$service") || fail "$said"
say "kubernetes.yaml and the Dockerfile" "$said"

mount_usr=()
published=$work/published
quietly dotnet publish "$service" -c Release -r linux-x64 --self-contained -o "$published" -nologo -v:q -tl:off -clp:NoSummary
before=$(size "$published")
grep -Ev '^(#|$)' "$service/Dockerfile.dockerignore" | while read -r pattern; do rm -rf "$published"/$pattern; done
chmod -R 755 "$published"
say "published" "$before, $(size "$published") in the image"

root=$work/root
packages=$(grep -o 'no-install-recommends .*' "$service/Dockerfile" | sed 's/^[^ ]* //; s/ *\\$//; s/ /,/g')
if debootstrap --variant=minbase --include="$packages" bookworm "$root" > "$work/log" 2>&1; then
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
    say "Debian 12 with $packages" "$(size "$root")"
else
    rm -rf "$root"
    mkdir -p "$root"/{usr,etc}
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root"
    mount_usr=(--ro-bind /usr /usr)
    say "no Debian 12 to be had: this machine's /usr is used"
fi
mkdir -p "$root"/{app,models,secrets,demo,proc,dev,tmp}

variables=()
while read -r variable; do variables+=(--setenv "${variable%%=*}" "${variable#*=}"); done < <(sed -n '/^ENV/,/[^\\]$/p' "$service/Dockerfile" | grep -oE '[A-Za-z_]+=[^ ]+')

# The service with its container's settings; more binds and variables before --, its arguments after it. Root's last act is to become another user.
start() {
    local options=()
    while [[ $1 != -- ]]; do options+=("$1"); shift; done
    rm -f "$work/info"
    bwrap --unshare-pid --unshare-ipc --unshare-uts --unshare-net --as-pid-1 --info-fd 3 --ro-bind "$root" / "${mount_usr[@]}" \
        --ro-bind "$published" /app --proc /proc --dev /dev --tmpfs /tmp --chmod 1777 /tmp --clearenv --setenv PATH /usr/bin:/bin "${options[@]}" --remount-ro / \
        setpriv --reuid $user --regid $user --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
        /app/SegmentationService "${@:2}" 3> "$work/info" > "$work/service.log" 2>&1 &
    bwrap=$!
    until pid=$(grep -o '"child-pid": *[0-9]*' "$work/info" 2> /dev/null); do kill -0 $bwrap || fail "bwrap"; sleep 0.05; done
    pid=${pid##* }
}
within() { nsenter --target "$pid" "$@"; }
ask() { within --net curl -sS --max-time 30 -H "X-Api-Key: $api_key" "$@"; }
ready() {
    for _ in {1..900}; do
        [[ $(ask "http://127.0.0.1:$1/health/ready" 2> /dev/null) != Healthy ]] || return 0
        kill -0 $bwrap 2> /dev/null || break
        sleep "$2"
    done
    fail "the service does not get ready"
}
stop() { kill -TERM "$pid"; wait $bwrap; pid=; }

if [[ -z $given ]]; then
    given=$work/demo/service-demo
    mkdir "$work/demo"
    chown $user "$work/demo"
    # One thread: several wait for each other where other programs have the cores.
    start --bind "$work/demo" /demo --chdir /demo --setenv OMP_NUM_THREADS 1 -- --urls http://127.0.0.1:8080
    ready 8080 1
    stop || fail "the demo ended with $?"
    say "a model of the demo's"
fi
mkdir -p "$work"/{models,secrets}
cp "$given/model.zip" "$work/models/"
# As a secret's volume with fsGroup shows it.
install -m 0440 -o root -g $user "$given/key.pem" "$work/secrets/key.pem"
image=$(find "$given" -name '*.jpg' -print -quit)
[[ -n $image ]] || fail "there is no .jpg below $given"

begun=$(date +%s%N)
start --ro-bind "$work/models" /models --ro-bind "$work/secrets" /secrets --chdir /app "${variables[@]}" --setenv Service__ApiKey "$api_key" --
ready 8080 0.1
say "ready as process 1 in that root" "$((($(date +%s%N) - begun) / 1000000)) ms"

status=$(cat "/proc/$pid/status")
for line in "Uid:	$user	$user	$user	$user" "Gid:	$user	$user	$user	$user" "CapPrm:	0000000000000000" "CapBnd:	0000000000000000" "NoNewPrivs:	1"; do
    expect "/proc/PID/status" "$status" "$line"
done
for folder in / /app /models /secrets /etc /var /usr; do
    if within --mount touch "$folder/written" 2> /dev/null; then fail "$folder can be written to, by root at least"; fi
done
left=$(within --mount find /tmp -mindepth 1)
[[ -z $left ]] || fail "it left $left in /tmp"
say "not root, no capabilities, writes nowhere but /tmp" "user $user"

healthcheck=$(sed -n 's/^    CMD \["bash", "-c", \(".*"\)\]$/\1/p' "$service/Dockerfile" | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin))')
within --mount --net --setuid $user --setgid $user bash -c "$healthcheck" || fail "the Dockerfile's HEALTHCHECK"
if within --mount --net --setuid $user --setgid $user bash -c "${healthcheck//health/nothing}"; then fail "the HEALTHCHECK takes anything"; fi
say "the Dockerfile's HEALTHCHECK, without curl"

post() { ask -H 'Content-Type: image/jpeg' -H 'Accept: application/json' -w ' %{http_code}' "$@" http://127.0.0.1:8080/segment; }
said=$(post --data-binary "@$image")
expect "an answer" "$said" '"classes":[{"index":'
expect "an answer" "$said" '} 200'
expect "a caller without the API key" "$(api_key=wrong post --data-binary "@$image")" 401
say "an image answered, a wrong API key refused" "$(grep -o '"name":"[^"]*"' <<< "$said" | cut -d '"' -f 4 | paste -sd ' ')"

memory() { awk -v name="$1:" '$1 == name { printf "%d MB", $2 / 1024 }' "/proc/$pid/status"; }
for _ in {1..8}; do for _ in {1..8}; do post --data-binary "@$image" > "$work/log" & done; wait $(jobs -p | grep -vx $bwrap); done
say "64 images, 8 at a time" "$(memory VmRSS) resident, $(memory VmHWM) at most"

# Half of the image is with the service when it is told to stop, and the rest comes two seconds later.
{ head -c 500 "$image"; sleep 3; tail -c +501 "$image"; } | post -X POST -T - > "$work/last" &
last=$!
sleep 1
begun=$(date +%s%N)
kill -TERM "$pid"
code=0
wait $bwrap || code=$?
pid=
took=$((($(date +%s%N) - begun) / 1000000))
wait $last || fail "the request in flight was cut off"
expect "the request in flight" "$(cat "$work/last")" '} 200'
[[ $code == 0 ]] || fail "the exit code is $code"
say "told to stop, answers what is in flight" "exit code 0 after $took ms"
echo "The service works as its container would run it."
