"""An independent GPTQ in numpy, as its authors state it: the Cholesky factor of the inverse of H, column after column.

    python gptq.py expected/gptq.json

writes cases with float32 weights, int8 codes of the inputs, one scale a row, and the codes to be expected. Nothing is
shared with the Swift and C code, which factors H itself.
"""

import json
import sys

import numpy as np


def damped(inputs):
    """H from codes [rows, width]: 0.01 of the mean diagonal is added; an input that was always 0 stands alone."""
    h = inputs.astype(np.float64).T @ inputs.astype(np.float64)
    diagonal = np.diag(h).copy()
    h[np.diag_indices_from(h)] += np.where(diagonal == 0, 1, 0.01 * diagonal.mean())
    return h


def quantize(weights, scales, inputs):
    """The codes of weights [outputs, width]; one scale an output."""
    upper = np.linalg.cholesky(np.linalg.inv(damped(inputs))).T
    weights = weights.astype(np.float64)
    scales = scales.astype(np.float64)
    codes = np.zeros(weights.shape, dtype=np.int64)
    for column in range(weights.shape[1]):
        codes[:, column] = np.clip(np.rint(weights[:, column] / scales), -127, 127)
        error = (weights[:, column] - scales * codes[:, column]) / upper[column, column]
        weights[:, column:] -= error[:, None] * upper[None, column, column:]
    return codes


def problem(generator, outputs, width, rows, dead):
    """Codes of inputs [rows, width], of which some are always 0, and weights [outputs, width]."""
    mixing = generator.standard_normal((width, width)) * generator.lognormal(0, 1, width)
    inputs = generator.standard_normal((rows, width)) @ mixing
    inputs = np.clip(np.rint(inputs / np.abs(inputs).max() * 150), -128, 127).astype(np.int64)
    inputs[:, list(dead)] = 0
    return inputs, generator.standard_normal((outputs, width)).astype(np.float32)


def case(generator, outputs, width, rows, dead=()):
    inputs, weights = problem(generator, outputs, width, rows, dead)
    scales = (np.abs(weights).max(axis=1) / np.float32(127)).astype(np.float32)
    scales[0] *= np.float32(0.5)  # clips
    codes = quantize(weights, scales, inputs)
    nearest = np.clip(np.rint(weights / scales[:, None]), -127, 127)
    error = lambda q: float(np.square((weights - q * scales[:, None]) @ inputs.T).sum())
    print(f"{outputs} x {width}: squared error {error(codes):.6g}, nearest {error(nearest):.6g}", file=sys.stderr)
    return {
        "outputs": outputs, "width": width, "weights": [float(f"{w:.9g}") for w in weights.ravel()],
        "scales": [float(f"{s:.9g}") for s in scales], "inputs": inputs.ravel().tolist(), "rows": rows,
        "codes": codes.ravel().tolist(),
    }  # fmt: skip


def main():
    generator = np.random.default_rng(20)
    cases = [
        case(generator, 3, 1, 4),
        case(generator, 17, 20, 64, dead=(0, 7)),
        case(generator, 5, 65, 40),
        case(generator, 18, 150, 96, dead=(149,)),
    ]
    with open(sys.argv[1], "w") as file:
        json.dump(cases, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
