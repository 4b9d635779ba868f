#!/usr/bin/env bash
# Runs the commands of a page, block by block, as a reader would, and stops at the first that fails. They run in a folder of their own, so that
# nothing of the reader's is in their way. The Release build, and QuickStart's output, are there already.
set -euo pipefail
cd "$(dirname "$0")/.."
page=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$PWD
ln -s "$root/quickstart-output" "$work/"
permseg=$root/samples/Workbench/bin/Release/net10.0/permseg.dll
{
    echo 'set -euxo pipefail'
    # What a page starts in the background ends with it.
    echo "trap 'kill \$(jobs -p) 2> /dev/null; wait' EXIT"
    echo "permseg() { dotnet '$permseg' \"\$@\"; }"
    sed -n '/^```sh$/,/^```$/{/^```/d;p}' "$page" | sed "s#--project samples/#--project $root/samples/#"
} > "$work/commands.sh"
cd "$work"
bash commands.sh < /dev/null
echo "followed $page"
