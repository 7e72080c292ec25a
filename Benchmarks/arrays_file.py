"""The head of a safetensors file, so that arrays too large for memory can be written piece by piece behind it."""

import json
import math
import struct

SIZES = {"F32": 4, "I32": 4}


def head(arrays):
    """The bytes before the first array.

    arrays: name → (type, shape), in the order in which their bytes follow; a type is one of SIZES.
    """
    entries, offset = {}, 0
    for name, (kind, shape) in arrays.items():
        end = offset + SIZES[kind] * math.prod(shape)
        entries[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(entries).encode()
    # Readers may count on data that begin at a multiple of 8.
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text
