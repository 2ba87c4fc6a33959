#!/usr/bin/env python3
"""Writes what Hugging Face transformers makes of a model folder: greedy tokens and first logits of a few prompts, in
float32 on the CPU. `smallest_gap` is the smallest distance between the two highest logits of any step: a correct runner
whose logits differ by less must choose the same tokens. Needs torch, transformers and tokenizers."""

import argparse
import json
import pathlib

import torch
import transformers
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

PROMPTS = [
    "It is a truth universally acknowledged, that",
    "Elizabeth",
    "\"My dear Mr. Bennet,\" said his lady to him one day,",
    "She walked to the window, and",
    "The letter was from Captain Wentworth.\n\n",
    "In 1812 the family of Dashwood",
]


@torch.no_grad()
def greedy(model, prompt_ids, new_tokens):
    """Greedy tokens without stopping, the first step's logits, and the smallest gap between the best two."""
    ids, first_logits, gaps = list(prompt_ids), None, []
    for _ in range(new_tokens):
        logits = model(torch.tensor([ids])).logits[0, -1]
        first_logits = logits if first_logits is None else first_logits
        best = torch.topk(logits, 2)
        gaps.append((best.values[0] - best.values[1]).item())
        ids.append(best.indices[0].item())
    return ids[len(prompt_ids):], first_logits, min(gaps)


def case(model, tokenizer, prompt, new_tokens):
    prompt_ids = tokenizer.encode(prompt).ids
    tokens, logits, gap = greedy(model, prompt_ids, new_tokens)
    return {"prompt": prompt, "prompt_tokens": prompt_ids, "greedy_tokens": tokens,
            "text": tokenizer.decode(tokens), "smallest_gap": round(gap, 6),
            "first_logits": [round(value, 6) for value in logits.tolist()]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--new-tokens", type=int, default=64)
    args = parser.parse_args()

    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
    cases = [case(model, tokenizer, prompt, args.new_tokens) for prompt in PROMPTS]
    header = {"made_by": f"transformers {transformers.__version__}, torch {torch.__version__}, float32 on the CPU"}
    lines = ",\n".join("  " + json.dumps(entry, ensure_ascii=False) for entry in cases)
    args.out.write_text(f'{json.dumps(header)[:-1]},\n "cases": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
