from __future__ import annotations

import numpy as np
import pytest
import torch

from sora_world.config import TINY
from sora_world.data import bank
from sora_world.data.batches import Shard
from sora_world.data.latents import FIELDS, LatentBank, encode_shard, make_tokenizer, write_encoded
from sora_world.data.render_latents import render_encoded
from sora_world.data.synthetic import render_clips
from sora_world.models.autoencoder import Autoencoder

CLIPS, FRAMES, SEED = 3, 16, 5


@pytest.fixture(scope="module")
def autoencoder() -> Autoencoder:
    torch.manual_seed(1)
    return Autoencoder(TINY.autoencoder).eval()


def rendered(autoencoder: Autoencoder, seed: int = SEED) -> dict[str, torch.Tensor]:
    device = torch.device("cpu")
    return render_encoded(autoencoder, make_tokenizer(TINY), render_clips, (64, 48), CLIPS, FRAMES, seed, device)


def test_rendering_into_latents_equals_the_way_over_the_clip_bank(tmp_path, autoencoder):
    shard = bank.fill(tmp_path, render_clips, 64, 48, count=CLIPS, frames=FRAMES, rng_seed=SEED)
    encoded = encode_shard(Shard(shard), autoencoder, make_tokenizer(TINY))
    direct = rendered(autoencoder)
    assert set(direct) == set(encoded) == {*FIELDS, "depth"}
    for name in direct:
        torch.testing.assert_close(direct[name], encoded[name], msg=name)


def test_a_bank_takes_in_what_is_written_while_it_is_used(tmp_path, autoencoder):
    write_encoded(tmp_path / "64x48" / "shard-1.pt", rendered(autoencoder))
    latents = LatentBank(tmp_path)
    assert (latents.clip_count(), latents.chunks) == (CLIPS, FRAMES // 4)
    write_encoded(tmp_path / "64x48" / "shard-2.pt", rendered(autoencoder, SEED + 1))
    (tmp_path / "64x48" / "shard-3.unfinished").write_bytes(b"half a shard")
    assert latents.refresh() == 2 * CLIPS
    assert latents.refresh() == 2 * CLIPS
    batch = latents.sample(np.random.default_rng(0), 40, slice(1, 3))
    assert batch.latents.shape[:2] == (40, 2)
    assert len(torch.unique(batch.latents.flatten(1), dim=0)) == 2 * CLIPS
