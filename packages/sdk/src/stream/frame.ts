import type { Picture } from '../decode/frame-decoder.ts'
import type { ChunkHeader } from '../protocol/index.ts'
import type { Pose, PoseStep } from './pose-track.ts'

/**
 * One frame of the world: picture, depth, camera, and its place.
 *
 * **Ownership.** A listener may use the arrays until the next `frame` event; then the client releases them. `copyFrame`
 * makes one that can be kept.
 */
export interface Frame extends Picture {
  world: number
  /** Chunk within the world, and frame within the chunk. */
  seq: number
  indexInChunk: number
  /** Frame within the world. */
  index: number
  /** Movement into this frame, and where that leads; null when the model tells none. */
  step: PoseStep | null
  pose: Pose | null
  /** Last control message that the frame reflects, and whose. */
  actionSeq: number
  driver: string
  header: ChunkHeader
}

/** A frame of one's own, with its own arrays. */
export function copyFrame(frame: Frame): Frame {
  return {
    ...frame,
    rgba: frame.rgba.slice(),
    inverseDepth: frame.inverseDepth?.slice() ?? null,
    release() {},
  }
}

export function makeFrames(
  header: ChunkHeader,
  pictures: readonly Picture[],
  poses: { step: PoseStep; pose: Pose }[] | null,
): Frame[] {
  return pictures.map((picture, indexInChunk) => ({
    ...picture,
    world: header.world,
    seq: header.seq,
    indexInChunk,
    index: header.firstFrame + indexInChunk,
    step: poses?.[indexInChunk]?.step ?? null,
    pose: poses?.[indexInChunk]?.pose ?? null,
    actionSeq: header.actionSeq,
    driver: header.driver,
    header,
  }))
}
