import {
  type DecodeInput,
  type DecodeOutput,
  type DenoiseInput,
  type DenoiseOutput,
  modelDims,
} from '../model/denoiser.ts'
import { FakeModel } from '../model/fake-model.ts'

const GREY = 128

/**
 * A fake with world memory that breaks down on command: once "drop" was pressed its pictures are grey, and as a real model
 * does, it goes on with what it sees behind it, until it is not shown that any more.
 */
export class MeltingModel extends FakeModel {
  constructor() {
    super({ memory: true })
  }

  override async denoise(input: DenoiseInput): Promise<DenoiseOutput> {
    const out = await super.denoise(input)
    const { latentLength, contextChunks } = modelDims(this.manifest, input.size)
    const command = this.manifest.actionSpace.buttons.findIndex(({ name }) => name === 'drop')
    for (let row = 0; row < input.batch; row++) {
      const actions = rowOf(input.actions, input.batch, row)
      const width = actions.length / this.manifest.frames.perChunk
      const isTold = actions.some((value, i) => i % width === command && value > 0.5)
      const seesPast = rowOf(input.mask, input.batch, row)
        .subarray(0, contextChunks)
        .some((seen) => seen > 0.5)
      const isMolten = seesPast && rowOf(input.previous, input.batch, row).every((value) => value === 0)
      if (isTold || isMolten) out.clean.fill(0, row * latentLength, (row + 1) * latentLength)
    }
    return out
  }

  override async decode(input: DecodeInput): Promise<DecodeOutput> {
    const out = await super.decode(input)
    for (let row = 0; row < input.batch; row++) {
      if (rowOf(input.latent, input.batch, row).every((value) => value === 0))
        rowOf(out.frames, input.batch, row).fill(GREY)
    }
    return out
  }
}

function rowOf<T extends Float32Array | Uint8Array>(values: T, rows: number, row: number): T {
  const length = values.length / rows
  return values.subarray(row * length, (row + 1) * length) as T
}
