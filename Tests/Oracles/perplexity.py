"""Perplexity of a model on a text by transformers, in float32: the reference for `quamba eval`.

The whole text is encoded once, without special tokens. Window w has inputs w*T ..< w*T+T and targets one later,
and starts from a zero state; the tail that does not fill a window is dropped.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("text", type=Path)
    parser.add_argument("--window", type=int, default=512)
    parser.add_argument("--windows", type=int, help="score only the first windows")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    return parser.parse_args()


def encode(model, text):
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    return tokenizer.encode(text.read_text(encoding="utf-8"), add_special_tokens=False).ids


@torch.no_grad()
def losses(model, inputs, targets, batch):
    """Negative log likelihoods in nats, [windows, T], float64."""
    rows = []
    for first in range(0, len(inputs), batch):
        logits = model(input_ids=inputs[first : first + batch], use_cache=False).logits.double()
        log_probabilities = torch.log_softmax(logits, dim=-1)
        chosen = log_probabilities.gather(-1, targets[first : first + batch, :, None])
        rows.append(-chosen[..., 0])
        print(f"windows {first + len(rows[-1])}/{len(inputs)}", flush=True)
    return torch.cat(rows).numpy()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    ids = encode(options.model, options.text)
    count = (len(ids) - 1) // options.window
    if options.windows:
        count = min(count, options.windows)
    span = count * options.window
    inputs = torch.tensor(ids[:span]).view(count, -1)
    targets = torch.tensor(ids[1 : span + 1]).view(count, -1)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval()
    nll = losses(model, inputs, targets, options.batch)
    figures = {
        "model": options.model.name,
        "text": options.text.name,
        "transformers": transformers.__version__,
        "tokens_in_text": len(ids),
        "window": options.window,
        "windows": count,
        "tokens_scored": int(nll.size),
        "mean_nll": float(nll.mean()),
        "perplexity": math.exp(nll.mean()),
        "first_windows": [
            {"windows": n, "tokens_scored": n * options.window, "perplexity": math.exp(nll[:n].mean())}
            for n in (1, 8, 16, 32)
            if n < count
        ],
        "window_mean_nll": [round(float(x), 9) for x in np.mean(nll, axis=1)],
    }
    shown = {key: value for key, value in figures.items() if key != "window_mean_nll"}
    print(json.dumps(shown, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
