"""An independent numpy implementation of the int8 computation of a Mamba-2 model, paired with its float model.

As fake_quantization.py, with the scales of a plan only. One convolution runs over x, B and C as the checkpoint has them.
Where the plan rotates, the gain of the norm after the gate is part of out_proj.
"""

import math

import numpy as np

import hadamard
from fake_quantization import Network, clipped, convolve, main, norm, silu, softplus, store


def limits(config):
    """The least and the largest step of time; an infinite one may be a word, or a word in an object."""
    bounds = config.get("time_step_limit") or [0.0, math.inf]
    return [float(bound["__float__"] if isinstance(bound, dict) else bound) for bound in bounds]


def scan(u, delta, a, b, c, d, kept):
    """u [windows, T, heads, p]; delta [windows, T, heads]; a, d [heads]; b, c [windows, T, heads, n]."""
    windows, length, heads, width = u.shape
    state = np.zeros((windows, b.shape[-1], heads * width), dtype=np.float32)
    out = np.empty((windows, length, heads * width), dtype=np.float32)
    for t in range(length):
        decay = np.exp(delta[:, t] * a).repeat(width, axis=-1)
        driven = (delta[:, t, :, None] * u[:, t]).reshape(windows, -1)
        shared = lambda x: x[:, t].repeat(width, axis=1).transpose(0, 2, 1)
        state *= decay[:, None, :]
        state += driven[:, None, :] * shared(b)
        out[:, t] = (state * shared(c)).sum(axis=1)
        store(state, *kept)
    return out + (d[:, None] * u).reshape(windows, length, -1)


class HeadNetwork(Network):
    """A Mamba-2 model under one set of choices."""

    def slices(self):
        """The rows of in_proj that give each part."""
        config = self.model.config
        inner = self.model.layer(0, "mixer.out_proj.weight").shape[1]
        shared = config["n_groups"] * config["state_size"]
        ends = np.cumsum([0, inner, inner, shared, shared, config["num_heads"]])
        return {name: slice(*ends[i : i + 2]) for i, name in enumerate(["z", "x", "b_in", "c_in", "dt"])}

    def block(self, index, weights, recipe):
        def read(name):
            return self.model.layer(index, "mixer." + name)

        def steps(name):
            return self.activations.scales.get(f"layers.{index}.{name}")

        out, gain = read("out_proj.weight"), read("norm.weight")
        if self.rotated:
            block, _ = hadamard.shape(out.shape[1])
            out = (out * gain).astype(np.float64) @ hadamard.matrix(out.shape[1]).T / math.sqrt(block)
            gain = np.ones_like(gain)
        taps = read("conv1d.weight")[:, 0, :]
        if recipe["convolution"] != "float32":
            scale = np.abs(taps).max(axis=1 if recipe["convolution"] == "row" else None, keepdims=True) / np.float32(127)
            taps = np.rint(taps / scale) * scale
        bias = read("conv1d.bias")
        linears = self.projections(index, weights, read, steps)
        linears["out"] = self.product(
            f"layers.{index}.residual", out, weights, read("out_proj.bias"),
            steps=steps("mixer.y_rotated" if self.rotated else "mixer.y"))
        return {
            "gain": self.model.layer(index, "norm.weight"),
            "taps": taps,
            "conv_bias": np.float32(0) if bias is None else bias,
            "dt_bias": read("dt_bias"),
            "a": -np.exp(read("A_log")),
            "d": read("D"),
            "gated_gain": gain,
            **linears,
        }

    def projections(self, index, weights, read, steps):
        whole, bias, scales = read("in_proj.weight"), read("in_proj.bias"), steps("norm")
        smoothed = whole * scales if scales is not None and scales.size > 1 else whole
        return {
            name: self.product(
                f"layers.{index}.mixer.{name}", whole[part], weights, None if bias is None else bias[part],
                steps=scales, largest=clipped(smoothed, self.clip) if weights == "tensor" else None)
            for name, part in self.slices().items()
        }

    def mix(self, index, block, normed):
        """One mixer on its norm's output [windows, T, d]."""
        quantizer, name, config = self.activations, f"layers.{index}.", self.model.config
        groups, heads, states = config["n_groups"], config["num_heads"], config["state_size"]
        read = quantizer.coded(name + "norm", normed)
        name += "mixer."
        part = {key: quantizer.rounded(name + key, block[key](read)) for key in self.slices()}
        joined = np.concatenate([part["x"], part["b_in"], part["c_in"]], axis=-1)
        convolved = silu(convolve(joined, block["taps"], block["conv_bias"]))
        inner, shared = part["x"].shape[-1], groups * states
        u, b, c = (
            quantizer.rounded(name + key, value)
            for key, value in zip("ubc", np.split(convolved, [inner, inner + shared], axis=-1))
        )
        shape = u.shape[:2]
        spread = lambda x: x.reshape(*shape, groups, states).repeat(heads // groups, axis=2)
        delta = np.clip(softplus(part["dt"] + block["dt_bias"]), *limits(config))
        kept = self.states.get(name + "scan", ("f32", None))
        y = scan(u.reshape(*shape, heads, -1), delta, block["a"], spread(b), spread(c), block["d"], kept)
        y = (y * silu(part["z"])).reshape(*shape, groups, -1)
        y = norm(y, 1, self.model.epsilon).reshape(*shape, inner) * block["gated_gain"]
        if self.rotated:
            return block["out"](quantizer.coded(name + "y_rotated", y @ self.rotation.T))
        return block["out"](quantizer.coded(name + "y", y))


if __name__ == "__main__":
    main(HeadNetwork)
