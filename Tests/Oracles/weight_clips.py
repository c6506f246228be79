"""Clips of weights by plain numpy: expected scales for Tests/IRTests, exact in float32.

`least-error` tries clips of 64/64, 63/64, … 16/64 of the maximum and takes the first with the least sum of squared
errors of codes clamped to ±127. `percentile:P` takes the ⌈P/100 · n⌉-th smallest magnitude, rounded up to the next
float with nine bits of mantissa, and never above the maximum. A scale is clip / 127.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np

F = np.float32


def error(weights, clip):
    step = F(scale(clip)).astype(np.float64)
    codes = np.clip(np.rint(weights.astype(np.float64) / step), -127, 127)
    return ((weights.astype(np.float64) - codes * step) ** 2).sum()


def least_error(weights):
    largest = np.abs(weights).max()
    clips = [F(part / 64) * largest for part in range(64, 15, -1)]
    return clips[int(np.argmin([error(weights, clip) for clip in clips]))]


def percentile(weights, percent):
    magnitudes = np.sort(np.abs(weights).ravel())
    chosen = magnitudes[math.ceil(percent * magnitudes.size / 100 - 1e-9) - 1]
    edge = np.array([(chosen.view(np.uint32) >> 14) + 1 << 14], dtype=np.uint32).view(F)[0]
    return min(edge, magnitudes[-1])


def scale(clip):
    return float(F(clip) / F(127)) if clip > 0 else 1.0


def matrices():
    """Rows of which some are best clipped: 31.5 steps of the maximum are a half, and 32 steps of 63/64 of it."""
    random = np.random.default_rng(20260412)
    mixed = F(random.standard_t(3, (5, 67)))
    mixed[1] = random.uniform(-1, 1, 67)
    mixed[2] = 0
    mixed[3] = F(31.5 / 128) * random.choice([-1, 1], 67)
    mixed[3, 40] = -127 / 128
    mixed[4] = F(15.5 / 64) * random.choice([-1, 1], 67)
    mixed[4, 66] = 127 / 64
    yield mixed
    alike = F(31.5 / 128) * random.choice([-1, 1], (3, 33)).astype(F)
    alike[1, 2] = 127 / 128
    yield alike


def cases():
    clips = {"maximum": lambda w: np.abs(w).max(), "least-error": least_error}
    for percent in (50, 98, 99.9, 100):
        clips[f"percentile:{percent}"] = lambda w, percent=percent: percentile(w, percent)
    for weights in matrices():
        for name, clip in clips.items():
            rows = [scale(clip(row)) for row in weights]
            tensor = scale(clip(weights))
            yield {"clip": name, "weights": weights.tolist(), "row": rows, "tensor": [tensor]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    lines = ",\n".join("  " + json.dumps(case) for case in cases())
    parser.parse_args().output.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
