from __future__ import annotations

import numpy as np
import torch

from sora_world.config import KNOWN, TINY, VIEW_CHANNELS
from sora_world.data.latents import unpack_memory
from sora_world.data.predicted_play import play_clips
from sora_world.evaluate.runtime import Package, Play
from sora_world.export.fusion import add_fusion
from sora_world.export.package import export, random_weights
from sora_world.models.fusion import DepthFusion

CHUNKS, HEIGHT, WIDTH = 4, 3, 4


def clips_of(batch: int, rng_seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(rng_seed)
    return {
        "latents": torch.randn(batch, CHUNKS, TINY.autoencoder.latent_channels, HEIGHT, WIDTH),
        "actions": torch.zeros(batch, CHUNKS, 4, 21),
        "tokens": torch.randint(1, 4, (batch, CHUNKS, TINY.text.length)),
    }


def test_chunks_are_made_from_true_ones_and_with_what_these_left_in_the_memory(tmp_path):
    export(random_weights(TINY), tmp_path)
    package = Package(tmp_path, threads=1)
    clips = clips_of(2, rng_seed=3)
    played = play_clips(package, clips, 1, np.random.default_rng(0))
    assert played["predicted"].shape == clips["latents"].shape
    memory = unpack_memory(played["memory"])
    assert not memory[:, 0].any()
    assert memory[:, 1:, KNOWN::VIEW_CHANNELS].mean() > 0.3
    # The last chunk from other chunks before it is another one; from other chunks at its own place it is the same.
    for changed, is_same in ((CHUNKS - 2, False), (CHUNKS - 1, True)):
        latents = clips["latents"].clone()
        latents[:, changed] += 1
        again = play_clips(package, clips | {"latents": latents}, 1, np.random.default_rng(0))
        assert torch.equal(again["predicted"][:, -1], played["predicted"][:, -1]) == is_same


def test_the_first_chunk_is_what_play_makes(tmp_path):
    export(random_weights(TINY), tmp_path)
    package = Package(tmp_path, threads=1)
    clips = clips_of(1, rng_seed=4)
    played = play_clips(package, clips, 2, np.random.default_rng(7))["predicted"][0, 0]
    play, rng = Play(package, [""], HEIGHT, WIDTH), np.random.default_rng(7)
    play.text, play.pooled = package.sessions["text"].run(None, {"tokens": clips["tokens"][:, 0].numpy()})
    expected = play.sample(clips["actions"][:, 0].numpy(), play.noise(rng), 2)[0, 0]
    assert torch.equal(played, torch.from_numpy(expected).half())


def test_fusion_is_part_of_play_and_not_of_what_it_learns_from(tmp_path):
    export(random_weights(TINY), tmp_path)
    clips = clips_of(2, rng_seed=5)
    plain = play_clips(Package(tmp_path, threads=1), clips, 1, np.random.default_rng(0))
    add_fusion(tmp_path, DepthFusion(TINY.autoencoder), TINY)
    package = Package(tmp_path, threads=1)
    again = play_clips(package, clips, 1, np.random.default_rng(0))
    assert torch.equal(again["predicted"], plain["predicted"])
    actions = clips["actions"][:, 0].numpy()
    noise = np.random.default_rng(1).standard_normal((2, 1, *clips["latents"].shape[2:]))
    colours = TINY.autoencoder.colour_channels
    made = {}
    for remembers in (True, False):
        play = Play(package, ["", ""], HEIGHT, WIDTH, remembers)
        play.commit(clips["latents"][:, :1].numpy(), noise, actions)
        made[remembers] = play.sample(actions, noise, 1)
        play.fuses_depth = False
        unfused = play.sample(actions, noise, 1)
        assert np.array_equal(made[remembers][:, :, :colours], unfused[:, :, :colours])
        assert np.array_equal(made[remembers], unfused) == (not remembers)
