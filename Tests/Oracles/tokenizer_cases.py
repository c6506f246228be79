"""Expected values for TokenizationTests, from the `tokenizers` library (pip install tokenizers==0.22.1).

    python3 tokenizer_cases.py [--seed 1] [--count 150] ../TokenizationTests/Fixtures/tokenizer_cases.json

Random characters are those assigned in Unicode 14, which Python 3.11 knows: Swift 6.3 has Unicode 17 and the library
Unicode 16, so characters that came later can belong to another class. Texts that the library does not compose as
Unicode says are left out: its table of combining classes lacks marks that came after Unicode 9, such as U+089B.
(Version 0.23 decodes a normalized added token as its composed text, read as byte characters: "\u212b" as a lone byte.
Earlier versions and this project give the token's own text.)
"""

import argparse
import json
import pathlib
import random
import unicodedata

from tokenizers import Tokenizer, normalizers

TESTS = pathlib.Path(__file__).parent.parent
NEOX = TESTS / "Fixtures/gpt-neox-tokenizer/tokenizer.json"
GUTENBERG = TESTS.parent / "Examples/models/gutenberg-9m/tokenizer.json"

SPACES = "\t\n\v\f\r \x1c\x1f\x85\xa0\u1680\u180e\u2000\u2003\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
MARKS = "\u0300\u0301\u0308\u030a\u0316\u0323\u0327\u0338\u0345\u0f71\u0f72\u0f73\u0f75\u0f81\u0344\u0340\u3099\u20dd"
DIGITS = "0123456789\u0663\u0967\u0e54\u2155\u2163\u00b2\u2460\u3007\uff15\U0001d7d8\U00010140"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEÀÉéñßøŁǅʰªωЖשעحあ漢字한국ﬁﷺ\u212b\u2126\u0958\U0001d400\U00020000\ud7a3\u1112\u1161\u11ab"
OTHER = "'’‘\"!?.,;:-_()<>|[]{}#$%^&*+=~`@/\\€™\u00ad\u200d\u200c\u0000\u007f\u00b7\ufffd\uffff\U0010ffff\U0001f600\U0001f468\U0001f3fd\ufe0f\U0001f1e9\ue000"
PIECES = [
    "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "’s", "don't", "we'll", "the", " the", "  ", "   ", "\n\n", "\r\n",
    " \n ", "<|endoftext|>", "<|padding|>", "<|endoftext", "|>", "é", "e\u0301", "👩‍👩‍👧‍👦", "🇩🇪", "1234", "x²", "\t\t", " " * 24,
    " " * 25, " " * 50, "-----", "'", "''", " '", "'l", "'r", "'v", "def f(x):\n    return x", "日本語", "ไทย", "हिन्दी",
]
FIXED = [
    "", " ", "'", "a'", "'s's's", "I'm you're we'll they've he'd isn't IT'S", "’s “quoted” ‘words’", "a\u00a0b\u0085c\u3000d\u180ee\u200bf",
    "word<|endoftext|>word", "<|endoftext|><|endoftext|>", " <|endoftext|> ", "<<|endoftext|>>", "<|endoftext|endoftext|>",
    "a" * 400, "ab" * 200, " " * 100, "\n" * 77, " \n" * 40, "x" + " " * 23 + "y", "x" + " " * 24 + "y", "x" + " " * 49 + "y",
    "12345 ١٢٣ 一二三 Ⅷ ½ x²y³", "\ud7ff\ue000\uffff\U00010000\U0010ffff\x00", "A\u030a \u212b \u00c5", "q\u0307\u0323 q\u0323\u0307",
    "\u0f73\u0f73 \u0f75\u0301 \u0344\u0316", "한국어 \u1112\u1161\u11ab\u1100\u1161", "a\u0301" * 60, "a" + "\u0301\u0316" * 60,
    "trailing  ", "trailing \n", "\u2028\u2029x", "\u3000\u3000x", "\u00a0 x", " \u00a0x", "!'s", "?'ll", "x's y'lly 're're",
]


def random_text(source):
    def character():
        while True:
            value = chr(source.choice([source.randrange(0x80, 0x3000), source.randrange(0x3000, 0x20000)]))
            if unicodedata.category(value) not in ("Cs", "Cn"):
                return value

    kinds = [
        lambda: source.choice(SPACES), lambda: source.choice(MARKS), lambda: source.choice(DIGITS),
        lambda: source.choice(LETTERS), lambda: source.choice(OTHER), lambda: source.choice(PIECES),
        lambda: " " * source.randrange(1, 6), lambda: source.choice(LETTERS) * source.randrange(1, 9), character,
    ]
    composer = normalizers.NFC()
    favourites = source.sample(kinds, source.randrange(1, 5))
    while True:
        text = "".join(source.choice(favourites)() for _ in range(source.randrange(1, 24)))
        if composer.normalize_str(text) == unicodedata.normalize("NFC", text):
            return text


def random_ids(source, tokenizer, limit):
    single = [tokenizer.token_to_id(chr(value)) for value in range(0x21, 0x17F)]
    single = [value for value in single if value is not None]
    return [source.choice([source.randrange(limit), source.choice(single)]) for _ in range(source.randrange(1, 12))]


def cases(description, seed, count):
    tokenizer = Tokenizer.from_str(json.dumps(description))
    source = random.Random(seed)
    texts = FIXED + [random_text(source) for _ in range(count)]
    limit = max(tokenizer.get_vocab().values()) + 3
    lists = [random_ids(source, tokenizer, limit) for _ in range(count // 2)]
    return {
        "encode": [[text, tokenizer.encode(text, add_special_tokens=False).ids] for text in texts],
        "framed": [["a b", tokenizer.encode("a b").ids], ["", tokenizer.encode("").ids]],
        "decode": [[ids, tokenizer.decode(ids, skip_special_tokens=False)] for ids in lists],
        "shown": [[ids, tokenizer.decode(ids, skip_special_tokens=True)] for ids in lists[: count // 8] + [[0, 40, 1]]],
    }


def added(content, *flags):
    names = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    return {"content": content, **{name: name in flags for name in names}}


def variants(base):
    """Changes of the small tokenizer, as values to put at JSON paths."""
    tokens = base["added_tokens"]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    template = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "b", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": "e", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {
            "b": {"id": "b", "ids": [0], "tokens": ["<|endoftext|>"]},
            "e": {"id": "e", "ids": [1, 0], "tokens": ["<|padding|>", "<|endoftext|>"]}},
    }
    yield "prefix space", {"pre_tokenizer": {**byte_level, "add_prefix_space": True}}
    yield "no split", {"pre_tokenizer": {**byte_level, "use_regex": False}}
    yield "template", {"post_processor": {"type": "Sequence", "processors": [byte_level, template]}}
    yield "whole pieces", {
        "model.ignore_merges": True, "model.vocab": {**base["model"]["vocab"], "Ġxqz": 4096, "the漢": 4097, "12345": 4098, "aaaaaaaa": 4099}}
    flagged = [
        added("é", "normalized"), added("abc", "single_word"), added("  ", "rstrip"), added("-", "lstrip"),
        added("'s", "lstrip", "rstrip"), added("e\u0301", "single_word"), added("漢"),
        added("q\u0307\u0323", "normalized"), added("<|end", "special"), added("a\u0301a", "normalized", "single_word"),
        added("\u212b", "normalized", "special"), added("\u0345"), added("--"), added("\u3000", "normalized", "rstrip"),
    ]
    # The library gives a token of the vocabulary, such as "é", that id, and the others the next free ones.
    def numbered(flagged):
        free = iter(range(len(base["model"]["vocab"]), 1 << 22))
        return tokens + [{**token, "id": base["model"]["vocab"].get(token["content"]) or next(free)} for token in flagged]

    yield "flags", {"added_tokens": numbered(flagged)}
    yield "flags with NFC", {
        "added_tokens": numbered(token for token in flagged if token["content"] != "é"),
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}]}}
    yield "flags with prefix space", {"added_tokens": numbered(flagged), "pre_tokenizer": {**byte_level, "add_prefix_space": True}}


def patched(base, changes):
    result = json.loads(json.dumps(base))
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = result
        for name in parents:
            place = place[name]
        place[last] = value
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("output", type=pathlib.Path)
    options = parser.parse_args()
    neox = json.loads(NEOX.read_text())
    gutenberg = json.loads(GUTENBERG.read_text())
    groups = [
        {"name": "gpt-neox", "file": "gpt-neox", "changes": {}, **cases(neox, options.seed, options.count)},
        {"name": "gutenberg", "file": "gutenberg", "changes": {}, **cases(gutenberg, options.seed + 1, options.count)},
    ]
    for index, (name, changes) in enumerate(variants(gutenberg)):
        values = cases(patched(gutenberg, changes), options.seed + 2 + index, options.count // 2)
        if "model.vocab" in changes:
            more = {k: v for k, v in changes["model.vocab"].items() if k not in gutenberg["model"]["vocab"]}
            changes = {**{k: v for k, v in changes.items() if k != "model.vocab"}, **{f"model.vocab.{k}": v for k, v in more.items()}}
        groups.append({"name": name, "file": "gutenberg", "changes": changes, **values})
    options.output.write_text("[\n" + ",\n".join(json.dumps(group, ensure_ascii=False, separators=(",", ":")) for group in groups) + "\n]\n")


if __name__ == "__main__":
    main()
