import { type SoraError, toSoraError } from '@sora-world/sdk/protocol'
import type { ChunkResult, ModelWorker } from '../worker/model-worker.ts'
import { ChunkClock, type ChunkFigures } from './chunk-figures.ts'
import { type Clock, systemClock } from './clock.ts'
import { Pace } from './pace.ts'
import type { OpenRequest, Schedulable } from './schedulable.ts'
import { WaitingLine } from './waiting-line.ts'

export interface SchedulerOptions {
  /** Wall-clock time that one chunk covers. */
  chunkMs: number
  /** Rooms in one worker call. */
  maxBatch?: number
  /** Rooms that generate at the same time; measured when not given. */
  maxRunning?: number
  /** How many chunks a rollout may be ahead of the wall clock. */
  maxAheadChunks?: number
  clock?: Clock
}

/** Attempts for one rollout before it is given up. */
const MAX_FAILURES = 3
/** A client's buffer forgives this much, as a share of a chunk. */
const LATE_TOLERANCE = 0.25
const RETRY_DELAY_MS = 500

/** What the scheduler keeps about one rollout. */
class Entry {
  readonly rollout: Schedulable
  readonly pace: Pace
  failures = 0
  notBefore = 0

  constructor(rollout: Schedulable, pace: Pace) {
    this.rollout = rollout
    this.pace = pace
  }

  get startAt(): number {
    return Math.max(this.pace.startAt, this.notBefore)
  }
}

/**
 * Decides which rollouts the worker serves next.
 *
 * One worker call is in flight at any time. The rollout whose chunk is due first goes first (late ones are due earliest,
 * so nobody starves) and takes others of the same batch key along. Only as many rollouts run as the measured chunk time
 * allows; the others wait in order of arrival. A rollout whose call failed is retried alone, so that it takes nobody
 * down with it, and given up after three attempts.
 */
export class Scheduler {
  readonly #worker: ModelWorker
  readonly #chunkMs: number
  readonly #maxBatch: number
  readonly #maxRunning: number | undefined
  readonly #maxLeadMs: number
  readonly #clock: Clock
  readonly #entries = new Map<Schedulable, Entry>()
  readonly #line = new WaitingLine<Entry>()
  readonly #measured = new ChunkClock()
  #isCalling = false
  #isStopped = false
  #cancelTimer: () => void = () => {}

  constructor(worker: ModelWorker, options: SchedulerOptions) {
    this.#worker = worker
    this.#chunkMs = options.chunkMs
    this.#maxBatch = options.maxBatch ?? 8
    this.#maxRunning = options.maxRunning
    this.#maxLeadMs = options.chunkMs * (options.maxAheadChunks ?? 1)
    this.#clock = options.clock ?? systemClock
  }

  add(rollout: Schedulable): void {
    const expectedMs = Math.min(this.#chunkMs / 2, this.figures().p95Ms)
    this.#entries.set(rollout, new Entry(rollout, new Pace(this.#chunkMs, this.#maxLeadMs, expectedMs)))
    this.wake()
  }

  /** A result still on its way for this rollout is dropped. */
  remove(rollout: Schedulable): void {
    const entry = this.#entries.get(rollout)
    if (!entry) return
    this.#entries.delete(rollout)
    this.#line.leave(entry)
    this.wake()
  }

  /** To be called when a rollout became active or inactive, or has to be opened. */
  wake(): void {
    this.#cancelTimer()
    if (this.#isStopped) return
    this.#admit()
    if (!this.#isCalling) this.#callNext()
  }

  /** Ends pacing; the worker is not touched. */
  stop(): void {
    this.#isStopped = true
    this.#cancelTimer()
  }

  /** Times of chunks that were made before the first room came, in milliseconds. */
  learn(chunkMs: readonly number[]): void {
    for (const ms of chunkMs) this.#measured.learn(ms)
  }

  figures(): ChunkFigures {
    return this.#measured.figures()
  }

  get maxRunning(): number {
    return this.#maxRunning ?? this.#measured.capacity(this.#chunkMs)
  }

  #admit(): void {
    for (const entry of this.#entries.values()) {
      if (entry.rollout.isActive()) this.#line.join(entry)
      else this.#line.leave(entry)
    }
    const now = this.#clock.now()
    for (const entry of this.#line.admit(this.maxRunning)) entry.pace.restart(now)
    for (const [entry, position] of this.#line.positions()) entry.rollout.setQueuePosition(position)
  }

  #callNext(): void {
    const now = this.#clock.now()
    const running = [...this.#line.admitted].sort((a, b) => a.pace.dueAt - b.pace.dueAt)
    const unopened = running.find((entry) => entry.notBefore <= now && entry.rollout.openRequest())
    const due = running.filter((entry) => entry.startAt <= now)
    if (unopened) this.#call(() => this.#open(unopened, unopened.rollout.openRequest()!))
    else if (due.length > 0) this.#call(() => this.#generate(this.#batchOf(due)))
    else if (running.length > 0) this.#sleepUntil(Math.min(...running.map((entry) => entry.startAt)))
  }

  #sleepUntil(time: number): void {
    this.#cancelTimer = this.#clock.after(Math.max(0, time - this.#clock.now()), () => this.wake())
  }

  #call(task: () => Promise<void>): void {
    this.#isCalling = true
    task().finally(() => {
      this.#isCalling = false
      this.wake()
    })
  }

  #batchOf(due: readonly Entry[]): Entry[] {
    const first = due[0]!
    const isAlone = (entry: Entry) => entry.failures > 0 || (entry.rollout.isCatchingUp?.() ?? false)
    if (isAlone(first)) return [first]
    const fitting = due.filter((entry) => !isAlone(entry) && entry.rollout.batchKey === first.rollout.batchKey)
    return fitting.slice(0, this.#maxBatch)
  }

  async #open(entry: Entry, request: OpenRequest): Promise<void> {
    try {
      await this.#worker.open(request.spec, request.history, request.mark)
      if (!this.#entries.has(entry.rollout)) {
        this.#worker.close(request.spec.id)
        return
      }
      entry.rollout.opened(request.spec)
      entry.pace.restart(this.#clock.now())
    } catch (thrown) {
      this.#failed([entry], toSoraError(thrown))
    }
  }

  async #generate(batch: readonly Entry[]): Promise<void> {
    const startedAt = this.#clock.now()
    try {
      const results = await this.#worker.generate(batch.map((entry) => entry.rollout.nextJob()))
      this.#measured.record(this.#clock.now() - startedAt, batch.length)
      for (const [index, entry] of batch.entries()) this.#deliver(entry, results[index]!, startedAt)
    } catch (thrown) {
      this.#failed(batch, toSoraError(thrown))
    }
  }

  #deliver(entry: Entry, result: ChunkResult, startedAt: number): void {
    if (!this.#entries.has(entry.rollout)) return
    const queueMs = Math.max(0, startedAt - entry.pace.startAt)
    const isAgain = entry.rollout.isCatchingUp?.() ?? false
    if (isAgain) entry.pace.restart(this.#clock.now())
    else this.#paced(entry)
    try {
      entry.rollout.deliver(result, { queueMs })
      if (result.isRecovery && !isAgain) this.#measured.recordRecovery()
      entry.failures = 0
      entry.notBefore = 0
    } catch (thrown) {
      this.#failed([entry], toSoraError(thrown))
    }
  }

  #paced(entry: Entry): void {
    const lateMs = entry.pace.delivered(this.#clock.now())
    if (lateMs > this.#chunkMs * LATE_TOLERANCE) this.#measured.recordLate()
  }

  #failed(batch: readonly Entry[], error: SoraError): void {
    if (error.code === 'worker-crashed') for (const entry of this.#entries.values()) entry.rollout.lost()
    for (const entry of batch) {
      entry.failures++
      entry.notBefore = this.#clock.now() + (entry.failures > 1 ? RETRY_DELAY_MS : 0)
      entry.rollout.lost()
      if (entry.failures >= MAX_FAILURES) entry.rollout.fail(error)
    }
  }
}
