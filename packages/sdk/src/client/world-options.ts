import type { Clock } from '../clock.ts'
import type { FrameDecoder } from '../decode/frame-decoder.ts'
import type { ModelFiles } from '../decode/model-files.ts'
import type { RoomView, SoraError } from '../protocol/index.ts'
import type { Chunk } from '../stream/chunk-assembler.ts'
import type { Frame } from '../stream/frame.ts'
import type { StatsSnapshot } from '../stream/stream-stats.ts'
import type { Transport } from '../transport/transport.ts'

export interface WorldClientOptions {
  /** Text of the world; the server has one of its own for an empty one. */
  prompt?: string
  /** Unsigned 32-bit number that makes the world repeatable; the server draws one without it. */
  rngSeed?: number
  /** Joins this room; without it any room that fits, or a new one. */
  roomId?: string
  /**
   * A world that was kept, see `WorldClient.snapshot`: goes on in a room of its own, with its prompt, random seed, size
   * and steps.
   */
  snapshot?: Uint8Array
  /**
   * `latent`: decode here (small packets); `image`: the server decodes. Both give depth where the model does. `auto` shows the
   * server's pictures until the decoder has loaded, and stays with them where it does not run or keep up.
   */
  downlink?: 'auto' | 'latent' | 'image'
  /** Picture size; one of the model's. */
  size?: { width: number; height: number }
  /** Denoise steps per chunk; more is better and slower. */
  steps?: number
  role?: 'player' | 'spectator'
  /** Whether a world that breaks down is started anew at the same place; what the server does by default without it. */
  guard?: boolean
  /** What the client is waiting for, in words for a person. */
  onProgress?(words: string): void
  /** Gives up connecting; later it has no effect. */
  signal?: AbortSignal

  // Parts that can be replaced.
  transport?: Transport
  /** Takes the place of both built-in decoders; its `kind` decides the downlink. */
  decoder?: FrameDecoder
  files?: ModelFiles
  clock?: Clock
}

/**
 * - `connecting` until the room is joined and the decoder runs
 * - `waiting` for the server: in the queue, or while it recovers
 * - `ready` to play; the first frame is on its way
 * - `running`, `paused`
 * - `reconnecting` after a loss; the world goes on when the connection is back
 * - `closed`, for good
 */
export type WorldState = 'connecting' | 'waiting' | 'ready' | 'running' | 'paused' | 'reconnecting' | 'closed'

export interface WorldEvents {
  /** A frame is due; its arrays may be used until the next one. */
  frame: Frame
  /** A chunk came in, before it is decoded. */
  chunk: Chunk
  /** The world had broken down and starts anew at the same place, with this chunk, which is yet to be shown. */
  recovery: { world: number; seq: number }
  state: WorldState
  room: RoomView
  /** Once a second while frames are shown. */
  stats: StatsSnapshot
  /** Something went wrong and the session goes on. */
  error: SoraError
  /** The end; null when the client closed. */
  closed: SoraError | null
}
