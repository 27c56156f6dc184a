import type { JudgedAttempt } from './attempt.ts'
import { climbHill, crossBorder, enterWater, sprintFar, throughDoor, walkToTree } from './scripts.ts'
import { SAME_VIEW, scoreOf, type Task } from './task.ts'
import { cellsWithin, isKind, shareOf } from './view-cells.ts'

const TREES = ['log', 'dark log', 'cactus', 'leaves', 'pine leaves', 'orange leaves', 'red leaves', 'palm leaves']

/** Share of the middle of each picture that is tree within `blocks`. */
async function treeBefore(attempt: JudgedAttempt, frames: readonly number[], blocks: number): Promise<number[]> {
  return (await attempt.cells(frames)).map((reading) => {
    const isTree = isKind(reading, TREES, attempt.judges.blocks)
    const middle = cellsWithin(reading, [0.15, 0.85], [0.4, 0.6])
    return shareOf(middle, (cell) => isTree(cell) && reading.inverseDepth[cell]! > 1 / blocks)
  })
}

const walkToTreeTask: Task = {
  name: 'walk-to-tree',
  title: 'walk to a tree',
  prompts: ['a dense forest by day, clear sky', 'an autumn forest at noon', 'a snowy forest by day'],
  script: walkToTree,
  async score(attempt) {
    const ends = attempt.chunkEnds(attempt.at('start'))
    const shares = await treeBefore(attempt, ends, 2.5)
    const start = shares[0]!
    const end = Math.min(...shares.slice(-2))
    return scoreOf({ start, end }, [start < 0.2, end >= 0.4])
  },
}

const climbHillTask: Task = {
  name: 'climb-hill',
  title: 'climb a hill by jumping',
  prompts: ['rocky mountains by day, clear sky', 'stone hills in daylight', 'mountains with steep hills at noon'],
  needsPose: true,
  script: climbHill,
  async score(attempt) {
    const { up } = attempt.moved(attempt.at('start'))
    const jumps = await attempt.held('jump', attempt.at('start'))
    const same = attempt.likeness(attempt.at('start'), -1)
    return scoreOf({ up, jumps, same }, [up >= 2.5, jumps >= 0.2, same < SAME_VIEW])
  },
}

const WATER = ['water', 'ice']
const enterWaterTask: Task = {
  name: 'enter-water',
  title: 'enter water and leave it',
  prompts: ['a tropical island by day, clear sky', 'a sandy coast at noon', 'a swamp with ponds by day'],
  script: enterWater,
  async score(attempt) {
    const ends = attempt.chunkEnds(attempt.at('shore'))
    const readings = await attempt.cells(ends)
    const wet = readings.map((reading) => {
      const below = cellsWithin(reading, [0.55, 1], [0.2, 0.7])
      return shareOf(below, isKind(reading, WATER, attempt.judges.blocks))
    })
    const start = wet[0]!
    const most = Math.max(...wet.slice(2, -4))
    const end = Math.max(...wet.slice(-2))
    return scoreOf({ start, most, end }, [start <= 0.5, most >= 0.8, end <= 0.3])
  },
}

const WALLS = ['planks', 'cobblestone', 'bricks', 'sandstone', 'log', 'dark log', 'roof tiles', 'glass', 'lamp']

/** Share of what is left and right of the way, at the height of the eyes, that is built: of the lesser side. */
async function wallsBeside(attempt: JudgedAttempt, frames: readonly number[]): Promise<number[]> {
  return (await attempt.cells(frames)).map((reading) => {
    const isWall = isKind(reading, WALLS, attempt.judges.blocks)
    const side = (from: number, to: number) => shareOf(cellsWithin(reading, [0.3, 0.7], [from, to]), isWall)
    return Math.min(side(0, 0.3), side(0.7, 1))
  })
}

const throughDoorTask: Task = {
  name: 'through-door',
  title: 'walk through a door gap',
  prompts: ['a small village by day, clear sky', 'a stone village at noon', 'a brick village in daylight'],
  needsPose: true,
  script: throughDoor,
  async score(attempt) {
    const start = attempt.at('start')
    const walls = Math.max(...(await wallsBeside(attempt, attempt.chunkEnds(start, start + 16))))
    const { away } = attempt.moved(start)
    const same = attempt.likeness(start, -1)
    // Depth is read too badly indoors to see the gap itself; a wall without one would have stopped the player.
    return scoreOf({ walls, away, same }, [walls >= 0.3, away >= 5.5, same < SAME_VIEW])
  },
}

/** The class that most readings name, and their share. */
export function majority(names: readonly string[]): { name: string; share: number } {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const [name, count] = [...counts].toSorted(([, a], [, b]) => b - a)[0]!
  return { name, share: count / names.length }
}

/** Views from which it is read where somebody starts, and how many of one other biome there must be in a row. */
const START_VIEWS = 6
const LEAST_OTHER = 8
/** Of a row, whose views need not all be read right. */
const PURE = 0.75

/** Length of the longest row of views that begins and ends in one biome, not `home`, and is mostly of it. */
export function longestOther(biomes: readonly string[], home: string): number {
  let longest = 0
  for (const [from, biome] of biomes.entries()) {
    if (biome === home) continue
    let same = 0
    for (let to = from; to < biomes.length; to++) {
      if (biomes[to] !== biome) continue
      same++
      if (same >= PURE * (to - from + 1)) longest = Math.max(longest, to - from + 1)
    }
  }
  return longest
}

const crossBorderTask: Task = {
  name: 'cross-border',
  title: 'cross a biome border',
  prompts: ['green fields by day, clear sky', 'a dense forest by day, clear sky'],
  says: { frame: 60, text: 'a sandy desert' },
  needsPose: true,
  script: crossBorder,
  async score(attempt) {
    const ends = attempt.chunkEnds()
    const biomes = (await attempt.scenes(ends)).map(({ biome }) => biome)
    const first = majority(biomes.slice(0, START_VIEWS))
    const other = longestOther(biomes.slice(START_VIEWS), first.name)
    const { away } = attempt.moved(attempt.at('start'))
    return scoreOf({ sure: first.share, other, away }, [first.share >= 0.5, other >= LEAST_OTHER, away >= 10])
  },
}

const sprintFarTask: Task = {
  name: 'sprint-far',
  title: 'sprint 40 blocks',
  prompts: ['green fields by day, clear sky', 'sand dunes in daylight', 'a snowy land by day'],
  needsPose: true,
  script: sprintFar,
  async score(attempt) {
    const { away } = attempt.moved(attempt.at('start'))
    const ahead = await attempt.held('forward', attempt.at('start'))
    const same = attempt.likeness(attempt.at('start'), -1)
    return scoreOf({ away, ahead, same }, [away >= 40 * POSE_TRUST, ahead >= 0.6, same < SAME_VIEW])
  },
}

/** The pose head makes ways shorter: a way of so much of the asked length counts. */
const POSE_TRUST = 0.8

export const TRAVEL_TASKS = [
  walkToTreeTask,
  climbHillTask,
  enterWaterTask,
  throughDoorTask,
  crossBorderTask,
  sprintFarTask,
]
