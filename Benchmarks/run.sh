#!/bin/sh
# Regulus and PyTorch side by side, as one Markdown table of ratios.
#
#   Benchmarks/run.sh path/to/regulus [options of run.py]
#   Benchmarks/run.sh path/to/regulus --script page.py|run_trainings.py|profile_trainings.py|run_encoders.py|agree.py|load_checkpoint.py [its options]
#
# Sets PyTorch up on the first run.
set -eu
here="$(dirname "$0")"
[ $# -ge 1 ] || { echo "usage: Benchmarks/run.sh path/to/regulus [options of run.py]" >&2; exit 2; }
python="${REGULUS_BENCHMARK_PYTHON:-$here/.venv/bin/python}"
# With a Python of the user's own, what it has is what is compared with.
if [ -z "${REGULUS_BENCHMARK_PYTHON:-}" ] && ! "$python" -c 'import torch' 2>/dev/null; then
    "$here/setup.sh" >&2
fi
regulus="$1"
shift
script=run.py
if [ "${1:-}" = --script ] && [ $# -ge 2 ]; then
    script="$2"
    shift 2
fi
exec "$python" "$here/$script" --regulus "$regulus" "$@"
