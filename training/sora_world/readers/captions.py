"""Captions that say all, for the captioner to learn, and what a caption says about place, time and weather.

The captions of the clips are a player's: they leave out most of what is there, and tell what begins. The captioner is
taught full sentences instead, as is usual for re-captioning video: place, time and weather always, all else where the
clip's own caption has it.
"""

from __future__ import annotations

import re

import numpy as np

from sora_world.world.biomes import BIOME_NAMES
from sora_world.world.blocks import HOTBAR
from sora_world.world.captions import (
    ACTIVITIES,
    HELD,
    NEARBY,
    PLACES,
    STOPS,
    TIME_EVENTS,
    TIMES,
    VILLAGES,
    WEATHER_EVENTS,
    WEATHERS,
)
from sora_world.world.sky import TIMES as TIME_NAMES
from sora_world.world.sky import WEATHERS as WEATHER_NAMES

Table = dict[str, list[str]]

ATTRIBUTES = {"biome": tuple(BIOME_NAMES), "time": tuple(TIME_NAMES), "weather": tuple(WEATHER_NAMES)}
# Tables by attribute; what comes first overrules what comes later: an event is newer than the scene it changes.
SPEAKS_OF: dict[str, list[Table]] = {
    "biome": [{name: PLACES[name] + VILLAGES[name] for name in PLACES}],
    "time": [TIME_EVENTS, TIMES],
    "weather": [{"clear": [phrase for phrases in STOPS.values() for phrase in phrases]}, WEATHER_EVENTS, WEATHERS],
}


def normalise(text: str) -> str:
    """Words with single blanks between and around them."""
    return f" {' '.join(re.findall(r'[a-z0-9]+', text.lower()))} "


def find(caption: str, table: Table) -> str | None:
    """The key with the longest phrase in the caption; None when there is none, or two keys share it."""
    text = normalise(caption)
    hits = [(len(phrase), key) for key, phrases in table.items() for phrase in phrases if normalise(phrase) in text]
    longest = {key for length, key in hits if length == max(hits)[0]}
    return next(iter(longest)) if len(longest) == 1 else None


def stated(caption: str) -> dict[str, str | None]:
    """What the caption says about each attribute."""
    found = {name: (find(caption, table) for table in tables) for name, tables in SPEAKS_OF.items()}
    return {name: next((key for key in keys if key), None) for name, keys in found.items()}


def recaption(caption: str, biome: str, time: str, weather: str, rng: np.random.Generator) -> str:
    """A full sentence for what the attributes say, with the village, nearby things, activity and block of `caption`."""

    def pick(phrases: list[str]) -> str:
        return phrases[int(rng.integers(len(phrases)))]

    activity, nearby, held = (find(caption, table) for table in (ACTIVITIES, NEARBY, HELD))
    is_village = find(caption, {name: VILLAGES[name] for name in VILLAGES}) is not None
    place = pick((VILLAGES if is_village else PLACES)[biome])
    parts = [pick(ACTIVITIES[activity]) if activity else "", place, pick(NEARBY[nearby]) if nearby else ""]
    scene = " ".join(part for part in [*parts, pick(TIMES[time])] if part)
    holds = [f"holding {pick(HELD[held])}"] if held in HOTBAR and "holding" in caption else []
    return ", ".join([scene, pick(WEATHERS[weather]), *holds])
