import { type Frame, requireOutputs, SoraError, type Voxel, VoxelMap, type VoxelMapOptions } from '@sora-world/sdk'
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

/** Tops of columns in steps of 1/16 block: what is noise moves nothing. */
const TOP_STEPS = 16

/** Cells on top of each other without a gap. */
interface Run {
  bottom: number
  top: number
}

interface Column {
  signature: string
  colliders: unknown[]
}

/**
 * Makes the generated ground solid: fixed Rapier colliders around the player, from depth and pose of the frames.
 *
 *     const solid = new WorldCollider(world, { rapier: RAPIER, physics })
 *
 * Only what was seen is solid: there is no ground under the player before it came into view. Once per chunk the columns that
 * changed are made anew, the others stay. `map` is the world seen so far, good for `voxelGlb`, too.
 */
export class WorldCollider {
  readonly map: VoxelMap
  readonly #options
  readonly #radius: number
  readonly #columns = new Map<string, Column>()
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
        'WorldCollider needs Rapier: run "npm install @dimforge/rapier3d" and pass the module as "rapier"',
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
    for (const { colliders } of this.#columns.values()) count += colliders.length
    return count
  }

  /** Lets go of the world and takes all colliders out of the physics. */
  dispose(): void {
    this.#stopListening()
    for (const key of [...this.#columns.keys()]) this.#remove(key)
  }

  #onFrame(frame: Frame): void {
    const chunk = `${frame.world}/${frame.seq}`
    // Four frames of a chunk show nearly the same.
    if (chunk === this.#seen || !this.map.observe(frame)) return
    this.#seen = chunk
    this.#update(frame.pose!.x, frame.pose!.z)
  }

  #update(x: number, z: number): void {
    const near = this.#columnsNear(x, z)
    for (const key of [...this.#columns.keys()]) if (!near.has(key)) this.#remove(key)
    for (const [key, cells] of near) {
      const runs = runsOf(cells, this.map.cellSize)
      const signature = runs.map(({ bottom, top }) => `${bottom}:${top}`).join(' ')
      if (this.#columns.get(key)?.signature === signature) continue
      this.#remove(key)
      const colliders = runs.map((run) => this.#create(cells[0]!, run))
      this.#columns.set(key, { signature, colliders })
    }
  }

  #columnsNear(x: number, z: number): Map<string, Readonly<Voxel>[]> {
    const size = this.map.cellSize
    const columns = new Map<string, Readonly<Voxel>[]>()
    for (const voxel of this.map.voxels()) {
      const isNear = Math.hypot((voxel.x + 0.5) * size - x, (voxel.z + 0.5) * size - z) <= this.#radius
      if (!isNear) continue
      const key = `${voxel.x} ${voxel.z}`
      const column = columns.get(key)
      if (column) column.push(voxel)
      else columns.set(key, [voxel])
    }
    return columns
  }

  #create({ x, z }: Readonly<Voxel>, { bottom, top }: Run): unknown {
    const size = this.map.cellSize
    const desc = this.#options.rapier.ColliderDesc.cuboid(size / 2, (top - bottom) / 2, size / 2)
    desc.setTranslation((x + 0.5) * size, (top + bottom) / 2, (z + 0.5) * size)
    return this.#options.physics.createCollider(desc as never)
  }

  #remove(key: string): void {
    // Whatever rests on it must notice.
    for (const collider of this.#columns.get(key)?.colliders ?? [])
      this.#options.physics.removeCollider(collider as never, true)
    this.#columns.delete(key)
  }
}

/** From below; the top is where the surface was seen within the uppermost cell, and no run is thinner than a cell. */
function runsOf(cells: Readonly<Voxel>[], cellSize: number): Run[] {
  const sorted = cells.sort((a, b) => a.y - b.y)
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
