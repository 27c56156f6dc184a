import { median } from '../statistics.ts'
import type { JudgedAttempt } from './attempt.ts'
import {
  ASIDE,
  BUILD_PITCH,
  breakRow,
  buildWall,
  DIG_PITCH,
  digHole,
  placeRow,
  ROW_AHEAD,
  towerUp,
  tunnel,
  WALL_PITCH,
} from './scripts.ts'
import { scoreOf, type Task } from './task.ts'
import { cellsOf, cellsWithin, frontOf, groundOf, isKind, type Point, shareOf, worldCells } from './view-cells.ts'

/** What slot 4 places, and what the judge takes it for. */
const BRICKS = ['bricks', 'roof tiles']
const MEADOWS = [
  'green fields by day, clear sky, holding bricks',
  'a sandy desert at noon, holding bricks',
  'a snowy land by day, holding bricks',
]

/** Two views from one place, `pitch` degrees down: what changed in cells that show `points`, and in all others. */
async function compare(attempt: JudgedAttempt, frames: [number, number], points: readonly Point[], pitch: number) {
  const [before, after] = (await attempt.cells(frames)) as [CellsOf, CellsOf]
  const names = attempt.judges.blocks
  const inside = worldCells(cellsOf(points, pitch, attempt.attempt.verticalFovDegrees, after), [before, after], names)
  const known = new Set(inside)
  const outside = worldCells(
    [...after.blocks.keys()].filter((cell) => !known.has(cell)),
    [before, after],
    names,
  )
  const changed = (cell: number) => before.blocks[cell] !== after.blocks[cell]
  const farther = inside.map((cell) => before.inverseDepth[cell]! / Math.max(1e-3, after.inverseDepth[cell]!))
  return { inside: shareOf(inside, changed), outside: shareOf(outside, changed), farther: median(farther) ?? 1 }
}
type CellsOf = Awaited<ReturnType<JudgedAttempt['cells']>>[number]

/** Share of the front of each block of a wall that reads as bricks, in one view. */
async function bricks(
  attempt: JudgedAttempt,
  frame: number,
  floors: readonly number[],
  pitch: number,
): Promise<number[]> {
  const [reading] = await attempt.cells([frame])
  const names = attempt.judges.blocks
  const isBrick = isKind(reading!, BRICKS, names)
  return floors.flatMap((floor) =>
    ASIDE.map((aside) => {
      const cells = cellsOf(frontOf(ROW_AHEAD, aside, floor), pitch, attempt.attempt.verticalFovDegrees, reading!)
      return shareOf(worldCells(cells, [reading!], names), isBrick)
    }),
  )
}

const LEAST_BRICK = 0.5
/** A view in which no more than this share of the other cells changed: the world did not melt. */
const MOST_ELSEWHERE = 0.5

const digHoleTask: Task = {
  name: 'dig-hole',
  title: 'dig a 3x3 hole',
  prompts: ['green fields by day, clear sky', 'a sandy desert at noon', 'a snowy land by day'],
  script: digHole,
  async score(attempt) {
    const frames: [number, number] = [attempt.at('before'), attempt.at('after')]
    const hole = groundOf({ ahead: 0.7, aside: -1.3 }, { ahead: 3.3, aside: 1.3 })
    const { inside, outside, farther } = await compare(attempt, frames, hole, DIG_PITCH)
    return scoreOf({ inside, outside, farther }, [farther >= 1.15, outside <= MOST_ELSEWHERE])
  },
}

const tunnelTask: Task = {
  name: 'tunnel',
  title: 'tunnel 5 blocks',
  prompts: ['digging a tunnel in rocky mountains', 'mining in stone hills', 'digging a tunnel in high cliffs'],
  needsPose: true,
  script: tunnel,
  async score(attempt) {
    const { away } = attempt.moved(attempt.at('start'))
    const [reading] = await attempt.cells([attempt.at('end')])
    const world = worldCells([...reading!.blocks.keys()], [reading!], attempt.judges.blocks)
    const sky = shareOf(world, isKind(reading!, ['sky'], attempt.judges.blocks))
    const near = shareOf(world, (cell) => reading!.inverseDepth[cell]! > 1 / 4)
    const blows = await attempt.held('attack', attempt.at('start') + 4)
    return scoreOf({ away, sky, near, blows }, [away >= 4, sky <= 0.05, near >= 0.7, blows >= 0.5])
  },
}

const towerUpTask: Task = {
  name: 'tower-up',
  title: 'tower up 4',
  prompts: MEADOWS,
  needsPose: true,
  script: towerUp,
  async score(attempt) {
    const readings = await attempt.cells([attempt.at('before'), attempt.at('after')])
    const ground = cellsWithin(readings[0]!, [0.35, 0.85], [0.2, 0.7])
    const [before, after] = readings.map((reading) => median(ground.map((cell) => reading.inverseDepth[cell]!))!)
    const lower = before! / Math.max(1e-3, after!)
    const { up } = attempt.moved(attempt.at('before'))
    return scoreOf({ lower, up }, [lower >= 1.6, up >= 2])
  },
}

const placeRowTask: Task = {
  name: 'place-row',
  title: 'place 3 blocks in a row',
  prompts: MEADOWS,
  script: placeRow,
  async score(attempt) {
    const before = Math.max(...(await bricks(attempt, attempt.at('before'), [0], BUILD_PITCH)))
    const least = Math.min(...(await bricks(attempt, attempt.at('after'), [0], BUILD_PITCH)))
    return scoreOf({ before, least }, [before < 0.3, least >= LEAST_BRICK])
  },
}

const breakRowTask: Task = {
  name: 'break-row',
  title: 'break them again',
  prompts: MEADOWS,
  script: breakRow,
  async score(attempt) {
    const before = Math.max(...(await bricks(attempt, attempt.at('before'), [0], BUILD_PITCH)))
    const placed = Math.min(...(await bricks(attempt, attempt.at('after'), [0], BUILD_PITCH)))
    const left = Math.max(...(await bricks(attempt, attempt.at('end'), [0], BUILD_PITCH)))
    const points = ASIDE.flatMap((aside) => frontOf(ROW_AHEAD, aside))
    const ends: [number, number] = [attempt.at('before'), attempt.at('end')]
    const { inside: other } = await compare(attempt, ends, points, BUILD_PITCH)
    return scoreOf({ before, placed, left, other }, [before < 0.3, placed >= LEAST_BRICK, left < 0.3, other <= 0.5])
  },
}

const buildWallTask: Task = {
  name: 'build-wall',
  title: 'build a wall and find it after looking away',
  prompts: MEADOWS,
  script: buildWall,
  async score(attempt) {
    const wall = (mark: string) => bricks(attempt, attempt.at(mark), [0, 1], WALL_PITCH)
    const before = Math.max(...(await wall('before')))
    const built = Math.min(...(await wall('after')))
    const away = Math.max(...(await wall('away')))
    const found = Math.min(...(await wall('end')))
    const checks = [before < 0.3, built >= LEAST_BRICK, away < 0.5, found >= LEAST_BRICK]
    return scoreOf({ before, built, away, found }, checks)
  },
}

export const BUILDING_TASKS = [digHoleTask, tunnelTask, towerUpTask, placeRowTask, breakRowTask, buildWallTask]
