import {
  type EnvBackend,
  type EnvChunk,
  type EnvKept,
  type EnvMove,
  type EnvPlace,
  type EnvRestored,
  type EnvStart,
  type FrameSize,
  type ModelManifest,
  NO_ACTION,
  SoraError,
} from '@sora-world/sdk/protocol'
import type { WorldModel } from '../model/denoiser.ts'
import { type ModelOptions, openModel } from '../model/open-model.ts'
import { openReaders } from '../model/open-readers.ts'
import type { Readers } from '../model/readers.ts'
import { checkSteps } from '../sampler/schedule.ts'
import { WorldRun } from '../session/world-run.ts'
import { findSize } from '../studio/generate.ts'
import type { RolloutSpec } from '../worker/model-worker.ts'
import { checkWorld } from '../worlds/check-world.ts'
import { lastView } from '../worlds/last-view.ts'
import { readWorld, writeWorld } from '../worlds/world-file.ts'
import type { WorldValue } from '../worlds/world-value.ts'
import { decodeActions, encodeActions } from './encode-actions.ts'
import { SharedWorker } from './shared-worker.ts'

export interface InProcessOptions extends Omit<ModelOptions, 'model'> {
  /** Folder or name of a package, `fake`, or an open model, which stays the caller's; the best that ships by default. */
  model?: string | WorldModel
  /** Worlds side by side, 1 by default. */
  worlds?: number
  /** One of the model's; its first by default. */
  size?: { width: number; height: number }
  /** Denoise steps per chunk; the model's default otherwise. */
  steps?: number
  /** Whether a model with world memory uses it; true by default. */
  memory?: boolean
  /** Opens the captioner of the package, for environments that `describe`. */
  describe?: boolean | number
  /** The readers of an open model, which stay the caller's; those of the package otherwise. */
  readers?: Readers
}

/** One batch of so many chunks takes about 1 GB with the models that ship. */
const MAX_WORLDS = 64

/**
 * Worlds in this process, without server and clock: they stand still between two calls, and a chunk takes what the model
 * takes. `onnxruntime-node` computes on the calling thread, so nothing else happens in this process meanwhile.
 *
 * @throws SoraError `option-invalid`, `model-*`, `provider-unavailable`
 */
export async function inProcessBackend(options: InProcessOptions = {}): Promise<EnvBackend> {
  const { worlds = 1, model: wanted } = options
  if (!Number.isInteger(worlds) || worlds < 1 || worlds > MAX_WORLDS) {
    throw new SoraError('option-invalid', `worlds is ${worlds}, not a whole number from 1 to ${MAX_WORLDS}`)
  }
  const owned: { release(): Promise<void> }[] = []
  const own = <T extends { release(): Promise<void> }>(opened: T): T => {
    owned.push(opened)
    return opened
  }
  const free = async () => {
    for (const each of owned) await each.release()
  }
  try {
    const model = typeof wanted === 'object' ? wanted : own(await openModel({ ...options, model: wanted }))
    let { readers } = options
    if (!readers && options.describe && typeof wanted !== 'object') readers = own(await openReaders(wanted))
    return new InProcessBackend(new SharedWorker(model, readers, worlds, free), { ...options, worlds })
  } catch (error) {
    await free()
    throw error
  }
}

class InProcessBackend implements EnvBackend {
  readonly manifest: ModelManifest
  readonly size: FrameSize
  readonly worlds: number
  readonly isRealTime = false
  readonly #shared: SharedWorker
  readonly #letGo: () => Promise<void>
  readonly #steps: number
  readonly #memory: boolean
  readonly #runs: (WorldRun | undefined)[]

  /** @throws SoraError `option-invalid`; the model stays as it was then */
  constructor(shared: SharedWorker, options: InProcessOptions & { worlds: number }) {
    const { model } = shared
    this.manifest = model.manifest
    this.size = findSize(model, options.size)
    this.worlds = options.worlds
    this.#steps = options.steps ?? model.manifest.denoiser.steps.default
    checkSteps(model.manifest, this.#steps)
    this.#memory = options.memory ?? true
    this.#runs = Array.from({ length: this.worlds })
    this.#shared = shared
    this.#letGo = shared.join()
  }

  async reset(starts: readonly EnvStart[]): Promise<EnvChunk[]> {
    for (const { world, prompt, rngSeed } of starts) {
      const facts = { size: this.size, rngSeed, steps: this.#steps, memory: this.#memory }
      await this.#play(world, this.#newRun(prompt, facts))
    }
    return this.#firstViews(starts.map(({ world }) => world))
  }

  async advance(moves: readonly EnvMove[]): Promise<EnvChunk[]> {
    const jobs = moves.map(({ world, actions }) => {
      const run = this.#get(world)
      const encoded = encodeActions(this.manifest.actionSpace, actions)
      const { nextIndex: index, caption, spec } = run
      return { rolloutId: spec.id, index, actions: encoded, caption, wantsFrames: true }
    })
    const made = await this.#shared.worker.generate(jobs)
    return made.map((result, i) => {
      const { world, actions } = moves[i]!
      const { caption } = jobs[i]!
      this.#get(world).commit(jobs[i]!, result)
      const { index, latent, pose, decoded } = result
      const { frames, inverseDepth } = decoded!
      return { index, frames, inverseDepth, pose: Array.from(pose), latent, caption, actions, driver: '' }
    })
  }

  get describedChunks(): number {
    const { readers } = this.#shared
    if (!readers?.canDescribe) return 0
    return this.manifest.readers?.captioner?.maxChunks ?? 1
  }

  async describe(latents: readonly Float32Array[]): Promise<string> {
    const { readers } = this.#shared
    if (readers) return readers.describe(latents, this.size)
    throw new SoraError('unsupported', `nothing is open that describes what "${this.manifest.name}" shows`)
  }

  async say(world: number, text: string): Promise<void> {
    this.#get(world).addEvent(text)
  }

  async snapshot(world: number, place: EnvPlace | null): Promise<Uint8Array> {
    return writeWorld({ ...this.#get(world).value(new Date()), place: place ?? undefined })
  }

  /** All files are read and checked before any world changes. */
  async restore(kept: readonly EnvKept[]): Promise<EnvRestored[]> {
    const files = new Map<Uint8Array, WorldValue>()
    for (const { bytes } of kept) if (!files.has(bytes)) files.set(bytes, await this.#read(bytes))
    const restored: EnvRestored[] = []
    for (const { world, bytes } of kept) {
      const value = files.get(bytes)!
      await this.#play(world, this.#newRun(value.prompt, value, value))
      const chunk = (await this.#lastChunk(value)) ?? (await this.#firstViews([world]))[0]!
      restored.push({ chunk, rngSeed: value.rngSeed, place: value.place ?? null })
    }
    return restored
  }

  async fork(world: number, count: number): Promise<EnvBackend[]> {
    const { spec, prompt } = this.#get(world)
    const value = this.#get(world).value(new Date(0))
    const branches: InProcessBackend[] = []
    for (let i = 0; i < count; i++) {
      const { size } = this
      const branch = new InProcessBackend(this.#shared, { worlds: 1, size, steps: this.#steps, memory: this.#memory })
      branches.push(branch)
      const run = branch.#newRun(prompt, value, value)
      await this.#shared.worker.branch(spec.id, run.spec.id)
      branch.#runs[0] = run
    }
    return branches
  }

  async close(): Promise<void> {
    for (const run of this.#runs) if (run) this.#shared.worker.close(run.spec.id)
    this.#runs.fill(undefined)
    await this.#letGo()
  }

  #newRun(prompt: string, facts: Omit<RolloutSpec, 'id'>, value?: WorldValue): WorldRun {
    const { size, rngSeed, steps, memory, guard } = facts
    const { provider, variant } = this.#shared.worker
    const spec = {
      id: this.#shared.rolloutId(),
      size,
      rngSeed,
      steps,
      memory,
      guard: value ? (guard ?? false) : guard,
    }
    const maker = { provider, variant }
    return new WorldRun(this.manifest, { index: 0, prompt, spec, maker, value, rewindChunks: 0 })
  }

  /** In the place of the world that was played there, when it can be played. */
  async #play(world: number, run: WorldRun): Promise<void> {
    await this.#shared.worker.open(run.spec, run.history, run.mark)
    const before = this.#runs[world]
    if (before) this.#shared.worker.close(before.spec.id)
    this.#runs[world] = run
  }

  #firstViews(worlds: readonly number[]): Promise<EnvChunk[]> {
    const rest = Array.from({ length: this.manifest.frames.perChunk }, () => NO_ACTION)
    return this.advance(worlds.map((world) => ({ world, actions: rest })))
  }

  async #read(bytes: Uint8Array): Promise<WorldValue> {
    const value = await readWorld(bytes)
    checkWorld(value, this.manifest)
    const { width, height } = value.size
    if (width === this.size.width && height === this.size.height) return value
    const words = `the world has pictures of ${width}x${height}, the environment of ${this.size.width}x${this.size.height}`
    throw new SoraError('world-mismatch', words)
  }

  /** Undefined for a world that has none. */
  async #lastChunk(value: WorldValue): Promise<EnvChunk | undefined> {
    const shown = await lastView(this.#shared.model, value)
    const last = value.history.at(-1)
    if (!shown || !last) return undefined
    const { index, latent, pose, caption, actions } = last
    const known = decodeActions(this.manifest.actionSpace, actions)
    const { frames, inverseDepth } = shown
    return { index, frames, inverseDepth, pose: Array.from(pose ?? []), latent, caption, actions: known, driver: '' }
  }

  #get(world: number): WorldRun {
    const run = this.#runs[world]
    if (!run) throw new SoraError('env-state', `world ${world} was not reset`)
    return run
  }
}
