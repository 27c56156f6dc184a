import type { ActionSpace } from '@sora-world/sdk/protocol'
import { stretchesOf, writeStretches } from './action-trace.ts'
import type { VideoChunk } from './generate.ts'

/** What is kept of a video beside its frames: all that was done, and its newest latents. */
export class VideoTrace {
  /** [C,h,w] each, oldest first, at most `maxChunks` */
  latents: Float32Array[] = []
  /** [F,A] of each chunk */
  readonly #actions: Float32Array[] = []
  readonly #maxChunks: number

  constructor(maxChunks: number) {
    this.#maxChunks = maxChunks
  }

  add({ actions, latent }: Pick<VideoChunk, 'actions' | 'latent'>): void {
    this.#actions.push(actions)
    this.latents = [...this.latents, latent].slice(-this.#maxChunks)
  }

  /** Bytes of an action file. */
  actionFile(space: ActionSpace): Uint8Array {
    const frames = this.#actions.flatMap((chunk) => [...chunk])
    return Buffer.from(writeStretches(stretchesOf(space, Float32Array.from(frames))))
  }
}
