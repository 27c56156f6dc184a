import type { EnvChunk, FrameSize, ModelManifest } from '../protocol/index.ts'
import type { Pose, PoseStep } from '../stream/pose-track.ts'

/** Inverse depth of the newest frame. */
export interface DepthImage {
  /** [height,width] in 1/blocks, 0 = sky */
  inverse: Float32Array
  width: number
  height: number
}

/** What a policy sees after a step: the newest chunk. The arrays are the receiver's and do not change later. */
export interface Observation {
  /** Picture size. */
  width: number
  height: number
  /** uint8 [F,H,W,3], the frames of the newest chunk */
  frames: Uint8Array
  /** uint8 [H,W,3], the last of them */
  frame: Uint8Array
  /** Null where the model or the downlink gives none. */
  depth: DepthImage | null
  /** From where the world began, by the model's own reckoning; null where the model tells none. */
  pose: Pose | null
  /** Movement into the newest frame. */
  motion: PoseStep | null
  /** Frames since the first view. */
  tick: number
  /** World time since the first view. */
  seconds: number
  caption: string
  /** What the captioner last said of this world; null unless the environment was asked to `describe`. */
  description: string | null
  /** [C,h,w] of the newest chunk, for policies that read latents; null where it is not known */
  latent: Float32Array | null
  /** Whose controls the chunk reflects; '' for the environment's own. */
  driver: string
}

/** Where the player is after a chunk; what an {@link Observation} takes from outside of the chunk. */
export interface Whereabouts {
  tick: number
  pose: Pose | null
  motion: PoseStep | null
  description: string | null
}

export function makeObservation(
  manifest: ModelManifest,
  { width, height }: FrameSize,
  chunk: EnvChunk,
  { tick, pose, motion, description }: Whereabouts,
): Observation {
  return {
    width,
    height,
    frames: chunk.frames,
    frame: chunk.frames.subarray(chunk.frames.length - width * height * 3),
    depth: lastDepth(chunk, width, height, manifest.decoder.depthScale),
    pose,
    motion,
    tick,
    seconds: tick / manifest.frames.perSecond,
    caption: chunk.caption,
    description,
    latent: chunk.latent,
    driver: chunk.driver,
  }
}

function lastDepth({ inverseDepth }: EnvChunk, width: number, height: number, scale: number): DepthImage | null {
  if (!inverseDepth || inverseDepth.length === 0) return null
  const columns = Math.floor(width / scale)
  const rows = Math.floor(height / scale)
  return { inverse: inverseDepth.subarray(inverseDepth.length - rows * columns), width: columns, height: rows }
}
