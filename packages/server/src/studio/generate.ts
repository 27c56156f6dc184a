import { type FrameSize, SoraError } from '@sora-world/sdk/protocol'
import { captionInForce } from '../conditioning/caption.ts'
import type { WorldModel } from '../model/denoiser.ts'
import { InProcessWorker } from '../worker/in-process-worker.ts'
import { type ActionTrack, chunkActions } from './action-file.ts'
import type { Player } from './policy-player.ts'

/** Something that happens in the world from a moment on. */
export interface TimedEvent {
  seconds: number
  text: string
}

/** A video to make, offline: no server, no clock. */
export interface VideoSpec {
  prompt: string
  events?: readonly TimedEvent[]
  actions: ActionTrack
  /** Plays instead of `actions`, from what it is shown. */
  player?: Player
  /** Length; rounded up to whole chunks. */
  seconds: number
  size: FrameSize
  steps: number
  rngSeed: number
  /** Whether a model with world memory uses it; true by default. */
  memory?: boolean
}

export interface VideoChunk {
  index: number
  /** [C,h,w] */
  latent: Float32Array
  /** [F,A]: what led into it */
  actions: Float32Array
  /** uint8 [F,H,W,3] */
  frames: Uint8Array
  /** [F,H/scale,W/scale] in 1/blocks, 0 = sky */
  inverseDepth: Float32Array
  /** [F,Q]; empty without pose */
  pose: Float32Array
}

export function chunkCount(model: WorldModel, seconds: number): number {
  const { perSecond, perChunk } = model.manifest.frames
  return Math.max(1, Math.ceil((seconds * perSecond) / perChunk - 1e-9))
}

/** The size of the model that matches `WIDTHxHEIGHT`, its first one by default. */
export function findSize(model: WorldModel, wanted?: { width: number; height: number }): FrameSize {
  const { sizes, name } = model.manifest
  if (!wanted) return sizes[0]!
  const found = sizes.find(({ width, height }) => width === wanted.width && height === wanted.height)
  if (found) return found
  const offered = sizes.map(({ width, height }) => `${width}x${height}`).join(', ')
  throw new SoraError('option-invalid', `model "${name}" has no size ${wanted.width}x${wanted.height}: ${offered}`)
}

/**
 * Generates a video chunk by chunk, in the caller's process: same rollout and same numbers as in a room.
 *
 * The model stays the caller's.
 *
 * @throws `signal.reason` when aborted between two denoise steps
 */
export async function* generateVideo(
  model: WorldModel,
  spec: VideoSpec,
  signal?: AbortSignal,
): AsyncGenerator<VideoChunk> {
  const { manifest } = model
  const { perSecond, perChunk } = manifest.frames
  const worker = new InProcessWorker(model)
  const { size, steps, rngSeed, memory } = spec
  await worker.open({ id: 'video', size, steps, rngSeed, memory })
  for (let index = 0; index < chunkCount(model, spec.seconds); index++) {
    const firstFrame = index * perChunk
    const caption = captionAt(spec, firstFrame / perSecond, manifest.text.length)
    const actions = spec.player
      ? await spec.player.next(index, caption)
      : chunkActions(manifest.actionSpace, spec.actions, firstFrame, perChunk)
    const job = { rolloutId: 'video', index, actions, caption, wantsFrames: true }
    const [made] = await worker.generate([job], signal)
    const { latent, pose, decoded } = made!
    spec.player?.saw(latent, actions)
    yield { index, latent, actions, pose, ...decoded! }
  }
}

function captionAt(spec: VideoSpec, seconds: number, maxWords: number): string {
  const events = (spec.events ?? []).filter((event) => event.seconds <= seconds).map((event) => event.text)
  return captionInForce(spec.prompt, events, maxWords)
}
