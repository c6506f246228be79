"""Expected values for pipelines other than GPT-2's, from the `tokenizers` library (pip install tokenizers==0.23.3).

    python3 pipeline_cases.py [--seed 1] [--count 100] ../TokenizationTests/Fixtures/pipeline_cases.json

Small vocabularies are trained here; normalizer, pre-tokenizer, decoder, post-processor and the model's settings are those
of Falcon-Mamba, Llama 3, Jamba and Codestral. With another seed and a large count the file is a random differential test:
name it by QUAMBA_PIPELINE_CASES when the tests run.
"""

import argparse
import json
import pathlib
import random

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

import tokenizer_cases as base

TEXT = base.TESTS / "Fixtures/texts/time-machine.txt"
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace("{1,3}", "")
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
MORE = "12345 678 90 1 22 333 4444\n(a) [b] “c” ... !? don't we'll it's I'M 'ſ\n  x = f(y);\n\treturn\r\n\r\n你好 été naïve ½² "


def split(expression, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": {"Regex": expression}, "behavior": behavior, "invert": invert}


def template(token, number):
    return {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {token: {"id": token, "ids": [number], "tokens": [token]}},
    }


def train(pre_tokenizer, alphabet, size):
    """Vocabulary, in order of id, and merges of a small BPE."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False, special_tokens=[])
    tokenizer.train_from_iterator([TEXT.read_text()[:60000], MORE * 20], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return sorted(model["vocab"], key=model["vocab"].get), model["merges"]


def file(names, merges, added, **parts):
    model = {
        "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
        "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
        "vocab": {name: index for index, name in enumerate(names)}, "merges": merges, **parts.pop("model", {})}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": None, "post_processor": None, "decoder": dict(BYTE_LEVEL), **parts, "model": model}


def byte_files():
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    names, merges = train(pre_tokenizers.ByteLevel(add_prefix_space=False), alphabet, 420)
    special = {**base.added("<|end|>", "special"), "id": len(names)}
    stages = [
        {"type": "Punctuation", "behavior": "Contiguous"}, BYTE_LEVEL, {"type": "Digits", "individual_digits": False},
        split("[0-9][0-9][0-9]")]
    yield "falcon", file(names, merges, [special], pre_tokenizer={"type": "Sequence", "pretokenizers": stages}, post_processor=BYTE_LEVEL)
    plain = {**BYTE_LEVEL, "use_regex": False}
    for name, expression in [("llama 3", LLAMA3), ("qwen 2", QWEN2)]:
        yield name, file(
            names, merges, [special], pre_tokenizer={"type": "Sequence", "pretokenizers": [split(expression), plain]},
            normalizer={"type": "NFC"} if name == "qwen 2" else None, model={"ignore_merges": name == "llama 3"},
            post_processor={"type": "Sequence", "processors": [plain, template("<|end|>", len(names))]})
    for index, behavior in enumerate(["Isolated", "Contiguous", "Removed", "MergedWithPrevious", "MergedWithNext"]):
        stages = [
            {"type": "Punctuation", "behavior": behavior}, {**split("[0-9][0-9][0-9]", behavior, index % 2 == 1)},
            {"type": "Split", "pattern": {"String": "th"}, "behavior": behavior, "invert": index % 2 == 0},
            {"type": "Digits", "individual_digits": True}, {**plain, "add_prefix_space": index == 0}]
        yield f"behavior {behavior}", file(
            names[:256], [], [], pre_tokenizer={"type": "Sequence", "pretokenizers": stages},
            model={"vocab": {name: number for number, name in enumerate(names[:256])}})


def character_files():
    pieces, merges = train(pre_tokenizers.Metaspace(), [], 330)
    pieces = [piece for piece in pieces if piece not in "½²"]
    merges = [pair for pair in merges if all(part in pieces for part in [*pair, "".join(pair)])]
    special = ["<unk>", "<s>", "</s>"]
    names = special + [f"<0x{value:02X}>" for value in range(256)] + pieces
    added = [{**base.added(name, "special"), "id": index} for index, name in enumerate(special)]
    added += [{**base.added("[INST]"), "id": len(names)}, {**base.added("a b", "normalized"), "id": len(names) + 1}]
    model = {"unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True}
    mark = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    legacy = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, mark]}
    back = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
    decoders = [back, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]
    decoder = {"type": "Sequence", "decoders": decoders}
    yield "sentencepiece", file(
        names, merges, added, normalizer=legacy, decoder=decoder, post_processor=template("<s>", 1), model=model)
    for scheme, splits in [("first", False), ("always", True), ("never", True)]:
        metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": splits}
        yield f"metaspace {scheme}", file(
            names, merges, added, pre_tokenizer=metaspace, decoder=decoder if scheme == "first" else metaspace,
            post_processor=template("<s>", 1), model={**model, "ignore_merges": scheme == "always"})
    digits = {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, split(LLAMA3, "Removed", True)]}
    yield "digits", file(
        names, merges, added[:3], normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}, mark]},
        pre_tokenizer=digits, decoder={"type": "Sequence", "decoders": decoders[:3]}, model=model)


def cases(description, seed, count):
    """As those of `tokenizer_cases`, with runs of byte tokens among the ids."""
    tokenizer = Tokenizer.from_str(json.dumps(description))
    source = random.Random(seed)
    contractions = [quote + word for quote in "'’" for word in ["s", "S", "ſ", "T", "RE", "lL", "Ve", "r", "x"]]
    extra = ["[INST]", "a b", "<s>", "</s>x", " <s> a", "▁", "▁▁a", "<0x0A>", "\r\n", "\n \n", " \r", "123", "1234567", "th", *contractions]
    texts = base.FIXED + extra + ["word" + part + " ..." for part in contractions]
    for _ in range(count):
        texts.append("".join(source.choice([base.random_text(source), source.choice(extra)]) for _ in range(2)))
    composer = normalizers.NFC()
    texts = [text for text in texts if composer.normalize_str(text) == base.unicodedata.normalize("NFC", text)]
    limit = max(tokenizer.get_vocab().values()) + 3
    low = 259 if "<0x00>" in tokenizer.get_vocab() else 256
    # Version 0.23 decodes a normalized added token as its normalized text; this project gives the token's own.
    normalized = {token["id"] for token in description["added_tokens"] if token["normalized"]}
    lists = [
        [source.choice([source.randrange(limit), source.randrange(low), source.choice([198, 172, 133])]) for _ in range(source.randrange(1, 12))]
        for _ in range(count // 2)]
    lists = [[number for number in ids if number not in normalized] for ids in lists]
    return {
        "encode": [[text, tokenizer.encode(text, add_special_tokens=False).ids] for text in texts],
        "framed": [["a b", tokenizer.encode("a b").ids], ["", tokenizer.encode("").ids]],
        "decode": [[ids, tokenizer.decode(ids, skip_special_tokens=False)] for ids in lists],
        "shown": [[ids, tokenizer.decode(ids, skip_special_tokens=True)] for ids in lists[: count // 8] + [[0, 40, 1, 2]]],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("output", type=pathlib.Path)
    options = parser.parse_args()
    groups = []
    for index, (name, description) in enumerate([*byte_files(), *character_files()]):
        count = options.count // (4 if name.startswith("behavior") else 1)
        groups.append({"name": name, "tokenizer": description, **cases(description, options.seed + index, count)})
    options.output.write_text("[\n" + ",\n".join(json.dumps(group, ensure_ascii=False, separators=(",", ":")) for group in groups) + "\n]\n")


if __name__ == "__main__":
    main()
