"""The rate of single-precision matrix products of OpenBLAS, the library that Regulus links: the measure of the machine.

    python sgemm.py --threads 2

Prints one line of JSON with `gflops`, the best of some repetitions, as a rate that the machine can keep up is meant.
"""

import argparse
import ctypes
import json
import os
import sys
import time


def better_kernels(present):
    """The kernels for this processor's instructions, where OpenBLAS took it for one of the first of 64 bits; None where it did not.

    A release knows no processor that is younger than itself. Regulus has OpenBLAS choose again in the same way.
    """
    if present.lower() not in ("prescott", "core2", "generic"):
        return None
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags = next((line.split() for line in file if line.startswith("flags")), [])
    except OSError:
        return None
    return "SkylakeX" if "avx512f" in flags else "Haswell" if "avx2" in flags else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--size", type=int, default=3072, help="rows and columns of the square matrices")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--library", default="libopenblas.so.0")
    arguments = parser.parse_args()

    os.environ["OPENBLAS_NUM_THREADS"] = str(arguments.threads)
    try:
        blas = ctypes.CDLL(arguments.library)
    except OSError as error:
        sys.exit(f"sgemm.py: OpenBLAS is not installed: {error}")
    blas.openblas_get_corename.restype = ctypes.c_char_p
    better = better_kernels(blas.openblas_get_corename().decode())
    if better and "OPENBLAS_CORETYPE" not in os.environ:
        # It chooses when it is opened, and this process has opened it.
        os.environ["OPENBLAS_CORETYPE"] = better
        os.execv(sys.executable, [sys.executable, *sys.argv])
    n = arguments.size
    values = ctypes.c_float * (n * n)
    left, right, product = values(), values(), values()
    # Any normal numbers do; zeros could be quicker.
    block = [((7 * i) % 101 - 50) / 64 for i in range(4096)]
    for start in range(0, n * n, len(block)):
        left[start : start + len(block)] = block
        right[start : start + len(block)] = block
    row_major, plain = 101, 111
    one, zero = ctypes.c_float(1), ctypes.c_float(0)
    rates = []
    for _ in range(arguments.repeats + 1):
        start = time.perf_counter()
        blas.cblas_sgemm(row_major, plain, plain, n, n, n, one, left, n, right, n, zero, product, n)
        rates.append(2 * n**3 / (time.perf_counter() - start) / 1e9)
    print(json.dumps({"name": "sgemm", "threads": arguments.threads, "gflops": max(rates[1:])}))


if __name__ == "__main__":
    main()
