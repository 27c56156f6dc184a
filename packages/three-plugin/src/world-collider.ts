import {
  type Column,
  type Frame,
  requireOutputs,
  SoraError,
  type Voxel,
  VoxelMap,
  type VoxelMapOptions,
} from '@sora-world/sdk'
import type { SpaceWorld } from './world-backdrop.ts'

/** What is used of a description of a collider. */
interface Desc {
  setTranslation(x: number, y: number, z: number): unknown
}

/** What is used of Rapier's module: `@dimforge/rapier3d`, or one of its other builds, after its `init()` if it has one. */
export interface RapierModule {
  ColliderDesc: { cuboid(halfX: number, halfY: number, halfZ: number): Desc }
}

/** What is used of a `RAPIER.World`. Methods, so that the types of any build of Rapier fit. */
export interface RapierWorld {
  createCollider(desc: never): unknown
  removeCollider(collider: never, wakeUp: boolean): void
}

export interface WorldColliderOptions extends VoxelMapOptions {
  /** The module: `import RAPIER from '@dimforge/rapier3d'`. It is not imported here, so that nobody loads it in vain. */
  rapier: RapierModule | null | undefined
  physics: RapierWorld
  /** Blocks around the player in which there are colliders, to the sides. */
  radius?: number
}

/** Pixels in which a cell must have been seen to be solid. */
const LEAST_HITS = 3
/** The same as a share of the most seen cell of its column, and where that is told enough. */
const LEAST_SHARE = 0.15
const ENOUGH_HITS = 100
/** Tops of columns in steps of 1/16 block: what is noise moves nothing. */
const TOP_STEPS = 16

/** Cells on top of each other without a gap. */
interface Run {
  bottom: number
  top: number
}

/** What stands in a column. */
interface Built {
  runs: readonly Run[]
  colliders: readonly unknown[]
}

/** Columns that are made anew in one frame at most: making them all at once would be felt. */
const COLUMNS_PER_FRAME = 100

/**
 * Makes the generated ground solid: fixed Rapier colliders around the player, from depth and pose of the frames.
 *
 *     const solid = new WorldCollider(world, { rapier: RAPIER, physics })
 *
 * Only what was seen is solid: there is no ground under the player before it came into view. The columns that changed are
 * made anew, some in each frame; the others stay. `map` is the world seen so far, good for `voxelGlb`, too.
 */
export class WorldCollider {
  readonly map: VoxelMap
  readonly #options
  readonly #radius: number
  readonly #built = new Map<Column, Built>()
  /** Columns that changed and are not made anew yet. */
  readonly #waiting = new Set<Column>()
  #at = { x: Number.NaN, z: Number.NaN }
  readonly #stopListening: () => void
  #seen = ''

  /**
   * @throws SoraError `unsupported` without Rapier, saying what to install, and for a world whose model gives no depth or no
   *   pose; `option-invalid`
   */
  constructor(world: SpaceWorld, options: WorldColliderOptions) {
    const { rapier, radius = 10, ...mapOptions } = options
    if (typeof rapier?.ColliderDesc?.cuboid !== 'function') {
      throw new SoraError(
        'unsupported',
        'WorldCollider needs Rapier: run "npm install @dimforge/rapier3d" (in Node "@dimforge/rapier3d-compat") and pass the module as "rapier"',
      )
    }
    requireOutputs(world.manifest, 'WorldCollider', ['depth', 'pose'])
    if (!(radius > 0)) throw new SoraError('option-invalid', `radius is ${radius}`)
    this.map = new VoxelMap(world.manifest, mapOptions)
    this.#options = { rapier, physics: options.physics }
    this.#radius = radius
    this.#stopListening = world.on('frame', (frame) => this.#onFrame(frame))
  }

  /** Colliders that exist now. */
  get size(): number {
    let count = 0
    for (const { colliders } of this.#built.values()) count += colliders.length
    return count
  }

  /** Lets go of the world and takes all colliders out of the physics. */
  dispose(): void {
    this.#stopListening()
    this.#waiting.clear()
    for (const column of this.#built.keys()) this.#remove(column)
  }

  #onFrame(frame: Frame): void {
    const chunk = `${frame.world}/${frame.seq}`
    // Four frames of a chunk show nearly the same; the others are for the work that the first one makes.
    if (chunk !== this.#seen && this.map.observe(frame)) {
      this.#seen = chunk
      this.#follow(frame.pose!.x, frame.pose!.z)
    }
    this.#work(this.#built.size === 0 ? Number.POSITIVE_INFINITY : COLUMNS_PER_FRAME)
  }

  /** Takes away what the player left behind, and notes what changed around. */
  #follow(x: number, z: number): void {
    const size = this.map.cellSize
    const isNear = (column: Column) =>
      Math.hypot((column.x + 0.5) * size - x, (column.z + 0.5) * size - z) <= this.#radius
    for (const column of this.#built.keys()) if (!isNear(column)) this.#remove(column)
    for (const column of this.#waiting) if (!isNear(column)) this.#waiting.delete(column)
    for (const column of this.map.changed) {
      // Its ground is gone at once: what is forgotten must not be stood on for long.
      if (column.cells.length === 0) this.#remove(column)
      else if (isNear(column)) this.#waiting.add(column)
    }
    // Not a number at first.
    if (Math.hypot(x - this.#at.x, z - this.#at.z) < size) return
    this.#at = { x, z }
    for (const column of this.map.columns()) if (!this.#built.has(column) && isNear(column)) this.#waiting.add(column)
  }

  #work(most: number): void {
    let left = most
    for (const column of this.#waiting) {
      if (left-- <= 0) return
      this.#waiting.delete(column)
      this.#build(column)
    }
  }

  #build(column: Column): void {
    const runs = runsOf(believed(column.cells), this.map.cellSize)
    const before = this.#built.get(column)
    if (before && isSame(before.runs, runs)) return
    this.#remove(column)
    this.#built.set(column, { runs, colliders: runs.map((run) => this.#create(column, run)) })
  }

  #create({ x, z }: Column, { bottom, top }: Run): unknown {
    const size = this.map.cellSize
    const desc = this.#options.rapier.ColliderDesc.cuboid(size / 2, (top - bottom) / 2, size / 2)
    desc.setTranslation((x + 0.5) * size, (top + bottom) / 2, (z + 0.5) * size)
    return this.#options.physics.createCollider(desc as never)
  }

  #remove(column: Column): void {
    this.#waiting.delete(column)
    // Whatever rests on it must notice.
    for (const collider of this.#built.get(column)?.colliders ?? [])
      this.#options.physics.removeCollider(collider as never, true)
    this.#built.delete(column)
  }
}

/** Cells without those that were hardly seen, by themselves or beside what was seen in their column. */
function believed(cells: readonly Readonly<Voxel>[]): Readonly<Voxel>[] {
  const most = Math.min(ENOUGH_HITS, Math.max(...cells.map(({ hits }) => hits)))
  return cells.filter(({ hits }) => hits >= Math.max(LEAST_HITS, LEAST_SHARE * most))
}

function isSame(before: readonly Run[], now: readonly Run[]): boolean {
  return (
    before.length === now.length && before.every((run, i) => run.bottom === now[i]!.bottom && run.top === now[i]!.top)
  )
}

/** From below; the top is where the surface was seen within the uppermost cell, and no run is thinner than a cell. */
function runsOf(cells: readonly Readonly<Voxel>[], cellSize: number): Run[] {
  const sorted = [...cells].sort((a, b) => a.y - b.y)
  const runs: Run[] = []
  for (let i = 0; i < sorted.length; i++) {
    let last = i
    while (sorted[last + 1]?.y === sorted[last]!.y + 1) last++
    const top = Math.round(sorted[last]!.height * TOP_STEPS) / TOP_STEPS
    runs.push({ bottom: Math.min(sorted[i]!.y * cellSize, top - cellSize), top })
    i = last
  }
  return runs
}
