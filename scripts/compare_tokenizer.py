#!/usr/bin/env python3
"""Compares hexgen's tokenizer with the Hugging Face tokenizers library on one tokenizer.json: every Unicode character
between letters, digits and spaces, and random texts. Exits 1 and prints the first differences if there are any. Needs the
Python package tokenizers and the program tokenizer_probe."""

import argparse
import json
import random
import subprocess
import sys

from tokenizers import Tokenizer

from make_tokenizer_goldens import RANDOM_ALPHABET


def characters():
    """Texts in which each character stands beside a letter, a digit, a space and itself."""
    return [f"a{c}b 1{c}2 {c}{c} {c}x" for c in map(chr, range(0x110000)) if not 0xD800 <= ord(c) <= 0xDFFF]


def random_texts(count, seed):
    rng = random.Random(seed)
    return ["".join(rng.choice(RANDOM_ALPHABET) for _ in range(rng.randrange(1, 300))) for _ in range(count)]


def probe(program, tokenizer, texts):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    finished = subprocess.run([program, tokenizer], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in finished.stdout.split("\n")[:-1]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tokenizer", help="tokenizer.json")
    parser.add_argument("--probe", default="build/dev/bin/tokenizer_probe")
    parser.add_argument("--random", type=int, default=20000, help="number of random texts")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    library = Tokenizer.from_file(args.tokenizer)
    texts = characters() + random_texts(args.random, args.seed)
    differences = []
    for text, found in zip(texts, probe(args.probe, args.tokenizer, texts), strict=True):
        tokens = library.encode(text).ids
        if found != {"tokens": tokens, "text": library.decode(tokens)}:
            differences.append(text)
    for text in differences[:20]:
        print(f"differs: {text!r} {[hex(ord(c)) for c in text[:2]]}")
    print(f"{len(texts) - len(differences)} texts alike, {len(differences)} not")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
