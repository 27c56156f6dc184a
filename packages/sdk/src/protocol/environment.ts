import type { Action } from './action.ts'
import type { FrameSize, ModelManifest } from './model-manifest.ts'

/** A world to start in one of the places of a backend. */
export interface EnvStart {
  /** Place: 0 .. worlds - 1 */
  world: number
  prompt: string
  /** Unsigned 32-bit number; another number, another world. */
  rngSeed: number
}

/** What leads into the next chunk of a world. */
export interface EnvMove {
  world: number
  /** One per frame of the chunk. */
  actions: readonly Action[]
}

/** One chunk as an environment gets it; the arrays are the receiver's. */
export interface EnvChunk {
  /** Chunk within the world, from 0 on; in a room, chunks that nobody waited for are left out. */
  index: number
  /** uint8 [F,H,W,3] */
  frames: Uint8Array
  /** [F,H/depthScale,W/depthScale] in 1/blocks, 0 = sky; null where there is none */
  inverseDepth: Float32Array | null
  /** [F,Q] movement into each frame, fields as in the manifest; empty where the model tells none */
  pose: readonly number[]
  /** [C,h,w]; null where it is not known */
  latent: Float32Array | null
  /** In force while the chunk was made. */
  caption: string
  /** What really led into the frames; in a room somebody else may steer. Null when it is not known. */
  actions: readonly Action[] | null
  /** Whose controls the chunk reflects: '' for the caller's own. */
  driver: string
}

/** Says in words what a world shows. */
export interface Describer {
  /** How many of the newest chunks it looks at. */
  chunks: number
  /** @param latents at least one, each [C,h,w], oldest first */
  describe(latents: readonly Float32Array[], size: FrameSize): Promise<string>
}

/** Where the player is: from where the world began, in blocks and degrees. */
export interface EnvPlace {
  x: number
  y: number
  z: number
  yaw: number
  pitch: number
}

/** A kept world, to go on in one of the places of a backend. */
export interface EnvKept {
  world: number
  /** A world file, see `docs/worlds.md`. */
  bytes: Uint8Array
}

/** A kept world that goes on. */
export interface EnvRestored {
  /** The last chunk that was seen of it; in a room one of the last. */
  chunk: EnvChunk
  rngSeed: number
  /** Null when nobody noted it. */
  place: EnvPlace | null
}

/**
 * What an environment runs on: one or more worlds that go on by one chunk when told to. Calls on one world come one
 * after the other.
 */
export interface EnvBackend {
  readonly manifest: ModelManifest
  readonly size: FrameSize
  /** Worlds side by side. */
  readonly worlds: number
  /** Time that passes by itself: the worlds do not wait for a slow policy. */
  readonly isRealTime: boolean
  /** Starts worlds anew. Resolves to the first view of each, in the order of `starts`. */
  reset(starts: readonly EnvStart[]): Promise<EnvChunk[]>
  /** The next chunk of each world named, in the order of `moves`; made in one batch where that is possible. */
  advance(moves: readonly EnvMove[]): Promise<EnvChunk[]>
  /** Chunks that {@link describe} looks at; 0 where nothing can describe what is seen. */
  readonly describedChunks: number
  /**
   * What the last chunks of a world show, in words.
   *
   * @param latents at least one, each [C,h,w], oldest first
   * @throws SoraError `unsupported` when nothing here can tell
   */
  describe(latents: readonly Float32Array[]): Promise<string>
  /** Something happens in a world: "it starts to rain". */
  say(world: number, text: string): Promise<void>
  /**
   * A world as it is now, as a file.
   *
   * @param place goes into the file, where the backend writes it
   */
  snapshot(world: number, place: EnvPlace | null): Promise<Uint8Array>
  /**
   * Kept worlds take the places of others, in the order of `kept`.
   *
   * @throws SoraError `world-*`, with nothing changed
   */
  restore(kept: readonly EnvKept[]): Promise<EnvRestored[]>
  /**
   * Backends of one world each that go on with `world` from now; all are the caller's to close.
   *
   * @throws SoraError `unsupported`, `busy`; nothing is left open then
   */
  fork(world: number, count: number): Promise<EnvBackend[]>
  /** Frees everything; may be called twice. */
  close(): Promise<void>
}
