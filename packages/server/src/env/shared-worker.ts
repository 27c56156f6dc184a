import type { DecodeInput, DenoiseInput, WorldModel } from '../model/denoiser.ts'
import type { Readers } from '../model/readers.ts'
import { InProcessWorker } from '../worker/in-process-worker.ts'

/** A model at work, and what can read its latents, with which several backends play; stopped when the last one lets go. */
export class SharedWorker {
  readonly worker: InProcessWorker
  readonly model: WorldModel
  readonly readers: Readers | undefined
  #users = 0
  #rollouts = 0

  /** @param free what is to be done at the end */
  constructor(model: WorldModel, readers: Readers | undefined, maxBatch: number, free: () => Promise<void>) {
    this.model = model
    this.readers = readers
    this.worker = new InProcessWorker(new BorrowedModel(model, free), { maxBatch })
  }

  /** Gives the function that lets go; may be called twice. */
  join(): () => Promise<void> {
    this.#users++
    let isIn = true
    return async () => {
      if (isIn) this.#users--
      isIn = false
      if (this.#users === 0) await this.worker.stop()
    }
  }

  /** A name that no rollout has had. */
  rolloutId(): string {
    return `env ${this.#rollouts++}`
  }
}

/** A model whose owner decides what happens when it is released. */
class BorrowedModel implements WorldModel {
  readonly #model: WorldModel
  readonly release: () => Promise<void>
  readonly denoiseAside?: WorldModel['denoiseAside']

  constructor(model: WorldModel, release: () => Promise<void>) {
    this.#model = model
    this.release = release
    this.denoiseAside = model.denoiseAside?.bind(model)
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
}
