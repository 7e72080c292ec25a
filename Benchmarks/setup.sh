#!/bin/sh
# Makes Benchmarks/.venv with the PyTorch that Regulus is compared with (see requirements.txt).
#
#   Benchmarks/setup.sh [options for pip install]
#
# The wheel on PyPI carries CUDA libraries, several gigabytes. A CPU-only one comes from PyTorch's own index:
#   Benchmarks/setup.sh --index-url https://download.pytorch.org/whl/cpu --extra-index-url https://pypi.org/simple
set -eu
cd "$(dirname "$0")"

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo "Benchmarks/setup.sh: Python 3.10 or newer is needed (Debian: apt install python3 python3-venv)" >&2
    exit 1
fi
if ! command -v g++ >/dev/null; then
    echo "Benchmarks/setup.sh: torch.compile needs a C++ compiler (Debian: apt install g++)" >&2
    exit 1
fi
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python -m pip install --quiet "$@" -r requirements.txt
.venv/bin/python -c 'import torch; print("PyTorch", torch.__version__, "is ready in Benchmarks/.venv")'
