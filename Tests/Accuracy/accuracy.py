#!/usr/bin/env python3
"""Measures the example model under every recipe, and prints the tables of docs/accuracy.md.

    accuracy.py PROGRAM [--out DIR] [--windows N] [--lines NAME…] [--validation | --whole | --generated]

The float model is run once for each text (`eval --save-baseline`). What was measured is kept in DIR, and not measured
again: a run that was stopped goes on, and `--lines` measures a few at a time. Remove DIR after changes to the tool.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import generated
from lines import LINES, WHOLE

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "Examples/models/gutenberg-9m"
TEXTS = ROOT / "Tests/Fixtures/texts"
BOOK, TEST, VALIDATION = (TEXTS / name for name in ("time-machine.txt", "wikitext2-test.txt", "wikitext2-valid.txt"))


class Measurement:
    """Plans, statistics and figures in one directory."""

    def __init__(self, program, out):
        self.program, self.out = program, out
        out.mkdir(parents=True, exist_ok=True)

    def output(self, *arguments):
        """What the program prints."""
        command = [self.program, *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}")
        return done.stdout

    def run(self, *arguments):
        return self.output(*arguments, "--progress", "none")

    def scores_of(self, *arguments):
        """What `eval` says of its texts."""
        return [text["score"] for text in json.loads(self.run(*arguments, "--json"))["texts"]]

    def score(self, *arguments):
        """What `eval` says of one text."""
        return self.scores_of("eval", *arguments)[0]

    def made(self, name, make):
        """A file of the directory, made where it is missing; the program publishes files whole."""
        path = self.out / name
        if not path.exists():
            make(path)
        return path

    def kept(self, name, measure):
        """Figures of the directory, measured where they are missing."""
        path = self.out / f"{name}.json"
        if not path.exists():
            figures = measure()
            path.write_text(json.dumps(figures))
        return json.loads(path.read_text())

    def recipe(self, line):
        if not line.base:
            return line.name
        path = self.out / f"{line.name}.recipe.json"
        path.write_text(json.dumps({"name": line.name, "base": line.base, **line.parts}))
        return path

    def plan(self, line):
        def compile(path):
            print(f"compile {line.name}", file=sys.stderr, flush=True)
            recipe = self.recipe(line)
            if line.name == "float32":
                self.run("compile", MODEL, "-o", path, "--recipe", recipe)
                return
            statistics = self.made(
                f"{line.statistics}.qstats", lambda path: self.run("calibrate", MODEL, "-o", path, "--recipe", recipe))
            self.run("compile", MODEL, "-o", path, "--recipe", recipe, "--stats", statistics, *line.options)

        return self.made(f"{line.name}.qplan", compile)

    def scores(self, line, text, windows):
        """What `eval` says of a plan on a text; of the float model alone, where the line is that."""
        limit = [] if windows is None else ["--windows", windows]

        def measure():
            plan, size = self.plan(line), f"{text.stem}-{windows or 'whole'}"
            print(f"{line.name} on {text.stem}", file=sys.stderr, flush=True)
            if line.name == "float32":
                return self.score(plan, "--text", text, *limit)
            # The float model's logits of the whole of WikiText-2 would take 3.6 GiB.
            baseline = MODEL if windows is None and text != BOOK else self.made(
                f"{size}.baseline",
                lambda path: self.run("eval", MODEL, "--text", text, *limit, "--save-baseline", path))
            return self.score(plan, "--text", text, *limit, "--baseline", baseline)

        return self.kept(f"{line.name}.{text.stem}-{windows or 'whole'}", measure)


def cells(score):
    """Increase, KL in thousandths and share of equal top tokens."""
    if "kl" not in score:
        return ["", "", ""]
    return [
        f"{100 * score['increase']:.3f} ± {100 * score['increase_se']:.3f} %",
        f"{1000 * score['kl']:.3f} ± {1000 * score['kl_se']:.3f}",
        f"{100 * score['top_token_agreement']:.2f} %",
    ]


def table(measurement, lines, texts):
    """A Markdown table; `texts` are texts and numbers of windows."""
    names = [
        f"{text.stem}{'' if windows is None else f', {windows} windows'}: {figure}"
        for text, windows in texts for figure in ("increase", "KL · 1000", "same top token")
    ]
    print("| recipe | plan, bytes | " + " | ".join(names) + " |\n" + "|---" * (2 + len(names)) + "|")
    for line in lines:
        size = measurement.plan(line).stat().st_size
        figures = [cell for text, windows in texts for cell in cells(measurement.scores(line, text, windows))]
        print(f"| {line.title} | {size:,} | " + " | ".join(figures) + " |", flush=True)
    float_line = LINES[0]
    for text, windows in texts if float_line in lines else []:
        score = measurement.scores(float_line, text, windows)
        print(f"\n{text.name}: {score['tokens']:,} tokens, perplexity of the float model {score['perplexity']:.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the built quamba")
    parser.add_argument("--out", type=Path, default=Path(".build-accuracy"), help="where plans and figures are kept")
    parser.add_argument("--windows", type=int, default=100, help="windows of 512 tokens of WikiText-2")
    parser.add_argument("--lines", nargs="*", metavar="NAME", help="these lines alone: " + ", ".join(l.name for l in LINES))
    parser.add_argument("--validation", action="store_true", help="on WikiText-2 validation, where recipes are chosen")
    parser.add_argument("--generated", action="store_true", help="narrower states over text that the model writes")
    parser.add_argument("--whole", action="store_true", help="the whole of WikiText-2 test, for " + " and ".join(WHOLE))
    options = parser.parse_args()
    wanted = options.lines or [line.name for line in LINES]
    unknown = set(wanted) - {line.name for line in LINES}
    if unknown:
        parser.error(f"no such lines: {', '.join(sorted(unknown))}")
    lines = [line for line in LINES if line.name in wanted]
    measurement = Measurement(options.program, options.out)
    if options.generated:
        generated.table(measurement, MODEL)
    elif options.validation:
        table(measurement, lines, [(VALIDATION, options.windows)])
    elif options.whole:
        table(measurement, [line for line in lines if line.name in WHOLE], [(TEST, None)])
    else:
        table(measurement, lines, [(BOOK, None), (TEST, options.windows)])


if __name__ == "__main__":
    main()
