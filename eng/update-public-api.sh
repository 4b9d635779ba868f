#!/bin/sh
# Writes the public members of each project under src into its PublicAPI.Unshipped.txt, to be looked at in the diff and committed.
# Arguments: the projects' folders; all of them without arguments. Build before: the ONNX project has generated code.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- src/*/
for project in "$@"; do
    project=${project%/}
    echo '#nullable enable' > "$project/PublicAPI.Unshipped.txt"
    dotnet format analyzers "$project" --diagnostics RS0016 --severity error --no-restore
done
