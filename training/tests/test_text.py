from __future__ import annotations

import torch

from sora_world.config import TINY
from sora_world.models.text import TextEncoder, Tokenizer, fnv1a32


def test_fnv_matches_the_published_vectors():
    """http://www.isthe.com/chongo/src/fnv/test_fnv.c"""
    assert fnv1a32(b"") == 0x811C9DC5
    assert fnv1a32(b"a") == 0xE40C292C
    assert fnv1a32(b"foobar") == 0xBF9CF968


def test_words_splitting_hashing_and_length():
    tokenizer = Tokenizer(["<pad>", "a", "forest"], hash_buckets=8, length=5)
    assert tokenizer.encode("A forest, a FOREST!") == [1, 2, 1, 2, 0]
    unknown = 3 + fnv1a32(b"dragon") % 8
    assert tokenizer.encode("a-dragon") == [1, unknown, 0, 0, 0]
    assert tokenizer.encode("a " * 9) == [1] * 5
    assert tokenizer.encode("") == [0] * 5


def test_padding_does_not_change_the_encoding():
    torch.manual_seed(0)
    model = TextEncoder(TINY.text, 20, 32).eval()
    long = torch.tensor([[3, 4, 5, 0, 0, 0, 0, 0]])
    with torch.no_grad():
        text, pooled = model(long)
        text_short, pooled_short = model(long[:, :4])
        empty, _ = model(torch.zeros_like(long))
    assert torch.allclose(text, text_short, atol=1e-5)
    assert torch.allclose(pooled, pooled_short, atol=1e-5)
    assert torch.isfinite(empty).all()
