import type { CellReading } from '../judges.ts'
import { EYE_HEIGHT } from './script.ts'

/** A point in the player's own frame, who stands at 0 and faces ahead: blocks, `high` above the ground. */
export interface Point {
  ahead: number
  aside: number
  high: number
}

type Grid = Pick<CellReading, 'rows' | 'columns'>

/** The cell of a picture in which a player who looks straight ahead and `pitch` degrees down sees a point. */
export function cellOf(point: Point, pitch: number, verticalFovDegrees: number, grid: Grid): number | undefined {
  const down = (pitch * Math.PI) / 180
  const drop = EYE_HEIGHT - point.high
  const depth = point.ahead * Math.cos(down) + drop * Math.sin(down)
  if (depth <= 0) return undefined
  const below = (drop * Math.cos(down) - point.ahead * Math.sin(down)) / depth
  const focal = grid.rows / 2 / Math.tan((verticalFovDegrees * Math.PI) / 360)
  const row = Math.floor(grid.rows / 2 + below * focal)
  const column = Math.floor(grid.columns / 2 + (point.aside / depth) * focal)
  const isSeen = row >= 0 && row < grid.rows && column >= 0 && column < grid.columns
  return isSeen ? row * grid.columns + column : undefined
}

/** Cells, each once, in which points are seen. */
export function cellsOf(points: readonly Point[], pitch: number, fov: number, grid: Grid): number[] {
  return [...new Set(points.flatMap((point) => cellOf(point, pitch, fov, grid) ?? []))]
}

/** Points of the front of a block that stands on the ground `ahead`, `floor` blocks above it; its rim is left out. */
export function frontOf(ahead: number, aside: number, floor = 0): Point[] {
  const steps = [-0.3, -0.15, 0, 0.15, 0.3]
  return steps.flatMap((right) =>
    steps.map((up) => ({ ahead: ahead - 0.5, aside: aside + right, high: floor + 0.5 + up })),
  )
}

/** Points of a square of ground. */
export function groundOf(from: Omit<Point, 'high'>, to: Omit<Point, 'high'>, step = 0.2): Point[] {
  const points: Point[] = []
  for (let ahead = from.ahead; ahead <= to.ahead + 1e-9; ahead += step) {
    for (let aside = from.aside; aside <= to.aside + 1e-9; aside += step) points.push({ ahead, aside, high: 0 })
  }
  return points
}

/** What is in front of the world, or moves by itself: it neither shows nor hides that the world changed. */
const PASSING = ['hand', 'creature', 'pig', 'sheep', 'cow']

/** Cells of the world itself in all readings. */
export function worldCells(cells: readonly number[], readings: readonly CellReading[], names: readonly string[]) {
  const passes = (id: number) => PASSING.includes(names[id]!.split(' ')[0]!)
  return cells.filter((cell) => readings.every((reading) => !passes(reading.blocks[cell]!)))
}

/** Share of cells for which something holds; 0 of none. */
export function shareOf(cells: readonly number[], holds: (cell: number) => boolean): number {
  return cells.length === 0 ? 0 : cells.filter(holds).length / cells.length
}

/** All cells within shares of height and width, from 0 to 1. */
export function cellsWithin(grid: Grid, [top, bottom]: [number, number], [left, right]: [number, number]): number[] {
  const cells: number[] = []
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      const y = (row + 0.5) / grid.rows
      const x = (column + 0.5) / grid.columns
      if (y >= top && y < bottom && x >= left && x < right) cells.push(row * grid.columns + column)
    }
  }
  return cells
}

/** Do the cells read as one of these kinds. */
export function isKind(reading: CellReading, kinds: readonly string[], names: readonly string[]) {
  const ids = new Set(kinds.map((kind) => names.indexOf(kind)))
  return (cell: number) => ids.has(reading.blocks[cell]!)
}

/** Mean brightness, 0 to 255, of the cells of a picture uint8 [H,W,3] whose width the grid divides. */
export function brightnessOf(frame: Uint8Array, width: number, grid: Grid, cells: readonly number[]): number {
  const scale = width / grid.columns
  let sum = 0
  for (const cell of cells) {
    const left = (cell % grid.columns) * scale
    const top = Math.floor(cell / grid.columns) * scale
    for (let y = Math.floor(top); y < Math.floor(top + scale); y++) {
      for (let x = Math.floor(left); x < Math.floor(left + scale); x++) {
        const at = (y * width + x) * 3
        sum += 0.299 * frame[at]! + 0.587 * frame[at + 1]! + 0.114 * frame[at + 2]!
      }
    }
  }
  return sum / Math.max(1, cells.length * Math.floor(scale) ** 2)
}
