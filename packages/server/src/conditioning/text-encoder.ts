import type { TextEncoding, WorldModel } from '../model/denoiser.ts'
import { tokenize } from '../model/tokenizer.ts'

/** Captions kept; a room changes its caption every few seconds at most. */
const DEFAULT_CAPACITY = 64

/** Caption to the denoiser's text inputs, one model call per new caption, the least recently used forgotten first. */
export class TextEncoder {
  readonly #model: WorldModel
  readonly #capacity: number
  /** In order of use, oldest first. */
  readonly #encodings = new Map<string, Promise<TextEncoding>>()

  constructor(model: WorldModel, capacity = DEFAULT_CAPACITY) {
    this.#model = model
    this.#capacity = capacity
  }

  /** The result is shared: do not write into it. */
  encode(caption: string): Promise<TextEncoding> {
    const known = this.#encodings.get(caption)
    this.#encodings.delete(caption)
    const encoding = known ?? this.#model.encodeText(tokenize(caption, this.#model.manifest.text))
    this.#encodings.set(caption, encoding)
    // A failure is not kept: the next call tries again. The caller hears of it through its own promise.
    if (!known) encoding.catch(() => this.#encodings.delete(caption))
    if (this.#encodings.size > this.#capacity) this.#encodings.delete(this.#encodings.keys().next().value!)
    return encoding
  }
}
