"""Captions from the generator's own state, in varied words.

Every caption is put together from the phrase tables below; clauses are dropped at random, so that a prompt may name
as little or as much as it likes. VOCABULARY holds all words of the tables and some common neighbours.
"""

import re
from dataclasses import dataclass

import numpy as np

from .blocks import HOTBAR

PLACES = {
    "plains": ["plains", "a meadow", "grassland", "green fields", "open plains", "a grassy plain", "a green meadow"],
    "forest": ["a forest", "the woods", "a green forest", "a dense forest", "woodland", "a leafy forest"],
    "desert": ["a desert", "a sandy desert", "sand dunes", "dry dunes", "a hot desert", "the desert with cacti"],
    "snow": ["a snowy forest", "a taiga", "a frozen forest", "a snowy land", "winter woods", "a pine forest with snow"],
    "mountains": ["mountains", "rocky mountains", "stone hills", "a rocky valley", "high cliffs", "a grey mountain"],
    "swamp": ["a swamp", "a marsh", "a muddy swamp", "wetlands", "a dark bog", "a swamp with ponds"],
    "autumn": ["an autumn forest", "orange woods", "a forest in autumn", "red and orange trees", "fall woods"],
    "island": ["an island", "a tropical island", "a beach with palms", "a sandy coast", "islands in the sea",
               "a palm beach"],
}
VILLAGES = {
    "plains": ["a village", "a small village in the plains", "a village on a meadow"],
    "forest": ["a forest village", "a village in the woods"],
    "desert": ["a desert village", "a sandstone village", "a village in the desert"],
    "snow": ["a snowy village", "a village in the snow", "a winter village"],
    "mountains": ["a mountain village", "a stone village"],
    "swamp": ["a swamp village", "huts in a swamp"],
    "autumn": ["an autumn village", "a brick village", "a village among orange trees"],
    "island": ["a beach village", "an island village", "houses by the sea"],
}
TIMES = {
    "day": ["by day", "at noon", "in daylight", "in the daytime", "under a blue sky", "in bright light"],
    "dusk": ["at dusk", "at sunset", "in the evening", "in evening light"],
    "night": ["at night", "by night", "in the dark", "under the moon", "at midnight", "in moonlight"],
    "dawn": ["at dawn", "at sunrise", "in the morning", "early in the morning"],
}
WEATHERS = {
    "clear": ["clear sky", "clear weather", "fine weather", "no rain", "sunny"],
    "rain": ["rain", "it is raining", "in the rain", "rainy weather", "heavy rain", "rain is falling"],
    "snow": ["snow is falling", "it is snowing", "snowfall", "in falling snow", "snowy weather"],
    "fog": ["fog", "in the fog", "in thick fog", "misty", "foggy weather", "in mist"],
}
TIME_EVENTS = {
    "day": ["the day begins", "the sun rises", "it becomes day", "it gets bright"],
    "dusk": ["the sun sets", "dusk falls", "evening comes", "the sun goes down"],
    "night": ["night falls", "it gets dark", "it becomes night", "the moon rises"],
    "dawn": ["the sun rises", "dawn breaks", "morning comes", "a new day begins"],
}
WEATHER_EVENTS = {
    "clear": ["the sky clears", "the weather clears up", "it becomes sunny", "the clouds go away"],
    "rain": ["it starts to rain", "rain begins", "it begins to rain", "rain starts to fall"],
    "snow": ["it starts to snow", "snow begins to fall", "it begins to snow", "snowfall starts"],
    "fog": ["fog rolls in", "mist comes up", "it becomes foggy", "fog appears"],
}
STOPS = {"rain": ["it stops raining", "the rain stops"], "snow": ["it stops snowing", "the snow stops"],
         "fog": ["the fog clears", "the fog lifts"]}
HELD = {
    "cobblestone": ["cobblestone", "a stone block"],
    "planks": ["planks", "a wooden block", "wood planks"],
    "dirt": ["dirt", "a dirt block"],
    "bricks": ["bricks", "a brick block"],
    "log": ["a log", "a wooden log"],
    "lamp": ["a lamp", "a lantern", "a glowing lamp"],
    "torch": ["a torch", "a burning torch"],
    "white wool": ["white wool", "a white block"],
    "blue wool": ["blue wool", "a blue block"],
}
ACTIVITIES = {
    "idle": ["standing still in", "looking at", "resting in"],
    "walk": ["walking through", "exploring", "a walk through", "wandering through"],
    "sprint": ["running through", "sprinting through"],
    "edit": ["building in", "working in", "breaking and placing blocks in"],
    "mine": ["mining in", "digging in", "digging a tunnel in"],
}
NEARBY = {
    "lake": ["with a lake", "near water", "beside a lake", "by the water"],
    "trees": ["with trees", "with tall trees", "among trees"],
    "hills": ["with hills", "with steep hills"],
}
# Words a user may say that no table holds; they share sentences with their neighbours through the text encoder.
MORE_WORDS = """
a an the and or with without of in on at by near over under through into to from is are it there this that some many few
world voxel block blocks blocky minecraft game view scene player first person
snowing raining rainy storm stormy thunder cloud clouds cloudy sun moon stars sunny bright dark darkness light shadow
morning noon evening midnight afternoon twilight sunset sunrise dusk dawn day night winter summer spring autumn fall
hot cold warm frozen ice icy snow snowy frost wet dry sandy rocky grassy muddy foggy misty hazy windy
tree trees pine oak palm leaf leaves wood wooden bush flower flowers grass cactus cacti reeds mushroom
river lake pond sea ocean shore coast beach island islands water waterfall underwater swimming swim
hill hills mountain mountains cliff cliffs valley cave caves tunnel canyon rock rocks stone cobblestone gravel dirt sand
village house houses hut huts town home building tower castle bridge road path street roof wall door window garden farm
lamp lantern torch fire glowing brick bricks planks log wool glass sandstone
red orange yellow green blue white black grey gray brown pink purple
big small large little tall high low deep wide old new empty quiet calm dense open
sheep pig cow chicken animal animals wandering
walk walking run running jump jumping sneak sneaking sprint climb look looking turn turning stand standing dig digging
mine mining break breaking place placing build building hold holding explore exploring
start starts begin begins stop stops fall falls falling rise rises set sets come comes become becomes get gets
clear clears roll rolls lift lifts appear appears
taiga jungle savanna tropical meadow field fields plain plains prairie steppe forest woods woodland grove swamp marsh
bog wetland wetlands desert dune dunes tundra arctic badlands
""".split()


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _vocabulary() -> list[str]:
    tables = [PLACES, VILLAGES, TIMES, WEATHERS, TIME_EVENTS, WEATHER_EVENTS, STOPS, HELD, ACTIVITIES, NEARBY]
    words = {word for table in tables for phrases in table.values() for phrase in phrases for word in _words(phrase)}
    return sorted(words | set(MORE_WORDS) | {"holding", "now", "then", "after"})


VOCABULARY: list[str] = _vocabulary()


@dataclass
class Scene:
    """What a caption may speak of; words are keys of the tables above."""

    biome: str
    time: str
    weather: str
    village: bool
    nearby: str | None
    activity: str | None
    slot: int | None  # 0..8 if the held block may be named


def _pick(rng: np.random.Generator, phrases: list[str]) -> str:
    return phrases[int(rng.integers(len(phrases)))]


def describe(scene: Scene, rng: np.random.Generator) -> str:
    """One caption for a scene."""
    place = _pick(rng, (VILLAGES if scene.village and rng.random() < 0.85 else PLACES)[scene.biome])
    if scene.activity and rng.random() < 0.35:
        place = f"{_pick(rng, ACTIVITIES[scene.activity])} {place}"
    clauses = [place]
    if scene.nearby and rng.random() < 0.3:
        clauses[0] += " " + _pick(rng, NEARBY[scene.nearby])
    if rng.random() < (0.45 if scene.time == "day" else 0.85):
        clauses[0] += " " + _pick(rng, TIMES[scene.time])
    if rng.random() < (0.25 if scene.weather == "clear" else 0.9):
        clauses.append(_pick(rng, WEATHERS[scene.weather]))
    if scene.slot is not None and rng.random() < 0.4:
        clauses.append("holding " + _pick(rng, HELD[HOTBAR[scene.slot]]))
    return ", ".join(clauses)


def describe_event(before: Scene, after: Scene, rng: np.random.Generator) -> str:
    """A caption for the moment when time or weather changes, alone or with the scene."""
    if before.time != after.time:
        event = _pick(rng, TIME_EVENTS[after.time])
    elif after.weather == "clear":
        event = _pick(rng, STOPS[before.weather] + WEATHER_EVENTS["clear"][:1])
    else:
        event = _pick(rng, WEATHER_EVENTS[after.weather])
    draw = rng.random()
    if draw < 0.4:
        return event
    scene = describe(after if draw < 0.7 else before, rng)
    return f"{scene}, {event}" if rng.random() < 0.6 else f"{event}, {scene}"
