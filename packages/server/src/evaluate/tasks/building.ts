import type { CellReading } from '../judges.ts'
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
import { SAME_VIEW, scoreOf, type Task } from './task.ts'
import {
  brightnessOf,
  cellsOf,
  cellsWithin,
  frontOf,
  groundOf,
  isKind,
  type Point,
  shareOf,
  worldCells,
} from './view-cells.ts'

/** What slot 4 places, and what the judge takes it for. */
const BRICKS = ['bricks', 'roof tiles']
const MEADOWS = [
  'green fields by day, clear sky, holding bricks',
  'a sandy desert at noon, holding bricks',
  'a snowy land by day, holding bricks',
]

/** Share of the cells that show `points` whose block is another one than before, seen twice `pitch` degrees down. */
async function changedShare(attempt: JudgedAttempt, frames: [number, number], points: readonly Point[], pitch: number) {
  const readings = await attempt.cells(frames)
  const [before, after] = readings as [CellReading, CellReading]
  const seen = cellsOf(points, pitch, attempt.attempt.verticalFovDegrees, after)
  const cells = worldCells(seen, readings, attempt.judges.blocks)
  return shareOf(cells, (cell) => before.blocks[cell] !== after.blocks[cell])
}

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

/** The judge takes bricks for tiles, dirt, leaves or a hand where light and distance are not what it knows best. */
const LEAST_BRICK = 0.35

const digHoleTask: Task = {
  name: 'dig-hole',
  title: 'dig a 3x3 hole',
  prompts: ['green fields by day, clear sky', 'a sandy desert at noon', 'a snowy land by day'],
  script: digHole,
  async score(attempt) {
    const { size, verticalFovDegrees } = attempt.attempt
    const marks = [attempt.at('before'), attempt.at('after')]
    const readings = await attempt.cells(marks)
    const grid = readings[0]!
    const names = attempt.judges.blocks
    const part = (points: readonly Point[]) =>
      worldCells(cellsOf(points, DIG_PITCH, verticalFovDegrees, grid), readings, names)
    const darker = (cells: readonly number[]) => {
      const [before, after] = marks.map((mark) => brightnessOf(attempt.frame(mark), size.width, grid, cells))
      return 1 - after! / Math.max(1, before!)
    }
    // The judge's depth does not see a hole of one block, but it lies in its own shade, and what is around it does not.
    const hole = darker(part(groundOf({ ahead: 1, aside: -1 }, { ahead: 3.2, aside: 1 })))
    const around = darker(part(groundOf({ ahead: 4, aside: -2.5 }, { ahead: 6, aside: 2.5 })))
    return scoreOf({ hole, around }, [hole >= 0.1, Math.abs(around) <= hole / 2])
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
    return scoreOf({ away, sky, near, blows }, [away >= 4, sky <= 0.05, near >= 0.7, blows >= 0.2])
  },
}

const towerUpTask: Task = {
  name: 'tower-up',
  title: 'tower up 4',
  prompts: MEADOWS,
  script: towerUp,
  async score(attempt) {
    const readings = await attempt.cells([attempt.at('feet'), attempt.at('top')])
    const names = attempt.judges.blocks
    const [feet, top] = readings.map((reading) => {
      const world = worldCells(cellsWithin(reading, [0.3, 0.7], [0.4, 0.6]), [reading], names)
      return shareOf(world, isKind(reading, BRICKS, names))
    }) as [number, number]
    // On a tower the ground lies bare left and right of the one block under the feet.
    const beside = shareOf(cellsWithin(readings[1]!, [0.2, 0.8], [0, 0.2]), isKind(readings[1]!, BRICKS, names))
    const same = attempt.likeness(attempt.at('before'), attempt.at('after'))
    return scoreOf({ feet, top, beside, same }, [feet < 0.3, top >= LEAST_BRICK, beside < 0.3, same < SAME_VIEW])
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
    const other = await changedShare(attempt, ends, points, BUILD_PITCH)
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
