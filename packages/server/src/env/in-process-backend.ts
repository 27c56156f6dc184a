import {
  type Action,
  type ActionSpace,
  actionWidth,
  type EnvBackend,
  type EnvChunk,
  type EnvMove,
  type EnvStart,
  encodeAction,
  type FrameSize,
  type ModelManifest,
  NO_ACTION,
  SoraError,
} from '@sora-world/sdk/protocol'
import { captionInForce } from '../conditioning/caption.ts'
import type { WorldModel } from '../model/denoiser.ts'
import { type ModelOptions, openModel } from '../model/open-model.ts'
import { checkSteps } from '../sampler/schedule.ts'
import { findSize } from '../studio/generate.ts'
import { InProcessWorker } from '../worker/in-process-worker.ts'

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
  const isOwn = typeof wanted !== 'object'
  const model = isOwn ? await openModel({ ...options, model: wanted }) : wanted
  try {
    return new InProcessBackend(model, { ...options, worlds }, isOwn)
  } catch (error) {
    if (isOwn) await model.release()
    throw error
  }
}

/** A world that is being played. */
interface PlayedWorld {
  rolloutId: string
  prompt: string
  events: string[]
  nextIndex: number
}

class InProcessBackend implements EnvBackend {
  readonly manifest: ModelManifest
  readonly size: FrameSize
  readonly worlds: number
  readonly isRealTime = false
  readonly #worker: InProcessWorker
  readonly #isOwn: boolean
  readonly #steps: number
  readonly #memory: boolean
  readonly #played: (PlayedWorld | undefined)[]
  #rollouts = 0

  constructor(model: WorldModel, options: InProcessOptions & { worlds: number }, isOwn: boolean) {
    this.manifest = model.manifest
    this.size = findSize(model, options.size)
    this.worlds = options.worlds
    this.#steps = options.steps ?? model.manifest.denoiser.steps.default
    checkSteps(model.manifest, this.#steps)
    this.#memory = options.memory ?? true
    this.#isOwn = isOwn
    this.#played = Array.from({ length: this.worlds })
    this.#worker = new InProcessWorker(model, { maxBatch: this.worlds })
  }

  async reset(starts: readonly EnvStart[]): Promise<EnvChunk[]> {
    for (const start of starts) await this.#open(start)
    const rest = Array.from({ length: this.manifest.frames.perChunk }, () => NO_ACTION)
    return this.advance(starts.map(({ world }) => ({ world, actions: rest })))
  }

  async advance(moves: readonly EnvMove[]): Promise<EnvChunk[]> {
    const jobs = moves.map(({ world, actions }) => {
      const played = this.#get(world)
      return {
        rolloutId: played.rolloutId,
        index: played.nextIndex,
        actions: encodeActions(this.manifest.actionSpace, actions),
        caption: captionInForce(played.prompt, played.events, this.manifest.text.length),
        wantsFrames: true,
      }
    })
    const made = await this.#worker.generate(jobs)
    return made.map(({ index, latent, pose, decoded }, i) => {
      const { world, actions } = moves[i]!
      this.#get(world).nextIndex++
      const { frames, inverseDepth } = decoded!
      const { caption } = jobs[i]!
      return { index, frames, inverseDepth, pose: Array.from(pose), latent, caption, actions, driver: '' }
    })
  }

  async say(world: number, text: string): Promise<void> {
    this.#get(world).events.push(text)
  }

  async close(): Promise<void> {
    for (const played of this.#played) if (played) this.#worker.close(played.rolloutId)
    this.#played.fill(undefined)
    if (this.#isOwn) await this.#worker.stop()
  }

  async #open({ world, prompt, rngSeed }: EnvStart): Promise<void> {
    const before = this.#played[world]
    if (before) this.#worker.close(before.rolloutId)
    this.#played[world] = undefined
    const rolloutId = `env ${world}.${this.#rollouts++}`
    await this.#worker.open({ id: rolloutId, size: this.size, rngSeed, steps: this.#steps, memory: this.#memory })
    this.#played[world] = { rolloutId, prompt, events: [], nextIndex: 0 }
  }

  #get(world: number): PlayedWorld {
    const played = this.#played[world]
    if (!played) throw new SoraError('env-state', `world ${world} was not reset`)
    return played
  }
}

function encodeActions(space: ActionSpace, actions: readonly Action[]): Float32Array {
  const width = actionWidth(space)
  const out = new Float32Array(actions.length * width)
  for (const [frame, action] of actions.entries()) encodeAction(space, action, out, frame * width)
  return out
}
