"""The codes of a plan's weights, read from its bytes as docs/plan-format.md states them; numpy alone.

A weight of four bits is factor · code times the scale of its row; 128 consecutive inputs of a row share a factor. One of
eight bits is its code times the scale of its row.
"""

import struct
from pathlib import Path

import numpy as np

LINEAR, WEIGHTS, FACTORS = 3, 1, 7  # the opcode, and two of its words
PANELS_INT8, PANELS_INT4, GROUP_FACTORS = 2, 6, 7
GROUP, LANES = 128, 16


def sections(raw):
    """The sections' bytes by kind."""
    if raw[:8] != b"QPLAN\r\n\x1a":
        raise SystemExit("this is no plan")
    (count,) = struct.unpack_from("<I", raw, 24)
    records = (struct.unpack_from("<IIQQ", raw, 64 + 64 * index) for index in range(count))
    return {kind: raw[offset : offset + length] for kind, _, offset, length in records}


def text(strings, index):
    """A string by its id."""
    (count,) = struct.unpack_from("<I", strings, 0)
    first, end = struct.unpack_from("<II", strings, 4 + 4 * index)
    start = 4 * (count + 2)
    return strings[start + first : start + end].decode()


def unpacked(blocks, outputs, inputs):
    """Codes `[panel][block of inputs][16][inputs of a block]` to [outputs, inputs]."""
    rows = blocks.transpose(0, 2, 1, 3).reshape(blocks.shape[0] * LANES, -1)
    if rows[outputs:].any() or rows[:, inputs:].any():
        raise SystemExit("the padding of a weight's codes is not zero")
    return rows[:outputs, :inputs]


def four_bits(packed, outputs, inputs):
    """`[panel][k/8][16][4]` bytes: byte j has the code of input j of 8 in its low half, of input 4 + j in its high one."""
    packed = packed.reshape(-(-outputs // LANES), -(-inputs // 8), LANES, 4)
    blocks = np.concatenate([(packed << 4).view(np.int8) >> 4, packed.view(np.int8) >> 4], axis=3)
    return unpacked(blocks, outputs, inputs)


def eight_bits(packed, outputs, inputs):
    """`[panel][k/4][16][4]` bytes."""
    return unpacked(packed.view(np.int8).reshape(-(-outputs // LANES), -(-inputs // 4), LANES, 4), outputs, inputs)


def factors(packed, outputs, groups):
    """`[panel][group][16]` unsigned bytes to [outputs, groups]."""
    rows = packed.reshape(-1, groups, LANES).transpose(0, 2, 1).reshape(-1, groups)
    return rows[:outputs]


def read(path):
    """Codes of each product with integer weights, and factors of those of four bits, else None; by the instruction's name."""
    parts = sections(Path(path).read_bytes())
    instructions, constants, strings, data = (parts[kind] for kind in (2, 4, 5, 9))

    def constant(index):
        _, _, layout, outputs, inputs, _, offset, length = struct.unpack_from("<6IQQ", constants, 48 * index)
        values = np.frombuffer(data[offset : offset + length], dtype=np.uint8)
        unpack = {PANELS_INT8: eight_bits, PANELS_INT4: four_bits, GROUP_FACTORS: factors}.get(layout)
        return layout, unpack and unpack(values, outputs, inputs)

    weights = {}
    for first in range(0, len(instructions), 64):
        opcode, _, name = struct.unpack_from("<HHI", instructions, first)
        words = struct.unpack_from("<14I", instructions, first + 8)
        if opcode != LINEAR:
            continue
        layout, codes = constant(words[WEIGHTS])
        if codes is not None:
            weights[text(strings, name)] = codes, constant(words[FACTORS])[1] if layout == PANELS_INT4 else None
    return weights


def products(codes, factors):
    """factor · code of every input."""
    return codes.astype(np.float64) * np.repeat(factors, GROUP, axis=1)[:, : codes.shape[1]]
