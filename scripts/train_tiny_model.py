#!/usr/bin/env python3
"""Trains the tiny Llama of tests/data/tiny-llama: its tokenizer (1,024 tokens) and its 2.2 M parameters, from a folder of
plain text files whose paragraphs are separated by blank lines. Needs torch, transformers and tokenizers; a minute or two
on one GPU. scripts/fetch_tiny_model_text makes the folder."""

import argparse
import json
import math
import pathlib
import re

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM

BOS, EOS = "<|begin|>", "<|end|>"
# How Llama-3 splits text before it merges bytes.
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
HEADING = re.compile(r"(?i)^(chapter|volume)\b")
FRONT_MATTER = re.compile(r"(?i)^(by jane austen|finis|the end)\b|^\(?\d+\)?$")
HELD_OUT_EVERY = 20  # chapters


def chapters(path):
    """The chapters of a book, each a list of paragraphs on one line."""
    found = [[]]
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        paragraph = " ".join(block.replace("_", "").split())
        if HEADING.match(paragraph):
            found.append([])
        elif paragraph and not FRONT_MATTER.match(paragraph):
            found[-1].append(paragraph)
    return [chapter for chapter in found if len(chapter) > 2]


def train_tokenizer(texts, vocab_size):
    tokenizer = Tokenizer(models.BPE(ignore_merges=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=[BOS, EOS], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, tokenizer.token_to_id(BOS))])
    return tokenizer


class Windows:
    """Token windows that start with BOS at the start of a paragraph; chapters end with EOS."""

    def __init__(self, chapter_list, tokenizer, length):
        self.length = length
        self.bos = tokenizer.token_to_id(BOS)
        stream, self.starts = [], []
        for chapter in chapter_list:
            for index, paragraph in enumerate(chapter):
                self.starts.append(len(stream))
                end = "\n\n" if index + 1 < len(chapter) else EOS
                stream += tokenizer.encode(paragraph + end, add_special_tokens=False).ids
        self.starts = torch.tensor([start for start in self.starts if start + length <= len(stream)])
        self.stream = torch.tensor(stream)

    def at(self, starts):
        body = self.stream[starts[:, None] + torch.arange(self.length - 1)]
        return torch.cat([torch.full((len(starts), 1), self.bos), body], dim=1)

    def random(self, count):
        return self.at(self.starts[torch.randint(len(self.starts), (count,))])

    def spread(self, count):
        return self.at(self.starts[torch.linspace(0, len(self.starts) - 1, count).long()])


def make_model(tokenizer, args):
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=192, intermediate_size=384, num_hidden_layers=6,
        num_attention_heads=12, num_key_value_heads=6, head_dim=16, max_position_embeddings=args.context,
        tie_word_embeddings=True, rms_norm_eps=1e-5, initializer_range=0.02,
        bos_token_id=tokenizer.token_to_id(BOS), eos_token_id=tokenizer.token_to_id(EOS), pad_token_id=None)
    model = LlamaForCausalLM(config).to(args.device)
    drop = torch.nn.functional.dropout
    for name, module in model.named_modules():
        if name.endswith(("o_proj", "down_proj", "embed_tokens")):
            module.register_forward_hook(lambda m, _, output: drop(output, args.dropout, m.training))
    return model


def loss_of(model, windows, device):
    windows = windows.to(device)
    with torch.autocast(device, dtype=torch.bfloat16):
        return model(input_ids=windows, labels=windows).loss


@torch.no_grad()
def held_out_loss(model, held_out, args):
    model.eval()
    batches = held_out.spread(512).split(64)
    loss = sum(loss_of(model, batch, args.device).item() for batch in batches) / len(batches)
    model.train()
    return loss


def make_optimizer(model, args):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    gains = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": args.weight_decay}, {"params": gains, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=args.learning_rate, betas=(0.9, 0.98))


def learning_rate_factor(step, args):
    warm_up = args.steps // 20
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / (args.steps - warm_up)))


def train(model, train_windows, held_out, args):
    """Leaves the weights with the lowest held-out loss in the model."""
    optimizer = make_optimizer(model, args)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_factor(step, args))
    best_loss, best_state = math.inf, None
    model.train()
    for step in range(1, args.steps + 1):
        loss = loss_of(model, train_windows.random(args.batch), args.device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad(set_to_none=True)
        if step % args.report_every == 0 or step == args.steps:
            held_out_now = held_out_loss(model, held_out, args)
            print(f"step {step}: training loss {loss.item():.3f}, held-out loss {held_out_now:.4f}", flush=True)
            if held_out_now < best_loss:
                best_loss = held_out_now
                best_state = {key: value.clone() for key, value in model.state_dict().items()}
    model.load_state_dict(best_state)


@torch.no_grad()
def print_samples(model, tokenizer, args):
    model.eval()
    for prompt in ["Elizabeth", "It was", "\"My dear", "She walked", "Mr. Darcy was"]:
        ids = torch.tensor([tokenizer.encode(prompt).ids], device=args.device)
        for options in [{"do_sample": False}, {"do_sample": True, "temperature": 0.7, "top_k": 40}]:
            out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=100, **options)
            print(f"--- {options}\n{tokenizer.decode(out[0].tolist())}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=pathlib.Path, required=True, help="folder of .txt files")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for the model")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--weight-decay", type=float, default=0.1)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--report-every", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    books = [chapter for path in sorted(args.text.glob("*.txt")) for chapter in chapters(path)]
    held_out = books[HELD_OUT_EVERY // 2::HELD_OUT_EVERY]
    training = [chapter for chapter in books if chapter not in held_out]
    tokenizer = train_tokenizer(("\n\n".join(chapter) for chapter in training), 1024)
    train_windows = Windows(training, tokenizer, args.context)
    held_out_windows = Windows(held_out, tokenizer, args.context)
    model = make_model(tokenizer, args)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(train_windows.stream):,} training tokens, "
          f"{len(held_out_windows.stream):,} held out, {len(books)} chapters")
    train(model, train_windows, held_out_windows, args)

    model = model.to(torch.bfloat16)
    loss = held_out_loss(model, held_out_windows, args)
    print(f"kept: held-out loss {loss:.4f} a token with bfloat16 weights")
    print_samples(model, tokenizer, args)
    model.save_pretrained(args.out, max_shard_size="2500KB")
    tokenizer.save(str(args.out / "tokenizer.json"))
    (args.out / "training.json").write_text(json.dumps({"held_out_loss": loss, **vars(args)}, default=str, indent=1) + "\n")


if __name__ == "__main__":
    main()
