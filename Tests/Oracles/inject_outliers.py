"""A copy of a Mamba checkpoint with outliers injected that leave its function as it is.

A share of the gains of every layer's norm are multiplied by a factor, and the columns of in_proj that read them are
divided by it; with `--gated` the gains of the norm after the gate of Mamba-2, and the columns of out_proj. In exact arithmetic the logits do not change, but the norm's output gets channels that are far larger than
the others, as large models have them. The changed tensors are written in float32, so that the division loses nothing.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from fake_quantization import read_safetensors


def inject(tensors, layers, share, factor, seed, gated=False):
    """Changes the tensors of all layers in place."""
    random = np.random.default_rng(seed)
    for layer in range(layers):
        gain = tensors[f"backbone.layers.{layer}.{'mixer.' if gated else ''}norm.weight"]
        weight = tensors[f"backbone.layers.{layer}.mixer.{'out' if gated else 'in'}_proj.weight"]
        chosen = random.choice(gain.size, max(1, round(gain.size * share)), replace=False)
        gain[chosen] *= np.float32(factor)
        weight[:, chosen] /= np.float32(factor)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--factor", type=float, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gated", action="store_true")
    options = parser.parse_args()
    config = json.loads((options.model / "config.json").read_text())
    tensors = {}
    for path in sorted(options.model.glob("*.safetensors")):
        tensors.update(read_safetensors(path))
    tensors = {name: values.copy() for name, values in tensors.items()}
    inject(tensors, config["num_hidden_layers"], options.share, options.factor, options.seed, options.gated)
    options.output.mkdir(parents=True)
    for path in options.model.iterdir():
        if path.suffix == ".json" and not path.name.endswith(".index.json"):
            shutil.copy(path, options.output)
    config["torch_dtype"] = "float32"
    (options.output / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file(tensors, options.output / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
