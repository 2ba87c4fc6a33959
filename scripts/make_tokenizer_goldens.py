#!/usr/bin/env python3
"""Writes tests/data/tokenizers: one small tokenizer.json of each kind that Llama-like models use, trained here on the text
below, with what the Hugging Face tokenizers library makes of texts.json. Needs the Python package tokenizers."""

import json
import pathlib
import random
import shutil
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests/data/tokenizers"

TRAINING_TEXT = """
The plan covers every layer once. A stage is a run of layers on one group of devices; the first stage reads the tokens and
the last one writes them. It's what we've measured, they'll say, and that's that. Don't they're I'm you'd we'd can't.
for (int i = 0; i < 1024; ++i) {
    total += values[i] * 3.14159;  // sum
}
def main(arguments):
\treturn [x ** 2 for x in range(10)]

In 1813 there were 20,000 readers; in 2024 there are 8,000,000,000 people. 1 2 3 4 5 67 89 100 2000 30000.
Der schnelle braune Fuchs springt über den faulen Hund. Größe, Straße, Übung. Le garçon mange déjà à l'école, n'est-ce pas ?
El niño comió mañana. Быстрая коричневая лиса прыгает через ленивую собаку. Η γρήγορη αλεπού πηδάει πάνω από το σκυλί.
敏捷的棕色狐狸跳过了懒狗。今天天气很好,我们去公园吧。素早い茶色の狐がのろまな犬を飛び越える。こんにちは、世界。
빠른 갈색 여우가 게으른 개를 뛰어넘는다. الثعلب البني السريع يقفز فوق الكلب الكسول. השועל החום המהיר. तेज़ भूरी लोमड़ी आलसी कुत्ते पर कूदती है।
สุนัขจิ้งจอกสีน้ำตาล. Đường phố Hà Nội. 😀 👍 🎉
"""

TEXTS = [
    "", " ", "  ", "a", " a", "a ", "\n", "\r\n", "\t", "\n\n\n", " \n ", "  \n\n  x", "Hello, world!", "hello world",
    "Hello  world", "   leading", "trailing   ", "a   b    c", "\ttabs\t\tand spaces \t ", "line\nbreak\r\nand\rmore\n\n",
    "It's what we've measured; they'll say I'm you'd we're don't 'tis 'S 'LL It'S", "THE PLAN'S LAYERS", "can't\u2019t won\u2019t",
    "0", "1", "12", "123", "1234", "12345", "1234567890", "3.14159", "1,000,000", "x1y22z333", "\u0664\u0665\u0666", "\u00bd\u00b2\u2167", "1 2  3",
    "for (int i = 0; i < 1024; ++i) { total += v[i]; }  // sum", "def f(x):\n\treturn x ** 2\n\n\n", "a.b.c(d)[e]{f}",
    "https://example.org/path?query=1&other=%20#part", "snake_case camelCase kebab-case SCREAMING_CASE",
    "!!!???...---", "\"quoted\" 'single' `code`", "<html><b>bold</b></html>", "\\n is not \n", "$100 €5 £3 ¥9", "±×÷≤≥≠∞", "—–‐…",
    "Größe Straße Übung ñandú garçon déjà", "na\u00efve nai\u0308ve", "\u212b \u00c5 A\u030a", "\ufb01ne \u2460 \uff21\uff22\uff23", "e\u0301e\u0301 \u1e9b\u0323",
    "Быстрая лиса", "Η γρήγορη αλεπού", "敏捷的棕色狐狸", "今天天气很好,我们去公园吧。", "こんにちは、世界!", "カタカナ ひらがな 漢字", "빠른 갈색 여우", "\u1112\u1161\u11ab",
    "الثعلب البني", "השועל החום", "तेज़ भूरी लोमड़ी", "สุนัขจิ้งจอก", "Đường phố Hà Nội", "mixed 日本語 and English 한국어 text", "İstanbul ıI ſ K",
    "😀", "😀😀", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "a😀b 👍 c", "❤️", "\U0001f9d1\u200d\U0001f4bb coding",
    "\u00a0nbsp\u00a0", "\u2003em\u2003space", "\u3000ideographic\u3000", "zero\u200bwidth", "\ufeffbom", "\u2028line\u2029paragraph", "\u0085next", "\u180e",
    "soft\u00adhyphen", "\x00nul\x01\x02\x7f", "\u0080\u009f", "\ufffd", "\ufffe\uffff", "\U0010ffff", "\U00020000\U0002f800", "\u0301combining first",
    "a" * 200, "ab" * 100, " " * 100, "\n" * 50, "=" * 80, "pneumonoultramicroscopicsilicovolcanoconiosis" * 3, "日" * 60, "😀" * 20, "1" * 50,
    "<s>", "</s>", "<s>text</s>", "a <s> b", "<unk>", "<s><s>", "< s>", "<|begin|>", "<|end|>", "text<|end|>more", " <|end|> ", "<|begin|><|begin|>x",
    "<|begin", "<|end|", "<|<|end|>|>", "<|long|>", "<|long|><|long", "<tool>call</tool>", "x<mask>y", "x  <mask>  y", "<mask> ", " \n<mask>\t",
    "whole", "whole wholesale awhole the whole thing", "whole.whole-whole_whole", "\u00e9whole whole\u0301", "▁", "▁a ▁ b", "a▁b", "▁▁", "<0x0A>", "<0x41><0xE6>", "Ġthe Ċ",
    "\u010a\u0120", "cafe\u0301 whole", "Caf\u00e9", "caf\u00e9 cafe\u0301",
]

# Bytes that are not UTF-8: the library takes only text, so their golden is that of the text with U+FFFD.
BROKEN_BYTES = [
    b"\xff", b"abc\x80def", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xe2\x82x", b"\xe2(\xa1", b"\xf0\x9f\x98", b"\xf0\x9f\x98\x80\xf0\x9f", b"\xf0(\x8c\xbc",
    b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe\xff", b"caf\xe9 latin-1",
    b"\xe6\x97\xa5\xe6\x9c", b"\x80\x81\x82 <s> \xbf",
]

RANDOM_ALPHABET = (list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;:!?'\"-_()[]<>/\\|\n\r\t") + [" "] * 20 + list("etaoin") * 4
                   + list("äößéñçşğıøåαβγδжщыюяאבשابت日本語漢字한국กขคअआइ▁Ġ½²٣\u0301\u200d\u00a0\u2003\u3000\u2028\ufeff😀👍🏽👩🇩❤\ufe0f")
                   + ["<s>", "</s>", "<|begin|>", "<|end|>", "<mask>", "whole", "'s", "'ll", "  ", "\n\n", " \n", "the", "ing", "\r\n"])

LLAMA3_SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
                r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN_SPLIT = LLAMA3_SPLIT.replace(r"\p{N}{1,3}", r"\p{N}")
ADDED = [AddedToken("<|begin|>", special=True, normalized=False), AddedToken("<|end|>", special=True, normalized=False)]
TRICKY_ADDED = [
    AddedToken("<mask>", lstrip=True, rstrip=True, normalized=False, special=True),
    AddedToken("whole", single_word=True, normalized=False),
    AddedToken("<|long|>", normalized=False), AddedToken("<|long|><|long", normalized=False),
    AddedToken("caf\u00e9", normalized=True), AddedToken("<tool>", normalized=True, rstrip=True),
]


def texts():
    rng = random.Random(1)
    drawn = ["".join(rng.choice(RANDOM_ALPHABET) for _ in range(rng.randrange(1, 40))) for _ in range(60)]
    return TEXTS + drawn


def byte_level(pre_tokenizer, normalizer=None, vocab_size=400, added=(), **model_options):
    tokenizer = Tokenizer(models.BPE(**model_options))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                  special_tokens=ADDED, show_progress=False)
    tokenizer.train_from_iterator(TRAINING_TEXT.splitlines(keepends=True), trainer)
    tokenizer.add_tokens(list(added))
    return tokenizer


def sentencepiece_like(byte_fallback, fuse_unk, vocab_size=220):
    """A model over text whose spaces are written U+2581, with <unk>, <s>, </s> and, on request, byte tokens."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Replace(" ", "\u2581")
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    alphabet = 90 if byte_fallback else 200  # so that both have characters to fall back for
    trained.train_from_iterator(TRAINING_TEXT.split("\n"), trainers.BpeTrainer(
        vocab_size=vocab_size, limit_alphabet=alphabet, show_progress=False))
    model = json.loads(trained.to_str())["model"]
    names = ["<unk>", "<s>", "</s>"] + ([f"<0x{byte:02X}>" for byte in range(256)] if byte_fallback else [])
    names += sorted(model["vocab"], key=model["vocab"].get)
    merges = [tuple(merge) for merge in model["merges"]]
    tokenizer = Tokenizer(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=merges, unk_token="<unk>",
                                     fuse_unk=fuse_unk, byte_fallback=byte_fallback))
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names[:3]])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return tokenizer


def byte_fallback_decoder():
    return decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])


def llama3():
    tokenizer = byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3_SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), ignore_merges=True)
    template = processors.TemplateProcessing(single="<|begin|> $A", pair="<|begin|> $A <|begin|> $B", special_tokens=[("<|begin|>", 0)])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return tokenizer


def qwen():
    tokenizer = byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN_SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), normalizer=normalizers.NFC(), added=TRICKY_ADDED)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def smollm():
    return byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]))


def gpt2():
    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), added=TRICKY_ADDED)
    template = processors.TemplateProcessing(single="<|begin|> $A <|end|>", special_tokens=[("<|begin|>", 0), ("<|end|>", 1)])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(), template])
    return tokenizer


def every_behavior():
    """Each way of splitting once, on its way to bytes."""
    return byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"[\r\n]"), behavior="isolated"),
        pre_tokenizers.Split(Regex(r"[;!]"), behavior="merged_with_previous"),
        pre_tokenizers.Split("(", behavior="merged_with_next"),
        pre_tokenizers.Split("-", behavior="removed"),
        pre_tokenizers.Split(Regex(r"\p{Han}|\p{Hangul}"), behavior="contiguous"),
        pre_tokenizers.Split(Regex(r"\S+|\s+"), behavior="removed", invert=True),
        pre_tokenizers.Digits(individual_digits=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]),
        normalizer=normalizers.Sequence([normalizers.NFKD(), normalizers.Replace(Regex(r"\s{3,}"), "  "), normalizers.Strip()]))


def llama2():
    tokenizer = sentencepiece_like(byte_fallback=True, fuse_unk=True)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = byte_fallback_decoder()
    return tokenizer


def mistral():
    tokenizer = sentencepiece_like(byte_fallback=True, fuse_unk=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="first", split=False)
    tokenizer.decoder = byte_fallback_decoder()
    tokenizer.add_tokens([AddedToken("whole", normalized=True), AddedToken("<mask>", normalized=True, lstrip=True)])
    return tokenizer


def metaspace(fuse_unk):
    tokenizer = sentencepiece_like(byte_fallback=False, fuse_unk=fuse_unk)
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def older_form(tokenizer):
    """The same tokenizer as older versions of the library wrote it: merges as strings, no prepend_scheme."""
    document = json.loads(tokenizer.to_str())
    document["model"]["merges"] = [" ".join(merge) for merge in document["model"]["merges"]]
    for component in [document["pre_tokenizer"], document["decoder"]]:
        if component and component["type"] == "Metaspace":
            component.pop("split"), component.pop("prepend_scheme")
            component.update({"add_prefix_space": True, "str_rep": component["replacement"]})
    return document


def without_decoder():
    tokenizer = sentencepiece_like(byte_fallback=False, fuse_unk=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    return tokenizer


def random_ids(tokenizer):
    """Token sequences that no text gives: broken characters, special tokens in odd places, ids that are no tokens."""
    rng = random.Random(2)
    count = max(tokenizer.get_vocab().values()) + 1
    return [[rng.randrange(count + 3) if rng.random() < 0.1 else rng.randrange(min(count, 260)) for _ in range(rng.randrange(1, 25))]
            for _ in range(60)]


def write(name, document):
    folder = OUT / name
    folder.mkdir(parents=True)
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    tokenizer = Tokenizer.from_str(text)
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    inputs = texts() + [broken.decode("utf-8", "replace") for broken in BROKEN_BYTES]
    encoded = [tokenizer.encode(text, add_special_tokens=False).ids for text in inputs]
    cases = {
        "encoded": encoded,
        "encoded_with_special_tokens": [tokenizer.encode(text).ids for text in inputs[:20]],
        "decoded": [tokenizer.decode(ids, skip_special_tokens=False) for ids in encoded],
        "random": [[ids, tokenizer.decode(ids, skip_special_tokens=False), tokenizer.decode(ids)] for ids in random_ids(tokenizer)],
    }
    (folder / "cases.json").write_text(json.dumps(cases, ensure_ascii=True, separators=(",", ":")) + "\n")


def main():
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    shutil.rmtree(OUT, ignore_errors=True)
    for make in [llama3, qwen, smollm, gpt2, every_behavior, llama2, mistral, without_decoder]:
        write(make.__name__.replace("_", "-"), make().to_str())
    write("metaspace", metaspace(fuse_unk=False).to_str())
    write("metaspace-older-form", older_form(metaspace(fuse_unk=True)))
    write("llama2-older-form", older_form(llama2()))
    document = {"texts": texts(), "broken_bytes_in_hex": [broken.hex() for broken in BROKEN_BYTES]}
    (OUT / "texts.json").write_text(json.dumps(document, ensure_ascii=True, indent=0) + "\n")


if __name__ == "__main__":
    main()
