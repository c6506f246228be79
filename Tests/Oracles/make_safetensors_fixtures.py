"""Writes Tests/SafetensorsTests/Fixtures/small.safetensors with the reference implementation.

    python3 -m venv venv && venv/bin/pip install safetensors==0.8.0 && venv/bin/python make_safetensors_fixtures.py

Element i of every tensor is i / 8 - 1 (floats) or i - 1 (integers); all are exact in every type used.
"""

import ctypes
import pathlib
import struct

from safetensors import TensorSpec, serialize_file

OUT = pathlib.Path(__file__).parent.parent / "SafetensorsTests" / "Fixtures"


def floats(count):
    return [i / 8 - 1 for i in range(count)]


def bf16(count):
    return b"".join(struct.pack("<f", value)[2:] for value in floats(count))


TENSORS = {
    "weight.f32": ("float32", [3, 5], struct.pack("<15f", *floats(15))),
    "weight.f16": ("float16", [3, 5], struct.pack("<15e", *floats(15))),
    "weight.bf16": ("bfloat16", [3, 5], bf16(15)),
    "steps": ("int64", [4], struct.pack("<4q", *range(-1, 3))),
    "flags": ("bool", [3], b"\x01\x00\x01"),
    "scalar": ("float32", [], struct.pack("<f", -1)),
    "empty": ("float32", [0, 7], b""),
    "na\u00efve \"name\"": ("int8", [2], struct.pack("<2b", -1, 0)),
}

OUT.mkdir(parents=True, exist_ok=True)
buffers = {name: (ctypes.c_char * len(data)).from_buffer_copy(data) for name, (_, _, data) in TENSORS.items()}
serialize_file(
    {
        name: TensorSpec(dtype=dtype, shape=shape, data_ptr=ctypes.addressof(buffers[name]), data_len=len(data))
        for name, (dtype, shape, data) in TENSORS.items()
    },
    OUT / "small.safetensors",
    {"format": "pt"},
)
