import { type ModelManifest, SoraError } from '@sora-world/sdk/protocol'
import { KvCache } from '../cache/kv-cache.ts'
import { memorySettings } from '../memory/memory-settings.ts'
import { type MemoryImages, WorldMemory } from '../memory/world-memory.ts'
import { type DenoiseOutput, type ModelDims, modelDims } from '../model/denoiser.ts'
import { NoiseAhead } from '../sampler/noise-ahead.ts'
import { checkSteps } from '../sampler/schedule.ts'
import { CollapseGuard } from './collapse-guard.ts'
import { type ChunkJob, MARK_CHUNKS, type RolloutMark, type RolloutSpec } from './model-worker.ts'

/** A checked job with the rollout it belongs to. */
export interface RolloutJob {
  rollout: Rollout
  job: ChunkJob
}

/** Decoder state of a rollout and the chunk it is ready for. */
export interface DecoderState {
  nextIndex: number
  /** [S,h,w] */
  state: Float32Array
}

/** How a chunk is denoised. */
export interface ChunkSampling {
  steps: number
  /** How hard it is pulled towards its caption; 1: as the model has it by itself. */
  guidance: number
}

/** What a chunk adds to the context. */
export interface FinishedChunk {
  /** [C,h,w] */
  latent: Float32Array
  caption: string
}

type PresentCaches = Pick<DenoiseOutput, 'presentKey' | 'presentValue'>

export interface DecodedChunk {
  /** uint8 [F,H,W,3] */
  frames: Uint8Array
  /** [F,H/depthScale,W/depthScale] in 1/blocks, 0 = sky */
  inverseDepth: Float32Array
  /** [S,h,w] */
  nextState: Float32Array
}

/**
 * What the worker remembers of one rollout: cache, the chunk before, the decoder's state, the world memory. It changes
 * only when a chunk is finished: `show` where it was decoded, then `commit`.
 */
export class Rollout {
  readonly spec: RolloutSpec
  readonly dims: ModelDims
  readonly cache: KvCache
  readonly noise: NoiseAhead
  readonly #manifest: ModelManifest
  #memory: WorldMemory | undefined
  #guard: CollapseGuard | undefined
  /** The next chunk is the first view of the world, or of what was left of one that had broken down. */
  #isFresh = true
  /** Of the last chunk; and the chunk at which it came into force, or the world was started anew. */
  #caption: string | undefined
  #captionFrom = 0
  readonly #firstSteps: number
  #decoder: DecoderState | undefined
  /** Last W latents, newest last, to bring a decoder up to date that starts late. */
  readonly #recent: Float32Array[] = []
  #lastMark: RolloutMark | undefined
  /** Bytes of the world memory at the last mark at which the rollout looked well. */
  #wellMemory: Uint8Array | undefined
  #nextIndex = 0

  /** @throws SoraError `option-invalid` for a size or step count that the model was not trained for */
  constructor(manifest: ModelManifest, spec: RolloutSpec) {
    const size = manifest.sizes.find(({ width, height }) => width === spec.size.width && height === spec.size.height)
    if (!size) {
      const offered = manifest.sizes.map(({ width, height }) => `${width}x${height}`).join(', ')
      throw new SoraError('option-invalid', `size ${spec.size.width}x${spec.size.height}; the model has ${offered}`)
    }
    checkSteps(manifest, spec.steps)
    this.#firstSteps = Math.max(spec.steps, manifest.denoiser.steps.first ?? 0)
    this.spec = { ...spec, size }
    this.#manifest = manifest
    this.dims = modelDims(manifest, size)
    this.cache = new KvCache(this.dims)
    this.noise = new NoiseAhead(spec.rngSeed, this.dims.latentLength)
    const settings = memorySettings(manifest, size)
    this.#memory = settings && spec.memory !== false ? new WorldMemory(settings) : undefined
    // Without a memory there is nothing to go on from.
    this.#guard = this.#memory && spec.guard !== false ? new CollapseGuard() : undefined
  }

  /** Undefined for a model without world memory, or when it is switched off. */
  get memory(): WorldMemory | undefined {
    return this.#memory
  }

  /** Undefined until a chunk was decoded. */
  get decoder(): DecoderState | undefined {
    return this.#decoder
  }

  get nextIndex(): number {
    return this.#nextIndex
  }

  /** How the next chunk is denoised under `caption`. */
  sampling(caption: string): ChunkSampling {
    const guidance = this.#guidanceFor(caption)
    // A first view has nothing to go by but caption and memory.
    if (this.#isFresh) return { steps: this.#firstSteps, guidance }
    // A guided step is two passes: half of them take the same time, and nobody waits.
    return { steps: guidance === 1 ? this.spec.steps : Math.ceil(this.spec.steps / 2), guidance }
  }

  /**
   * A first view has little else that says what to show, and after a change of caption the chunks before say something else.
   * In between, less guidance keeps new places from becoming the mean of all places.
   */
  #guidanceFor(caption: string): number {
    const { guidance } = this.#manifest.denoiser
    if (!guidance || caption === '') return 1
    const { scale, chunks, later } = guidance
    if (this.#isFresh) return scale
    const since = caption === this.#caption ? this.#captionFrom : this.#nextIndex
    const isFirstCaption = since === 0
    if (this.#nextIndex - since < chunks && !(isFirstCaption && later)) return scale
    // Who plays with one step has no second pass to give.
    return this.spec.steps > 1 ? (later ?? 1) : 1
  }

  /** The next chunk is made without the chunks before, because these had broken down. */
  get isRecovering(): boolean {
    return this.#isFresh && this.#nextIndex > 0
  }

  /** [C,h,w] of the chunk before, zeros at the start of a world. */
  get previous(): Float32Array {
    return this.#recent.at(-1) ?? new Float32Array(this.dims.latentLength)
  }

  get recent(): readonly Float32Array[] {
    return this.#recent
  }

  /** An independent copy under another id: a branch of the world, from between two chunks. */
  clone(id: string): Rollout {
    const copy = new Rollout(this.#manifest, { ...this.spec, id })
    copy.cache.restore(this.cache.snapshot())
    copy.#memory = this.#memory?.clone()
    copy.#guard = this.#guard && new CollapseGuard(this.#guard.state)
    copy.#isFresh = this.#isFresh
    copy.#caption = this.#caption
    copy.#captionFrom = this.#captionFrom
    copy.#decoder = this.#decoder
    copy.#recent.push(...this.#recent)
    copy.#lastMark = this.#lastMark
    copy.#wellMemory = this.#wellMemory
    copy.#nextIndex = this.#nextIndex
    return copy
  }

  /** Starts in the middle of a world, before its first known chunk. */
  startAt(index: number): void {
    this.#nextIndex = index
  }

  /**
   * Starts in the middle of a world, with what was known there.
   *
   * @throws SoraError `memory-invalid` or `message-invalid` for a mark of another model
   */
  startFrom(mark: RolloutMark): void {
    const { stateChannels, latentHeight, latentWidth } = this.dims
    if (mark.memory && this.#memory) this.#memory = WorldMemory.restore(this.#memory.settings, mark.memory)
    if (mark.decoder && mark.decoder.length !== stateChannels * latentHeight * latentWidth) {
      throw new SoraError('message-invalid', `a decoder state of ${mark.decoder.length} numbers is of another model`)
    }
    if (mark.decoder) this.#decoder = { nextIndex: mark.index, state: mark.decoder }
    if (mark.guard && this.#guard) this.#guard = new CollapseGuard(mark.guard)
    this.#wellMemory = mark.wellMemory ?? (this.#guard?.isWell ? mark.memory : undefined)
    this.#nextIndex = mark.index
    if (mark.memory) this.#lastMark = mark
  }

  /**
   * A mark, when one is due before the next chunk, which will be made under `caption`. The memory goes on with what its bytes say, which are rounded:
   * whoever starts from the mark goes on with the same numbers.
   */
  mark(caption: string): RolloutMark | undefined {
    // Before the mark, so that whoever starts from it need not know the caption before.
    if (this.#caption !== undefined && caption !== this.#caption) this.#memory?.disturb()
    if (!this.#memory || this.#nextIndex === 0 || this.#nextIndex % MARK_CHUNKS !== 0) return undefined
    if (this.#lastMark?.index === this.#nextIndex) return this.#lastMark
    const memory = this.#memory.serialise()
    this.#memory = WorldMemory.restore(this.#memory.settings, memory)
    if (this.#guard?.isWell) this.#wellMemory = memory
    const wellMemory = this.#wellMemory === memory ? undefined : this.#wellMemory
    const guard = this.#guard?.state
    this.#lastMark = { index: this.#nextIndex, memory, decoder: this.#decoder?.state, guard, wellMemory }
    return this.#lastMark
  }

  /** @throws SoraError `message-invalid` for a job out of order or with actions of another shape */
  checkJob(job: ChunkJob): void {
    if (job.index !== this.#nextIndex) {
      throw new SoraError('message-invalid', `rollout ${this.spec.id} is at chunk ${this.#nextIndex}, not ${job.index}`)
    }
    const expected = this.dims.framesPerChunk * this.dims.actionWidth
    if (job.actions.length !== expected) {
      throw new SoraError(
        'message-invalid',
        `chunk ${job.index} has ${job.actions.length} action numbers, not ${expected}`,
      )
    }
  }

  /** The model's `memory` inputs for the next chunk under `actions` [F,A]; zeros when nothing is remembered. */
  memoryImages(actions: Float32Array): MemoryImages {
    const images = this.#memory?.imagesBefore(this.#nextIndex, actions)
    if (images) return images
    const nothing = new Float32Array(this.dims.memoryLength)
    return { toMake: nothing, toCommit: nothing }
  }

  /** The one of them that is committed with. */
  commitImage(actions: Float32Array): Float32Array {
    return this.#memory?.imageBefore(this.#nextIndex, actions) ?? new Float32Array(this.dims.memoryLength)
  }

  /**
   * Takes in how the next chunk looks, before it is committed.
   *
   * @param pose [F,Q] of its commit pass
   * @returns the same as a player is told it, who is where the memory has them
   * @throws SoraError `internal` for a decoder that gives another size; nothing has changed then
   */
  show(decoded: DecodedChunk, actions: Float32Array, pose: Float32Array): Float32Array {
    const shown = { ...decoded, index: this.#nextIndex, actions, pose }
    const made = this.#memory?.observe(shown, { isWorthKeeping: !this.#guard?.isSuspect })
    this.#decoder = { nextIndex: this.#nextIndex + 1, state: decoded.nextState }
    this.#watch(decoded.frames)
    return made ?? pose
  }

  #watch(frames: Uint8Array): void {
    if (!this.#guard || !this.#memory) return
    const { width, height } = this.spec.size
    const frame = frames.subarray(-width * height * 3)
    this.#guard.observe({ frame, width, height, pitch: this.#memory.place.pose.pitch })
  }

  /** Makes a chunk part of the world: row `row` of a commit pass over `batch` rollouts. */
  commit(chunk: FinishedChunk, { presentKey, presentValue }: PresentCaches, batch: number, row: number): void {
    this.cache.commit(this.#nextIndex, presentKey, presentValue, batch, row)
    this.finish(chunk)
  }

  /** The same for a chunk that nothing to come will look back at. */
  finish({ latent, caption }: FinishedChunk): void {
    if (caption !== this.#caption) this.#captionFrom = this.#nextIndex
    this.#caption = caption
    this.#recent.push(latent)
    if (this.#recent.length > this.dims.contextChunks) this.#recent.shift()
    this.#nextIndex += 1
    this.#isFresh = false
    if (this.#guard?.isCollapsed) this.#startAnew()
  }

  /**
   * Forgets what the last chunks looked like. The player stays where they are; the place is remembered as it was when all
   * was well, which is at least as long ago as the collapse took to be noticed.
   */
  #startAnew(): void {
    this.cache.reset()
    this.#recent.length = 0
    this.#decoder = undefined
    this.#isFresh = true
    this.#captionFrom = this.#nextIndex
    if (this.#wellMemory) this.#memory = this.#memory!.asRemembered(this.#wellMemory)
    this.#guard!.recovered()
  }
}
