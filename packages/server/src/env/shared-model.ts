import type { DecodeInput, DenoiseInput, WorldModel } from '../model/denoiser.ts'
import type { Readers } from '../model/readers.ts'

/** A model, and what can read its latents, with which several backends play; freed when the last of them lets go. */
export class SharedModel {
  readonly model: WorldModel
  readonly readers: Readers | undefined
  readonly #free: () => Promise<void>
  #users = 0

  /** @param free what is to be done at the end */
  constructor(model: WorldModel, readers: Readers | undefined, free: () => Promise<void>) {
    this.model = model
    this.readers = readers
    this.#free = free
  }

  /** The model for one more user, whose `release` lets go of it. */
  borrow(): WorldModel {
    this.#users++
    return new BorrowedModel(this.model, async () => {
      this.#users--
      if (this.#users === 0) await this.#free()
    })
  }
}

class BorrowedModel implements WorldModel {
  readonly #model: WorldModel
  #letGo: (() => Promise<void>) | undefined

  constructor(model: WorldModel, letGo: () => Promise<void>) {
    this.#model = model
    this.#letGo = letGo
  }

  get manifest() {
    return this.#model.manifest
  }

  get provider() {
    return this.#model.provider
  }

  get variant() {
    return this.#model.variant
  }

  encode(...input: Parameters<WorldModel['encode']>) {
    return this.#model.encode(...input)
  }

  decode(input: DecodeInput) {
    return this.#model.decode(input)
  }

  encodeText(...input: Parameters<WorldModel['encodeText']>) {
    return this.#model.encodeText(...input)
  }

  denoise(input: DenoiseInput) {
    return this.#model.denoise(input)
  }

  async release(): Promise<void> {
    const letGo = this.#letGo
    this.#letGo = undefined
    await letGo?.()
  }
}
