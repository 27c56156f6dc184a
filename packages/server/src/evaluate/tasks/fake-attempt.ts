import type { CellReading, Judges, MotionReading, SceneReading } from '../judges.ts'
import { JudgedAttempt } from './attempt.ts'
import type { Script } from './script.ts'

/** What a made-up player sees, frame by frame; whatever is not given is a meadow by day in which nothing moves. */
export interface MadeUp {
  /** Grey of the whole picture, 0 to 255; or of one cell. */
  grey?(frame: number, cell: number): number
  block?(frame: number, cell: number): string
  inverseDepth?(frame: number, cell: number): number
  scene?(frame: number): Partial<SceneReading>
  motion?(frame: number): Partial<MotionReading>
  /** right, up, forward, yaw, pitch, on ground */
  pose?(frame: number): readonly number[]
}

const SIZE = { width: 128, height: 80 }
const CELL = 4
const GRID = { rows: SIZE.height / CELL, columns: SIZE.width / CELL }
const BLOCKS = ['grass', 'sky', 'bricks', 'water', 'log', 'planks', 'stone', 'hand']

/** An attempt whose pictures and readings are made up; the number of each frame stands in its first pixel. */
export function madeUpAttempt(script: Script, { grey, block, inverseDepth, scene, motion, pose }: MadeUp) {
  const bytes = SIZE.width * SIZE.height * 3
  const cells = GRID.rows * GRID.columns
  const frames = new Uint8Array(script.frames * bytes)
  for (let frame = 0; frame < script.frames; frame++) {
    const picture = frames.subarray(frame * bytes, (frame + 1) * bytes)
    if (grey && grey.length > 1) for (let cell = 0; cell < cells; cell++) paint(picture, cell, grey(frame, cell))
    else picture.fill(grey?.(frame, 0) ?? 128)
    picture.set([frame >> 8, frame & 255, 0])
  }
  const numbers = (pictures: Uint8Array) =>
    Array.from({ length: pictures.length / bytes }, (_, i) => pictures[i * bytes]! * 256 + pictures[i * bytes + 1]!)
  const meadow = { biome: 'plains', time: 'day', weather: 'clear', feature: new Float32Array(1) }
  const readCells = (frame: number): CellReading => ({
    ...GRID,
    blocks: Uint8Array.from({ length: cells }, (_, cell) => BLOCKS.indexOf(block?.(frame, cell) ?? 'grass')),
    inverseDepth: Float32Array.from({ length: cells }, (_, cell) => inverseDepth?.(frame, cell) ?? 0.3),
  })
  const judges: Judges = {
    ...{ version: 'made up', blocks: BLOCKS, biomes: ['plains'], times: ['day'], weathers: ['clear'], keys: [] },
    readScene: async (pictures) => numbers(pictures).map((frame) => ({ ...meadow, ...scene?.(frame) })),
    readCells: async (pictures) => numbers(pictures).map(readCells),
    readMotion: async (pictures) =>
      numbers(pictures)
        .slice(1)
        .map((frame) => ({ yaw: 0, pitch: 0, held: [], ...motion?.(frame) })),
    release: async () => {},
  }
  const motions = Array.from({ length: script.frames }, (_, frame) => pose?.(frame) ?? [0, 0, 0, 0, 0, 1])
  const attempt = { size: SIZE, verticalFovDegrees: 60, frames, actions: script.actions(), motion: motions }
  return new JudgedAttempt(attempt, judges, script.marks)
}

function paint(picture: Uint8Array, cell: number, grey: number): void {
  const left = (cell % GRID.columns) * CELL
  const top = Math.floor(cell / GRID.columns) * CELL
  for (let y = top; y < top + CELL; y++) {
    const from = (y * SIZE.width + left) * 3
    picture.fill(grey, from, from + CELL * 3)
  }
}

/** Row and column of a cell, from 0 to 1. */
export function placeOf(cell: number): { row: number; column: number } {
  return { row: Math.floor(cell / GRID.columns) / GRID.rows, column: (cell % GRID.columns) / GRID.columns }
}
