"""Time of day and weather of each clip, and what changes in the middle of it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .biomes import BIOME_INDEX
from .hashing import choice, uniform

FADE_FRAMES = 20
NO_EVENT = 1 << 20  # a frame that never comes

DRAW_TIME, DRAW_WEATHER, DRAW_EVENT, DRAW_WHEN, DRAW_KIND, DRAW_NEW = range(80, 86)


@dataclass
class Climate:
    """Per clip [B], on the CPU; `*_after` are in force from `event_frame` on."""

    time: Tensor
    weather: Tensor
    time_after: Tensor
    weather_after: Tensor
    event_frame: Tensor  # NO_EVENT where nothing happens

    def classes(self, frame: int) -> tuple[Tensor, Tensor]:
        """Time and weather class int64 [B] in force at a frame."""
        after = frame >= self.event_frame
        return torch.where(after, self.time_after, self.time), torch.where(after, self.weather_after, self.weather)

    def mixes(self, frame: int) -> tuple[Tensor, Tensor]:
        """Mixtures [B, 4] over times and weathers at a frame; a change fades over FADE_FRAMES."""
        share = ((frame - self.event_frame).float() / FADE_FRAMES).clamp(0, 1)[:, None]
        eye = torch.eye(4)
        time = torch.lerp(eye[self.time], eye[self.time_after], share)
        return time, torch.lerp(eye[self.weather], eye[self.weather_after], share)


def _draw_weather(rng_seed: Tensor, purpose: int, biome: Tensor) -> Tensor:
    """Weather class that suits the biome: mostly clear, snow in the cold, rain elsewhere, now and then fog."""
    draw = uniform(rng_seed, purpose)
    cold = biome == BIOME_INDEX["snow"]
    cold = cold | ((biome == BIOME_INDEX["mountains"]) & (uniform(rng_seed, purpose, 1) < 0.5))
    wet = torch.where(cold, 2, 1)
    # A little of everything everywhere: captions may ask for it.
    wet = torch.where(uniform(rng_seed, purpose, 2) < 0.1, 3 - wet, wet)
    return torch.where(draw < 0.58, 0, torch.where(draw < 0.86, wet, 3))


def draw_climate(rng_seed: Tensor, biome: Tensor, frames: int, forced: bool) -> Climate:
    """Climate for seeds and biomes int64 [B]; `forced` puts an event into every clip long enough."""
    time = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2, 3])[choice(rng_seed, 9, DRAW_TIME)]
    weather = _draw_weather(rng_seed, DRAW_WEATHER, biome)
    happens = uniform(rng_seed, DRAW_EVENT) < (1.0 if forced else 0.18)
    happens = happens & torch.tensor(frames >= 12)
    when = 4 + (uniform(rng_seed, DRAW_WHEN) * max(1, min(frames * 0.6, frames - 8))).long()
    about_time = uniform(rng_seed, DRAW_KIND) < 0.45
    # Day falls to dusk or night, dusk to night, night rises to dawn or day, dawn to day.
    follow = torch.tensor([[1, 2], [2, 2], [3, 0], [0, 0]])
    new_time = follow[time, choice(rng_seed, 2, DRAW_NEW)]
    fresh = _draw_weather(rng_seed + 77, DRAW_NEW, biome)
    fresh = torch.where(fresh == weather, torch.where(weather == 0, 1, 0), fresh)
    return Climate(
        time,
        weather,
        torch.where(happens & about_time, new_time, time),
        torch.where(happens & ~about_time, fresh, weather),
        torch.where(happens, when, NO_EVENT),
    )
