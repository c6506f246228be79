"""The figures of `quamba eval`, computed by numpy from logits that `quamba logits` wrote.

    eval_statistics.py BASELINE PLAN --text FILE --tasks FILE... --json OUT
    eval_statistics.py MODEL --zero TENSOR --text FILE --tasks FILE... --json OUT

The second form makes the plan itself: a copy of the model directory in which one tensor is zero. Everything is computed
in double from the two dumps of logits; nothing is shared with the Swift and C code but the logits.
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

KL_PERCENTS = [100, 99.9, 99, 95, 90, 50, 10, 5, 1, 0]
DELTA_PERCENTS = [100, 99.9, 99, 95, 90, 75, 50, 25, 10, 5, 1, 0.1, 0]
NAMES = {100: "maximum", 50: "median", 0: "minimum"}


# ---- logits -----------------------------------------------------------------------------------------------


def read_tensor(path, name):
    """One float32 tensor of a safetensors file."""
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    entry = json.loads(raw[8:start])[name]
    first, last = entry["data_offsets"]
    return np.frombuffer(raw[start + first : start + last], dtype=np.float32).reshape(entry["shape"])


def with_zero(model, tensor, place):
    """A copy of a model directory in which one tensor is zero."""
    copy = place / "model"
    shutil.copytree(model, copy)
    path = copy / "model.safetensors"
    raw = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(raw[:8], "little")
    first, last = json.loads(bytes(raw[8:start]))[tensor]["data_offsets"]
    raw[start + first : start + last] = bytes(last - first)
    path.write_bytes(raw)
    return copy


class Dumps:
    """Log-probabilities by plan and baseline of token sequences of any lengths."""

    def __init__(self, options, baseline, plan, place):
        self.quamba, self.place, self.sources = options.quamba, place, {"plan": plan, "baseline": baseline}

    def log_probabilities(self, sequences):
        """By source: for each sequence [length, vocabulary]. Shorter ones are padded; what follows changes nothing."""
        longest = max(map(len, sequences))
        padded = [list(ids) + [0] * (longest - len(ids)) for ids in sequences]
        (self.place / "tokens.json").write_text(json.dumps(padded))
        result = {}
        for name, source in self.sources.items():
            out = self.place / "logits.safetensors"
            command = [self.quamba, "logits", source, "--tokens", self.place / "tokens.json", "-o", out]
            subprocess.run(command, check=True)
            rows = []
            for logits, ids in zip(read_tensor(out, "logits"), sequences):
                logits = logits[: len(ids)].astype(np.float64)
                logits = logits - logits.max(axis=-1, keepdims=True)
                rows.append(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))
            result[name] = rows
        return result


# ---- texts ------------------------------------------------------------------------------------------------


def estimate(blocks):
    """Mean of blocks and its standard error."""
    blocks = np.asarray(blocks, dtype=np.float64)
    error = blocks.std(ddof=1) / math.sqrt(len(blocks)) if len(blocks) > 1 else None
    return float(blocks.mean()), error


def quantiles(values, percents):
    return {
        NAMES.get(percent, str(percent)): float(np.percentile(values, percent)) for percent in percents
    }


def buckets(window):
    """0–15, 16–31, 32–63, … within the window."""
    first, last = 0, 16
    while first < window:
        yield first, min(last, window)
        first, last = last, 2 * last


def text_figures(dumps, ids, window, windows):
    count = min((len(ids) - 1) // window, windows)
    inputs = [ids[w * window : (w + 1) * window] for w in range(count)]
    targets = np.array([ids[w * window + 1 : (w + 1) * window + 1] for w in range(count)])
    rows = dumps.log_probabilities(inputs)
    plan, base = np.array(rows["plan"]), np.array(rows["baseline"])
    chosen = targets[..., None]
    nll = -np.take_along_axis(plan, chosen, axis=-1)[..., 0]
    baseline_nll = -np.take_along_axis(base, chosen, axis=-1)[..., 0]
    kl = (np.exp(base) * (base - plan)).sum(axis=-1)
    change = np.exp(-nll) - np.exp(-baseline_nll)
    difference, difference_error = estimate((nll - baseline_nll).mean(axis=1))
    squares, squares_error = estimate((change**2).mean(axis=1))
    same, same_error = estimate((plan.argmax(-1) == base.argmax(-1)).mean(axis=1))
    kl_mean, kl_error = estimate(kl.mean(axis=1))
    mean_change, mean_change_error = estimate(change.mean(axis=1))
    positions = []
    for first, last in buckets(window):
        value, error = estimate(kl[:, first:last].mean(axis=1))
        positions.append({"from": first, "to": last, "kl": value, "kl_se": error})
    return {
        "tokens": int(nll.size),
        "windows": count,
        "window_length": window,
        "score_from": 0,
        "mean_nll": float(nll.mean()),
        "perplexity": math.exp(nll.mean()),
        "baseline_mean_nll": float(baseline_nll.mean()),
        "baseline_perplexity": math.exp(baseline_nll.mean()),
        "increase": math.exp(difference) - 1,
        "increase_se": math.exp(difference) * difference_error,
        "kl": kl_mean,
        "kl_se": kl_error,
        "kl_quantiles": quantiles(kl, KL_PERCENTS),
        "top_token_agreement": same,
        "top_token_agreement_se": same_error,
        "delta_p": mean_change,
        "delta_p_se": mean_change_error,
        "delta_p_rms": math.sqrt(squares),
        "delta_p_rms_se": squares_error / (2 * math.sqrt(squares)),
        "delta_p_quantiles": quantiles(change, DELTA_PERCENTS),
        "positions": positions,
    }


# ---- tasks ------------------------------------------------------------------------------------------------


def continuation(tokenizer, context, text):
    """Tokens of both together, and how many of them come before the continuation."""
    joined = context + text if not context or context[-1].isspace() or text[0].isspace() else f"{context} {text}"
    ids = tokenizer.encode(joined, add_special_tokens=False).ids
    before = len(tokenizer.encode(context.rstrip(), add_special_tokens=False).ids)
    return ids, min(before, len(ids) - 1)


def read_task(path, tokenizer):
    """Questions: kind, the right answer, and for each continuation its ids, start and length in characters."""
    for line in filter(None, path.read_text(encoding="utf-8").splitlines()):
        item = json.loads(line)
        if "choices" in item:
            options = [(*continuation(tokenizer, item["context"], text), len(text)) for text in item["choices"]]
            yield "multiple-choice", item["answer"], options
            continue
        if "text" in item:
            item["context"], item["target"] = item["text"].rsplit(" ", 1)
        pair = continuation(tokenizer, item["context"], item["target"])
        yield "last-word", 0, [(*pair, len(item["target"]))]


def answers(questions, rows):
    """For each question: right by likelihood, right by likelihood per character, −log p of the right answer."""
    rows = iter(rows)
    for kind, answer, options in questions:
        likelihoods, greedy = [], []
        for ids, start, _ in options:
            log_p = next(rows)
            places = np.arange(start, len(ids))
            targets = np.array(ids[start:])
            likelihoods.append(log_p[places - 1, targets].sum())
            greedy.append(bool((log_p[places - 1].argmax(axis=-1) == targets).all()))
        lengths = np.array([length for *_, length in options], dtype=np.float64)
        if kind == "last-word":
            right = normalized = greedy[0]
        else:
            right = int(np.argmax(likelihoods)) == answer
            normalized = int(np.argmax(np.array(likelihoods) / lengths)) == answer
        yield kind, float(right), float(normalized), -likelihoods[answer]


def figure(plan, baseline, exponential=False):
    """Value and error by plan and baseline, and of the difference; of perplexities the relative increase."""
    result = {}
    differences = [p - b for p, b in zip(plan, baseline)]
    for prefix, values in (("", plan), ("baseline_", baseline), ("difference_", differences)):
        value, error = estimate(values)
        if exponential:
            value, error = math.exp(value), error and math.exp(value) * error
            value -= 1 if prefix == "difference_" else 0
        result[f"{prefix}value"], result[f"{prefix}se"] = value, error
    return result


def task_figures(dumps, path, tokenizer):
    questions = list(read_task(path, tokenizer))
    rows = dumps.log_probabilities([ids for *_, options in questions for ids, *_ in options])
    plan, base = (list(answers(questions, rows[name])) for name in ("plan", "baseline"))
    scores = []
    for kind in dict.fromkeys(question[0] for question in questions):
        pairs = [(p, b) for p, b in zip(plan, base) if p[0] == kind]
        columns = [([p[n] for p, _ in pairs], [b[n] for _, b in pairs]) for n in (1, 2, 3)]
        score = {"kind": kind, "questions": len(pairs), "acc": figure(*columns[0])}
        if kind == "multiple-choice":
            score["acc_norm"] = figure(*columns[1])
        else:
            score["perplexity"] = figure(*columns[2], exponential=True)
        scores.append(score)
    return scores


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("baseline", type=Path)
    parser.add_argument("plan", type=Path, nargs="?")
    parser.add_argument("--zero", help="the tensor that is zero in the plan")
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--tasks", type=Path, nargs="*", default=[])
    parser.add_argument("--window", type=int, default=96)
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--quamba", default="quamba", help="the compiler's executable")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    if (options.plan is None) == (options.zero is None):
        parser.error("give a plan, or --zero")
    return options


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        plan = options.plan or with_zero(options.baseline, options.zero, place)
        dumps = Dumps(options, options.baseline, plan, place)
        tokenizer = Tokenizer.from_file(str(options.baseline / "tokenizer.json"))
        ids = tokenizer.encode(options.text.read_text(encoding="utf-8"), add_special_tokens=False).ids
        figures = {
            "text": text_figures(dumps, ids, options.window, options.windows),
            "tasks": [task_figures(dumps, path, tokenizer) for path in options.tasks],
        }
    if options.zero:
        figures["zero"] = options.zero
    text = json.dumps(figures, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
