"""The meaning of IR operations, computed by plain numpy in float64: expected values for Tests/IRTests.

Each case names its row operands (one list a row), its constants, the node as IR text, and the rows expected.
`codes` lists the operands that hold 8-bit codes. All inputs are exact in float32.
"""

import argparse
import json
from pathlib import Path

import numpy as np

random = np.random.default_rng(20250410)


def single(x):
    """Rounded to float32, kept in float64."""
    return np.asarray(x, dtype=np.float32).astype(np.float64)


def draw(*shape, amplitude=2.0):
    return single(random.uniform(-amplitude, amplitude, shape))


def sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def codes(x, scale):
    """Round half to even after clamping, as float32 would compute it."""
    inverse = single(1 / single(scale))
    return np.rint(np.clip(single(single(x) * inverse), -128, 127))


def rms_norm():
    x = draw(4, 7)
    x[1] = 0
    x[2] *= 1e4
    x[3] *= 1e-4
    x, gain = single(x), draw(7)
    epsilon = single(1e-5)
    expected = x / np.sqrt((x * x).mean(axis=1, keepdims=True) + epsilon) * gain
    return "rms_norm", {"x": x}, {"gain": gain}, "rms_norm(%x, $gain) {epsilon = 1e-05}", "f32[7]", expected


def conv1d(rows, bias):
    channels, taps = 3, 4
    x, weight = draw(rows, channels), draw(channels, taps)
    constants = {"weight": weight}
    if bias:
        constants["bias"] = draw(channels)
    padded = np.concatenate([np.zeros((taps - 1, channels)), x])
    expected = np.stack([(padded[row : row + taps].T * weight).sum(axis=1) for row in range(rows)])
    if bias:
        expected = expected + constants["bias"]
    operands = "%x, $weight, $bias" if bias else "%x, $weight"
    return f"conv1d, {rows} rows", {"x": x}, constants, f"conv1d({operands})", "f32[3]", expected


def silu():
    x = single([[-1e30, -1000, -100, -20, -1.25, -1e-30, 0, 1e-30, 0.5, 1.25, 20, 100, 1000, 1e30]])
    return "silu", {"x": x}, {}, "silu(%x)", "f32[14]", x * sigmoid(x)


def selective_scan(name, steps, kind=None):
    rows, states = steps.shape[0], 3
    channels = steps.shape[1]
    u, z = draw(rows, channels), draw(rows, channels)
    b, c = draw(rows, states), draw(rows, states)
    a = -np.abs(draw(channels, states)) - 0.0625
    d, bias = draw(channels), draw(channels, amplitude=0.25)
    state = np.zeros((channels, states))
    scales = single(np.linspace(0.01, 0.05, channels))
    expected = []
    for row in range(rows):
        delta = np.logaddexp(0, steps[row] + bias)
        state = np.exp(delta[:, None] * a) * state + (delta * u[row])[:, None] * b[row][None, :]
        y = state @ c[row] + d * u[row]
        expected.append(y * z[row] * sigmoid(z[row]))
        if kind == "f16":
            state = single(state).astype(np.float16).astype(np.float64)
        if kind == "i8":
            state = codes(single(state), scales[:, None]) * scales[:, None].astype(np.float64)
    constants = {"a": a, "d": d, "dt_bias": bias, **({"scales": scales} if kind == "i8" else {})}
    operands = ", ".join(f"${name}" for name in constants)
    attributes = f' {{state = "{kind}"}}' if kind else ""
    return (
        name, {"u": u, "dt": steps, "b": b, "c": c, "z": z}, constants,
        f"selective_scan(%u, %dt, %b, %c, %z, {operands}){attributes}", f"f32[{channels}]", np.array(expected),
    )


def rms_norm_of_groups():
    x, gain = draw(3, 12), draw(12)
    parts = x.reshape(3, 4, 3)
    parts = parts / np.sqrt((parts * parts).mean(axis=2, keepdims=True) + single(1e-5))
    node = "rms_norm(%x, $gain) {epsilon = 1e-05, groups = 4}"
    return "rms_norm of groups", {"x": x}, {"gain": gain}, node, "f32[12]", parts.reshape(3, 12) * gain


def scan_of_heads(groups, limits=None):
    """Six heads of two channels; each head has one step, A and D, each group B and C of three states."""
    rows, heads, width, states = 7, 6, 2, 3
    u, z = draw(rows, heads * width), draw(rows, heads * width)
    steps, b, c = draw(rows, heads), draw(rows, groups * states), draw(rows, groups * states)
    a, d, bias = -np.abs(draw(heads)) - 0.0625, draw(heads), draw(heads, amplitude=0.25)
    state = np.zeros((heads, width, states))
    expected = []
    for row in range(rows):
        delta = np.logaddexp(0, steps[row] + bias)
        if limits:
            delta = np.clip(delta, *single(limits))
        per_head = lambda x: np.repeat(x[row].reshape(groups, 1, states), heads // groups, axis=0)
        x = u[row].reshape(heads, width)
        state = np.exp(delta * a)[:, None, None] * state + (delta[:, None] * x)[:, :, None] * per_head(b)
        y = ((state * per_head(c)).sum(axis=2) + d[:, None] * x).ravel()
        expected.append(y * z[row] * sigmoid(z[row]))
    bounds = f", minimum = {limits[0]}, maximum = {limits[1]}" if limits else ""
    return (
        f"selective_scan, heads in {groups} groups", {"u": u, "dt": steps, "b": b, "c": c, "z": z},
        {"a": a, "d": d, "dt_bias": bias},
        f"selective_scan(%u, %dt, %b, %c, %z, $a, $d, $dt_bias) {{groups = {groups}{bounds}}}", "f32[12]",
        np.array(expected),
    )


def quantize(name, scale, x):
    return name, {"x": single(x)}, {}, "quantize(%x)", f"i8[{len(x[0])}]@{scale}", codes(x, scale)


def quantize_channels():
    scales = single([0.5, 0.25, 2.0, 1e-3])
    x = single([[0.75, 0.375, 5.0, 0.0125], [-64.25, 31.9, -300.0, -1.0]])
    node = ("quantize, per channel", {"x": x}, {"scales": scales}, "quantize(%x)", "i8[4]@[$scales]")
    return (*node, codes(x, scales))


def linear_int8(name, x, weight, multiplier, bias, result):
    expected = x @ weight.T * multiplier + bias
    if result != "f32":
        expected = np.rint(np.clip(expected, -128, 127))
    outputs = weight.shape[0]
    kind = f"i8[{outputs}]@1.0" if result != "f32" else f"f32[{outputs}]"
    constants = {"weight": weight, "multiplier": np.asarray(multiplier), "bias": np.asarray(bias)}
    return name, {"x": x}, constants, "linear_int8(%x, $weight, $multiplier, $bias)", kind, expected


def integers(*shape, low=-127):
    return random.integers(low, 128, shape).astype(np.float64)


def linear_cases():
    ties = np.array([[1.0], [3.0], [5.0], [-1.0], [-3.0], [-5.0], [127.0], [-128.0]])
    one = np.array([[1.0], [127.0], [-127.0]])
    yield linear_int8("linear_int8, ties and saturation", ties, one, [0.5, 0.5, 0.5], [0.0, 0.0, 1.0], "i8")
    x, weight = integers(5, 37, low=-128), integers(4, 37)
    multiplier, bias = single([1e-3, 2e-4, 5e-4, 1e-2]), draw(4, amplitude=20)
    yield linear_int8("linear_int8, codes", x, weight, multiplier, bias, "i8")
    yield linear_int8("linear_int8, floats out", x, weight, multiplier, bias, "f32")
    yield linear_int8("linear_int8, floats in", draw(3, 37), weight, multiplier, bias, "f32")


def gate():
    x, z = draw(3, 7), draw(3, 7, amplitude=20)
    return "gate", {"x": x, "z": z}, {}, "gate(%x, %z)", "f32[7]", x * z * sigmoid(z)


def attention(name, heads, key_heads, dim, rows):
    """Causal; consecutive heads share keys and values."""
    q, k, v = draw(rows, heads * dim), draw(rows, key_heads * dim), draw(rows, key_heads * dim)
    scale = single(0.3)
    sharing = heads // key_heads
    expected = np.zeros_like(q)
    for head in range(heads):
        own, shared = slice(head * dim, (head + 1) * dim), slice(head // sharing * dim, (head // sharing + 1) * dim)
        scores = q[:, own] @ k[:, shared].T * scale
        scores[np.triu_indices(rows, 1)] = -np.inf
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        expected[:, own] = weights / weights.sum(axis=1, keepdims=True) @ v[:, shared]
    node = f"attention(%q, %k, %v) {{heads = {heads}, key_heads = {key_heads}, scale = 0.3}}"
    return name, {"q": q, "k": k, "v": v}, {}, node, f"f32[{heads * dim}]", expected


def route():
    x = single(np.concatenate([draw(4, 5), [[1, 2, 2, 0, 2], [0, 0, 0, 0, 0], [-200, 100, 0, 100, -1]]]))
    weights = np.exp(x - x.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    chosen = np.argsort(-weights, axis=1, kind="stable")[:, :2]
    expected = np.zeros_like(weights)
    np.put_along_axis(expected, chosen, np.take_along_axis(weights, chosen, axis=1), axis=1)
    return "route", {"x": x}, {}, "route(%x) {count = 2}", "f32[5]", expected


def combine():
    x, y, routes = draw(3, 4), draw(3, 4), single([[0, 0.5], [1, 0], [0.25, 0.75]])
    node = "combine(%x, %y, %routes) {expert = 1}"
    return "combine", {"x": x, "y": y, "routes": routes}, {}, node, "f32[4]", x + routes[:, 1:] * y


def cases():
    yield rms_norm()
    yield conv1d(6, bias=True)
    yield conv1d(1, bias=False)
    yield silu()
    yield selective_scan("selective_scan", draw(6, 4))
    extremes = single([[-200.0, -104.0, -20.0, 0.0], [19.5, 20.5, 88.0, 200.0], [-1e30, 1e4, -87.5, 1e-30]])
    yield selective_scan("selective_scan, softplus at its extremes", extremes)
    yield quantize("quantize, ties", 0.25, [[0.125, 0.375, 0.625, -0.125, -0.375, -0.625, 0.0, -0.0, 0.13]])
    yield quantize("quantize, saturation", 0.25, [[31.75, 31.875, 32.0, 1e30, -32.0, -32.125, -1e30]])
    yield quantize_channels()
    yield from linear_cases()
    yield selective_scan("selective_scan, state of halves", draw(9, 4), "f16")
    yield selective_scan("selective_scan, state of codes", draw(9, 4), "i8")
    yield gate()
    yield attention("attention", 2, 2, 3, 5)
    yield attention("attention, shared keys", 6, 2, 4, 7)
    yield route()
    yield combine()
    yield rms_norm_of_groups()
    yield scan_of_heads(1)
    yield scan_of_heads(3, (0.25, 0.75))


def is_codes(case, operand):
    return case[0].startswith("linear_int8") and (
        operand == "weight" or (operand == "x" and "floats in" not in case[0]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    lines = []
    for case in cases():
        name, rows, constants, node, kind, expected = case
        record = {
            "name": name, "node": node, "type": kind,
            "codes": [operand for operand in (*rows, *constants) if is_codes(case, operand)],
            "rows": {operand: np.asarray(value).tolist() for operand, value in rows.items()},
            "constants": {
                operand: {"shape": list(np.shape(value)), "values": np.ravel(value).tolist()}
                for operand, value in constants.items()
            },
            "expected": expected.tolist(),
        }
        lines.append("  " + json.dumps(record))
    options.output.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
