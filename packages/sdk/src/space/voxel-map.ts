import { type ModelManifest, SoraError } from '../protocol/index.ts'
import type { Frame } from '../stream/frame.ts'
import { type CameraView, cameraView } from './camera-view.ts'
import { requireOutputs } from './require-outputs.ts'
import { upsampleDepth } from './upsample-depth.ts'

export interface VoxelMapOptions {
  /** Edge of a cell in blocks. */
  cellSize?: number
  /** Blocks from the camera; what is farther is too coarse to keep. */
  reach?: number
  /** Cells kept at most; beyond that those seen longest ago go. */
  maxCells?: number
}

/** A cell of the world seen so far. */
export interface Voxel {
  /** Cell indices; its lower corner is at index * cellSize. */
  x: number
  y: number
  z: number
  /** sRGB, 0..255 */
  colour: [red: number, green: number, blue: number]
  /** Mean height of what was seen in it, in blocks: finer than the cell. */
  height: number
  /** Pixels in which it was seen. */
  hits: number
}

/** The cells at one place seen from above. */
export interface Column {
  readonly x: number
  readonly z: number
  readonly cells: readonly Readonly<Voxel>[]
}

/** What is kept of a cell: how often it was seen, and sums over that. */
interface Cell extends Voxel {
  column: Column
  /** Version of the map in which it was seen last. */
  seenIn: number
  misses: number
}

/**
 * Cells: so far behind the surface a point is looked up. Faces of blocks lie where cells meet, and on the near side of a wall
 * there is nothing.
 */
const INTO = 0.3
/** Sees every n-th pixel in both directions: neighbours tell the same. */
const STRIDE = 2
/** Older sums count half from here on, so that what changes is learnt anew. */
const MOST_HITS = 64
/** Steps of a block in which heights are told: what is less is noise. */
const HEIGHT_STEPS = 16
/** A cell is seen through when what lies behind is this much farther. */
const THROUGH = 1.25
/** Seen through so many times more often than seen: it was never there, or is gone. */
const MISSES_TO_FORGET = 2
/** Indices in a key: 17 bits each, 65536 cells in each direction. */
const KEY_RANGE = 2 ** 17

/**
 * The world seen so far as coloured cells, from depth and pose of its frames.
 *
 * One frame per chunk is enough. A cell that the camera sees through is forgotten, so a block that was broken goes. A new
 * world starts a new map.
 */
export class VoxelMap {
  readonly cellSize: number
  /** Counts changes. */
  version = 0
  readonly #manifest: ModelManifest
  readonly #reach: number
  readonly #maxCells: number
  readonly #cells = new Map<number, Cell>()
  readonly #columns = new Map<number, Column>()
  #changed = new Set<Column>()
  #depth = new Float32Array(0)
  #world = -1

  /** @throws SoraError `unsupported` for a model without depth or pose, `option-invalid` */
  constructor(manifest: ModelManifest, { cellSize = 0.5, reach = 24, maxCells = 200_000 }: VoxelMapOptions = {}) {
    requireOutputs(manifest, 'VoxelMap', ['depth', 'pose'])
    for (const [name, value] of Object.entries({ cellSize, reach, maxCells })) {
      if (!(value > 0) || !Number.isFinite(value)) throw new SoraError('option-invalid', `${name} is ${value}`)
    }
    this.#manifest = manifest
    this.cellSize = cellSize
    this.#reach = reach
    this.#maxCells = maxCells
  }

  get size(): number {
    return this.#cells.size
  }

  /** Takes a frame in; false when it came without depth or pose (then nothing changes). */
  observe(frame: Frame): boolean {
    const { pose, width, height } = frame
    if (!pose || !frame.inverseDepth) return false
    const [columns, rows] = [Math.floor(width / STRIDE), Math.floor(height / STRIDE)]
    if (this.#depth.length !== columns * rows) this.#depth = new Float32Array(columns * rows)
    if (!upsampleDepth(frame, this.#depth, STRIDE, 'far')) return false
    this.#changed = new Set()
    if (frame.world !== this.#world) for (const [key, cell] of this.#cells) this.#forget(key, cell)
    this.#world = frame.world
    const view = cameraView(pose, this.#manifest.camera.verticalFovDegrees, width / height)
    this.version++
    this.#forgetSeenThrough(view, columns, rows)
    this.#addSeen(frame, view, columns, rows)
    this.#dropOldest()
    return true
  }

  /** Oldest first; not to be written. */
  voxels(): IterableIterator<Readonly<Voxel>> {
    return this.#cells.values()
  }

  /** Cells on top of each other, in no order; those without cells are left out. Not to be written. */
  columns(): IterableIterator<Column> {
    return this.#columns.values()
  }

  /** Columns in which the last `observe` changed something: cells, or a height by a 1/16 block. */
  get changed(): ReadonlySet<Column> {
    return this.#changed
  }

  has(x: number, y: number, z: number): boolean {
    return this.#cells.has(keyOf(x, y, z))
  }

  #addSeen({ width, height, rgba }: Frame, { eye, ...view }: CameraView, columns: number, rows: number): void {
    const offset = STRIDE >> 1
    const into = INTO * this.cellSize
    for (let row = 0; row < rows; row++) {
      const y = row * STRIDE + offset
      const up = (1 - (2 * (y + 0.5)) / height) * view.halfHeight
      for (let column = 0; column < columns; column++) {
        const depth = 1 / this.#depth[row * columns + column]!
        if (!(depth > 0 && depth <= this.#reach)) continue
        const x = column * STRIDE + offset
        const right = ((2 * (x + 0.5)) / width - 1) * view.halfWidth
        // As `unproject`, without making an array for each pixel.
        const rayX = view.right[0] * right + view.up[0] * up + view.forward[0]
        const rayY = view.right[1] * right + view.up[1] * up + view.forward[1]
        const rayZ = view.right[2] * right + view.up[2] * up + view.forward[2]
        const inside = depth + into
        this.#hit(
          eye[0] + inside * rayX,
          eye[1] + inside * rayY,
          eye[2] + inside * rayZ,
          eye[1] + depth * rayY,
          rgba,
          (y * width + x) * 4,
        )
      }
    }
  }

  #hit(placeX: number, placeY: number, placeZ: number, height: number, rgba: Uint8ClampedArray, pixel: number): void {
    const x = Math.floor(placeX / this.cellSize)
    const y = Math.floor(placeY / this.cellSize)
    const z = Math.floor(placeZ / this.cellSize)
    const key = keyOf(x, y, z)
    const cell = this.#cells.get(key) ?? this.#newCell(x, y, z)
    const step = stepOf(cell.height)
    const share = 1 / (Math.min(cell.hits, MOST_HITS) + 1)
    cell.colour[0] += (rgba[pixel]! - cell.colour[0]) * share
    cell.colour[1] += (rgba[pixel + 1]! - cell.colour[1]) * share
    cell.colour[2] += (rgba[pixel + 2]! - cell.colour[2]) * share
    cell.height += (height - cell.height) * share
    if (step !== stepOf(cell.height)) this.#changed.add(cell.column)
    cell.hits++
    cell.misses = 0
    if (cell.seenIn === this.version) return
    cell.seenIn = this.version
    // Last in the order: seen most recently.
    this.#cells.delete(key)
    this.#cells.set(key, cell)
  }

  #forgetSeenThrough(
    { eye, right, up, forward, halfWidth, halfHeight }: CameraView,
    columns: number,
    rows: number,
  ): void {
    const half = this.cellSize / 2
    for (const [key, cell] of this.#cells) {
      const x = cell.x * this.cellSize + half - eye[0]
      const y = cell.y * this.cellSize + half - eye[1]
      const z = cell.z * this.cellSize + half - eye[2]
      // As `project`, for thousands of cells.
      const depth = x * forward[0] + y * forward[1] + z * forward[2]
      if (depth <= half) continue
      const u = ((x * right[0] + y * right[1] + z * right[2]) / (depth * halfWidth) + 1) / 2
      const v = (1 - (x * up[0] + y * up[1] + z * up[2]) / (depth * halfHeight)) / 2
      if (!(u >= 0 && u < 1 && v >= 0 && v < 1)) continue
      const inverse = this.#depth[Math.floor(v * rows) * columns + Math.floor(u * columns)]!
      const seen = inverse > 0 ? 1 / inverse : Number.POSITIVE_INFINITY
      if (seen > (depth + this.cellSize) * THROUGH && ++cell.misses >= MISSES_TO_FORGET) this.#forget(key, cell)
    }
  }

  #dropOldest(): void {
    for (const [key, cell] of this.#cells) {
      if (this.#cells.size <= this.#maxCells) return
      this.#forget(key, cell)
    }
  }

  #newCell(x: number, y: number, z: number): Cell {
    const key = keyOf(x, 0, z)
    const column = this.#columns.get(key) ?? { x, z, cells: [] }
    this.#columns.set(key, column)
    this.#changed.add(column)
    const cell: Cell = { x, y, z, column, colour: [0, 0, 0], height: 0, hits: 0, misses: 0, seenIn: -1 }
    ;(column.cells as Cell[]).push(cell)
    return cell
  }

  #forget(key: number, cell: Cell): void {
    const { column } = cell
    this.#cells.delete(key)
    this.#changed.add(column)
    const cells = column.cells as Cell[]
    cells.splice(cells.indexOf(cell), 1)
    if (cells.length === 0) this.#columns.delete(keyOf(column.x, 0, column.z))
  }
}

function stepOf(height: number): number {
  return Math.round(height * HEIGHT_STEPS)
}

function keyOf(x: number, y: number, z: number): number {
  const part = (value: number) => ((value % KEY_RANGE) + KEY_RANGE) % KEY_RANGE
  return (part(x) * KEY_RANGE + part(y)) * KEY_RANGE + part(z)
}
