import type { DecodeInput, DenoiseInput, WorldModel } from '../model/denoiser.ts'

/** A model that several backends play with: the last of them to let go releases it, if it is theirs. */
export class SharedModel {
  readonly model: WorldModel
  readonly #isOwn: boolean
  #users = 0

  /** @param isOwn whether it is released at the end */
  constructor(model: WorldModel, isOwn: boolean) {
    this.model = model
    this.#isOwn = isOwn
  }

  /** The model for one more user, whose `release` lets go of it. */
  borrow(): WorldModel {
    this.#users++
    return new BorrowedModel(this.model, async () => {
      this.#users--
      if (this.#users === 0 && this.#isOwn) await this.model.release()
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
