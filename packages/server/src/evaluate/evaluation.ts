import type { HeldOut } from './held-out.ts'
import type { Judges } from './judges.ts'
import type { RolloutSetting } from './rollouts.ts'

/** What every figure is measured with. */
export interface Evaluation extends RolloutSetting {
  heldOut: readonly HeldOut[]
  /** Undefined: figures that need them are null. */
  judges: Judges | undefined
  /** Hears how far the figure that is being measured has come. */
  onProgress(done: number, total: number): void
}

/** Chunks of truth behind every prediction: enough to have seen the place and how the player moves. */
export const CONTEXT_CHUNKS = 4

/** Bytes of one picture uint8 [H,W,3]. */
export function frameBytes({ size }: Pick<Evaluation, 'size'>): number {
  return size.width * size.height * 3
}

/** Frame `index` of uint8 [T,H,W,3]; negative counts from the end. */
export function frameAt(frames: Uint8Array, index: number, bytes: number): Uint8Array {
  const at = index < 0 ? frames.length / bytes + index : index
  return frames.subarray(at * bytes, (at + 1) * bytes)
}
