import { beforeAll, describe, expect, it } from 'vitest'
import type { DecodeInput, DecodeOutput } from '../../model/denoiser.ts'
import { FakeModel } from '../../model/fake-model.ts'
import { InProcessWorker } from '../../worker/in-process-worker.ts'
import type { Clip } from '../clip.ts'
import type { Evaluation } from '../evaluation.ts'
import { playFakeClip } from '../fake-clip.ts'
import { FakeJudges } from '../fake-judges.ts'
import { holdOut } from '../held-out.ts'
import type { CellReading, PictureSize } from '../judges.ts'
import { changedCells, isThere, measureEdits } from './edits.ts'

const NAMES = ['grass', 'cobblestone', 'hand', 'pig head']

/** 4x4 cells; the middle four are 5, 6, 9 and 10. */
function reading(blocks: Record<number, number>): CellReading {
  const cells = Uint8Array.from({ length: 16 }, (_, cell) => blocks[cell] ?? 0)
  return { rows: 4, columns: 4, blocks: cells, inverseDepth: new Float32Array(16) }
}

describe('edits', () => {
  const before = reading({})
  const after = reading({ 0: 1, 5: 1, 6: 1, 9: 2, 10: 1 })

  it('are what changed in the middle and stays, but for hands and animals', () => {
    expect(changedCells(before, after, after, NAMES)).toEqual([5, 6, 10])
    expect(changedCells(before, after, reading({ 5: 1, 6: 1 }), NAMES)).toEqual([5, 6])
    expect(changedCells(reading({ 5: 3 }), after, after, NAMES)).toEqual([6, 10])
    expect(changedCells(before, before, before, NAMES)).toEqual([])
  })

  it('are there when half of them are', () => {
    expect(isThere([5, 6], after, reading({ 5: 1 }))).toBe(true)
    expect(isThere([5, 6, 10], after, reading({ 5: 1 }))).toBe(false)
    expect(isThere([5, 6], after, before)).toBe(false)
  })
})

/** Paints bricks over the lower middle of a picture uint8 [H,W,3]. */
function paintBricks(picture: Uint8Array, { width, height }: PictureSize): void {
  for (let y = height / 2; y < height * 0.75; y++) {
    for (let x = width / 4; x < width * 0.75; x++) picture.set([255, 0, 0], (y * width + x) * 3)
  }
}

/** Shows bricks in the first `chunks` that it decodes. */
class BrickModel extends FakeModel {
  #left: number

  constructor(chunks: number, memory = false) {
    super({ memory })
    this.#left = chunks
  }

  override async decode(input: DecodeInput): Promise<DecodeOutput> {
    const decoded = await super.decode(input)
    const bytes = input.size.width * input.size.height * 3
    if (this.#left-- > 0) {
      for (let at = 0; at < decoded.frames.length; at += bytes) {
        paintBricks(decoded.frames.subarray(at, at + bytes), input.size)
      }
    }
    return decoded
  }
}

describe('placed blocks', () => {
  const chunks = 14
  let clip: Clip
  beforeAll(async () => {
    const yawOf = (chunk: number) => (chunk === 0 || chunk === 13 ? 0 : chunk < 7 ? 7 : -7)
    clip = await playFakeClip({ chunks, action: (chunk) => ({ held: [], axes: { 'camera.yaw': yawOf(chunk) } }) })
    const bytes = clip.width * clip.height * 3
    for (const frame of [2, 3, ...Array.from({ length: 4 }, (_, i) => clip.frames - 4 + i)]) {
      paintBricks(clip.rgb.subarray(frame * bytes, (frame + 1) * bytes), clip)
    }
  })

  async function evaluationOf(model: FakeModel, judges?: FakeJudges): Promise<Evaluation> {
    const size = model.manifest.sizes[0]!
    const heldOut = [await holdOut(model, clip, size)]
    return { model, worker: new InProcessWorker(model), size, steps: 2, heldOut, judges, onProgress: () => {} }
  }

  it('are there for a model that keeps them, and gone for one that does not', async () => {
    const kept = await measureEdits(await evaluationOf(new BrickModel(1000), new FakeJudges()))
    expect(kept).toEqual({ persistence: 1, without: null, ceiling: 1, edits: 1 })
    const lost = await measureEdits(await evaluationOf(new BrickModel(chunks), new FakeJudges()))
    expect(lost).toEqual({ persistence: 0, without: null, ceiling: 1, edits: 1 })
  })

  it('are looked for with and without memory where there is one', async () => {
    const kept = await measureEdits(await evaluationOf(new BrickModel(1000, true), new FakeJudges()))
    expect(kept).toMatchObject({ persistence: 1, without: 1 })
  })

  it('are not measured where the judge cannot tell, and it is said why', async () => {
    const blind = await measureEdits(await evaluationOf(new FakeModel(), new FakeJudges()))
    expect(blind).toMatchObject({
      persistence: null,
      ceiling: 0,
      reason: expect.stringMatching(/finds 0 % of the edits/),
    })
    expect(await measureEdits(await evaluationOf(new FakeModel()))).toMatchObject({ reason: 'no judges' })
    const evaluation = await evaluationOf(new FakeModel(), new FakeJudges())
    expect((await measureEdits({ ...evaluation, heldOut: [] })).reason).toMatch(/no clips/)
  })
})
