"""An independent numpy implementation of the int8 computation of a Mamba-1 model, paired with its float model.

Activation scales come from a compiled plan (`--plan`, through `quamba inspect PLAN --json`, or `--inspect-json`
with that output saved), or from a calibration made here (`--own-scales RECIPE --calibration FILE.jsonl`).
Weights come from the model directory, and are quantized here. Nothing is shared with the Swift and C code.

q = round_half_even(clip(x / scale, -128, 127)) for activations, clipped to +-32639 for those of 16 bits; weights have
scale clip / 127 for a whole checkpoint tensor or for a row, the head always for a row. An activation that the plan does
not list is float32, and so is a product's weight that it lists no multipliers of. Where the input of a product has a
scale for each channel (smoothing), the weight's columns are multiplied by these before they are quantized; a smoothed
dt_low is divided by its scales in the rows of x_proj.

Codes of weights that were rounded by GPTQ are read from the plan's bytes (`plan_weights.py`), and so is whatever has four
bits; how far they are from the checkpoint's weights is printed.
"""

import argparse
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import group_weights
import hadamard
import plan_weights
import weight_clips

NONE, LOCAL = {"kind": "none"}, {"kind": "local"}
RECIPES = {
    "naive": {"weights": {"scales": "tensor"}, "convolution": "tensor", "rotation": NONE, "scan_inputs": "tensor"},
    "quamba": {"weights": {"scales": "tensor"}, "convolution": "tensor", "rotation": LOCAL, "scan_inputs": "tensor"},
    "quamba-channel": {
        "weights": {"scales": "row"}, "convolution": "float32", "rotation": LOCAL, "scan_inputs": "channel",
    },
    "quamba-smooth": {
        "weights": {"scales": "row"}, "convolution": "float32", "rotation": LOCAL, "scan_inputs": "channel",
        "smoothing": {"strength": 1}, "embedding": "int8", "clips": {"y_rotated": "least-error"},
    },
}
DTYPES = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}


# ---- model ------------------------------------------------------------------------------------------------


def read_safetensors(path):
    """Tensors by name, float32. numpy has no bfloat16, hence the shift by 16 bits."""
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    tensors = {}
    for name, entry in json.loads(raw[8:start]).items():
        if name == "__metadata__":
            continue
        first, last = entry["data_offsets"]
        values = np.frombuffer(raw[start + first : start + last], dtype=DTYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        tensors[name] = values.astype(np.float32).reshape(entry["shape"])
    return tensors


def read_torch(path):
    """Tensors by name, float32, of a file that torch saved."""
    import torch

    return {name: tensor.float().numpy() for name, tensor in torch.load(path, weights_only=True).items()}


class Model:
    """Shapes and weights of a Mamba-1 or Falcon-Mamba checkpoint in Hugging Face layout."""

    def __init__(self, directory):
        config = json.loads((directory / "config.json").read_text())
        self.tensors = {}
        for path in sorted(directory.glob("*.safetensors")):
            self.tensors.update(read_safetensors(path) if path.name.startswith("model") else {})
        for path in sorted(directory.glob("pytorch_model*.bin")):
            self.tensors.update(read_torch(path))
        self.layers = config["num_hidden_layers"]
        self.epsilon = np.float32(config["layer_norm_epsilon"])
        is_falcon = config["model_type"] == "falcon_mamba"
        self.selection_epsilon = np.float32(config["mixer_rms_eps"]) if is_falcon else None
        self.embedding = self.tensors["backbone.embeddings.weight"]
        self.head = self.tensors.get("lm_head.weight", self.embedding)

    def layer(self, index, name):
        return self.tensors.get(f"backbone.layers.{index}.{name}")


# ---- quantizers -------------------------------------------------------------------------------------------


class Linear:
    """x W^T + b; weights of 8 and 4 bits are kept as codes, exact in float32 products for up to 1,032 inputs of 8 bits.

    `steps`, where given, are the scales of the input's channels; they are part of the weight's columns. `divisors` are
    those of the output's channels, which the weight's rows are divided by. `largest` is the range of a tensor's scale
    where that is the tensor of more rows than these.
    """

    def __init__(self, weight, mode, bias=None, steps=None, divisors=None, clip="maximum", largest=None):
        self.bias = bias
        self.scale = None
        self.steps = steps if steps is not None and steps.size > 1 else None
        self.divisors = divisors if divisors is not None and divisors.size > 1 else None
        if self.steps is not None:
            weight = weight * self.steps
        if self.divisors is not None:
            weight, largest = weight / self.divisors[:, None], None
        self.weight = weight
        if mode == "groups":
            self.adopt(*group_weights.nearest(weight, clip))
            return
        if mode == "float32":
            self.codes = np.ascontiguousarray(weight.T, dtype=np.float32)
            return
        if mode == "row":
            largest = np.array([clipped(row, clip) for row in weight])
        else:
            largest = np.full(len(weight), clipped(weight, clip) if largest is None else largest)
        self.scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        codes = np.clip(np.rint(weight / self.scale[:, None]), -127, 127)
        self.keep(codes)

    def keep(self, codes, exact=None):
        """Takes codes [outputs, inputs] for those of the weight."""
        exact = exact or (np.float32 if codes.shape[1] <= 1032 else np.float64)
        self.codes = np.ascontiguousarray(codes.T, dtype=exact)

    def adopt(self, codes, factors, scale):
        """Takes codes that were rounded elsewhere; those of four bits with their factors and the scales of rows."""
        if factors is None:
            return self.keep(codes)
        self.scale = scale
        return self.keep(plan_weights.products(codes, factors), np.float64)

    def error(self):
        """How far the codes are from the weight, as part of the weight's norm."""
        found = self.codes.T * self.scale[:, None]
        return float(np.linalg.norm(found - self.weight) / np.linalg.norm(self.weight))

    def __call__(self, activation):
        codes, scale = activation
        if self.steps is not None:
            codes = np.rint(codes / self.steps)
        out = codes @ self.codes
        if self.scale is not None:
            out = out * (self.scale * scale)
        elif np.ndim(scale) == 0 and scale != 1:
            out = out * scale
        if self.divisors is not None:
            out = out * self.divisors
        if self.bias is not None:
            out = out + self.bias
        return out.astype(np.float32, copy=False)


def clipped(weight, clip):
    """The magnitude at which a weight, or one of its rows, is clipped."""
    if clip == "maximum":
        return np.abs(weight).max()
    if clip == "least-error":
        return weight_clips.least_error(weight)
    return weight_clips.percentile(weight, float(clip.removeprefix("percentile:")))


class Activations:
    """The quantizer of each named activation; codes of those in `wide` have 16 bits, and are float64, so that sums are exact.

    `observe`, where given, sees the values before quantization.
    """

    def __init__(self, scales, observe=None, wide=()):
        self.scales = scales
        self.observe = observe
        self.wide = wide

    def coded(self, name, x):
        """The codes and their scale: what a linear layer contracts."""
        if self.observe:
            self.observe(name, x)
        scale = self.scales.get(name)
        if scale is None:
            return x, np.float32(1)
        codes = np.clip(x / scale, *((-32639, 32639) if name in self.wide else (-128, 127)))
        np.rint(codes, out=codes)
        if name in self.wide:
            codes = codes.astype(np.float64)
        return (codes, scale[0]) if scale.size == 1 else (codes * scale, np.float32(1))

    def rounded(self, name, x):
        """The dequantized values: what a float kernel reads."""
        codes, scale = self.coded(name, x)
        return codes if name not in self.scales else codes * scale


# ---- forward pass -----------------------------------------------------------------------------------------


def silu(x):
    return x / (1 + np.exp(-x))


def softplus(x):
    return np.where(x > 20, x, np.log1p(np.exp(np.minimum(x, 20))))


def norm(x, gain, epsilon):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + epsilon) * gain


def convolve(x, weight, bias):
    """Causal and depthwise: x [windows, T, e], weight [e, taps], oldest tap first."""
    taps = weight.shape[1]
    padded = np.pad(x, ((0, 0), (taps - 1, 0), (0, 0)))
    return sum((padded[:, t : t + x.shape[1]] * weight[:, t] for t in range(taps)), start=bias)


def store(state, kind, scales):
    """Rounds the state [windows, n, e] in place to what is kept of it: float16, or codes with a scale per channel."""
    if kind == "f16":
        state[...] = np.clip(state, -65504, 65504).astype(np.float16)
    elif kind == "i8":
        np.multiply(np.rint(np.clip(state / scales, -128, 127)), scales, out=state)


def scan(u, delta, a, b, c, d, kept=("f32", None)):
    """u, delta [windows, T, e]; a [n, e]; b, c [windows, T, n]. The state is [windows, n, e], rounded as `kept` says."""
    windows, length, inner = u.shape
    state = np.zeros((windows, a.shape[0], inner), dtype=np.float32)
    work = np.empty_like(state)
    driven = delta * u
    out = np.empty_like(u)
    for t in range(length):
        np.multiply(delta[:, t, None, :], a, out=work)
        np.exp(work, out=work)
        state *= work
        np.multiply(driven[:, t, None, :], b[:, t, :, None], out=work)
        state += work
        out[:, t] = (c[:, t, None, :] @ state)[:, 0]
        store(state, *kept)
    return out + d * u


class Network:
    """A model under one set of choices; `weights`, `convolution`, `head` and `embedding` say how each is stored.

    `products`, where given, are the instructions that compute integer products; the weights of others are float. Those of
    `narrow` have four bits.
    """

    def __init__(self, model, recipe, activations, states=None, products=None, narrow=()):
        self.model = model
        self.activations = activations
        self.states = states or {}
        self.products = products
        self.narrow = narrow
        self.clip = recipe["weights"].get("clip", "maximum")
        weights = recipe["weights"]["scales"]
        inner = model.layer(0, "mixer.out_proj.weight").shape[1]
        self.rotated = recipe["rotation"]["kind"] == "local"
        block, _ = hadamard.shape(inner)
        self.rotation = (hadamard.matrix(inner) / math.sqrt(block)).astype(np.float32)
        self.blocks = [self.block(index, weights, recipe) for index in range(model.layers)]
        self.head = self.product(
            "logits", model.head, "float32" if weights == "float32" else "row", steps=activations.scales.get("norm_f"))
        self.embedding = model.embedding
        if recipe.get("embedding") == "int8":
            table = Linear(model.embedding, "row")
            self.embedding = table.codes.T * table.scale[:, None]

    def product(self, instruction, weight, mode, bias=None, **choices):
        """A linear layer as the instruction of a plan computes it."""
        if self.products is not None and instruction not in self.products:
            mode = "float32"
        return Linear(weight, "groups" if instruction in self.narrow else mode, bias, clip=self.clip, **choices)

    def linear(self, instruction):
        """The linear layer of an instruction."""
        place = instruction.split(".")
        leaf = place[-1]
        return self.head if leaf == "logits" else self.blocks[int(place[1])]["out" if leaf == "residual" else leaf]

    def block(self, index, weights, recipe):
        def read(name):
            return self.model.layer(index, name)

        def steps(name):
            return self.activations.scales.get(f"layers.{index}.{name}")

        out = read("mixer.out_proj.weight")
        if self.rotated:
            block, _ = hadamard.shape(out.shape[1])
            out = (out.astype(np.float64) @ hadamard.matrix(out.shape[1]).T) / math.sqrt(block)
        taps = read("mixer.conv1d.weight")[:, 0, :]
        if recipe["convolution"] != "float32":
            axis = 1 if recipe["convolution"] == "row" else None
            scale = np.abs(taps).max(axis=axis, keepdims=True) / np.float32(127)
            taps = np.rint(taps / scale) * scale
        bias = read("mixer.conv1d.bias")
        linears = self.projections(index, weights, read, steps)
        linears["out"] = self.product(
            f"layers.{index}.residual", out, weights, read("mixer.out_proj.bias"),
            steps=steps("mixer.y_rotated" if self.rotated else "mixer.y"))
        return {
            "gain": read("norm.weight"),
            "taps": taps,
            "conv_bias": np.float32(0) if bias is None else bias,
            "dt_bias": read("mixer.dt_proj.bias"),
            "a": np.ascontiguousarray(-np.exp(read("mixer.A_log")).T),
            "d": read("mixer.D"),
            **linears,
        }

    def projections(self, index, weights, read, steps):
        """What feeds convolution and scan: in_proj gives x and z, x_proj gives dt_low, b, c; a tensor's scale is that of all."""
        both, bias = read("mixer.in_proj.weight"), read("mixer.in_proj.bias")
        x_proj, dt_proj = read("mixer.x_proj.weight"), read("mixer.dt_proj.weight")
        inner, rank, states = len(both) // 2, dt_proj.shape[1], read("mixer.A_log").shape[1]
        rows = {"x": slice(0, inner), "z": slice(inner, None)}
        rows |= {"dt_low": slice(0, rank), "b": slice(rank, rank + states), "c": slice(rank + states, None)}
        found = {"dt": self.product(f"layers.{index}.mixer.dt", dt_proj, weights, steps=steps("mixer.dt_low"))}
        for name, part in rows.items():
            whole, scales = (both, steps("norm")) if name in "xz" else (x_proj, steps("mixer.u"))
            smoothed = whole * scales if scales is not None and scales.size > 1 else whole
            found[name] = self.product(
                f"layers.{index}.mixer.{name}", whole[part], weights,
                bias[part] if name in "xz" and bias is not None else None, steps=scales,
                divisors=steps("mixer.dt_low") if name == "dt_low" else None,
                largest=clipped(smoothed, self.clip) if weights == "tensor" else None)
        return found

    def mix(self, index, block, normed):
        """One mixer on its norm's output [windows, T, d]."""
        quantizer, name = self.activations, f"layers.{index}."
        read = quantizer.coded(name + "norm", normed)
        name += "mixer."
        x, z = (quantizer.rounded(name + part, block[part](read)) for part in "xz")
        u = silu(convolve(x, block["taps"], block["conv_bias"]))
        contracted = quantizer.coded(name + "u", u)
        scanned = quantizer.rounded(name + ("u_scan" if name + "u_scan" in quantizer.scales else "u"), u)
        low, b, c = (block[part](contracted) for part in ("dt_low", "b", "c"))
        if self.model.selection_epsilon is not None:
            low, b, c = (norm(part, 1, self.model.selection_epsilon) for part in (low, b, c))
        dt = quantizer.rounded(name + "dt", block["dt"](quantizer.coded(name + "dt_low", low)))
        b, c = quantizer.rounded(name + "b", b), quantizer.rounded(name + "c", c)
        kept = self.states.get(name + "y", ("f32", None))
        y = scan(scanned, softplus(dt + block["dt_bias"]), block["a"], b, c, block["d"], kept) * silu(z)
        if self.rotated:
            return block["out"](quantizer.coded(name + "y_rotated", y @ self.rotation.T))
        return block["out"](quantizer.coded(name + "y", y))

    def logits(self, inputs):
        """[windows, T] token ids to [windows, T, vocabulary] logits, each window from a zero state."""
        residual = self.embedding[inputs]
        for index, block in enumerate(self.blocks):
            residual = residual + self.mix(index, block, norm(residual, block["gain"], self.model.epsilon))
        final = norm(residual, self.model.tensors["backbone.norm_f.weight"], self.model.epsilon)
        return self.head(self.activations.coded("norm_f", final))


FLOAT = {"weights": {"scales": "float32"}, "convolution": "float32", "rotation": NONE}


# ---- scales -----------------------------------------------------------------------------------------------


class Ranges:
    """Running maxima by channel, and for u a histogram of |x| by the float's bits shifted right by 14."""

    def __init__(self):
        self.largest = {}
        self.histograms = {}

    def observe(self, name, x):
        magnitudes = np.abs(x)
        largest = magnitudes.reshape(-1, x.shape[-1]).max(axis=0)
        self.largest[name] = np.maximum(self.largest.get(name, 0), largest)
        if name.endswith((".u", ".y_rotated")):
            bins = np.ascontiguousarray(magnitudes).view(np.uint32).ravel() >> 14
            self.histograms[name] = self.histograms.get(name, 0) + np.bincount(bins, minlength=1 << 17)

    def percentile(self, name, percent):
        """The upper edge of the first bin whose cumulative count reaches the percentile."""
        cumulative = np.cumsum(self.histograms[name])
        wanted = math.ceil(cumulative[-1] * percent / 100)
        edge = np.uint32((int(np.searchsorted(cumulative, wanted)) + 1) << 14).view(np.float32)
        return min(edge, self.largest[name].max())

    def least_error(self, name):
        """The clip, of the upper edges of bins, of least squared error: evenly spread within, cut down beyond."""
        counts = self.histograms[name].astype(np.float64)
        counts[0] = 0
        edges = ((np.arange(counts.size + 1, dtype=np.uint64) << 14).astype(np.uint32)).view(np.float32)
        edges = np.nan_to_num(edges, nan=0, posinf=0).astype(np.float64)
        middles = (edges[:-1] + edges[1:]) / 2
        beyond = [np.cumsum((counts * middles**power)[::-1])[::-1] for power in (0, 1, 2)]
        tails = [np.append(tail, 0)[1:] for tail in beyond]
        top = self.largest[name].max()
        clips = np.minimum(edges[1:], top)
        errors = (counts.sum() - tails[0]) * (clips / 127) ** 2 / 12
        errors += tails[2] - 2 * clips * tails[1] + clips**2 * tails[0]
        return np.float32(clips[1:][np.argmin(np.where(clips[1:] > 0, errors[1:], np.inf))])

    def scales(self, recipe, percent):
        """One scale a tensor or a channel, as the recipe says."""
        found = {}
        for name, largest in self.largest.items():
            leaf = name.rsplit(".", 1)[-1]
            if leaf == "u" and recipe["scan_inputs"] == "channel":
                found[name + "_scan"] = largest / np.float32(127)
            if leaf in ("norm", "u", "y_rotated") and "smoothing" in recipe:
                if recipe.get("clips", {}).get(leaf) == "least-error":
                    largest = np.minimum(largest, self.least_error(name))
                found[name] = np.maximum(largest, largest.max() / 1024) / np.float32(127)
            elif leaf == "u" and recipe["rotation"]["kind"] != "none":
                found[name] = np.array([self.percentile(name, percent) / np.float32(127)], dtype=np.float32)
            elif recipe["scan_inputs"] == "channel" and leaf in ("x", "z", "dt", "b", "c"):
                found[name] = largest / np.float32(127)
            else:
                found[name] = np.array([largest.max() / np.float32(127)])
        return {name: np.where(scale > 0, scale, 1).astype(np.float32) for name, scale in found.items()}


def calibrate(model, directory, path, recipe, samples, length, percent, batch):
    """Scales from the first tokens of the first passages, through the float model (rotated, if the recipe rotates)."""
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    with path.open(encoding="utf-8") as lines:
        passages = [json.loads(line)["text"] for _, line in zip(range(samples), lines)]
    ids = [tokenizer.encode(passage, add_special_tokens=False).ids[:length] for passage in passages]
    inputs = np.array([row for row in ids if len(row) == length])
    ranges = Ranges()
    network = Network(model, {**FLOAT, "rotation": recipe["rotation"]}, Activations({}, ranges.observe))
    for first in range(0, len(inputs), batch):
        network.logits(inputs[first : first + batch])
    return ranges.scales(recipe, percent)


def inspect(options):
    """What `quamba inspect PLAN --json` prints."""
    if options.inspect_json:
        return json.loads(options.inspect_json.read_text())
    command = [options.quamba, "inspect", str(options.plan), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def plan_scales(plan):
    """Scales by activation, without the padding of channels, and the names of those of 16 bits."""
    found, wide = {}, set()
    for tensor in plan["tensors"]:
        scales = np.array(tensor["scales"], dtype=np.float32)
        found[tensor["name"]] = scales if scales.size == 1 else scales[: tensor["width"]]
        if tensor["type"] == "i16":
            wide.add(tensor["name"])
    return found, wide


def plan_states(plan):
    """Type and scales of the states that are narrower than float32, by the scan's name."""
    return {
        state["name"]: (state["type"], np.array(state["scales"], dtype=np.float32))
        for state in plan.get("states", [])
    }


def projection(linear):
    """The name of what a product gives, whether or not something else makes codes of it."""
    return linear["instruction"].removesuffix(".f32").removesuffix("_raw")


def multiplier_error(plan, network, scales):
    """The worst relative difference between the plan's multipliers and s_in * s_w / s_out made from the weights here.

    Smoothed inputs have their scales in the weights here. The instruction's name tells the projection.
    """
    worst, compared = 0.0, 0
    for linear in plan.get("linears", []):
        scale_in = scales.get(linear["input"])
        weight = network.linear(projection(linear))
        if weight.scale is None:
            continue
        expected = weight.scale.copy()
        if scale_in is not None and scale_in.size == 1:
            expected *= scale_in[0]
        if weight.divisors is None:
            expected /= scales.get(linear["output"], np.float32(1))
        actual = np.array(linear["multipliers"], dtype=np.float32)[: expected.size]
        worst = max(worst, float(np.max(np.abs(actual - expected) / expected)))
        compared += expected.size
    return {"multipliers_compared": compared, "worst_relative_difference": worst}


def adopt_codes(plan, network, scales, weights, isRounded):
    """Has the network compute with the plan's codes where they were rounded by GPTQ, else compares them with its own.

    `weights` are the codes and factors of the plan's instructions. The scale of a row of four-bit weights is the plan's
    multiplier without the scales of input and output.
    """
    adopted, compared, differing, errors = 0, 0, 0, []
    for linear in plan["linears"]:
        codes, factors = weights[linear["instruction"]]
        weight = network.linear(projection(linear))
        if weight.scale is None:
            continue
        if isRounded:
            scale = np.array(linear["multipliers"], dtype=np.float64)[: len(codes)]
            scale = scale * scales.get(linear["output"], 1)
            scale_in = scales.get(linear["input"])
            weight.adopt(codes, factors, scale / scale_in[0] if scale_in is not None and scale_in.size == 1 else scale)
            adopted += 1
        else:
            found = codes if factors is None else plan_weights.products(codes, factors)
            compared, differing = compared + found.size, differing + int((found != weight.codes.T).sum())
        if factors is not None:
            errors.append(weight.error())
    found = {"codes_adopted_of_products": adopted} if isRounded else {"codes_compared": compared, "codes_differing": differing}
    return found | ({"four_bit_products": len(errors), "four_bit_error": float(np.mean(errors))} if errors else {})


# ---- metrics ----------------------------------------------------------------------------------------------


def log_softmax(logits):
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def mean_and_error(values):
    """Mean over all, and its standard error with windows as blocks; values [windows, T]."""
    blocks = values.mean(axis=1)
    error = blocks.std(ddof=1) / math.sqrt(len(blocks)) if len(blocks) > 1 else math.nan
    return float(values.mean()), float(error)


def evaluate(reference, quantized, inputs, targets, batch):
    """Paired figures of `quantized` against `reference`; windows are the first axis."""
    columns = {"float": [], "int8": [], "kl": []}
    for first in range(0, len(inputs), batch):
        rows = slice(first, first + batch)
        p, q = log_softmax(reference.logits(inputs[rows])), log_softmax(quantized.logits(inputs[rows]))
        columns["float"].append(-np.take_along_axis(p, targets[rows, :, None], -1)[..., 0])
        columns["int8"].append(-np.take_along_axis(q, targets[rows, :, None], -1)[..., 0])
        columns["kl"].append((np.exp(p) * (p - q)).sum(axis=-1))
        print(f"windows {min(first + batch, len(inputs))}/{len(inputs)}", file=sys.stderr, flush=True)
    nll_float, nll_int8, kl = (np.concatenate(columns[key]) for key in ("float", "int8", "kl"))
    difference, error = mean_and_error(nll_int8 - nll_float)
    kl_mean, kl_error = mean_and_error(kl)
    return {
        "tokens_scored": int(nll_float.size),
        "perplexity_float": math.exp(nll_float.mean()),
        "perplexity_int8": math.exp(nll_int8.mean()),
        "mean_difference": difference,
        "increase": math.exp(difference) - 1,
        "increase_error": math.exp(difference) * error,
        "kl": kl_mean,
        "kl_error": kl_error,
        "window_kl": [float(value) for value in kl.mean(axis=1)],
    }


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--text", type=Path)
    parser.add_argument("--random-ids", type=int, help="pseudo-random token ids in place of a text")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--plan", type=Path)
    source.add_argument("--inspect-json", type=Path, help="saved output of `quamba inspect PLAN --json`")
    source.add_argument("--own-scales", choices=sorted(RECIPES))
    parser.add_argument("--quamba", default="quamba", help="the compiler's executable")
    parser.add_argument("--calibration", type=Path, help="passages for --own-scales")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--percentile", type=float, default=99.999)
    parser.add_argument("--head-input", choices=("int16", "int8", "float32"),
                        help="instead of what the recipe says; from a plan only float32")
    parser.add_argument("--embedding", choices=("source", "int8"), help="instead of what the recipe says")
    parser.add_argument("--window", type=int, default=512)
    parser.add_argument("--windows", type=int, help="score only the first windows")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    if not options.text and not options.random_ids:
        parser.error("give --text or --random-ids")
    if options.own_scales and not options.calibration:
        parser.error("--own-scales needs --calibration")
    return options


def refuse(recipe):
    """What is not computed here."""
    if recipe["rotation"]["kind"] == "residual" or recipe["rotation"].get("signs") is not None:
        raise SystemExit("rotation of the residual stream, and signs, are not computed here")
    if recipe.get("bias_correction") or recipe.get("norm_gains") == "folded":
        raise SystemExit("bias correction and folded gains are not computed here")
    if any(set(rule) - {"tensors", "keep", "bits"} and "weight" in rule["tensors"] for rule in recipe.get("set", [])):
        raise SystemExit("weights that are set one by one are not computed here")


def random_ids(count, vocabulary):
    """The ids of a linear congruential generator, from its upper bits."""
    state, ids = 0x9E3779B97F4A7C15, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        ids.append((state >> 33) % vocabulary)
    return ids


def main(network=Network):
    options = arguments()
    model = Model(options.model)
    figures, states = {}, {}
    if options.own_scales:
        recipe = dict(RECIPES[options.own_scales])
        scales = calibrate(model, options.model, options.calibration, recipe, options.samples, options.window,
                           options.percentile, options.batch)
        figures["recipe"] = options.own_scales
        wide = set() if options.head_input == "int8" else {"norm_f"}
        if wide:
            scales["norm_f"] = scales["norm_f"] * np.float32(127 / 32639)
    else:
        plan = inspect(options)
        recipe, (scales, wide), states = dict(plan["recipe"]), plan_scales(plan), plan_states(plan)
        figures["recipe"] = recipe["name"]
        refuse(recipe)
    if options.embedding:
        recipe["embedding"] = options.embedding
    if options.head_input == "float32":
        scales.pop("norm_f", None)
    products = None if options.own_scales else {projection(linear) for linear in plan["linears"]}
    weights = plan_weights.read(options.plan) if options.plan else {}
    narrow = {projection({"instruction": name}) for name, (_, factors) in weights.items() if factors is not None}
    quantized = network(model, recipe, Activations(scales, wide=wide), states, products, narrow)
    if weights:
        figures.update(adopt_codes(plan, quantized, scales, weights, recipe["weights"].get("rounding") == "gptq"))
    if not options.own_scales:
        figures.update(multiplier_error(plan, quantized, scales))
    figures["head_input"] = "float32" if "norm_f" not in scales else "int16" if "norm_f" in wide else "int8"
    figures["embedding"] = recipe.get("embedding", "source")
    if options.random_ids:
        ids = random_ids(options.random_ids, len(model.embedding))
    else:
        tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
        ids = tokenizer.encode(options.text.read_text(encoding="utf-8"), add_special_tokens=False).ids
    count = min((len(ids) - 1) // options.window, options.windows or len(ids))
    span = count * options.window
    inputs = np.array(ids[:span]).reshape(count, -1)
    targets = np.array(ids[1 : span + 1]).reshape(count, -1)
    reference = network(model, FLOAT, Activations({}))
    figures.update(evaluate(reference, quantized, inputs, targets, options.batch))
    print(json.dumps({key: value for key, value in figures.items() if key != "window_kl"}, indent=1))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
