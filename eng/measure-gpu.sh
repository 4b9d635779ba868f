#!/usr/bin/env bash
# Builds, and measures scoring and training on the first GPU against PyTorch on the same machine for at most ten minutes (docs/precision.md).
# Usage: eng/measure-gpu.sh [PYTHON]    PYTHON has torch with CUDA, and torchvision; python3 by default.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1
benchmarks=test/Microsoft.ML.PermutedSegmentation.Benchmarks
dotnet build "$benchmarks" -c Release -p:TorchBackend="${TORCH_BACKEND:-cuda}" --nologo -v q
timeout 600 dotnet run -c Release --no-build --project "$benchmarks" -- \
    compare --device cuda --python "${1:-python3}" --threads "$(nproc)" --rounds 2 --out comparison-gpu.md
