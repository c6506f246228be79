#!/usr/bin/env python3
"""Write a model directory of a large size whose headers are real and whose weights are holes: it takes no disk.

    make_sparse_model.py SHAPE OUT_DIR [--shard-bytes N]

SHAPE is one of `SHAPES`, or D_MODELxLAYERSxVOCAB for a Mamba. For what reads headers alone, such as
`quamba compile --dry-run`. Needs the standard library only.
"""
import argparse, json, math, os, struct


def mamba(d, layers, vocab):
    """The config, and (name, shape) of every tensor in file order; the head is a matrix of its own."""
    inner, rank, n = 2 * d, math.ceil(d / 16), 16
    tensors = [("backbone.embeddings.weight", [vocab, d])]
    for i in range(layers):
        p = f"backbone.layers.{i}."
        tensors += [
            (p + "norm.weight", [d]), (p + "mixer.in_proj.weight", [2 * inner, d]),
            (p + "mixer.conv1d.weight", [inner, 1, 4]), (p + "mixer.conv1d.bias", [inner]),
            (p + "mixer.x_proj.weight", [rank + 2 * n, inner]), (p + "mixer.dt_proj.weight", [inner, rank]),
            (p + "mixer.dt_proj.bias", [inner]), (p + "mixer.A_log", [inner, n]), (p + "mixer.D", [inner]),
            (p + "mixer.out_proj.weight", [d, inner])]
    config = {"model_type": "mamba", "vocab_size": vocab, "hidden_size": d, "state_size": n,
              "num_hidden_layers": layers, "conv_kernel": 4, "expand": 2, "time_step_rank": rank,
              "tie_word_embeddings": False}
    return config, tensors + [("backbone.norm_f.weight", [d]), ("lm_head.weight", [vocab, d])]


def jamba(d, inner, layers, heads, key_heads, experts, vocab):
    """As `mamba`, for attention in layer 4 of every 8 and experts in every other layer."""
    wide, rank, n, keys = 2 * d, math.ceil(d / 16), 16, d // heads * key_heads
    tensors = [("model.embed_tokens.weight", [vocab, d])]
    for i in range(layers):
        p = f"model.layers.{i}."
        tensors += [(p + "input_layernorm.weight", [d]), (p + "pre_ff_layernorm.weight", [d])]
        if i % 8 == 4:
            tensors += [(p + f"self_attn.{name}_proj.weight", [rows, d])
                        for name, rows in (("q", d), ("k", keys), ("v", keys), ("o", d))]
        else:
            m = p + "mamba."
            tensors += [
                (m + "in_proj.weight", [2 * wide, d]), (m + "conv1d.weight", [wide, 1, 4]), (m + "conv1d.bias", [wide]),
                (m + "x_proj.weight", [rank + 2 * n, wide]), (m + "dt_layernorm.weight", [rank]),
                (m + "b_layernorm.weight", [n]), (m + "c_layernorm.weight", [n]), (m + "dt_proj.weight", [wide, rank]),
                (m + "dt_proj.bias", [wide]), (m + "A_log", [wide, n]), (m + "D", [wide]), (m + "out_proj.weight", [d, wide])]
        f = p + "feed_forward."
        tensors += [(f + "router.weight", [experts, d])] if i % 2 else []
        for e in [f"experts.{e}." for e in range(experts)] if i % 2 else [""]:
            tensors += [(f + e + "gate_proj.weight", [inner, d]), (f + e + "up_proj.weight", [inner, d]),
                        (f + e + "down_proj.weight", [d, inner])]
    config = {"model_type": "jamba", "vocab_size": vocab, "hidden_size": d, "intermediate_size": inner,
              "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": key_heads,
              "num_experts": experts, "num_experts_per_tok": 2, "attn_layer_period": 8, "attn_layer_offset": 4,
              "expert_layer_period": 2, "expert_layer_offset": 1, "mamba_dt_rank": rank, "mamba_d_state": n,
              "mamba_d_conv": 4, "mamba_expand": 2, "rms_norm_eps": 1e-6, "hidden_act": "silu",
              "tie_word_embeddings": False}
    return config, tensors + [("model.final_layernorm.weight", [d]), ("lm_head.weight", [vocab, d])]


SHAPES = {"jamba-52b": lambda: jamba(4096, 14336, 32, 32, 8, 16, 65536), "2.8b": lambda: mamba(2560, 64, 50280), "52b": lambda: mamba(12288, 55, 65536)}


def write_shard(path, items):
    """A file of bfloat16 tensors, as long as they need; only one byte of each is written, lest two be alike."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in items:
        size = 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        f.truncate(8 + len(text) + offset)
        for number, (name, _) in enumerate(items):
            f.seek(8 + len(text) + header[name]["data_offsets"][0])
            f.write(bytes([number % 251 + 1]))


def main():
    a = argparse.ArgumentParser()
    a.add_argument("shape"); a.add_argument("out"); a.add_argument("--shard-bytes", type=int, default=5 << 30)
    a = a.parse_args()
    config, tensors = SHAPES[a.shape]() if a.shape in SHAPES else mamba(*map(int, a.shape.split("x")))
    os.makedirs(a.out, exist_ok=True)
    shards, size = [[]], 0
    for name, shape in tensors:
        if shards[-1] and size + 2 * math.prod(shape) > a.shard_bytes:
            shards.append([]); size = 0
        shards[-1].append((name, shape)); size += 2 * math.prod(shape)
    names = [f"model-{i + 1:05d}-of-{len(shards):05d}.safetensors" for i in range(len(shards))]
    for file, items in zip(names, shards):
        write_shard(f"{a.out}/{file}", items)
    index = {name: file for file, items in zip(names, shards) for name, _ in items}
    with open(f"{a.out}/model.safetensors.index.json", "w") as f:
        json.dump({"metadata": {}, "weight_map": index}, f, indent=1)
    with open(f"{a.out}/config.json", "w") as f:
        json.dump(config, f, indent=1)
    print(sum(math.prod(shape) for _, shape in tensors), "parameters")


if __name__ == "__main__":
    main()
