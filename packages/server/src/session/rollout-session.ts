import {
  type AppliedReply,
  type ControlMessage,
  cleanPromptText,
  type FrameSize,
  LIMITS,
  type ModelManifest,
  type RoomView,
  SoraError,
} from '@sora-world/sdk/protocol'
import type { Clock } from '../scheduler/clock.ts'
import type { JobTiming, OpenRequest, Schedulable } from '../scheduler/schedulable.ts'
import type { ChunkJob, ChunkResult, RolloutSpec } from '../worker/model-worker.ts'
import type { WorldJournal } from '../worlds/world-journal.ts'
import type { Maker, WorldValue } from '../worlds/world-value.ts'
import { ActionQueue } from './action-queue.ts'
import { CATCH_UP_CHUNKS, ChunkStream, type Downlink, IMAGE_TYPE } from './chunk-stream.ts'
import { type ChunkWork, chunkFacts, pastFacts, plannedWork, startWork } from './chunk-work.ts'
import { statusOf } from './status.ts'
import { type WayBack, WorldRun } from './world-run.ts'

export interface SessionSettings {
  /** Prefix of the rollout ids in the worker; unique per server. */
  id: string
  manifest: ModelManifest
  size: FrameSize
  steps: number
  /** Whether a model with world memory uses it; true by default. */
  memory?: boolean
  /** Whether a world that breaks down is started anew from its memory; true by default. */
  guard?: boolean
  prompt: string
  rngSeed: number
  /** What makes the chunks. */
  maker: Maker
  /** Goes on from there: prompt, random seed and memory are its own, size and steps must be the same. */
  world?: WorldValue
  /** Of its first world, 0 by default; a room that was opened again goes on counting. */
  worldIndex?: number
}

/** What a session needs from its surroundings. */
export interface SessionPorts {
  clock: Clock
  drawRngSeed(): number
  /** The packets of a new chunk, one per downlink kind that was asked for. */
  onChunk(packets: Partial<Record<Downlink, Uint8Array>>): void
  /** Something in {@link RolloutSession.view} changed. */
  onChange(): void
  /** The session became active or inactive, or needs the worker. */
  wake(): void
  closeRollout(rolloutId: string): void
  /** Keeps what is played. */
  journal?: Pick<WorldJournal, 'begin' | 'commit'>
}

export type SessionView = Omit<RoomView, 'driver' | 'players'>

const IMAGE_QUALITY = 80
/** How long a snapshot waits for a chunk with a picture. */
const PICTURE_PATIENCE_MS = 1000

/**
 * One rollout as a room plays it: world after world, chunk after chunk.
 *
 * Knows nothing about sockets and nothing about other sessions: the room pushes controls and texts in, the scheduler
 * asks for jobs and brings results, packets come out.
 */
export class RolloutSession implements Schedulable {
  readonly batchKey: string
  /** Ask the worker for encoded images too. */
  wantsImages = false
  readonly #settings: SessionSettings
  readonly #ports: SessionPorts
  readonly #actions: ActionQueue
  readonly #stream: ChunkStream
  #run: WorldRun
  /** What the worker is at; its result is dropped when another world began meanwhile. */
  #work: ChunkWork | null = null
  #driver = ''
  #isPaused = false
  #isWatched = false
  #isRecovering = false
  #queuePosition = 0
  #problem = ''
  /** WebP of the last frame that was encoded in this world. */
  #picture: Uint8Array | undefined
  /** Wait for the next picture. */
  #pictureWaits: (() => void)[] = []

  /** @throws SoraError `prompt-empty` or `prompt-too-long` */
  constructor(settings: SessionSettings, ports: SessionPorts) {
    this.#settings = settings
    this.#ports = ports
    this.batchKey = `${settings.size.latentWidth}x${settings.size.latentHeight}/${settings.steps}`
    this.#actions = new ActionQueue(settings.manifest.actionSpace)
    this.#stream = new ChunkStream(settings.manifest, settings.size)
    const { world } = settings
    const prompt = cleanPromptText(world?.prompt ?? settings.prompt, LIMITS.promptLength)
    this.#run = this.#newRun(settings.worldIndex ?? 0, prompt, world?.rngSeed ?? settings.rngSeed, world)
    this.#showPast()
  }

  view(): SessionView {
    return {
      status: statusOf({
        hasFailed: this.#problem !== '',
        isPaused: this.#isPaused,
        isCatchingUp: this.isCatchingUp(),
        isWatched: this.#isWatched,
        isQueued: this.#queuePosition > 0,
        isRecovering: this.#isRecovering,
        hasChunk: this.#run.nextIndex > 0,
      }),
      prompt: this.#run.prompt,
      caption: this.#run.caption,
      rngSeed: this.#run.spec.rngSeed,
      world: this.#run.index,
      seq: this.#run.nextIndex - 1,
      catchUpTo: this.isCatchingUp() ? this.#run.catchUpTo : -1,
      queuePosition: this.#queuePosition,
      problem: this.#problem,
    }
  }

  /** Packets that show a late joiner where the world is. */
  catchUp(kind: Downlink): Uint8Array[] {
    return this.#stream.catchUp(kind)
  }

  /** @throws SoraError `action-invalid` */
  control(message: ControlMessage): void {
    this.#actions.push(message, this.#ports.clock.now())
  }

  /** Another client drives from now on ('' = nobody); what the one before held is let go. */
  setDriver(sessionId: string): void {
    if (sessionId === this.#driver) return
    this.#driver = sessionId
    this.#actions.reset()
  }

  /** The driver's connection dropped: let go until it says something again. */
  releaseActions(): void {
    this.#actions.release()
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused
    this.#activityChanged()
  }

  /** Nothing is generated while nobody watches. */
  setWatched(isWatched: boolean): void {
    this.#isWatched = isWatched
    this.#activityChanged()
  }

  /**
   * A new world from a prompt.
   *
   * @throws SoraError `prompt-empty` or `prompt-too-long`
   */
  startWorld(prompt: string, rngSeed = this.#ports.drawRngSeed()): AppliedReply {
    const text = cleanPromptText(prompt, LIMITS.promptLength)
    return this.#begin(this.#newRun(this.#run.index + 1, text, rngSeed))
  }

  /**
   * Another world, from where it was kept. `checkWorld` has passed it.
   *
   * @throws SoraError `world-mismatch` when it is played in another size or number of steps
   */
  restore(world: WorldValue): AppliedReply {
    const { size, steps } = this.#settings
    if (world.size.width !== size.width || world.size.height !== size.height || world.steps !== steps) {
      const words = `${world.size.width}x${world.size.height} in ${world.steps} steps`
      throw new SoraError('world-mismatch', `the world is played in ${words}, this room is not; open a room for it`)
    }
    return this.#goOn(world)
  }

  /**
   * Back to before chunk `seq` of this world, which goes on from there as another. What is longer ago than a minute is made
   * again first: the session is catching up then, and nobody decides.
   *
   * @throws SoraError `world-missing` for a chunk that is yet to come, or longer ago than the log reaches
   */
  rewind(seq: number): AppliedReply {
    const way = this.#run.wayBack(seq)
    if (way) return this.#goOn(way.value, way)
    const words = `the world is at ${this.#run.nextIndex}, and an hour is known`
    throw new SoraError('world-missing', `one cannot go back to chunk ${seq}: ${words}`)
  }

  /**
   * The world as it is, to be kept: after the next chunk with its picture, or now when none comes.
   *
   * @throws SoraError `busy` while it is catching up
   */
  async snapshot(createdAt: Date): Promise<WorldValue> {
    this.#checkDecidable()
    if (this.isActive()) await this.#nextPicture()
    return this.#run.value(createdAt, this.#picture)
  }

  /** The same prompt from the start, without the events. */
  reset(rngSeed?: number): AppliedReply {
    return this.startWorld(this.#run.prompt, rngSeed)
  }

  /**
   * Something happens in the world that is being played.
   *
   * @throws SoraError `prompt-empty` or `prompt-too-long`; `busy` while it is catching up
   */
  addEvent(text: string): AppliedReply {
    this.#checkDecidable()
    const run = this.#run
    run.addEvent(cleanPromptText(text, LIMITS.eventLength))
    const isAtWork = this.#work?.run === run
    this.#ports.onChange()
    return { world: run.index, seq: run.nextIndex + (isAtWork ? 1 : 0), rngSeed: run.spec.rngSeed }
  }

  /** The worker may forget the rollout. */
  close(): void {
    if (this.#run.isOpen) this.#ports.closeRollout(this.#run.spec.id)
    this.#run.isOpen = false
  }

  isActive(): boolean {
    return this.#isWatched && (!this.#isPaused || this.isCatchingUp()) && this.#problem === ''
  }

  isCatchingUp(): boolean {
    return this.#run.planned !== undefined
  }

  openRequest(): OpenRequest | null {
    if (this.#run.isOpen) return null
    const { spec, history, mark } = this.#run
    return { spec, history, mark }
  }

  opened(spec: RolloutSpec): void {
    // Another world may have begun while the worker was opening this one.
    if (spec === this.#run.spec) this.#run.isOpen = true
    else this.#ports.closeRollout(spec.id)
  }

  nextJob(): ChunkJob {
    const now = this.#ports.clock.now()
    const { manifest } = this.#settings
    const { planned } = this.#run
    if (planned) {
      this.#work = plannedWork(this.#run, planned, now)
      return this.#work.job
    }
    const actions = this.#actions.take(manifest.frames.perChunk, now)
    this.#work = startWork(manifest, { run: this.#run, actions, driver: this.#driver, now })
    if (this.wantsImages || this.#pictureWaits.length > 0)
      this.#work.job.images = { type: IMAGE_TYPE, quality: IMAGE_QUALITY }
    return this.#work.job
  }

  /** @throws SoraError `internal` for a chunk with numbers that are not finite; nothing is committed then */
  deliver(result: ChunkResult, timing: JobTiming): void {
    const work = this.#work
    this.#work = null
    if (!work || work.run !== this.#run) return
    if (!result.latent.every(Number.isFinite))
      throw new SoraError('internal', 'the model made numbers that are not finite')
    const wasCatchingUp = this.isCatchingUp()
    work.run.commit(work.job, result)
    this.#ports.journal?.commit(work.run, { job: work.job, result })
    this.#isRecovering = false
    if (wasCatchingUp) this.#caughtUp()
    else this.#told(work, result, timing)
  }

  #told(work: ChunkWork, result: ChunkResult, timing: JobTiming): void {
    if (result.images) this.#pictured(result.images.at(-1)!)
    const facts = chunkFacts(this.#settings.manifest, work, result, timing, this.#ports.clock.now())
    this.#ports.onChunk(this.#stream.push(facts, result))
    this.#ports.onChange()
  }

  lost(): void {
    this.#work = null
    this.#run.isOpen = false
    this.#isRecovering = true
    this.#ports.onChange()
  }

  fail(error: SoraError): void {
    this.#problem = error.message
    this.#activityChanged()
  }

  setQueuePosition(position: number): void {
    if (position === this.#queuePosition) return
    this.#queuePosition = position
    this.#ports.onChange()
  }

  /** One more chunk was made again; after the last one people see where the world is. */
  #caughtUp(): void {
    if (!this.isCatchingUp()) {
      // Turns that were asked for meanwhile are not meant for what comes now.
      this.#actions.reset()
      this.#tellPast()
      this.#activityChanged()
    }
    this.#ports.onChange()
  }

  #checkDecidable(): void {
    if (!this.isCatchingUp()) return
    const { nextIndex, catchUpTo } = this.#run
    throw new SoraError(
      'busy',
      `the world is on its way back to chunk ${catchUpTo}, at ${nextIndex}; wait until it is there`,
    )
  }

  #activityChanged(): void {
    if (!this.isActive()) this.#queuePosition = 0
    this.#ports.wake()
    this.#ports.onChange()
  }

  #goOn(world: WorldValue, way?: WayBack): AppliedReply {
    const reply = this.#begin(this.#newRun(this.#run.index + 1, world.prompt, world.rngSeed, world, way))
    if (!this.isCatchingUp()) this.#tellPast()
    return reply
  }

  #tellPast(): void {
    this.#showPast()
    for (const latent of this.#stream.catchUp('latent')) this.#ports.onChunk({ latent })
  }

  #begin(run: WorldRun): AppliedReply {
    this.close()
    this.#run = run
    this.#stream.clear()
    this.#problem = ''
    this.#isRecovering = false
    this.#activityChanged()
    return { world: run.index, seq: Math.max(run.nextIndex, run.catchUpTo), rngSeed: run.spec.rngSeed }
  }

  /** Whoever watches sees where the world stopped, before it goes on. */
  #showPast(): void {
    const { manifest } = this.#settings
    for (const chunk of this.#run.history.slice(-CATCH_UP_CHUNKS)) {
      const facts = pastFacts(manifest, this.#run, chunk)
      this.#stream.push(facts, { latent: chunk.latent })
    }
  }

  #nextPicture(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#ports.clock.after(PICTURE_PATIENCE_MS, resolve)
      this.#pictureWaits.push(() => {
        cancel()
        resolve()
      })
    })
  }

  #pictured(picture: Uint8Array): void {
    this.#picture = picture
    const waits = this.#pictureWaits
    this.#pictureWaits = []
    for (const done of waits) done()
  }

  #newRun(index: number, prompt: string, rngSeed: number, value?: WorldValue, way?: WayBack): WorldRun {
    const { id, size, steps, manifest, maker } = this.#settings
    const memory = value?.memory ?? this.#settings.memory
    const guard = value ? (value.guard ?? false) : this.#settings.guard
    this.#picture = value?.picture
    const run = new WorldRun(manifest, {
      index,
      prompt,
      maker,
      value,
      way,
      spec: { id: `${id}.${index}`, size, rngSeed, steps, memory, guard },
    })
    void this.#ports.journal?.begin(run)
    return run
  }
}
