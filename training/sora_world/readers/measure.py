"""How well the readers read: figures on the shards that were held out, and on worlds that the policy itself plays.

    python -m sora_world.readers.measure --readers .runs/readers --bank .runs/nano-bank --latents .runs/nano-latents \\
        --package ../assets/nano

Without `--package` nothing is played.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sora_world.config import TIERS
from sora_world.data.latents import make_tokenizer
from sora_world.evaluate.runtime import Package, Play
from sora_world.models.text import Tokenizer
from sora_world.readers.captions import ATTRIBUTES, stated
from sora_world.readers.config import BUTTON_COUNT, CAMERA_BINS, MAX_CHUNKS
from sora_world.readers.data import Clips, cut_window, open_clips
from sora_world.readers.models import Captioner, Policy
from sora_world.readers.sample import act, caption
from sora_world.readers.train import load_reader, nearest_bin
from sora_world.world.actions import BUTTONS, INDEX

ROWS = 64  # clips at once
LEAST_PRESSED = 20  # frames with a button down; with fewer its F1 is chance
TURNING = 0.5 / 8  # axis value; half a degree per frame is a turn that one sees


def agreement(said: list[str], truth: list[list[str]]) -> dict[str, dict[str, float]]:
    """By attribute: the share of captions that speak of it, and the share of all that name it right."""
    spoken = [list(stated(text).values()) for text in said]
    figures = {}
    for place, name in enumerate(ATTRIBUTES):
        named = [(words[place], true[place]) for words, true in zip(spoken, truth, strict=True)]
        figures[name] = {
            "stated": float(np.mean([word is not None for word, _ in named])),
            "right": float(np.mean([word == true for word, true in named])),
        }
    return figures


def captioner_figures(model: Captioner, clips: Clips, tokenizer: Tokenizer) -> dict:
    """Captions read off the last chunks of every held-out clip, beside the clips' own and the likeliest answer."""
    chunk = clips.chunks - 1
    rows = range(len(clips))
    truth = [clips.attribute_names(row, chunk) for row in rows]
    said: list[str] = []
    for start in range(0, len(clips), ROWS):
        latents = clips.latents[start : start + ROWS, -MAX_CHUNKS:].float()
        said += caption(model, latents, tokenizer)
    always = [max(set(column), key=column.count) for column in zip(*truth, strict=True)]
    return {
        "clips": len(clips),
        "read": agreement(said, truth),
        "clipsOwn": agreement([clips.captions[row][chunk] for row in rows], truth),
        "alwaysTheCommonest": {
            name: float(np.mean([row[place] == always[place] for row in truth]))
            for place, name in enumerate(ATTRIBUTES)
        },
        "distinct": len(set(said)),
        "examples": [[said[row], clips.captions[row][chunk]] for row in rows[:: max(1, len(clips) // 6)]],
    }


def predictions(model: Policy, clips: Clips) -> tuple[Tensor, Tensor, Tensor]:
    """Logits of buttons [N,F,19] and camera [N,F,2,M] one chunk ahead, and the players' actions [N,F,21].

    One example per clip and window of MAX_CHUNKS chunks, half a window apart.
    """
    buttons, cameras, truths = [], [], []
    for start in range(0, clips.chunks - MAX_CHUNKS, MAX_CHUNKS // 2):
        for first in range(0, len(clips), ROWS):
            rows = np.arange(first, min(first + ROWS, len(clips)))
            window = cut_window(clips, rows, np.full(len(rows), start), MAX_CHUNKS)
            with torch.no_grad():
                pressed, camera = model.act(window.latents, window.actions, window.tokens)
            buttons.append(pressed)
            cameras.append(camera)
            truths.append(window.next_actions[:, -1])
    return torch.cat(buttons), torch.cat(cameras), torch.cat(truths)


def button_figures(read: np.ndarray, pressed: np.ndarray) -> dict[str, float]:
    """F1 and balanced accuracy of one button over frames; bool arrays of one shape, `pressed` neither all nor none."""
    both, wrong = (read & pressed).sum(), (read != pressed).sum()
    balanced = (read[pressed].mean() + (~read)[~pressed].mean()) / 2
    return {"share": float(pressed.mean()), "f1": float(2 * both / (2 * both + wrong)), "balanced": float(balanced)}


def held_on(actions: np.ndarray) -> np.ndarray:
    """[B,F,21] -> [B,F,21]: the last frame of the chunk before, repeated; what a policy has to beat."""
    return np.repeat(actions[:, -1:], actions.shape[1], 1)


def marginal_turn(training: list[Clips]) -> Tensor:
    """Log-likelihood of each camera bin [2,M] over all that the policy was trained on."""
    bins = torch.cat([nearest_bin(clips.actions[..., BUTTON_COUNT:].float()).flatten(0, 2) for clips in training])
    counts = torch.stack([torch.bincount(axis, minlength=len(CAMERA_BINS)) for axis in bins.unbind(1)]).float() + 1
    return (counts / counts.sum(1, keepdim=True)).log()


def policy_figures(model: Policy, clips: Clips, training: list[Clips]) -> dict:
    """One chunk ahead of the scripted players, beside holding on to what was held."""
    buttons, camera, truth = predictions(model, clips)
    pressed = truth[..., :BUTTON_COUNT].numpy() > 0.5
    read = buttons.numpy() > 0
    last = previous_frames(clips)
    each, kept = {}, {}
    for place, name in enumerate(BUTTONS):
        if LEAST_PRESSED <= pressed[..., place].sum() < pressed[..., place].size:
            each[name] = button_figures(read[..., place], pressed[..., place])
            kept[name] = button_figures(last[..., place] > 0.5, pressed[..., place])
    bins = nearest_bin(truth[..., BUTTON_COUNT:])
    likelihood = -F.cross_entropy(camera.flatten(0, 2), bins.flatten())
    marginal = marginal_turn(training)
    baseline = torch.stack([marginal[axis][bins[..., axis]] for axis in range(2)]).mean()
    return {
        "frames": int(pressed[..., 0].size),
        "buttons": each,
        "buttonsHeldOn": kept,
        "cameraLogLikelihood": float(likelihood),
        "cameraLogLikelihoodMarginal": float(baseline),
    }


def previous_frames(clips: Clips) -> np.ndarray:
    """What holding on would do [N,F,21], in the order of `predictions`."""
    starts = range(0, clips.chunks - MAX_CHUNKS, MAX_CHUNKS // 2)
    return np.concatenate([held_on(clips.actions[:, start + MAX_CHUNKS - 1].float().numpy()) for start in starts])


def behaviour(actions: np.ndarray) -> dict[str, float]:
    """Shares of frames in actions [..,21], and how often `forward` changes, per second."""
    frames = actions.reshape(*actions.shape[:-3], -1, actions.shape[-1])
    forward = frames[..., INDEX["forward"]] > 0.5
    shares = {name: float((frames[..., INDEX[name]] > 0.5).mean()) for name in BUTTONS[:9]}
    turning = (np.abs(frames[..., BUTTON_COUNT:]) > TURNING).mean(tuple(range(frames.ndim - 1)))
    return shares | {
        "turningYaw": float(turning[0]),
        "turningPitch": float(turning[1]),
        "meanPitch": float(frames[..., INDEX["camera.pitch"]].mean()),
        "forwardChanges": float((forward[..., 1:] != forward[..., :-1]).mean() * 20),
    }


def closed_loop(model: Policy, folder: Path, clips: Clips, chunks: int, count: int) -> np.ndarray:
    """Actions [B,T,F,21] of the policy in `count` worlds of the package that start from held-out captions.

    It is led in by walking, as on the server: after a chunk in which nothing is done it mostly goes on doing nothing.
    """
    package, tokenizer = Package(folder, threads=1), make_tokenizer(TIERS["nano"])
    rows = range(0, len(clips), max(1, len(clips) // count))[:count]
    captions = [clips.captions[row][0] for row in rows]
    play = Play(package, captions, *clips.latents.shape[-2:])
    rng, tokens = np.random.default_rng(0), torch.tensor([tokenizer.encode(text) for text in captions])
    steps = package.manifest["denoiser"]["steps"]
    actions = np.zeros((len(rows), 4, len(package.actions)), np.float32)
    actions[..., INDEX["forward"]] = 1
    seen: list[np.ndarray] = []
    done = [actions]
    for chunk in range(chunks):
        first = steps.get("first", steps["default"])
        clean = play.sample(actions, play.noise(rng), steps["default"] if chunk else first)
        play.commit(clean, play.noise(rng), actions)
        seen = [*seen, clean][-MAX_CHUNKS:]
        latents, previous = np.concatenate(seen, 1), np.stack(done[-len(seen) :], 1)
        actions = act(model, torch.from_numpy(latents).float(), torch.from_numpy(previous), tokens, rng)
        done.append(actions)
        print(f"playing: chunk {chunk + 1} of {chunks}", flush=True)
    return np.stack(done[1:], 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=Path, required=True, help="folder with the runs `captioner` and `policy`")
    parser.add_argument("--tier", choices=sorted(TIERS), default="nano")
    parser.add_argument("--latents", type=Path, required=True, help="latent bank")
    parser.add_argument("--bank", type=Path, required=True, help="the clip bank it was made of")
    parser.add_argument("--package", type=Path, help="model package to play in")
    parser.add_argument("--chunks", type=int, default=50, help="length of the played worlds")
    parser.add_argument("--worlds", type=int, default=12, help="number of them")
    options = parser.parse_args()
    torch.set_num_threads(1)
    tier = TIERS[options.tier]
    width, height = tier.sizes[0]
    try:
        captioner, _ = load_reader("captioner", tier, options.readers / "captioner")
        policy, _ = load_reader("policy", tier, options.readers / "policy")
        training, clips = open_clips(options.latents, options.bank, f"{width}x{height}")
    except (OSError, ValueError) as error:
        parser.error(str(error))
    figures = {
        "captioner": captioner_figures(captioner, clips, make_tokenizer(tier)),
        "policy": policy_figures(policy, clips, training) | {"players": behaviour(clips.actions.float().numpy())},
    }
    if options.package:
        played = closed_loop(policy, options.package, clips, options.chunks, options.worlds)
        figures["policy"]["closedLoop"] = behaviour(played)
    print(json.dumps(rounded(figures), indent=1))


def rounded(values):
    """Four digits everywhere in nested dicts."""
    if isinstance(values, dict):
        return {name: rounded(value) for name, value in values.items()}
    return round(values, 4) if isinstance(values, float) else values


if __name__ == "__main__":
    main()
