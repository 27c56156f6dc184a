"""Light of the day and the weather: colours of sky, sun, haze and rain as mixtures of a few named states."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

TIMES = ["day", "dusk", "night", "dawn"]
WEATHERS = ["clear", "rain", "snow", "fog"]

ZENITH = [(0.33, 0.58, 0.94), (0.33, 0.31, 0.54), (0.04, 0.06, 0.17), (0.50, 0.61, 0.86)]
HORIZON = [(0.73, 0.86, 0.98), (0.98, 0.60, 0.38), (0.11, 0.15, 0.29), (1.00, 0.78, 0.72)]
LIGHT = [(1.00, 1.00, 1.00), (0.92, 0.68, 0.55), (0.40, 0.46, 0.66), (0.90, 0.76, 0.74)]
DISC = [(1.00, 0.97, 0.80), (1.00, 0.80, 0.45), (0.90, 0.93, 1.00), (1.00, 0.88, 0.66)]
# Direction of the disc: azimuth (degrees right of -z) and height (degrees).
DISC_AT = [(40.0, 48.0), (270.0, 9.0), (150.0, 38.0), (90.0, 9.0)]

GREYNESS = [0.0, 0.9, 0.85, 1.0]  # how far the sky loses its colour
DIMNESS = [1.0, 0.70, 0.90, 0.88]  # brightness of light and sky
VIEW_END = [44.0, 34.0, 30.0, 18.0]  # distance in blocks at which haze hides everything
VIEW_START = [24.0, 12.0, 8.0, 2.0]
CLOUDINESS = [1.0, 0.0, 0.0, 0.0]

MAX_VIEW = 44.0


@dataclass
class Atmosphere:
    """Mixed colours per clip [B, 3] and numbers [B]."""

    zenith: Tensor
    horizon: Tensor
    light: Tensor
    disc: Tensor  # [B, 4] weight of each of the four discs
    view_start: Tensor
    view_end: Tensor
    cloud: Tensor
    rain: Tensor
    snow: Tensor
    night: Tensor


def mix_atmosphere(time_mix: Tensor, weather_mix: Tensor) -> Atmosphere:
    """Atmosphere for mixtures [B, 4] over TIMES and WEATHERS (rows sum to 1)."""
    device = time_mix.device

    def times(table: list) -> Tensor:
        return time_mix @ torch.tensor(table, device=device)

    def weathers(table: list) -> Tensor:
        return weather_mix @ torch.tensor(table, device=device)

    grey, dim = weathers(GREYNESS)[:, None], weathers(DIMNESS)[:, None]
    horizon = times(HORIZON)
    cloud_grey = (horizon.mean(1, keepdim=True) * 0.9).expand(-1, 3) * torch.tensor([0.97, 1.0, 1.04], device=device)
    light = times(LIGHT)
    grey_light = light.mean(1, keepdim=True)
    return Atmosphere(
        zenith=torch.lerp(times(ZENITH), cloud_grey * 0.92, grey) * dim,
        horizon=torch.lerp(horizon, cloud_grey, grey) * dim,
        light=torch.lerp(light, grey_light.expand(-1, 3), grey * 0.6) * dim,
        disc=time_mix * weathers(CLOUDINESS)[:, None],
        view_start=weathers(VIEW_START),
        view_end=weathers(VIEW_END),
        cloud=weathers(CLOUDINESS) * times([0.75, 0.5, 0.12, 0.55]),
        rain=weather_mix[:, 1],
        snow=weather_mix[:, 2],
        night=time_mix[:, 2],
    )


def disc_directions(device: torch.device) -> Tensor:
    """Unit directions [4, 3] of sun and moon."""
    rows = []
    for azimuth, height in DISC_AT:
        a, h = math.radians(azimuth), math.radians(height)
        rows.append((math.cos(h) * math.sin(a), math.sin(h), -math.cos(h) * math.cos(a)))
    return torch.tensor(rows, device=device)


def haze_colour(air: Atmosphere, rise: Tensor) -> list[Tensor]:
    """Sky without sun and clouds: three channels [B, N] for the sine of the ray's elevation [B, N]."""
    height = (rise * 1.7).clamp_(0, 1)
    height = height * (2 - height)
    return [torch.lerp(air.horizon[:, c : c + 1], air.zenith[:, c : c + 1], height) for c in range(3)]
