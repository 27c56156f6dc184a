import { type ModelManifest, SoraError } from '../protocol/index.ts'
import type { Frame } from '../stream/frame.ts'
import { type CameraView, cameraView, project, unproject } from './camera-view.ts'
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
}

/** What is kept of a cell: how often it was seen, and sums over that. */
interface Cell extends Voxel {
  hits: number
  misses: number
}

/** Sees every n-th pixel in both directions: neighbours tell the same. */
const STRIDE = 2
/** Older sums count half from here on, so that what changes is learnt anew. */
const MOST_HITS = 64
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
    if (this.#depth.length !== width * height) this.#depth = new Float32Array(width * height)
    if (!upsampleDepth(frame, this.#depth)) return false
    if (frame.world !== this.#world) this.#cells.clear()
    this.#world = frame.world
    const view = cameraView(pose, this.#manifest.camera.verticalFovDegrees, width / height)
    this.#forgetSeenThrough(view, width, height)
    this.#addSeen(frame, view)
    this.#dropOldest()
    this.version++
    return true
  }

  /** Oldest first; not to be written. */
  voxels(): IterableIterator<Readonly<Voxel>> {
    return this.#cells.values()
  }

  has(x: number, y: number, z: number): boolean {
    return this.#cells.has(keyOf(x, y, z))
  }

  #addSeen({ width, height, rgba }: Frame, view: CameraView): void {
    for (let y = STRIDE >> 1; y < height; y += STRIDE) {
      for (let x = STRIDE >> 1; x < width; x += STRIDE) {
        const depth = 1 / this.#depth[y * width + x]!
        if (!(depth > 0 && depth <= this.#reach)) continue
        const place = unproject(view, (x + 0.5) / width, (y + 0.5) / height, depth)
        const pixel = (y * width + x) * 4
        this.#hit(place, rgba[pixel]!, rgba[pixel + 1]!, rgba[pixel + 2]!)
      }
    }
  }

  #hit(place: readonly [number, number, number], red: number, green: number, blue: number): void {
    const [x, y, z] = place.map((value) => Math.floor(value / this.cellSize)) as [number, number, number]
    const key = keyOf(x, y, z)
    const cell = this.#cells.get(key) ?? { x, y, z, colour: [0, 0, 0], height: 0, hits: 0, misses: 0 }
    const share = 1 / (Math.min(cell.hits, MOST_HITS) + 1)
    cell.colour[0] += (red - cell.colour[0]) * share
    cell.colour[1] += (green - cell.colour[1]) * share
    cell.colour[2] += (blue - cell.colour[2]) * share
    cell.height += (place[1] - cell.height) * share
    cell.hits++
    cell.misses = 0
    // Last in the order: seen most recently.
    this.#cells.delete(key)
    this.#cells.set(key, cell)
  }

  #forgetSeenThrough(view: CameraView, width: number, height: number): void {
    const half = this.cellSize / 2
    for (const [key, cell] of this.#cells) {
      const middle = [cell.x, cell.y, cell.z].map((i) => i * this.cellSize + half) as [number, number, number]
      const { u, v, depth } = project(view, middle)
      const isInside = depth > half && u >= 0 && u < 1 && v >= 0 && v < 1
      if (!isInside) continue
      const inverse = this.#depth[Math.floor(v * height) * width + Math.floor(u * width)]!
      const seen = inverse > 0 ? 1 / inverse : Number.POSITIVE_INFINITY
      if (seen > (depth + this.cellSize) * THROUGH && ++cell.misses >= MISSES_TO_FORGET) this.#cells.delete(key)
    }
  }

  #dropOldest(): void {
    for (const key of this.#cells.keys()) {
      if (this.#cells.size <= this.#maxCells) return
      this.#cells.delete(key)
    }
  }
}

function keyOf(x: number, y: number, z: number): number {
  const part = (value: number) => ((value % KEY_RANGE) + KEY_RANGE) % KEY_RANGE
  return (part(x) * KEY_RANGE + part(y)) * KEY_RANGE + part(z)
}
