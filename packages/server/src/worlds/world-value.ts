import type { EnvPlace, FrameSize } from '@sora-world/sdk/protocol'
import type { CommittedChunk, RolloutMark } from '../worker/model-worker.ts'

/** Which model made a world: numbers of another one mean nothing to it. */
export interface WorldModelId {
  name: string
  version: string
  /** SHA-256 of the manifest, which lists those of all files. */
  manifest: string
}

/** From this chunk on, until the next entry. */
export interface From<T> {
  chunk: number
  value: T
}

/** What made the chunks: only the same device and variant can make them again bit by bit. */
export interface Maker {
  provider: string
  variant: string
}

/** All that went into a world, and a proof of what came out. */
export interface WorldLog {
  /** First recorded chunk; 0 unless the world is older than the log reaches. */
  first: number
  /** [N,F,A] */
  actions: Float32Array
  /** [N], see `hashLatent` */
  hashes: Uint32Array
  /** [N] rollouts that shared the batch, 1 = made alone. Some variants round otherwise in a shared batch. */
  batches: Uint8Array
  captions: readonly From<string>[]
  makers: readonly From<Maker>[]
}

/**
 * A world at one moment, between two chunks: with the same model it goes on as if it had never been interrupted, and a
 * recorded one can be made again. Never changed once it is made: worlds that branch off share it.
 */
export interface WorldValue {
  model: WorldModelId
  size: FrameSize
  steps: number
  rngSeed: number
  /** Whether it is played with world memory, for models that have one. */
  memory: boolean
  /** Whether it is started anew when it breaks down, see `CollapseGuard`; false for worlds older than that. */
  guard?: boolean
  prompt: string
  /** In force, oldest first. */
  events: readonly string[]
  /** Index of the chunk to make next. */
  next: number
  log: WorldLog
  /** The last chunks, enough to go on exactly; from the mark on when there is one. */
  history: readonly CommittedChunk[]
  mark?: RolloutMark
  /** Where the player is by the reckoning of who played it, from where the world began; blocks and degrees. */
  place?: EnvPlace
  /** ISO 8601 */
  createdAt: string
  /** WebP of the last frame, for a person to recognise the world by. */
  picture?: Uint8Array
}
