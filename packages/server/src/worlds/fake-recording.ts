import { encodeAction, type ModelManifest } from '@sora-world/sdk/protocol'
import { FakeModel } from '../model/fake-model.ts'
import { WorldRun } from '../session/world-run.ts'
import { InProcessWorker } from '../worker/in-process-worker.ts'
import type { ModelWorker } from '../worker/model-worker.ts'
import type { WorldValue } from './world-value.ts'

/** A world of the fake model that is played by a test, without room and clock. */
export class FakeRecording {
  readonly worker: ModelWorker
  readonly run: WorldRun

  /** @param value to go on from */
  constructor(options: { index?: number; memory?: boolean; worker?: ModelWorker; value?: WorldValue } = {}) {
    this.worker = options.worker ?? new InProcessWorker(new FakeModel({ memory: options.memory }))
    const { manifest, provider, variant } = this.worker
    const spec = { id: 'r', size: manifest.sizes[0]!, rngSeed: 5, steps: 1 }
    const { index = 0, value } = options
    this.run = new WorldRun(manifest, { index, prompt: 'a forest', spec, maker: { provider, variant }, value })
  }

  get manifest(): ModelManifest {
    return this.worker.manifest
  }

  /** Plays on; the actions depend on the index alone. */
  async play(chunks: number): Promise<void> {
    const { run, worker } = this
    if (!run.isOpen) await worker.open(run.spec, run.history, structuredClone(run.mark))
    run.isOpen = true
    for (let i = 0; i < chunks; i++) {
      const index = run.nextIndex
      const job = { rolloutId: run.spec.id, index, actions: actionsAt(this.manifest, index), caption: run.caption }
      const [result] = await worker.generate([job])
      run.commit(job, result!)
    }
  }

  value(): WorldValue {
    return this.run.value(new Date(0))
  }
}

function actionsAt({ actionSpace, frames }: ModelManifest, index: number): Float32Array {
  const width = actionSpace.buttons.length + actionSpace.axes.length
  const out = new Float32Array(frames.perChunk * width)
  const action = { held: index % 3 === 0 ? ['forward'] : [], axes: { 'camera.yaw': ((index * 7) % 11) - 5 } }
  for (let frame = 0; frame < frames.perChunk; frame++) encodeAction(actionSpace, action, out, frame * width)
  return out
}
