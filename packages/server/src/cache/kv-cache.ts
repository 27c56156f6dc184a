import { SoraError } from '@sora-world/sdk/protocol'
import type { ModelDims } from '../model/denoiser.ts'

/** Copied content of a cache: plain data, may cross processes or go into a file. */
export interface KvCacheContent {
  /** Chunk index held by each of the W slots; -1 = empty */
  slots: number[]
  /** [L,1,heads,W*N,headDim] */
  key: Float32Array
  value: Float32Array
}

const EMPTY = -1

/**
 * Keys and values of the last W committed chunks of one rollout.
 *
 * A ring of W slots, laid out as the model's `past.*` inputs for batch 1, so that a pass at batch 1 copies nothing.
 * Chunk i sits in slot i mod W: the content is a function of the chunks alone, and a rebuilt cache equals the lost
 * one. Order in the ring means nothing to the model, because time is rotated into the keys.
 */
export class KvCache {
  readonly #dims: ModelDims
  readonly #slots: number[]
  /** [L,1,heads,W*N,headDim], live: valid to read until the next commit. */
  readonly key: Float32Array
  readonly value: Float32Array

  constructor(dims: ModelDims) {
    this.#dims = dims
    this.#slots = new Array(dims.contextChunks).fill(EMPTY)
    const length = dims.layers * this.layerLength
    this.key = new Float32Array(length)
    this.value = new Float32Array(length)
  }

  /** Numbers of one layer: heads * W*N * headDim. */
  get layerLength(): number {
    const { heads, contextChunks, tokens, headDim } = this.#dims
    return heads * contextChunks * tokens * headDim
  }

  /** Index of the newest chunk, -1 when empty. */
  get newest(): number {
    return Math.max(...this.#slots)
  }

  get length(): number {
    return this.#slots.filter((index) => index !== EMPTY).length
  }

  /** [W+1] for one chunk of play: 1 for each filled slot, then 1 for the chunk itself. */
  mask(): Float32Array {
    return Float32Array.from([...this.#slots.map((index) => (index === EMPTY ? 0 : 1)), 1])
  }

  /**
   * Takes over chunk `index` from the `present.*` outputs [L,B,heads,N,headDim] of a pass, row `row` of B.
   *
   * Chunks come in order: `index` follows the newest one, unless the cache is empty. The oldest chunk of a full cache
   * makes room.
   */
  commit(index: number, presentKey: Float32Array, presentValue: Float32Array, batch = 1, row = 0): void {
    if (this.length > 0 && index !== this.newest + 1) {
      throw new SoraError('internal', `chunk ${index} committed after chunk ${this.newest}`)
    }
    const slot = index % this.#dims.contextChunks
    this.#write(slot, this.key, presentKey, batch, row)
    this.#write(slot, this.value, presentValue, batch, row)
    this.#slots[slot] = index
  }

  #write(slot: number, target: Float32Array, present: Float32Array, batch: number, row: number): void {
    const { layers, heads, contextChunks, tokens, headDim } = this.#dims
    const part = tokens * headDim
    if (present.length !== layers * batch * heads * part) {
      throw new SoraError('internal', `present.* has ${present.length} numbers, not ${layers * batch * heads * part}`)
    }
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) {
        const from = ((layer * batch + row) * heads + head) * part
        const to = ((layer * heads + head) * contextChunks + slot) * part
        target.set(present.subarray(from, from + part), to)
      }
    }
  }

  /** Forgets one chunk; a chunk that is not there is no error. */
  evict(index: number): void {
    const slot = index % this.#dims.contextChunks
    if (this.#slots[slot] === index) this.#slots[slot] = EMPTY
  }

  reset(): void {
    this.#slots.fill(EMPTY)
    this.key.fill(0)
    this.value.fill(0)
  }

  snapshot(): KvCacheContent {
    return { slots: [...this.#slots], key: this.key.slice(), value: this.value.slice() }
  }

  /** @throws SoraError `internal` when the content is of another model or size, or broken */
  restore(content: KvCacheContent): void {
    const fits = content.slots.length === this.#slots.length && content.key.length === this.key.length
    if (!fits || content.value.length !== this.value.length) {
      throw new SoraError('internal', 'cache content is of another model or size')
    }
    this.#slots.splice(0, this.#slots.length, ...content.slots)
    this.key.set(content.key)
    this.value.set(content.value)
    this.checkIntegrity()
  }

  /** @throws SoraError `internal` when a slot holds a chunk that cannot be there, or a number that is not finite */
  checkIntegrity(): void {
    const { newest } = this
    this.#slots.forEach((index, slot) => {
      if (index === EMPTY) return
      const inWindow = index > newest - this.#slots.length
      if (index % this.#slots.length !== slot || !inWindow) {
        throw new SoraError('internal', `cache slot ${slot} holds chunk ${index}, newest is ${newest}`)
      }
    })
    if (!this.key.every(Number.isFinite) || !this.value.every(Number.isFinite)) {
      throw new SoraError('internal', 'cache holds a number that is not finite')
    }
  }
}
