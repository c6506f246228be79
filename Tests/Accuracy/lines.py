"""The lines of the table in docs/accuracy.md: what is quantized how, each said as a recipe on top of another."""

from dataclasses import dataclass, field


@dataclass
class Line:
    """One line: `name` is that of a built-in recipe, unless there is a `base` to which `parts` are added."""

    name: str
    title: str
    base: str = ""
    parts: dict = field(default_factory=dict)
    options: tuple = ()  # of `compile`, beside the recipe

    @property
    def statistics(self):
        """What tells the statistics that it needs from those of others: how the model is rotated."""
        rotation = self.parts.get("rotation", {})
        kind = "residual" if self.name == "quarot" else rotation.get("kind", "local")
        return f"{'residual' if kind == 'residual' else 'local'}-{rotation.get('signs', 'plain')}"


def added(base, name, title, **parts):
    """A technique added alone to a built-in recipe."""
    return Line(f"{base}+{name}", f"`{base}` and {title}", base, parts)


def within(bits):
    """`quamba-w4` with eight bits for some weights, as a budget allows."""
    return Line(f"quamba-w4+{bits}", f"`quamba-w4 --budget {bits}`", "quamba-w4", {}, ("--budget", bits))


def clip(**classes):
    return {"clips": {name: value for name, value in classes.items()}}


CONTRACTED = ["norm", "u", "dt_low", "y_rotated", "norm_f"]
LINES = [
    Line("float32", "`float32`"),
    Line("naive", "`naive`"),
    Line("smooth", "`smooth`"),
    Line("quarot", "`quarot`"),
    added("naive", "rotation", "local rotation only", rotation={"kind": "local"}),
    added("naive", "percentile", "u clipped at its 99.999th percentile only", **clip(u="percentile:99.999")),
    Line("quamba", "`quamba`"),
    Line("quamba-channel", "`quamba-channel`"),
    added("quamba-channel", "smoothquant", "smoothing at strength 0.5", smoothing={"strength": 0.5, "classes": CONTRACTED}),
    added("quamba-channel", "channels", "smoothing at strength 1",
          smoothing={"strength": 1, "classes": ["norm", "u", "y_rotated"]}),
    added("quamba-channel", "clip-y", "rotated y clipped at least error", **clip(y_rotated="least-error")),
    added("quamba-channel", "clip-weights", "weights clipped at least error", weights={"clip": "least-error"}),
    added("quamba-channel", "residual", "residual rotation", rotation={"kind": "residual"}),
    added("quamba-channel", "signs", "random signs", rotation={"kind": "local", "signs": 1}),
    added("quamba-channel", "gptq", "GPTQ", weights={"rounding": "gptq"}),
    added("quamba-channel", "bias", "bias correction", bias_correction=True),
    added("quamba-channel", "keep", "rotated y kept float", keep=["*.y_rotated"]),
    added("quamba-channel", "float16", "a float16 state", state="float16"),
    added("quamba-channel", "int8", "an int8 state", state="int8"),
    Line("quamba-smooth", "`quamba-smooth` (default)"),
    added("quamba-smooth", "dt_low", "dt_low smoothed",
          smoothing={"strength": 1, "classes": ["norm", "u", "dt_low", "y_rotated"]}),
    added("quamba-smooth", "clip-weights", "weights clipped at least error", weights={"clip": "least-error"}),
    added("quamba-smooth", "residual", "residual rotation", rotation={"kind": "residual"}),
    added("quamba-smooth", "signs", "random signs", rotation={"kind": "local", "signs": 1}),
    added("quamba-smooth", "gptq", "GPTQ", weights={"rounding": "gptq"}),
    added("quamba-smooth", "bias", "bias correction", bias_correction=True),
    added("quamba-smooth", "best", "dt_low smoothed, GPTQ, random signs: the best combination",
          smoothing={"strength": 1, "classes": ["norm", "u", "dt_low", "y_rotated"]}, weights={"rounding": "gptq"},
          rotation={"kind": "local", "signs": 1}),
    added("quamba-smooth", "float16", "a float16 state", state="float16"),
    added("quamba-smooth", "int8", "an int8 state", state="int8"),
    Line("quamba-w4", "`quamba-w4`"),
    added("quamba-w4", "nearest", "rounding to nearest, ranges by maxima", weights={"clip": "maximum", "rounding": "nearest"}),
    added("quamba-w4", "least-error", "rounding to nearest", weights={"rounding": "nearest"}),
    added("quamba-w4", "smooth", "smoothing as in `quamba-smooth`",
          smoothing={"strength": 1, "classes": ["norm", "u", "y_rotated"]}),
    added("quamba-w4", "bias", "bias correction", bias_correction=True),
    added("quamba-w4", "head", "four bits for the head", set=[{"tensors": "logits.weight", "bits": 4}]),
    within("6bpw"),
    within("7bpw"),
]
# What the whole of the longer text is measured for too.
WHOLE = ["quamba", "quamba-smooth"]
