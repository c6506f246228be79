"""Hadamard matrices from explicit Paley and Sylvester matrices, and the file of expected transforms.

Conventions (a Hadamard matrix is unique only up to signs and permutations; kernels and oracle must agree):

- chi(a) is the quadratic character of a modulo the prime q: 1 for a non-zero square, -1 for a non-square, 0 for 0.
  Q[i][j] = chi(i - j): the row index comes first.
- First construction, q = 3 mod 4, order q + 1: H = I + S with S = [[0, 1...1], [-1...-1, Q]].
- Second construction, q = 1 mod 4, order 2(q + 1): C = [[0, 1...1], [1...1, Q]], symmetric, and
  H = kron(C, [[1, 1], [1, -1]]) + kron(I, [[1, -1], [-1, -1]]): each entry of C becomes a 2 x 2 block.
- Width n = K * 2^m: H = kron(H_K, Sylvester(2^m)), on the vector seen as (K, 2^m) row-major; out = H x, so that
  out[k] takes row k of H_K.
- Other widths: block-diagonal, the block being the largest power of two that divides the width.

Nothing is normalized: the rows have norm sqrt(block).
"""

import argparse
import json
from pathlib import Path

import numpy as np

FIRST = {12: 11, 20: 19, 44: 43, 60: 59}
SECOND = {28: 13, 36: 17}
WIDTHS = (12, 16, 20, 28, 36, 44, 60, 24, 40, 96, 104, 768)


def characters(q):
    """Q[i][j] = chi(i - j) modulo q."""
    squares = {x * x % q for x in range(1, q)}
    chi = [0] + [1 if a in squares else -1 for a in range(1, q)]
    return np.array([[chi[(i - j) % q] for j in range(q)] for i in range(q)])


def bordered(q, left):
    """The characters with a first row of 1, a first column of `left` and 0 in the corner."""
    matrix = np.zeros((q + 1, q + 1), dtype=np.int64)
    matrix[0, 1:] = 1
    matrix[1:, 0] = left
    matrix[1:, 1:] = characters(q)
    return matrix


def base(order):
    """The Hadamard matrix of order 1 or of a Paley order."""
    if order == 1:
        return np.ones((1, 1), dtype=np.int64)
    if order in FIRST:
        return np.eye(order, dtype=np.int64) + bordered(FIRST[order], left=-1)
    conference = bordered(SECOND[order], left=1)
    identity = np.eye(order // 2, dtype=np.int64)
    return np.kron(conference, [[1, 1], [1, -1]]) + np.kron(identity, [[1, -1], [-1, -1]])


def shape(width):
    """(block, order) for a width: block = order * 2^m, and the blocks tile the width."""
    power = width & -width
    for order in (*FIRST, *SECOND):
        quotient, rest = divmod(width, order)
        if rest == 0 and quotient & (quotient - 1) == 0:
            return width, order
    return power, 1


def matrix(width):
    """The whole transform, [width, width], entries -1, 0 and 1."""
    block, order = shape(width)
    one = base(order)
    for _ in range((block // order).bit_length() - 1):
        one = np.kron(one, [[1, 1], [1, -1]])
    if not np.array_equal(one @ one.T, block * np.eye(block, dtype=np.int64)):
        raise ValueError(f"the matrix of order {order} is not a Hadamard matrix")
    return np.kron(np.eye(width // block, dtype=np.int64), one)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    cases = []
    for width in WIDTHS:
        block, order = shape(width)
        x = np.array([((i * 7) % 11) - 5 for i in range(width)])
        transformed = [int(value) for value in matrix(width) @ x]
        cases.append({"width": width, "block": block, "order": order, "transformed": transformed})
    lines = ",\n".join("    " + json.dumps(case) for case in cases)
    options.output.write_text('{\n  "input": "x[i] = ((i * 7) % 11) - 5",\n  "cases": [\n' + lines + "\n  ]\n}\n")


if __name__ == "__main__":
    main()
