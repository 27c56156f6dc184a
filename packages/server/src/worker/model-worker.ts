import type { FrameSize, ModelManifest } from '@sora-world/sdk/protocol'
import type { GuardState } from './collapse-guard.ts'

/** What fixes a rollout besides captions and actions. Noise is a pure function of (rngSeed, chunk index). */
export interface RolloutSpec {
  id: string
  size: FrameSize
  rngSeed: number
  /** Denoise steps per chunk, one of the manifest's allowed ones. */
  steps: number
  /** Whether a model with world memory uses it; true by default. */
  memory?: boolean
  /** Whether a rollout with world memory that breaks down is started anew from it, see `CollapseGuard`; true by default. */
  guard?: boolean
}

/**
 * What a rollout knew beyond its latents just before chunk `index`. The worker gives one every {@link MARK_CHUNKS}
 * chunks; with a mark and the chunks since, a rollout is taken up again exactly as it was.
 */
export interface RolloutMark {
  index: number
  /** World memory as bytes; missing for a rollout without one, and at chunk 0. */
  memory?: Uint8Array
  /** [S,h,w], state of the decoder; missing as `memory`. */
  decoder?: Float32Array
  /** What watches the rollout; missing when nothing does. */
  guard?: GuardState
  /** World memory from when the rollout last looked well, as bytes; missing when that is `memory`, or never was. */
  wellMemory?: Uint8Array
}

/** Between two marks. */
export const MARK_CHUNKS = 32

/** All that is needed to rebuild the cache after a crash, or to replay: what went in and what came out. */
export interface CommittedChunk {
  index: number
  /** [C,h,w] */
  latent: Float32Array
  /** [F,A] */
  actions: Float32Array
  caption: string
  /** [F,Q] as the result had it, for the world memory; made anew without it. */
  pose?: Float32Array
}

/** One chunk to make. */
export interface ChunkJob {
  rolloutId: string
  index: number
  /** [F,A], encoded */
  actions: Float32Array
  caption: string
  /** Ask for server-side decoding into encoded images (image downlink). */
  images?: { type: 'image/webp' | 'image/jpeg'; quality: number }
  /** Ask for the decoded frames as they are. */
  wantsFrames?: boolean
}

export interface ChunkResult {
  index: number
  /** [C,h,w] */
  latent: Float32Array
  /** [F,Q]; empty without pose */
  pose: Float32Array
  images?: Uint8Array[]
  /** [F,H/depthScale,W/depthScale] in 1/blocks, 0 = sky; with the images, when the model gives depth. */
  imageDepth?: Float32Array
  /** uint8 [F,H,W,3] and [F,H/depthScale,W/depthScale] in 1/blocks, 0 = sky; when the job wants frames */
  decoded?: { frames: Uint8Array; inverseDepth: Float32Array }
  /** The rollout had broken down: this chunk was made from its memory and caption, without the chunks before. */
  isRecovery?: boolean
  /** Just before this chunk, of a rollout with world memory. */
  mark?: RolloutMark
  /** Rollouts that shared the batch; 1 when not given. A shared batch may round other than a chunk made alone. */
  batch?: number
  /**
   * `decodeMs`: what decoding and encoding to images took beyond the commit pass, beside which it runs. `memoryMs`: to
   * show the memory image and to take in the new chunk; 0 without world memory.
   */
  timings: { denoiseMs: number; commitMs: number; decodeMs: number; memoryMs: number }
}

/**
 * The device that makes chunks, as the scheduler sees it. It lives in a process of its own, because
 * onnxruntime-node's `run()` blocks the event loop it is called on.
 *
 * Failure: when the process dies, every pending promise rejects with SoraError `worker-crashed` and the process is
 * started again; rollouts are gone then and `generate` rejects with `room-missing` until `open` is called again with
 * the history. The last `contextChunks` chunks take a world up again as the player knows it; with `layers` times as many
 * and one more (or all from chunk 0 on) the numbers that follow are exactly those of a rollout never interrupted. A world
 * memory needs a mark, and a history from the mark on; without one it knows only what the history shows, and what was
 * seen before is lost.
 */
export interface ModelWorker {
  readonly manifest: ModelManifest
  readonly provider: string
  readonly variant: string
  /**
   * Starts a rollout, or takes one up again from its last committed chunks; with a mark, from those since the mark.
   *
   * @throws SoraError `message-invalid` or `memory-invalid` for a history or mark that is not of this model
   */
  open(spec: RolloutSpec, history?: readonly CommittedChunk[], mark?: RolloutMark): Promise<void>
  /** Makes one chunk for each of several rollouts; jobs of the same size and step count share a batch. */
  generate(jobs: readonly ChunkJob[]): Promise<ChunkResult[]>
  close(rolloutId: string): void
  stop(): Promise<void>
}
