#!/usr/bin/env python3
"""Converts a Llama in GGUF, quantised or not, whose tokenizer is byte-level, into a Hugging Face folder with float16
weights: config.json, generation_config.json, model.safetensors, tokenizer.json. Needs gguf, numpy and safetensors."""

import argparse
import json
import pathlib
import sys

import gguf
import numpy
from safetensors.numpy import save_file

LAYER_NAMES = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}
MODEL_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
# What a GGUF file calls a way of splitting text, and what splits like that in tokenizer.json.
PRE_TOKENIZERS = {
    "smollm": [{"type": "Digits", "individual_digits": True},
               {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}],
}
CONTROL_TOKEN, USER_TOKEN = 3, 4


class Metadata:
    def __init__(self, reader):
        self.fields = reader.fields

    def __getitem__(self, key):
        return self.fields[key].contents()

    def get(self, key, default):
        return self.fields[key].contents() if key in self.fields else default


def make_config(metadata, tied):
    get = lambda key: metadata[f"llama.{key}"]
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": get("embedding_length"), "intermediate_size": get("feed_forward_length"),
        "num_hidden_layers": get("block_count"), "num_attention_heads": get("attention.head_count"),
        "num_key_value_heads": get("attention.head_count_kv"), "head_dim": get("rope.dimension_count"),
        "max_position_embeddings": get("context_length"), "vocab_size": get("vocab_size"),
        "rms_norm_eps": float(f"{get('attention.layer_norm_rms_epsilon'):.6g}"), "rope_theta": get("rope.freq_base"),
        "tie_word_embeddings": tied, "attention_bias": False, "mlp_bias": False, "torch_dtype": "float16",
        "bos_token_id": metadata["tokenizer.ggml.bos_token_id"], "eos_token_id": metadata["tokenizer.ggml.eos_token_id"],
    }


def huggingface_name(name):
    stem, _, kind = name.rpartition(".")
    if stem.startswith("blk."):
        _, layer, part = stem.split(".")
        return f"model.layers.{layer}.{LAYER_NAMES[part]}.{kind}"
    return f"{MODEL_NAMES[stem]}.{kind}"


def halves_from_pairs(weight, num_heads):
    """GGUF keeps the rotary dimensions of a head as pairs (0, 1), (2, 3), ...; Hugging Face as halves."""
    rows, columns = weight.shape
    return weight.reshape(num_heads, rows // num_heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def read_weights(reader, config):
    weights = {}
    for tensor in reader.tensors:
        weight = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        if tensor.name.endswith("attn_q.weight"):
            weight = halves_from_pairs(weight, config["num_attention_heads"])
        if tensor.name.endswith("attn_k.weight"):
            weight = halves_from_pairs(weight, config["num_key_value_heads"])
        weights[huggingface_name(tensor.name)] = numpy.ascontiguousarray(weight, dtype=numpy.float16)
    return weights


def make_tokenizer(metadata):
    model, pre = metadata["tokenizer.ggml.model"], metadata.get("tokenizer.ggml.pre", "default")
    if model != "gpt2" or pre not in PRE_TOKENIZERS:
        sys.exit(f"gguf_to_huggingface: tokenizer {model!r} with pre-tokenizer {pre!r} is not supported")
    tokens, types = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
    added = [{"id": i, "content": tokens[i], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
              "special": types[i] == CONTROL_TOKEN} for i in range(len(tokens)) if types[i] in (CONTROL_TOKEN, USER_TOKEN)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": PRE_TOKENIZERS[pre]}, "post_processor": None,
        "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {token: i for i, token in enumerate(tokens)},
                  "merges": [merge.split(" ") for merge in metadata["tokenizer.ggml.merges"]]},
    }


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gguf", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    args = parser.parse_args()

    reader = gguf.GGUFReader(args.gguf)
    metadata = Metadata(reader)
    if metadata["general.architecture"] != "llama":
        sys.exit(f"gguf_to_huggingface: architecture {metadata['general.architecture']!r} is not 'llama'")
    config = make_config(metadata, tied=all(tensor.name != "output.weight" for tensor in reader.tensors))
    args.out.mkdir(parents=True, exist_ok=True)
    write_json(args.out / "config.json", config)
    write_json(args.out / "generation_config.json", {key: config[key] for key in ["bos_token_id", "eos_token_id"]})
    write_json(args.out / "tokenizer.json", make_tokenizer(metadata))
    save_file(read_weights(reader, config), args.out / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
