#!/usr/bin/env python3
"""Write the smallest model that has every part, tokenizer included: for tests that damage each of its bytes.

    make_tiny_model.py OUT_DIR

Two shards of bfloat16. Needs numpy only; see make_model.py for the names and the layout of files.
"""
import json, sys
import numpy as np
import make_model

D, INNER, N, RANK, TAPS, WORDS = 16, 32, 4, 2, 4, 264


def tensors(rng):
    normal = lambda *shape, std: rng.standard_normal(shape, dtype=np.float32) * std
    p = "backbone.layers.0."
    yield "backbone.embeddings.weight", normal(WORDS, D, std=0.5)
    yield p + "norm.weight", 1 + normal(D, std=0.1)
    yield p + "mixer.in_proj.weight", normal(2 * INNER, D, std=0.3)
    yield p + "mixer.conv1d.weight", normal(INNER, 1, TAPS, std=0.3)
    yield p + "mixer.conv1d.bias", normal(INNER, std=0.1)
    yield p + "mixer.x_proj.weight", normal(RANK + 2 * N, INNER, std=0.2)
    yield p + "mixer.dt_proj.weight", normal(INNER, RANK, std=0.7)
    yield p + "mixer.dt_proj.bias", normal(INNER, std=0.5) - 4
    yield p + "mixer.A_log", np.log(np.tile(np.arange(1, N + 1, dtype=np.float32), (INNER, 1)))
    yield p + "mixer.D", np.ones(INNER, np.float32)
    yield p + "mixer.out_proj.weight", normal(D, INNER, std=0.2)
    yield "backbone.norm_f.weight", 1 + normal(D, std=0.1)


def byte_alphabet():
    """The characters that stand for bytes 0 to 255 in byte-level vocabularies."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def tokenizer():
    letters = byte_alphabet()
    merges = ["h e", "Ġ t", "i n", "Ġt he", "o u"]
    tokens = ["<|endoftext|>", "<|padding|>"] + letters + [merge.replace(" ", "") for merge in merges]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [{"id": i, "content": tokens[i], **special} for i in range(2)],
            "normalizer": None, "pre_tokenizer": level, "post_processor": level, "decoder": level,
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                      "vocab": {token: i for i, token in enumerate(tokens)}, "merges": merges}}


def main(out):
    items = [(name, "bf16", x.shape, make_model.encode(x, "bf16")) for name, x in tensors(np.random.default_rng(5))]
    files = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for file, part in zip(files, (items[:5], items[5:])):
        make_model.write_file(f"{out}/{file}", part)
    index = {item[0]: files[place >= 5] for place, item in enumerate(items)}
    config = {"model_type": "mamba", "vocab_size": WORDS, "hidden_size": D, "state_size": N, "num_hidden_layers": 1,
              "conv_kernel": TAPS, "expand": 2, "intermediate_size": INNER, "time_step_rank": RANK,
              "layer_norm_epsilon": 1e-5, "use_bias": False, "use_conv_bias": True, "hidden_act": "silu",
              "tie_word_embeddings": True, "bos_token_id": 0, "eos_token_id": 0, "torch_dtype": "bfloat16"}
    for name, value in (("config.json", config), ("tokenizer.json", tokenizer()),
                        ("model.safetensors.index.json", {"metadata": {}, "weight_map": index})):
        with open(f"{out}/{name}", "w") as f:
            json.dump(value, f, indent=1, ensure_ascii=False)
            f.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
