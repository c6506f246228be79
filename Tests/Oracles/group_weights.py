"""Weights of four bits in groups, in plain numpy: w = scale of the row · factor of the group · code.

    python group_weights.py expected/group_weights.json

writes cases with float32 weights, int8 codes of the inputs, and what is to be expected: scales, factors and codes, rounded
to nearest and by GPTQ. Codes are from -7 to 7, factors from 1 to 63; 128 consecutive inputs of a row share a factor. A
scale is the largest clip of the row's groups / (7 · 63). Everything is computed in double but scales, which are float32.
Nothing is shared with the Swift and C code.
"""

import json
import sys

import numpy as np

import gptq

GROUP, LARGEST_CODE, LARGEST_FACTOR = 128, 7, 63


def parts(width):
    """The columns of each group."""
    return [slice(first, min(first + GROUP, width)) for first in range(0, width, GROUP)]


def codes(weight, step):
    """The nearest codes of a row each with a step."""
    return np.clip(np.rint(weight / step[:, None]), -LARGEST_CODE, LARGEST_CODE)


def best(weight, candidates, steps, importance):
    """Of candidates [tried, rows] the first of each row whose step gives the least squared error."""
    errors = [(importance * (weight - step[:, None] * codes(weight, step)) ** 2).sum(axis=1) for step in steps]
    return candidates[np.argmin(errors, axis=0), np.arange(len(weight))]


def clips(weight, clip, importance):
    """The magnitude at which one group of each row is clipped: of 64/64 to 16/64 of the largest that of least error."""
    largest = np.abs(weight).max(axis=1)
    if clip == "maximum":
        return largest
    candidates = np.array([part / 64 * largest for part in range(64, 15, -1)])
    return best(weight, candidates, np.where(candidates > 0, candidates / LARGEST_CODE, 1), importance)


def row_scales(weight, clip, importance):
    """The scale of each row."""
    largest = np.max([clips(weight[:, part], clip, importance[part]) for part in parts(weight.shape[1])], axis=0)
    return np.where(largest > 0, largest / (LARGEST_CODE * LARGEST_FACTOR), 1).astype(np.float32)


def factors(weight, scales, clip, importance):
    """The factor of one group of each row: the least that clips nothing, or of 64/64 to 22/64 of it that of least error."""
    scales = scales.astype(np.float64)
    widest = np.abs(weight).max(axis=1) / (LARGEST_CODE * scales)
    if clip == "maximum":
        return np.clip(np.ceil(widest), 1, LARGEST_FACTOR)
    candidates = np.array([np.clip(np.rint(widest * part / 64), 1, LARGEST_FACTOR) for part in range(64, 21, -1)])
    return best(weight, candidates, candidates * scales, importance)


def nearest(weight, clip="maximum"):
    """Codes, factors [outputs, groups] and scales of a weight's rows."""
    weight, importance = weight.astype(np.float64), np.ones(weight.shape[1])
    scales, found = row_scales(weight, clip, importance), []
    quantized = np.zeros(weight.shape)
    for part in parts(weight.shape[1]):
        found.append(factors(weight[:, part], scales, clip, importance[part]))
        quantized[:, part] = codes(weight[:, part], found[-1] * scales)
    return quantized.astype(np.int64), np.stack(found, axis=1).astype(np.int64), scales


def rounded(weight, inputs, clip="least-error"):
    """As `nearest`, by GPTQ: the factor of a group is chosen when its columns come to be rounded.

    H of the inputs' codes is T · D · Tᵀ, T unit upper triangular. Column j is rounded from `w[j] + Σ T[i][j] · e[i]` over
    all i before it, e being the errors so far. A factor is that of least error of what its group's columns would be rounded
    from if the group itself made no errors. Errors of column j count as H[j][j] says, in the choice of the row's scale too.
    """
    weight = weight.astype(np.float64)
    h = gptq.damped(inputs)
    lower = np.linalg.cholesky(h[::-1, ::-1])[::-1, ::-1]
    feedback = lower / np.diag(lower)
    importance = np.diag(h)
    scales, found = row_scales(weight, clip, importance), []
    quantized, errors = np.zeros(weight.shape), np.zeros(weight.shape)
    for part in parts(weight.shape[1]):
        entering = weight[:, part] + errors[:, : part.start] @ feedback[: part.start, part]
        found.append(factors(entering, scales, clip, importance[part]))
        steps = found[-1] * scales.astype(np.float64)
        for column in range(part.start, part.stop):
            aim = weight[:, column] + errors[:, :column] @ feedback[:column, column]
            quantized[:, column] = codes(aim[:, None], steps)[:, 0]
            errors[:, column] = weight[:, column] - steps * quantized[:, column]
    return quantized.astype(np.int64), np.stack(found, axis=1).astype(np.int64), scales


def case(generator, outputs, width, rows, clip, dead=()):
    inputs, weights = gptq.problem(generator, outputs, width, rows, dead)
    weights[0] = 0
    error = lambda found: float(
        np.square((weights - found[0] * np.repeat(found[1], GROUP, axis=1)[:, :width] * found[2][:, None]) @ inputs.T).sum())
    near, best = nearest(weights, clip), rounded(weights, inputs, clip)
    print(f"{outputs} x {width}, {clip}: squared error {error(best):.6g}, nearest {error(near):.6g}", file=sys.stderr)
    return {
        "outputs": outputs, "width": width, "clip": clip, "weights": [float(f"{w:.9g}") for w in weights.ravel()],
        "inputs": inputs.ravel().tolist(), "rows": rows,
        "nearest": {"codes": near[0].ravel().tolist(), "factors": near[1].ravel().tolist(),
                    "scales": [float(f"{s:.9g}") for s in near[2]]},
        "gptq": {"codes": best[0].ravel().tolist(), "factors": best[1].ravel().tolist(),
                 "scales": [float(f"{s:.9g}") for s in best[2]]},
    }  # fmt: skip


def main():
    generator = np.random.default_rng(21)
    cases = [
        case(generator, 3, 1, 4, "maximum"),
        case(generator, 5, 70, 40, "least-error"),
        case(generator, 18, 150, 64, "least-error", dead=(0, 130)),
        case(generator, 4, 290, 40, "maximum"),
    ]
    with open(sys.argv[1], "w") as file:
        json.dump(cases, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
