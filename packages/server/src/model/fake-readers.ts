import type { FrameSize, ModelManifest } from '@sora-world/sdk/protocol'
import { drawActions } from '../sampler/draw-actions.ts'
import { checkActInput, checkLatents } from './check-reader-inputs.ts'
import { modelDims } from './denoiser.ts'
import { fakeManifest } from './fake-manifest.ts'
import { readFakeLatent } from './fake-world.ts'
import type { ActInput, Readers } from './readers.ts'

const BINS = [-0.5, 0, 0.5]

/** Readers of the fake world: say which keys are held in it, and wander about. */
export class FakeReaders implements Readers {
  readonly manifest: ModelManifest = fakeManifest()
  readonly canDescribe = true
  readonly canAct = true

  async describe(latents: readonly Float32Array[], size: FrameSize): Promise<string> {
    checkLatents(this.manifest, latents, size)
    const { buttons } = this.manifest.actionSpace
    const world = readFakeLatent(latents.at(-1)!, modelDims(this.manifest, size), 0, buttons.length)
    const down = buttons.filter(({ binding }, i) => binding === 'hold' && world.buttons[i]).map(({ name }) => name)
    return ['a fake world', ...down].join(' ')
  }

  /** Walks three chunks of four; turns either way as often as not; words of the caption pull to the right. */
  async act(input: ActInput): Promise<Float32Array> {
    checkActInput(this.manifest, input)
    const { actionSpace, frames } = this.manifest
    const never = actionSpace.buttons.map(({ name }) => (name === 'forward' ? Math.log(3) : -30))
    const pull = input.caption.length / 100
    const turn = actionSpace.axes.flatMap(() => [-pull, 0, pull])
    const repeat = (values: number[]) => Float32Array.from(new Array(frames.perChunk).fill(values).flat())
    const logits = { buttons: repeat(never), camera: repeat(turn) }
    return drawActions(logits, actionSpace, BINS, input.rngSeed, input.chunkIndex)
  }

  async release(): Promise<void> {}
}
