import { chunkDurationMs, decodeChunkPacket } from '@sora-world/sdk/protocol'
import { expect, it } from 'vitest'
import { FakeModel } from '../../packages/server/src/model/fake-model.ts'
import type { Clock } from '../../packages/server/src/scheduler/clock.ts'
import { Scheduler } from '../../packages/server/src/scheduler/scheduler.ts'
import { RolloutSession } from '../../packages/server/src/session/rollout-session.ts'
import { InProcessWorker } from '../../packages/server/src/worker/in-process-worker.ts'
import { KEYFRAME_CHUNKS } from '../../packages/server/src/worlds/keyframe-keeper.ts'

/** Real time, only faster: minutes of play are too long for a test. */
const SPEED = 100
const clock: Clock = {
  now: () => performance.now() * SPEED,
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs / SPEED)
    return () => clearTimeout(timer)
  },
}

it('goes back to long ago beside another room, and is the same again up to there', async () => {
  const worker = new InProcessWorker(new FakeModel())
  const { manifest, provider, variant } = worker
  const scheduler = new Scheduler(worker, { clock, chunkMs: chunkDurationMs(manifest), maxRunning: 2 })
  const sessionOf = (id: string, onSeq: (seq: number) => void) => {
    const session = new RolloutSession(
      { id, manifest, size: manifest.sizes[0]!, steps: 1, prompt: id, rngSeed: 3, maker: { provider, variant } },
      {
        clock,
        drawRngSeed: () => 1,
        onChunk: ({ latent }) => onSeq(decodeChunkPacket(latent!).header.seq),
        onChange() {},
        wake: () => scheduler.wake(),
        closeRollout: (rolloutId) => worker.close(rolloutId),
      },
    )
    session.setWatched(true)
    scheduler.add(session)
    return session
  }
  const shown: number[] = []
  const session = sessionOf('a forest', (seq) => shown.push(seq))
  let others = 0
  sessionOf('a desert', () => others++)
  const wait = { timeout: 60_000, interval: 5 }
  await expect.poll(() => shown.at(-1) ?? 0, wait).toBeGreaterThan(KEYFRAME_CHUNKS + 320)
  const before = await session.snapshot(new Date(0))
  const target = 100
  shown.length = 0
  const othersBefore = others
  expect(session.rewind(target)).toMatchObject({ world: 1, seq: target })
  expect(session.view()).toMatchObject({ status: 'catching-up', catchUpTo: target })
  await expect.poll(() => session.isCatchingUp(), wait).toBe(false)
  expect(others).toBeGreaterThan(othersBefore)
  await expect.poll(() => shown.at(-1) ?? 0, wait).toBeGreaterThan(target + 1)
  expect(shown.slice(0, 4)).toEqual([target - 2, target - 1, target, target + 1])
  const { log } = await session.snapshot(new Date(0))
  expect(log.hashes.slice(0, target)).toEqual(before.log.hashes.slice(0, target))
  expect([...log.batches.slice(0, target)]).toEqual(Array(target).fill(1))
  scheduler.stop()
  await worker.stop()
}, 120_000)
