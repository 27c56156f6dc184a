import { SoraError } from '@sora-world/sdk/protocol'
import { describe, expect, it } from 'vitest'
import type { ChunkJob, ChunkResult, ModelWorker } from '../worker/model-worker.ts'
import type { OpenRequest, Schedulable } from './schedulable.ts'
import { Scheduler, type SchedulerOptions } from './scheduler.ts'
import { VirtualClock } from './virtual-clock.ts'

const SIZE = { width: 8, height: 8, latentWidth: 1, latentHeight: 1 }

/** Writes down its calls; each takes `callMs` of virtual time. */
class ScriptedWorker implements Pick<ModelWorker, 'open' | 'generate' | 'close'> {
  callMs = 40
  readonly batches: string[][] = []
  readonly opened: string[] = []
  /** Consulted before each call; a thrown error is the call's. */
  script: (call: 'open' | 'generate', ids: string[]) => void = () => {}
  readonly #clock: VirtualClock

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  async open({ id }: { id: string }): Promise<void> {
    this.script('open', [id])
    this.opened.push(id)
  }

  async generate(jobs: readonly ChunkJob[]): Promise<ChunkResult[]> {
    const ids = jobs.map((job) => job.rolloutId)
    this.batches.push(ids)
    await new Promise<void>((resolve) => this.#clock.after(this.callMs, resolve))
    this.script('generate', ids)
    const timings = { denoiseMs: this.callMs, commitMs: 0, decodeMs: 0, memoryMs: 0 }
    return jobs.map(({ index }) => ({ index, latent: new Float32Array(1), pose: new Float32Array(0), timings }))
  }

  close(): void {}
}

class TestRollout implements Schedulable {
  readonly id: string
  batchKey = 'same'
  active = true
  position = 0
  readonly deliveredAt: number[] = []
  failedWith: SoraError | null = null
  #isOpen = false
  readonly #clock: VirtualClock

  constructor(id: string, clock: VirtualClock) {
    this.id = id
    this.#clock = clock
  }

  isActive(): boolean {
    return this.active && !this.failedWith
  }
  openRequest(): OpenRequest | null {
    return this.#isOpen ? null : { spec: { id: this.id, size: SIZE, rngSeed: 0, steps: 1 }, history: [] }
  }
  opened(): void {
    this.#isOpen = true
  }
  nextJob(): ChunkJob {
    return { rolloutId: this.id, index: this.deliveredAt.length, actions: new Float32Array(0), caption: '' }
  }
  deliver(): void {
    this.deliveredAt.push(this.#clock.now())
  }
  lost(): void {
    this.#isOpen = false
  }
  fail(error: SoraError): void {
    this.failedWith = error
  }
  setQueuePosition(position: number): void {
    this.position = position
  }
}

function setUp(options: Partial<SchedulerOptions> = {}) {
  const clock = new VirtualClock()
  const worker = new ScriptedWorker(clock)
  const scheduler = new Scheduler(worker as unknown as ModelWorker, { chunkMs: 200, maxRunning: 4, clock, ...options })
  const add = (id: string) => {
    const rollout = new TestRollout(id, clock)
    scheduler.add(rollout)
    return rollout
  }
  return { clock, worker, scheduler, add }
}

describe('pacing', () => {
  it('makes a chunk every 200 ms, not more, and sleeps in between', async () => {
    const { clock, add } = setUp()
    const rollout = add('a')
    await clock.advance(10_000)
    expect(rollout.deliveredAt.length).toBeGreaterThanOrEqual(49)
    expect(rollout.deliveredAt.length).toBeLessThanOrEqual(51)
  })

  it('serves several rollouts equally, whether they fit or not', async () => {
    const { clock, worker, scheduler, add } = setUp({ maxBatch: 1 })
    worker.callMs = 80
    const rollouts = ['a', 'b', 'c', 'd'].map(add)
    await clock.advance(8000)
    const counts = rollouts.map((rollout) => rollout.deliveredAt.length)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    expect(counts[0]).toBeGreaterThan(22)
    expect(scheduler.figures()).toMatchObject({ p50Ms: 80, p95Ms: 80 })
  })

  it('makes chunks that are due together in one call, when they fit together', async () => {
    const { clock, worker, add } = setUp({ maxBatch: 2 })
    const rollouts = ['a', 'b', 'c'].map(add)
    rollouts[1]!.batchKey = 'other'
    await clock.advance(2000)
    expect(worker.batches).toContainEqual(['a', 'c'])
    expect(worker.batches.some((batch) => batch.includes('b') && batch.length > 1)).toBe(false)
  })

  it('makes nothing for a rollout that is inactive, and goes on in real time afterwards', async () => {
    const { clock, scheduler, add } = setUp()
    const rollout = add('a')
    await clock.advance(1000)
    rollout.active = false
    scheduler.wake()
    const before = rollout.deliveredAt.length
    await clock.advance(5000)
    expect(rollout.deliveredAt.length - before).toBeLessThanOrEqual(1)
    expect(clock.pendingTimers).toBe(0)
    rollout.active = true
    scheduler.wake()
    await clock.advance(1000)
    expect(rollout.deliveredAt.length - before).toBeLessThanOrEqual(7)
    expect(rollout.deliveredAt.length - before).toBeGreaterThanOrEqual(5)
  })

  it('counts chunks that came late', async () => {
    const { clock, worker, scheduler, add } = setUp()
    add('a')
    await clock.advance(2000)
    expect(scheduler.figures().late).toBe(0)
    worker.callMs = 700
    await clock.advance(2000)
    expect(scheduler.figures().late).toBeGreaterThan(0)
  })
})

describe('admission', () => {
  it('lets as many run as the measured chunk time allows, and the others wait in order', async () => {
    const { clock, worker, scheduler, add } = setUp({ maxRunning: undefined })
    worker.callMs = 80
    expect(scheduler.maxRunning).toBe(1)
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(add) as [TestRollout, TestRollout, TestRollout, TestRollout]
    expect([a, b, c, d].map((rollout) => rollout.position)).toEqual([0, 1, 2, 3])
    await clock.advance(2000)
    expect(scheduler.maxRunning).toBe(2)
    expect([a, b, c, d].map((rollout) => rollout.position)).toEqual([0, 0, 1, 2])
    expect(c.deliveredAt).toEqual([])
    scheduler.remove(a)
    expect([b, c, d].map((rollout) => rollout.position)).toEqual([0, 0, 1])
    await clock.advance(1000)
    expect(c.deliveredAt.length).toBeGreaterThan(2)
  })

  it('knows its capacity from the start when it was measured', () => {
    const { scheduler } = setUp({ maxRunning: undefined })
    scheduler.learn([35, 36, 34, 36])
    expect(scheduler.maxRunning).toBe(5)
  })
})

describe('trouble', () => {
  const crash = () => {
    throw new SoraError('worker-crashed', 'killed')
  }

  it('opens every rollout again after a crash and goes on', async () => {
    const { clock, worker, add } = setUp()
    const rollouts = ['a', 'b'].map(add)
    await clock.advance(1000)
    worker.script = (call) => {
      worker.script = () => {}
      if (call === 'generate') crash()
    }
    await clock.advance(2000)
    expect(worker.opened.toSorted()).toEqual(['a', 'a', 'b', 'b'])
    for (const rollout of rollouts) expect(rollout.deliveredAt.length).toBeGreaterThanOrEqual(13)
  })

  it('gives up a rollout whose job fails every time, and nobody else', async () => {
    const { clock, worker, add } = setUp()
    const [good, bad] = [add('good'), add('bad')]
    worker.script = (call, ids) => {
      if (call === 'generate' && ids.includes('bad')) crash()
    }
    await clock.advance(5000)
    expect(bad.failedWith?.code).toBe('worker-crashed')
    expect(bad.deliveredAt).toEqual([])
    expect(good.failedWith).toBeNull()
    expect(good.deliveredAt.length).toBeGreaterThan(15)
  })

  it('gives up when the worker does not come back', async () => {
    const { clock, worker, add } = setUp()
    const rollout = add('a')
    await clock.advance(500)
    worker.script = crash
    await clock.advance(5000)
    expect(rollout.failedWith?.message).toBe('killed')
    expect(clock.pendingTimers).toBe(0)
  })

  it('drops the result of a rollout that left meanwhile', async () => {
    const { clock, scheduler, add } = setUp()
    const rollout = add('a')
    await clock.advance(10)
    scheduler.remove(rollout)
    await clock.advance(1000)
    expect(rollout.deliveredAt).toEqual([])
  })
})
