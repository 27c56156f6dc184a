import type { FrameSize } from '@sora-world/sdk/protocol'
import type { Readers } from '../model/readers.ts'
import { chunkActions, trackOf } from './action-file.ts'

/** Held in the first chunk where the action space has it. */
const LEAD_IN = 'forward'

/** Plays a world while it is made: is asked for the actions of a chunk, then shown what came of them. */
export interface Player {
  /** [F,A]: what leads into chunk `chunkIndex`, under the caption in force there. */
  next(chunkIndex: number, caption: string): Promise<Float32Array>
  /** @param latent [C,h,w] of the chunk that `actions` led into */
  saw(latent: Float32Array, actions: Float32Array): void
}

/**
 * The policy of a model package as a player. Before the first chunk there is nothing to be seen: it is walked into. A
 * policy that sees that nothing was done mostly goes on doing nothing.
 */
export class PolicyPlayer implements Player {
  readonly #readers: Readers
  readonly #size: FrameSize
  readonly #rngSeed: number
  readonly #maxChunks: number
  #latents: Float32Array[] = []
  #actions: Float32Array[] = []

  constructor(readers: Readers, size: FrameSize, rngSeed: number) {
    this.#readers = readers
    this.#size = size
    this.#rngSeed = rngSeed
    this.#maxChunks = readers.manifest.readers?.policy?.maxChunks ?? 1
  }

  async next(chunkIndex: number, caption: string): Promise<Float32Array> {
    if (this.#latents.length === 0) return this.#leadIn()
    return this.#readers.act({
      size: this.#size,
      latents: this.#latents,
      actions: this.#actions,
      caption,
      rngSeed: this.#rngSeed,
      chunkIndex,
    })
  }

  #leadIn(): Float32Array {
    const { frames, actionSpace } = this.#readers.manifest
    const held = actionSpace.buttons.map(({ name }) => name).filter((name) => name === LEAD_IN)
    return chunkActions(actionSpace, trackOf([{ frames: frames.perChunk, held, axes: {} }]), 0, frames.perChunk)
  }

  saw(latent: Float32Array, actions: Float32Array): void {
    this.#latents = [...this.#latents, latent].slice(-this.#maxChunks)
    this.#actions = [...this.#actions, actions].slice(-this.#maxChunks)
  }
}
