import {
  type Action,
  type EnvBackend,
  type EnvChunk,
  type EnvKept,
  type EnvMove,
  type EnvPlace,
  type EnvRestored,
  type EnvStart,
  type ModelManifest,
  NO_ACTION,
  SoraError,
} from '../protocol/index.ts'

export interface FakeBackendOptions {
  worlds?: number
  isRealTime?: boolean
  /** Chunks that a description looks at; it cannot describe by default. */
  describedChunks?: number
  /** Inverse depth of every sample of a world's newest chunk; 0, open sky, by default. */
  inverseDepth?: (world: number, index: number) => number
}

function readFile(bytes: Uint8Array): { index: number; caption: string; place: EnvPlace | null } {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new SoraError('world-invalid', 'this is not a world file', { cause })
  }
}

/** Blocks that `forward` moves in a frame. */
const SPEED = 0.2

/**
 * A plain without a model: `forward` moves, turns turn, and the brightness of a frame is its number. For tests of
 * environments and policies.
 */
export class FakeBackend implements EnvBackend {
  readonly manifest: ModelManifest
  readonly size
  readonly worlds: number
  readonly isRealTime: boolean
  /** What came in, oldest first. */
  readonly starts: EnvStart[] = []
  readonly calls: (readonly EnvMove[])[] = []
  readonly said: string[] = []
  /** Thrown by the next `advance`. */
  failure: Error | null = null
  isClosed = false
  readonly #options: FakeBackendOptions
  readonly #next: { index: number; caption: string }[]

  constructor(manifest: ModelManifest, options: FakeBackendOptions = {}) {
    this.manifest = manifest
    this.size = manifest.sizes[0]!
    this.worlds = options.worlds ?? 1
    this.isRealTime = options.isRealTime ?? false
    this.#options = options
    this.#next = Array.from({ length: this.worlds }, () => ({ index: 0, caption: '' }))
  }

  async reset(starts: readonly EnvStart[]): Promise<EnvChunk[]> {
    this.starts.push(...starts)
    return starts.map(({ world, prompt }) => {
      this.#next[world] = { index: 0, caption: prompt }
      return this.#chunk(world, Array(this.manifest.frames.perChunk).fill(NO_ACTION))
    })
  }

  async advance(moves: readonly EnvMove[]): Promise<EnvChunk[]> {
    const { failure } = this
    this.failure = null
    if (failure) throw failure
    if (this.isClosed) throw new SoraError('env-state', 'the backend is closed')
    this.calls.push(moves)
    return moves.map(({ world, actions }) => this.#chunk(world, actions))
  }

  get describedChunks(): number {
    return this.#options.describedChunks ?? 0
  }

  async describe(latents: readonly Float32Array[]): Promise<string> {
    return `chunks ${latents.map((latent) => latent[0]).join(' ')}`
  }

  async say(world: number, text: string): Promise<void> {
    this.said.push(text)
    this.#next[world]!.caption += `, ${text}`
  }

  async snapshot(world: number, place: EnvPlace | null): Promise<Uint8Array> {
    return new TextEncoder().encode(JSON.stringify({ ...this.#next[world], place }))
  }

  async restore(kept: readonly EnvKept[]): Promise<EnvRestored[]> {
    const read = kept.map(({ world, bytes }) => ({ world, ...readFile(bytes) }))
    return read.map(({ world, index, caption, place }) => {
      this.#next[world] = { index: index - 1, caption }
      const chunk = this.#chunk(world, Array(this.manifest.frames.perChunk).fill(NO_ACTION))
      return { chunk, rngSeed: 0, place }
    })
  }

  async fork(world: number, count: number): Promise<FakeBackend[]> {
    return Array.from({ length: count }, () => {
      const branch = new FakeBackend(this.manifest, this.#options)
      branch.#next[0] = { ...this.#next[world]! }
      return branch
    })
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  #chunk(world: number, actions: readonly Action[]): EnvChunk {
    const { width, height } = this.size
    const { depthScale } = this.manifest.decoder
    const place = this.#next[world]!
    const index = place.index++
    const pixels = width * height * 3
    const frames = new Uint8Array(actions.length * pixels)
    for (const frame of actions.keys()) {
      frames.fill(index * actions.length + frame, frame * pixels, (frame + 1) * pixels)
    }
    const samples = actions.length * Math.floor(width / depthScale) * Math.floor(height / depthScale)
    return {
      index,
      frames,
      inverseDepth: new Float32Array(samples).fill(this.#options.inverseDepth?.(world, index) ?? 0),
      pose: actions.flatMap((action) => this.#pose(action)),
      latent: new Float32Array(this.manifest.latent.channels).fill(index),
      caption: place.caption,
      actions,
      driver: '',
    }
  }

  #pose({ held, axes }: Action): number[] {
    const step: Record<string, number> = {
      forward: held.includes('forward') ? SPEED : 0,
      yaw: axes['camera.yaw'] ?? 0,
      pitch: axes['camera.pitch'] ?? 0,
      onGround: 1,
    }
    return (this.manifest.pose?.fields ?? []).map((field) => step[field] ?? 0)
  }
}
