"""What narrower states lose over text that the model writes itself."""

import json
import math

from lines import Line, added

PROMPT, TOKENS, SEEDS = "The old house stood", 2000, range(1, 9)
STATES = {
    "float32": Line("quamba-smooth", ""),
    "float16": added("quamba-smooth", "float16", "", state="float16"),
    "int8": added("quamba-smooth", "int8", "", state="int8"),
}


def texts(measurement, model):
    """Files of the prompt's ids and those that the plan with float32 states samples after it, one for each seed."""
    plan = measurement.plan(STATES["float32"])
    prompt = json.loads(measurement.output("tokenize", plan, "--text", PROMPT))
    start = ",".join(map(str, prompt))

    def write(path, seed):
        sampling = ("--temperature", 1, "--seed", seed, "--ignore-eos")
        ids = measurement.output("run", plan, "--ids", start, "-n", TOKENS, *sampling)
        path.write_text(f'{{"ids": [{start},{ids.strip()}]}}\n')

    paths = [measurement.made(f"generated-{seed}.jsonl", lambda path: write(path, seed)) for seed in SEEDS]
    return len(prompt), paths


def mean_and_error(values):
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))


def table(measurement, model):
    """A Markdown table: means over the seeds, and their standard errors."""
    prompt, paths = texts(measurement, model)
    window = prompt + TOKENS - 1
    scoring = [part for path in paths for part in ("--text", path)]
    scoring += ["--window", window, "--score-from", prompt - 1, "--baseline", model]
    rows = []
    for state, line in STATES.items():
        documents = measurement.kept(
            f"{line.name}.generated", lambda: measurement.scores_of("eval", measurement.plan(line), *scoring))
        increase = mean_and_error([100 * document["increase"] for document in documents])
        divergence = mean_and_error([1000 * document["kl"] for document in documents])
        ranges = [(place["from"], place["to"]) for place in documents[0]["positions"]]
        drift = [mean_and_error([1000 * document["positions"][index]["kl"] for document in documents])[0]
                 for index in range(len(ranges))]
        rows.append((state, increase, divergence, drift))
    places = [f"{first}–{last - 1}" for first, last in ranges]
    print("| state | increase | KL · 1000 | KL · 1000 at " + " | ".join(places) + " |\n" + "|---" * (3 + len(places)) + "|")
    for state, increase, divergence, drift in rows:
        cells = [f"{increase[0]:.3f} ± {increase[1]:.3f} %", f"{divergence[0]:.3f} ± {divergence[1]:.3f}"]
        print(f"| `{state}` | " + " | ".join(cells + [f"{value:.2f}" for value in drift]) + " |")
