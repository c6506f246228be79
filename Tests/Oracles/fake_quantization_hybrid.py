"""The int8 computation of a hybrid of Mamba blocks, attention and (expert) MLPs in numpy, paired with its float model.

As fake_quantization.py, whose quantizers and scan it uses, for checkpoints in the layout of Jamba. Scales of activations come
from a compiled plan; weights are quantized here. Keys and values are rounded to codes and used as such, so that the order in
which a cache is filled does not matter.
"""

import argparse
import json
import math
import subprocess
from pathlib import Path

import numpy as np

import hadamard
from fake_quantization import (
    FLOAT, Activations, Linear, convolve, evaluate, norm, plan_scales, plan_states, random_ids, read_safetensors, scan,
    silu, softplus,
)


def transform(width):
    """The normalized Hadamard transform of a row, as a matrix that multiplies it from the left."""
    block, _ = hadamard.shape(width)
    return hadamard.matrix(width).astype(np.float64) / math.sqrt(block)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Hybrid:
    """A model under one set of choices."""

    def __init__(self, directory, recipe, activations, states=None):
        self.config = json.loads((directory / "config.json").read_text())
        self.tensors = read_safetensors(directory / "model.safetensors")
        self.activations = activations
        self.states = states or {}
        self.mode = recipe["weights"]["scales"]
        self.convolution = recipe["convolution"]
        self.rotated = recipe["rotation"]["kind"] == "local"
        self.epsilon = np.float32(self.config["rms_norm_eps"])
        self.head = Linear(self.tensors["lm_head.weight"], "float32" if self.mode == "float32" else "row")
        self.embedding = self.tensors["model.embed_tokens.weight"]
        if recipe.get("embedding") == "int8":
            table = Linear(self.embedding, "row")
            self.embedding = table.codes.T * table.scale[:, None]
        self.linears = {}

    def read(self, layer, name):
        return self.tensors.get(f"model.layers.{layer}.{name}")

    def linear(self, layer, name, rows=None, columns=None):
        """A linear layer, its weight rotated from the left or the right."""
        key = (layer, name)
        if key not in self.linears:
            weight = self.read(layer, f"{name}.weight").astype(np.float64)
            weight = weight if rows is None else rows @ weight
            weight = weight if columns is None else weight @ columns.T
            self.linears[key] = Linear(weight.astype(np.float32), self.mode)
        return self.linears[key]

    def mamba(self, layer, normed):
        quantizer, name = self.activations, f"layers.{layer}.mixer."
        both = self.linear(layer, "mamba.in_proj")(quantizer.coded(f"layers.{layer}.norm", normed))
        x, z = np.split(both, 2, axis=-1)
        x, z = quantizer.rounded(name + "x", x), quantizer.rounded(name + "z", z)
        taps = self.read(layer, "mamba.conv1d.weight")[:, 0, :]
        if self.convolution != "float32":
            scale = np.abs(taps).max(axis=1 if self.convolution == "row" else None, keepdims=True) / np.float32(127)
            taps = np.rint(taps / scale) * scale
        u = silu(convolve(x, taps, self.read(layer, "mamba.conv1d.bias")))
        scanned = quantizer.rounded(name + ("u_scan" if name + "u_scan" in quantizer.scales else "u"), u)
        rank, states = self.config["mamba_dt_rank"], self.config["mamba_d_state"]
        parts = np.split(self.linear(layer, "mamba.x_proj")(quantizer.coded(name + "u", u)), [rank, rank + states], axis=-1)
        low, b, c = (
            norm(part, self.read(layer, f"mamba.{kind}_layernorm.weight"), self.epsilon)
            for part, kind in zip(parts, ("dt", "b", "c"))
        )
        dt = quantizer.rounded(name + "dt", self.linear(layer, "mamba.dt_proj")(quantizer.coded(name + "dt_low", low)))
        b, c = quantizer.rounded(name + "b", b), quantizer.rounded(name + "c", c)
        a = np.ascontiguousarray(-np.exp(self.read(layer, "mamba.A_log")).T)
        kept = self.states.get(name + "y", ("f32", None))
        step = softplus(dt + self.read(layer, "mamba.dt_proj.bias"))
        y = scan(scanned, step, a, b, c, self.read(layer, "mamba.D"), kept) * silu(z)
        return self.turned(layer, "mamba.out_proj", name + "y", y)

    def turned(self, layer, weight, name, x):
        """A product whose input is rotated just before it, where the recipe rotates."""
        if not self.rotated:
            return self.linear(layer, weight)(self.activations.coded(name, x))
        turn = transform(x.shape[-1])
        rotated = x @ turn.T.astype(np.float32)
        return self.linear(layer, weight, columns=turn)(self.activations.coded(name + "_rotated", rotated))

    def attention(self, layer, normed):
        quantizer, name = self.activations, f"layers.{layer}.attention."
        heads, key_heads = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        dim = self.config["hidden_size"] // heads
        turn = transform(dim) if self.rotated else np.eye(dim)
        source = quantizer.coded(f"layers.{layer}.norm", normed)
        q = self.linear(layer, "self_attn.q_proj")(source)
        k = quantizer.rounded(name + "k", self.linear(layer, "self_attn.k_proj")(source))
        rows = np.kron(np.eye(key_heads), turn)
        v = quantizer.rounded(name + "v", self.linear(layer, "self_attn.v_proj", rows=rows)(source))
        windows, length, _ = q.shape
        q = q.reshape(windows, length, heads, dim).transpose(0, 2, 1, 3)
        k, v = (part.reshape(windows, length, key_heads, dim).transpose(0, 2, 1, 3) for part in (k, v))
        k, v = (np.repeat(part, heads // key_heads, axis=1) for part in (k, v))
        scores = q @ k.transpose(0, 1, 3, 2) / np.float32(math.sqrt(dim))
        scores[..., np.triu(np.ones((length, length), dtype=bool), 1)] = -np.inf
        attended = (softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(windows, length, -1)
        columns = np.kron(np.eye(heads), turn)
        return self.linear(layer, "self_attn.o_proj", columns=columns)(quantizer.coded(name + "attended", attended))

    def mlp(self, layer, module, name, normed):
        source = self.activations.coded(name + "norm", normed)
        gate = self.linear(layer, f"{module}.gate_proj")(source)
        up = self.linear(layer, f"{module}.up_proj")(source)
        return self.turned(layer, f"{module}.down_proj", name + "h", up * silu(gate))

    def experts(self, layer, normed):
        """Each expert for the rows that chose it; contributions in ascending order of expert."""
        routes = softmax(normed @ self.read(layer, "feed_forward.router.weight").T)
        count = self.config["num_experts_per_tok"]
        chosen = np.argsort(-routes, axis=-1, kind="stable")[..., :count]
        out = np.zeros_like(normed)
        for expert in range(routes.shape[-1]):
            rows = (chosen == expert).any(axis=-1)
            name = f"layers.{layer}.mlp.experts.{expert}."
            down = self.mlp(layer, f"feed_forward.experts.{expert}", name, normed[rows])
            out[rows] += routes[rows][:, expert, None] * down
        return out

    def logits(self, inputs):
        """[windows, T] token ids to [windows, T, vocabulary] logits, each window from a zero state."""
        residual = self.embedding[inputs]
        for layer in range(self.config["num_hidden_layers"]):
            normed = norm(residual, self.read(layer, "input_layernorm.weight"), self.epsilon)
            has_attention = self.read(layer, "self_attn.q_proj.weight") is not None
            residual = residual + (self.attention if has_attention else self.mamba)(layer, normed)
            normed = norm(residual, self.read(layer, "pre_ff_layernorm.weight"), self.epsilon)
            if self.read(layer, "feed_forward.router.weight") is not None:
                residual = residual + self.experts(layer, normed)
            else:
                residual = residual + self.mlp(layer, "feed_forward", f"layers.{layer}.mlp.", normed)
        final = norm(residual, self.tensors["model.final_layernorm.weight"], self.epsilon)
        return self.head(self.activations.coded("norm_f", final))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--quamba", default="quamba", help="the compiler's executable")
    parser.add_argument("--random-ids", type=int, default=8193)
    parser.add_argument("--window", type=int, default=512)
    options = parser.parse_args()
    command = [options.quamba, "inspect", options.plan, "--json"]
    plan = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    scales, wide = plan_scales(plan)
    quantized = Hybrid(options.model, plan["recipe"], Activations(scales, wide=wide), plan_states(plan))
    reference = Hybrid(options.model, FLOAT, Activations({}))
    ids = random_ids(options.random_ids, len(reference.embedding))
    count = (len(ids) - 1) // options.window
    span = count * options.window
    inputs = np.array(ids[:span]).reshape(count, -1)
    targets = np.array(ids[1 : span + 1]).reshape(count, -1)
    figures = {"recipe": plan["recipe"]["name"], **evaluate(reference, quantized, inputs, targets, 4)}
    del figures["window_kl"]
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
