import { describe, expect, it, vi } from 'vitest'
import { describeModelWorker } from './model-worker.conformance.ts'
import { ProcessWorker } from './process-worker.ts'

describeModelWorker('worker process', () => ProcessWorker.start({ model: 'fake' }))

describe('worker process', () => {
  const spec = (worker: ProcessWorker) => ({ id: 'r', size: worker.manifest.sizes[0]!, rngSeed: 1, steps: 2 })
  const job = { rolloutId: 'r', index: 0, actions: new Float32Array(4 * 21), caption: 'a forest' }

  it('comes back after kill -9: pending calls reject, a rollout opens anew, nobody else notices', async () => {
    const restarted = vi.fn()
    const onCrash = vi.fn()
    const worker = await ProcessWorker.start({ model: 'fake', fakePassMs: 200, onRestart: restarted, onCrash })
    try {
      await worker.open(spec(worker))
      const pending = worker.generate([job])
      const { pid } = worker
      process.kill(pid!, 'SIGKILL')
      await expect(pending).rejects.toMatchObject({
        code: 'worker-crashed',
        message: expect.stringContaining('SIGKILL'),
      })
      await expect(worker.generate([job])).rejects.toMatchObject({ code: 'room-missing' })
      await worker.open(spec(worker))
      expect((await worker.generate([job]))[0]!.index).toBe(0)
      expect(worker.pid).not.toBe(pid)
      expect(onCrash).toHaveBeenCalledTimes(1)
      expect(restarted).toHaveBeenCalledTimes(1)
    } finally {
      await worker.stop()
    }
  })

  it('gives up after five crashes in a minute and says so', async () => {
    const worker = await ProcessWorker.start({ model: 'fake' })
    try {
      for (let crash = 0; crash < 5; crash++) {
        if (crash > 0) await worker.open(spec(worker))
        const crashed = vi.waitUntil(() => worker.pid === undefined)
        process.kill(worker.pid!, 'SIGKILL')
        await crashed
      }
      await expect(worker.open(spec(worker))).rejects.toMatchObject({
        code: 'worker-crashed',
        message: expect.stringContaining('5 times within a minute'),
      })
      await expect(worker.generate([job])).rejects.toMatchObject({ code: 'worker-crashed' })
    } finally {
      await worker.stop()
    }
  })

  it('kills and restarts a worker that hangs', async () => {
    const onCrash = vi.fn()
    const worker = await ProcessWorker.start({ model: 'fake', hangTimeoutMs: 1500, onCrash })
    try {
      process.kill(worker.pid!, 'SIGSTOP')
      await expect(worker.open(spec(worker))).rejects.toMatchObject({ code: 'worker-crashed' })
      await worker.open(spec(worker))
      expect(onCrash).toHaveBeenCalledTimes(1)
    } finally {
      await worker.stop()
    }
  })

  it('fails to start with the reason of the model', async () => {
    const started = ProcessWorker.start({ model: '/no/such/folder' })
    await expect(started).rejects.toMatchObject({ code: 'model-missing', message: expect.stringContaining('/no/such') })
  })

  it('leaves no process behind', async () => {
    const worker = await ProcessWorker.start({ model: 'fake' })
    const { pid } = worker
    await worker.stop()
    expect(() => process.kill(pid!, 0)).toThrow(/ESRCH/)
  })
})
