import { describe, expect, it } from 'vitest'
import { TASKS } from './all-tasks.ts'
import { type MadeUp, madeUpAttempt, placeOf } from './fake-attempt.ts'
import { ASIDE, BUILD_PITCH, DIG_PITCH, ROW_AHEAD, WALL_PITCH } from './scripts.ts'
import { longestOther } from './travel.ts'
import { cellsOf, frontOf, groundOf } from './view-cells.ts'

const GRID = { rows: 20, columns: 32 }
const taskOf = (name: string) => TASKS.find((task) => task.name === name)!
const marksOf = (name: string) => taskOf(name).script().marks as Record<string, number>

async function score(name: string, seen: MadeUp) {
  return (await taskOf(name).score(madeUpAttempt(taskOf(name).script(), seen))).isDone
}

const wallCells = (floors: number[], pitch: number) =>
  new Set(floors.flatMap((f) => ASIDE.flatMap((aside) => cellsOf(frontOf(ROW_AHEAD, aside, f), pitch, 60, GRID))))
const row = wallCells([0], BUILD_PITCH)
const wall = wallCells([0, 1], WALL_PITCH)
const hole = new Set(cellsOf(groundOf({ ahead: 0.5, aside: -1.5 }, { ahead: 3.5, aside: 1.5 }), DIG_PITCH, 60, GRID))
const walking = { pose: () => [0, 0, 0.25, 0, 0, 1], motion: () => ({ held: ['forward', 'jump'] }) }
/** The picture changes from the start to the end. */
const passing = { grey: (frame: number) => 40 + frame }

/** What is seen by one who did it, and by one who did something like it but not it. */
const CASES: Record<string, { done: MadeUp; not: MadeUp }> = {
  'walk-to-tree': {
    done: { block: (frame) => (frame > 70 ? 'log' : 'grass'), inverseDepth: (frame) => (frame > 70 ? 1 : 0.1) },
    not: { block: () => 'log', inverseDepth: () => 1 },
  },
  'climb-hill': {
    done: { ...walking, ...passing, pose: () => [0, 0.05, 0.1, 0, 0, 1] },
    not: { ...walking, ...passing },
  },
  'enter-water': {
    done: { block: (frame) => (frame > 25 && frame < 110 ? 'water' : 'grass') },
    not: { block: (frame) => (frame > 25 ? 'water' : 'grass') },
  },
  'turn-and-return': {
    done: {
      grey: (frame) => (Math.abs(frame - marksOf('turn-and-return').away!) < 20 ? 250 : 100),
      motion: (frame) => ({ yaw: frame <= marksOf('turn-and-return').away! ? 5 : -5 }),
    },
    not: { grey: () => 100 },
  },
  'dig-hole': {
    done: { grey: (frame, cell) => (frame > 100 && hole.has(cell) ? 80 : 120) },
    not: { grey: (frame) => (frame > 100 ? 80 : 120) },
  },
  tunnel: {
    done: { ...walking, inverseDepth: () => 1, motion: () => ({ held: ['attack'] }) },
    not: { ...walking, inverseDepth: () => 0.1, motion: () => ({ held: ['attack'] }) },
  },
  'tower-up': {
    done: {
      ...passing,
      block: (frame, cell) => (frame > 50 && Math.abs(placeOf(cell).column - 0.5) < 0.2 ? 'bricks' : 'grass'),
    },
    not: { ...passing, block: (frame) => (frame > 50 ? 'bricks' : 'grass') },
  },
  'place-row': {
    done: { block: (frame, cell) => (frame > 40 && row.has(cell) ? 'bricks' : 'grass') },
    not: {
      // The one on the right is missing.
      block: (frame, cell) => (frame > 40 && row.has(cell) && placeOf(cell).column < 0.65 ? 'bricks' : 'grass'),
    },
  },
  'break-row': {
    done: { block: (frame, cell) => (frame > 40 && frame < 70 && row.has(cell) ? 'bricks' : 'grass') },
    not: { block: (frame, cell) => (frame > 40 && row.has(cell) ? 'bricks' : 'grass') },
  },
  'build-wall': {
    done: { block: (f, cell) => (((f > 70 && f < 85) || f > 120) && wall.has(cell) ? 'bricks' : 'grass') },
    not: { block: (f, cell) => (f > 70 && f < 85 && wall.has(cell) ? 'bricks' : 'grass') },
  },
  'through-door': {
    done: { ...walking, ...passing, block: () => 'planks' },
    not: { ...walking, ...passing, block: () => 'planks', pose: () => [0, 0, 0.06, 0, 0, 1] },
  },
  'cross-border': {
    done: { ...walking, scene: (frame) => ({ biome: frame > 90 ? 'desert' : 'plains' }) },
    not: { ...walking, scene: (frame) => ({ biome: frame % 8 > 3 ? 'desert' : 'plains' }) },
  },
  'day-to-night': {
    done: { scene: (frame) => ({ time: frame > 40 ? 'night' : 'day' }) },
    not: { scene: () => ({ time: 'night' }) },
  },
  'start-rain': {
    done: { scene: (frame) => ({ weather: frame > 40 ? 'rain' : 'clear' }) },
    not: { scene: (frame) => ({ weather: frame > 40 ? 'fog' : 'clear' }) },
  },
  'stand-still': { done: {}, not: passing },
  'sprint-far': {
    done: { ...walking, ...passing },
    not: { ...walking, ...passing, pose: (frame) => [0, 0, frame % 2 ? 0.25 : -0.25, 0, 0, 1] },
  },
}

describe('tasks', () => {
  it('are sixteen, each with a name of its own and chunks that are whole', () => {
    expect(new Set(TASKS.map(({ name }) => name)).size).toBe(16)
    for (const task of TASKS) expect(task.script().frames % 4).toBe(0)
    expect(Object.keys(CASES).toSorted()).toEqual(TASKS.map(({ name }) => name).toSorted())
  })

  it.each(Object.keys(CASES))('%s is done by one who does it', async (name) => {
    expect(await score(name, CASES[name]!.done)).toBe(true)
  })

  it.each(Object.keys(CASES))('%s is not done by one who does something else', async (name) => {
    expect(await score(name, CASES[name]!.not)).toBe(false)
  })

  it.each(TASKS.filter(({ name }) => name !== 'stand-still').map(({ name }) => name))(
    '%s is not done by one who does nothing',
    async (name) => {
      expect(await score(name, {})).toBe(false)
    },
  )
})

describe('a row of views of another biome', () => {
  const views = (letters: string) => [...letters]

  it('may hold some that are read wrong, but not at its ends', () => {
    expect(longestOther(views('pppddpdddpp'), 'p')).toBe(6)
    expect(longestOther(views('pppdpdpdpdp'), 'p')).toBe(1)
    expect(longestOther(views('ppdddsddddd'), 'p')).toBe(9)
  })

  it('is none of home', () => {
    expect(longestOther(views('pppppp'), 'p')).toBe(0)
    expect(longestOther([], 'p')).toBe(0)
  })
})
