import { type Action, type EnvBackend, type EnvChunk, type EnvRestored, SoraError } from '../protocol/index.ts'
import { ORIGIN, type Pose, type PoseStep, PoseTrack } from '../stream/pose-track.ts'
import type { EnvRules, StepInfo, StepResult } from './env-options.ts'
import { makeObservation, type Observation } from './observation.ts'

/** A chunk as it went by, with everything a recorder needs. */
export interface ShownChunk {
  /** Place of the world in its environment. */
  world: number
  /** Counts the episodes of this world, from 1 on. */
  episode: number
  rngSeed: number
  /** The first view of an episode. */
  isFirst: boolean
  /** uint8 [F,H,W,3] */
  frames: Uint8Array
  /** What led into each frame: nothing into the first view, and null in a room where somebody else steered. */
  actions: readonly Action[] | null
  /** One per frame; null where the model tells none. */
  poses: readonly Pose[] | null
  caption: string
}

/** One world of an environment from reset to reset: pose, ticks, reward and end. */
export class Episode {
  readonly #backend: EnvBackend
  readonly #rules: EnvRules
  readonly #track: PoseTrack
  readonly #fields: readonly string[]
  #observation: Observation | null = null
  #tick = 0
  #isOver = false
  /** Of the newest chunks, as many as the captioner looks at. */
  #latents: (Float32Array | null)[] = []
  #description: string | null = null
  #steps = 0
  rngSeed = 0
  /** Counts from 1 on. */
  number = 0

  constructor(backend: EnvBackend, rules: EnvRules) {
    this.#backend = backend
    this.#rules = rules
    this.#track = new PoseTrack(backend.manifest)
    this.#fields = backend.manifest.pose?.fields ?? []
  }

  /** The newest observation; null before the first reset. */
  get observation(): Observation | null {
    return this.#observation
  }

  get isRunning(): boolean {
    return this.#observation !== null && !this.#isOver
  }

  /** Before the first reset, and after a reset that failed: there is nothing to step in. */
  stop(): void {
    this.#isOver = true
  }

  begin(chunk: EnvChunk, rngSeed: number): Omit<ShownChunk, 'world'> {
    return this.#begin(chunk, rngSeed, 0)
  }

  /** Begins with the last chunk of a world that was kept. Where the player is counts from there when nobody noted it. */
  goOn({ chunk, rngSeed, place }: EnvRestored): Omit<ShownChunk, 'world'> {
    const shown = this.#begin(chunk, rngSeed, chunk.index * this.#backend.manifest.frames.perChunk)
    const pose = place ?? ORIGIN
    this.#track.reset(pose)
    const observation = this.#observation!
    this.#observation = { ...observation, pose: observation.pose && pose }
    return { ...shown, poses: null }
  }

  /** Begins where another episode is: a branch of the same world. */
  branchOff(other: Episode): Observation {
    this.#track.reset(other.#track.pose)
    this.#tick = other.#tick
    this.#isOver = other.#isOver
    this.#latents = [...other.#latents]
    this.#description = other.#description
    this.#steps = other.#steps
    this.#observation = other.#observation
    this.rngSeed = other.rngSeed
    this.number++
    return this.#observation!
  }

  /** Null where the model tells none. */
  get place(): Pose | null {
    return this.#observation?.pose ?? null
  }

  #begin(chunk: EnvChunk, rngSeed: number, tick: number) {
    this.#track.reset()
    this.#tick = tick
    this.#isOver = false
    this.#latents = []
    this.#description = null
    this.#steps = 0
    this.rngSeed = rngSeed
    this.number++
    return this.#show(chunk, true)
  }

  /** @throws SoraError `env-state` when there is no episode to go on with */
  checkRunning(): Observation {
    if (this.#observation === null) throw new SoraError('env-state', 'reset the environment before the first step')
    if (this.#isOver) throw new SoraError('env-state', 'the episode is over: reset the environment')
    return this.#observation
  }

  /** Takes in one chunk of a step that is under way. */
  take(chunk: EnvChunk): Omit<ShownChunk, 'world'> {
    this.#tick += this.#backend.manifest.frames.perChunk
    return this.#show(chunk, false)
  }

  /**
   * Adds to the newest observation what it shows, when that is due; gives that observation.
   *
   * @throws SoraError `unsupported` where latents are not known
   */
  async describe(): Promise<Observation> {
    const { describeEvery } = this.#rules
    const isDue = describeEvery > 0 && this.#steps++ % describeEvery === 0
    if (isDue) {
      const known = this.#latents.filter((latent) => latent !== null)
      if (known.length < this.#latents.length) {
        throw new SoraError('unsupported', 'descriptions are made of latents, which are not known here')
      }
      this.#description = await this.#backend.describe(known)
      this.#observation = { ...this.#observation!, description: this.#description }
    }
    return this.#observation!
  }

  /**
   * Ends a step: `before` is what was seen at its beginning.
   *
   * @throws SoraError `option-invalid` for a reward that is not a finite number, and whatever the user's functions throw
   */
  finish(before: Observation, actions: readonly Action[], info: StepInfo): StepResult {
    const observation = this.#observation!
    const transition = { before, after: observation, actions }
    const reward = this.#rules.reward(transition)
    if (!Number.isFinite(reward)) throw new SoraError('option-invalid', `the reward function gave ${reward}`)
    const terminated = this.#rules.isOver(transition)
    const truncated = !terminated && observation.seconds >= this.#rules.timeLimit - 1e-9
    this.#isOver = terminated || truncated
    return { observation, reward, terminated, truncated, info }
  }

  #show(chunk: EnvChunk, isFirst: boolean) {
    const { manifest, size } = this.#backend
    const steps = this.#track.follow({ frames: manifest.frames.perChunk, pose: this.#exactPose(chunk) })
    const last = steps?.at(-1)
    const where = {
      tick: this.#tick,
      pose: last?.pose ?? null,
      motion: last?.step ?? null,
      description: this.#description,
    }
    if (this.#rules.describeEvery > 0) {
      this.#latents = [...this.#latents, chunk.latent].slice(-this.#backend.describedChunks)
    }
    this.#observation = makeObservation(manifest, size, chunk, where)
    return this.#shownChunk(chunk, steps, isFirst)
  }

  #shownChunk(chunk: EnvChunk, steps: readonly { step: PoseStep; pose: Pose }[] | null, isFirst: boolean) {
    return {
      episode: this.number,
      rngSeed: this.rngSeed,
      isFirst,
      frames: chunk.frames,
      actions: chunk.actions,
      poses: steps?.map(({ pose }) => pose) ?? null,
      caption: chunk.caption,
    }
  }

  /** Steps are the model's reckoning; turns are what the actions say, where they are known. */
  #exactPose({ pose, actions }: EnvChunk): number[] {
    const exact = [...pose]
    const width = this.#fields.length
    if (!actions || exact.length !== width * actions.length) return exact
    for (const [field, axis] of [
      ['yaw', 'camera.yaw'],
      ['pitch', 'camera.pitch'],
    ] as const) {
      const at = this.#fields.indexOf(field)
      if (at >= 0) for (const [f, { axes }] of actions.entries()) exact[f * width + at] = axes[axis] ?? 0
    }
    return exact
  }
}
