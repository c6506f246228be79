"""Writes files that torch saved, and models with the values that transformers computes from them.

    venv/bin/python make_torch_fixtures.py

needs torch, transformers 5 and safetensors. The models are random: nothing can be learned from their texts.
"""

import json
import pathlib
import shutil
from collections import OrderedDict

import torch
from safetensors.torch import save_file
from transformers import (
    FalconMambaConfig, FalconMambaForCausalLM, Mamba2Config, Mamba2ForCausalLM, MambaConfig, MambaForCausalLM)

TESTS = pathlib.Path(__file__).parent.parent
FILES = TESTS / "PickledTensorsTests/Fixtures"
MODELS = TESTS / "Fixtures/models"


def small_files():
    """Element i of every tensor is i / 8 - 1, or i - 1 for integers."""
    FILES.mkdir(parents=True, exist_ok=True)
    floats = lambda count, kind: (torch.arange(count) / 8 - 1).to(kind)
    whole = floats(24, torch.float32)
    tensors = OrderedDict(
        {
            "weight.f32": floats(15, torch.float32).reshape(3, 5),
            "weight.f16": floats(15, torch.float16).reshape(3, 5),
            "weight.bf16": torch.nn.Parameter(floats(15, torch.bfloat16).reshape(3, 5)),
            "weight.f64": floats(3, torch.float64),
            "steps": torch.arange(-1, 3),
            "flags": torch.tensor([True, False, True]),
            "bytes": torch.tensor([255, 0], dtype=torch.uint8),
            "scalar": torch.tensor(-1.0),
            "empty": torch.zeros(0, 7),
            "whole": whole,
            "same": whole,
            "part": whole[8:16].reshape(2, 1, 4),
            "na\u00efve name": torch.tensor([-1, 0], dtype=torch.int8),
        }
    )
    tensors._metadata = OrderedDict({"": {"version": 1}, "layers.0": {"version": 2}})
    torch.save(tensors, FILES / "small.bin")
    torch.save({"a": torch.ones(2)}, FILES / "tiny.bin")
    torch.save({"turned": torch.arange(6.0).reshape(2, 3).t()}, FILES / "transposed.bin")
    torch.save({"a": torch.ones(2)}, FILES / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save({"a": torch.ones(2), "settings": {"rate": 1}}, FILES / "settings.bin")


def reference(model, directory):
    """Logits, hidden states and greedy tokens, as the other fixtures have them."""
    model.eval()
    seen = OrderedDict()

    def keep(name):
        return lambda module, inputs, output: seen.update({name: output[0] if isinstance(output, tuple) else output})

    backbone = model.backbone
    hooks = [backbone.embeddings.register_forward_hook(keep("embedding")), backbone.norm_f.register_forward_hook(keep("final_norm"))]
    hooks += [layer.register_forward_hook(keep(f"layer_{index}")) for index, layer in enumerate(backbone.layers)]
    ids = torch.randint(0, model.config.vocab_size, (2, 20))
    with torch.no_grad():
        seen["logits"] = model(ids, use_cache=False).logits
        for hook in hooks:
            hook.remove()
        greedy = ids[:1, :8]
        for _ in range(32):
            greedy = torch.cat([greedy, model(greedy, use_cache=False).logits[:, -1:].argmax(-1)], 1)
    values = {name: value.detach().float().contiguous() for name, value in seen.items()}
    values |= {"input_ids": ids.int(), "greedy": greedy.int()}
    save_file(values, directory / "expected.safetensors")


def folder(name):
    directory = MODELS / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def randomize(model):
    """Gains and steps that differ from channel to channel."""
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name.endswith(("norm.weight", "norm_f.weight", ".D")):
                value.mul_(1 + 0.3 * torch.randn_like(value))
            if name.endswith(("conv1d.bias", "conv1d.weight", "in_proj.bias", "out_proj.bias")):
                value.add_(0.2 * torch.randn_like(value))


def original():
    """The layout of state-spaces/mamba-*: 61 tokens, padded to 64; the head shares the embedding's storage."""
    torch.manual_seed(5)
    config = MambaConfig(
        vocab_size=64, hidden_size=24, state_size=8, num_hidden_layers=2, time_step_rank=2, initializer_range=0.2,
        use_cache=False)
    model = MambaForCausalLM(config)
    randomize(model)
    directory = folder("mamba-original")
    reference(model, directory)
    tensors = OrderedDict(
        (name.replace("backbone.embeddings", "backbone.embedding"), value) for name, value in model.state_dict().items())
    torch.save(tensors, directory / "pytorch_model.bin")
    settings = {
        "d_model": 24, "n_layer": 2, "vocab_size": 61, "ssm_cfg": {"d_state": 8}, "rms_norm": True,
        "residual_in_fp32": True, "fused_add_norm": True, "pad_vocab_size_multiple": 8}
    (directory / "config.json").write_text(json.dumps(settings, indent=2) + "\n")


def falcon():
    """Falcon-Mamba in two shards that torch saved."""
    torch.manual_seed(6)
    config = FalconMambaConfig(
        vocab_size=64, hidden_size=24, state_size=8, num_hidden_layers=2, time_step_rank=2, initializer_range=0.2,
        mixer_rms_eps=1e-6, use_cache=False, tie_word_embeddings=False)
    model = FalconMambaForCausalLM(config)
    randomize(model)
    directory = folder("falcon-mamba-bin-sharded")
    reference(model, directory)
    model.config.architectures = ["FalconMambaForCausalLM"]
    (directory / "config.json").write_text(json.dumps(model.config.to_dict(), indent=2, sort_keys=True) + "\n")
    names = list(model.state_dict())
    places = {}
    for shard in range(2):
        file = f"pytorch_model-{shard + 1:05}-of-00002.bin"
        part = {name: model.state_dict()[name] for name in names[shard::2]}
        torch.save(part, directory / file)
        places |= {name: file for name in part}
    index = {"metadata": {"total_size": 0}, "weight_map": places}
    (directory / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")


def mamba2_limited():
    """Mamba-2 with limits that Δ meets; 24 channels a group, so that blocks of 16 belong to two groups."""
    torch.manual_seed(7)
    config = Mamba2Config(
        vocab_size=64, hidden_size=24, num_heads=4, head_dim=12, n_groups=2, state_size=8, num_hidden_layers=2,
        initializer_range=0.2, time_step_limit=(0.02, 0.05), use_bias=True, use_conv_bias=False, use_cache=False,
        chunk_size=8, tie_word_embeddings=False)
    model = Mamba2ForCausalLM(config)
    randomize(model)
    directory = folder("mamba2-limited")
    reference(model, directory)
    model.config.architectures = ["Mamba2ForCausalLM"]
    (directory / "config.json").write_text(json.dumps(model.config.to_dict(), indent=2, sort_keys=True) + "\n")
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, directory / "model.safetensors")


def mamba2_original():
    """The layout of state-spaces/mamba2-*: 61 tokens, padded to 64; the head shares the embedding's storage."""
    torch.manual_seed(8)
    config = Mamba2Config(
        vocab_size=64, hidden_size=24, num_heads=3, head_dim=16, n_groups=1, state_size=16, num_hidden_layers=2,
        initializer_range=0.2, use_cache=False, chunk_size=8, tie_word_embeddings=True)
    model = Mamba2ForCausalLM(config)
    randomize(model)
    directory = folder("mamba2-original")
    reference(model, directory)
    tensors = OrderedDict(
        (name.replace("backbone.embeddings", "backbone.embedding"), value) for name, value in model.state_dict().items())
    torch.save(tensors, directory / "pytorch_model.bin")
    settings = {
        "d_model": 24, "d_intermediate": 0, "n_layer": 2, "vocab_size": 61, "attn_layer_idx": [], "attn_cfg": {},
        "ssm_cfg": {"layer": "Mamba2", "d_state": 16, "headdim": 16}, "rms_norm": True, "residual_in_fp32": True,
        "fused_add_norm": True, "pad_vocab_size_multiple": 16, "tie_embeddings": True}
    (directory / "config.json").write_text(json.dumps(settings, indent=2) + "\n")


if __name__ == "__main__":
    torch.manual_seed(1)
    small_files()
    original()
    falcon()
    mamba2_limited()
    mamba2_original()
