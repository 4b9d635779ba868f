#!/usr/bin/env bash
# Uses the packages as a stranger would: in new projects outside of the repository, from a feed and with a package cache of their own.
# Packs the libraries (and, with --tool, the console app) of the Release build that is there, and says how long each trial took.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null; rm -rf "$work"' EXIT
feed=$work/feed
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
quiet=(-nologo -v:q -tl:off -clp:NoSummary)

say() { printf '%-52s %5d s  %s\n' "$1" "$((SECONDS - since))" "${2:-}"; since=$SECONDS; }
fail() { echo "failed: $*" >&2; exit 1; }
expect() { [[ $2 == *"$3"* ]] || fail "$1 said '$2' instead of '$3'"; }
size() { du -sm "$1" | awk '{ print $1 " MB" }'; }
since=$SECONDS
quietly() { "$@" < /dev/null > "$work/log" 2>&1 || { cat "$work/log"; fail "$*"; }; }
build() { quietly dotnet build "$1" -c Release "${quiet[@]}" "${@:2}"; }

for project in src/*/*.csproj; do
    quietly dotnet pack "$project" -c Release --no-build -o "$feed" "${quiet[@]}"
done
version=$(basename "$feed"/PermutedSegmentation.Core.*.nupkg .nupkg)
export TrialVersion=${version#PermutedSegmentation.Core.}
say "packed $TrialVersion" "$(size "$feed")"

# Only packages that are not ours come from the machine's sources; nothing of the repository's Directory.* files is above these folders.
cp -r eng/trials "$work/trials"
export NUGET_PACKAGES=$work/packages RestoreAdditionalProjectSources=$feed
cd "$work/trials"
data=$work/data
mkdir "$data"

run() { (cd / && dotnet "$work/trials/$1/bin/Release/net10.0/$1.dll" "${@:2}"); }

build Console -p:WithoutLibTorch=true
said=$(run Console train "$data" || true)
expect "an application without libtorch" "$said" "DllNotFoundException: libtorch is missing: add the package libtorch-cpu-linux-x64, version 2.10.0"
rm -r Console/bin Console/obj "$data"/*
say "without libtorch: what to add" "restored"

said=$(dotnet run -c Release --project Console -- train "$data" < /dev/null)
expect "dotnet run" "$said" trained
say "a console application trains" "$(size Console/bin/Release/net10.0)"
predicted=$(run Console predict "$data")
expect "the same application" "$predicted" :
stamp=$(stat -c %Y Console/obj/Release/net10.0/torch/libLibTorchSharp.so)
build Console
[[ $(stat -c %Y Console/obj/Release/net10.0/torch/libLibTorchSharp.so) == "$stamp" ]] || fail "a second build patches TorchSharp again"
say "... and predicts in another process" "$predicted"

quietly dotnet publish Console -c Release -r linux-x64 --self-contained -p:PublishSingleFile=true -o "$work/single" "${quiet[@]}"
said=$(cd / && "$work/single/Console" predict "$data")
expect "the single file" "$said" "$predicted"
say "a self-contained single file" "$(size "$work/single")"
rm -r "$work/single"

build LibraryUser
said=$(run LibraryUser "$data/model.zip" "$data/model.onnx")
expect "the user of a library" "$said" "exported; ResNet18 is there"
say "an application uses a library that uses it" "$(size LibraryUser/bin/Release/net10.0)"

build Web
Segmentation__Key=$(cat "$data/key.pem") dotnet Web/bin/Release/net10.0/Web.dll "$data" http://127.0.0.1:0 > "$work/web.log" 2>&1 &
for _ in {1..100}; do
    address=$(grep -o 'http://127.0.0.1:[1-9][0-9]*' "$work/web.log" || true)
    [[ -n $address ]] && break
    sleep 0.2
done
[[ -n $address ]] || { cat "$work/web.log"; fail "the web application does not start"; }
quietly curl -sSf --retry 30 --retry-delay 1 --retry-all-errors "$address/health"
said=$(curl -sS --data-binary "@$data/0.png" "$address/")
expect "the web application" "$said" "$predicted"
say "a web application serves with Hosting" "$(size Web/bin/Release/net10.0)"

quietly dotnet publish Onnx -c Release -r linux-x64 --self-contained -p:PublishTrimmed=true -p:TrimmerSingleWarn=false -o "$work/onnx" "${quiet[@]}"
if grep -E 'warning IL[0-9]+: Microsoft\.ML\.PermutedSegmentation' "$work/log"; then fail "our assemblies cannot be trimmed"; fi
said=$(cd / && "$work/onnx/Onnx" "$data" 0.png)
expect "PermutedSegmentation.Onnx" "$said" :
say "PermutedSegmentation.Onnx alone, trimmed" "$(size "$work/onnx"), $said"

if [[ ${1:-} == --tool ]]; then
    (cd "$root" && unset NUGET_PACKAGES RestoreAdditionalProjectSources && quietly dotnet pack samples/Workbench -c Release -o "$feed" "${quiet[@]}")
    say "packed the tool" "$(size "$feed")"
    quietly dotnet tool install permseg --tool-path "$work/tools" --version "$TrialVersion" --add-source "$feed"
    said=$("$work/tools/permseg" inspect --model "$data/model.zip")
    expect permseg "$said" left
    quietly "$work/tools/permseg" predict --model "$data/model.zip" --key "$data/key.pem" --images "$data/0.png" --out "$work/masks"
    [[ -s $work/masks/0.png ]] || fail "permseg predict wrote no mask"
    say "installed permseg, inspected and predicted" "$(size "$work/tools")"
fi
echo "The packages work."
