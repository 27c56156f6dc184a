import { beforeAll, describe, expect, it } from 'vitest'
import type { DecodeInput, DecodeOutput, DenoiseInput, DenoiseOutput } from '../../model/denoiser.ts'
import { FakeModel } from '../../model/fake-model.ts'
import { InProcessWorker } from '../../worker/in-process-worker.ts'
import type { CommittedChunk, RolloutSpec } from '../../worker/model-worker.ts'
import type { Clip } from '../clip.ts'
import type { Evaluation } from '../evaluation.ts'
import { ExactModel, playFakeClip } from '../fake-clip.ts'
import { FakeJudges, hueOf } from '../fake-judges.ts'
import { holdOut } from '../held-out.ts'
import { agreement, measureCaptions } from './captions.ts'
import { measureDepth } from './coded-depth.ts'
import { measureControl } from './control.ts'
import { driftRatio, measureDrift } from './drift.ts'
import { measureNextChunk } from './next-chunk.ts'
import { followPoses, poseFigures } from './pose.ts'
import { measureReconstruction } from './reconstruction.ts'
import { findReturn, measureRevisit } from './revisit.ts'

/** Does not hear what it is told: the same world whatever is pressed or written. */
class DeafModel extends FakeModel {
  override denoise(input: DenoiseInput): Promise<DenoiseOutput> {
    const silence = (values: Float32Array) => new Float32Array(values.length)
    return super.denoise({ ...input, actions: silence(input.actions), pooled: silence(input.pooled) })
  }
}

/** Goes black once its decoder has run for a second. */
class FadingModel extends FakeModel {
  #calls = 0

  override async decode(input: DecodeInput): Promise<DecodeOutput> {
    const decoded = await super.decode(input)
    if (++this.#calls > 5) decoded.frames.fill(0)
    return decoded
  }
}

/** Half as deep, and sees things in the sky. */
class ShallowModel extends FakeModel {
  override async decode(input: DecodeInput): Promise<DecodeOutput> {
    const decoded = await super.decode(input)
    return { ...decoded, inverseDepth: decoded.inverseDepth.map((value) => value * 2 + (value === 0 ? 1 : 0)) }
  }
}

/** Writes down whether rollouts were opened with memory. */
class WatchedWorker extends InProcessWorker {
  readonly memories: (boolean | undefined)[] = []

  override open(spec: RolloutSpec, history?: readonly CommittedChunk[]): Promise<void> {
    this.memories.push(spec.memory)
    return super.open(spec, history)
  }
}

/** Truth as the fake model plays it, and what it knows of it. */
const latents = new Map<string, Float32Array>()
let clips: Clip[]
beforeAll(async () => {
  clips = [
    await playFakeClip({
      name: 'turning',
      latents,
      chunks: 10,
      rngSeed: 1,
      action: (chunk) => ({ held: chunk % 2 ? ['forward'] : ['forward', 'jump'], axes: { 'camera.yaw': chunk - 3 } }),
    }),
    await playFakeClip({
      name: 'there and back',
      latents,
      chunks: 14,
      rngSeed: 2,
      caption: 'a desert',
      action: (chunk) => ({
        held: ['back'],
        axes: { 'camera.yaw': chunk === 0 ? 0 : chunk < 7 ? 7 : chunk < 13 ? -7 : 0 },
      }),
    }),
  ]
})

async function evaluationOf(model: FakeModel, judges?: FakeJudges): Promise<Evaluation> {
  const size = model.manifest.sizes[0]!
  const heldOut = await Promise.all(clips.map((clip) => holdOut(model, clip, size)))
  return { model, worker: new InProcessWorker(model), size, steps: 2, heldOut, judges, onProgress: () => {} }
}

describe('reconstruction', () => {
  it('loses nothing with an exact codec, and something with the barcode', async () => {
    expect(measureReconstruction(await evaluationOf(new ExactModel(latents)))).toEqual({ psnr: 99, fastTurn: 99 })
    const { psnr, fastTurn } = measureReconstruction(await evaluationOf(new FakeModel()))
    expect(psnr).toBeGreaterThan(15)
    expect(psnr).toBeLessThan(40)
    expect(fastTurn).toBeLessThan(40)
  })

  it('has no fast turns where there are none', async () => {
    const evaluation = await evaluationOf(new FakeModel())
    expect(measureReconstruction({ ...evaluation, heldOut: evaluation.heldOut.slice(0, 1) }).fastTurn).not.toBeNull()
    evaluation.heldOut[0]!.clip = { ...clips[0]!, motion: clips[0]!.motion.map((motion) => motion.with(3, 5.9)) }
    expect(measureReconstruction({ ...evaluation, heldOut: evaluation.heldOut.slice(0, 1) }).fastTurn).toBeNull()
  })
})

describe('one chunk ahead', () => {
  it('is perfect when the model is, whatever the steps', async () => {
    const figures = await measureNextChunk(await evaluationOf(new ExactModel(latents)))
    expect(figures).toMatchObject({ bySteps: { 1: 99, 2: 99, 4: 99 }, ceiling: 99 })
    expect(figures.repeatLastFrame).toBeLessThan(20)
  })

  it('shows a model that ignores actions', async () => {
    const good = await measureNextChunk(await evaluationOf(new FakeModel()))
    expect(good.actionShuffleRatio).toBeGreaterThan(2)
    const deaf = await measureNextChunk(await evaluationOf(new DeafModel()))
    expect(deaf.bySteps['2']).toBeLessThan(good.bySteps['2']! - 3)
    expect(deaf.actionShuffleRatio).toBe(1)
  })

  it('says null for step counts that the model does not allow', async () => {
    const evaluation = await evaluationOf(new FakeModel())
    evaluation.model.manifest.denoiser.steps.allowed.splice(0, 3, 2)
    expect((await measureNextChunk(evaluation)).bySteps).toEqual({ 1: null, 2: expect.any(Number), 4: null })
  })
})

describe('control', () => {
  it('is perfect for a model that obeys, up to the steps of the barcode', async () => {
    const { generated, truth } = await measureControl(await evaluationOf(new FakeModel(), new FakeJudges()))
    expect(generated.keyF1).toBe(1)
    expect(generated.turnErrorDeg).toBeLessThan(0.3)
    expect(generated.turnGain).toBeCloseTo(1, 1)
    expect(truth.keyF1).toBe(1)
    expect(truth.turnErrorDeg).toBeLessThan(0.3)
  })

  it('is nothing for a model that does not', async () => {
    const { generated, truth } = await measureControl(await evaluationOf(new DeafModel(), new FakeJudges()))
    expect(generated.keyF1).toBe(0)
    expect(Math.abs(generated.turnGain!)).toBeLessThan(0.1)
    expect(generated.turnErrorTurningDeg).toBeGreaterThan(3)
    expect(truth.keyF1).toBe(1)
  })

  it('is null without judges', async () => {
    expect((await measureControl(await evaluationOf(new FakeModel()))).generated.keyF1).toBeNull()
  })
})

describe('look away and back', () => {
  const turn = (...yaws: number[]) => yaws.map((yaw) => [0, 0, 0, yaw, 0])

  it('finds where a view comes back', () => {
    expect(findReturn(turn(0, 20, 40, 70, 90, 70, 40, 20, 1, 0))).toEqual({
      turning: 4,
      again: [
        { frame: 7, before: 1 },
        { frame: 8, before: 0 },
        { frame: 9, before: 0 },
      ],
    })
    // Once round is a way back too.
    expect(findReturn(turn(0, 90, 180, 270, 359))?.again).toEqual([{ frame: 4, before: 0 }])
  })

  it('needs a turn away, and the same place', () => {
    expect(findReturn(turn(0, 20, 40, 20, 0))).toBeUndefined()
    expect(findReturn([...turn(0, 70, 70), [1, 0, 0, 0, 0]])).toBeUndefined()
    expect(findReturn([...turn(0, 70, 70), [0, 0, 0, 0, 30]])).toBeUndefined()
  })

  it('measures what is generated there', async () => {
    const good = await measureRevisit(await evaluationOf(new ExactModel(latents)))
    expect(good).toMatchObject({ without: 99, ceiling: 99, withMemory: null })
    expect(good.frames).toBeGreaterThan(4)
    expect(good.earlierView).toBeLessThan(40)
    expect((await measureRevisit(await evaluationOf(new DeafModel()))).without).toBeLessThan(20)
  })

  it('is measured with and without the memory of a model that has one', async () => {
    const evaluation = await evaluationOf(new FakeModel({ memory: true }))
    const worker = new WatchedWorker(evaluation.model)
    const { withMemory, without, frames } = await measureRevisit({ ...evaluation, worker })
    expect(frames).toBeGreaterThan(4)
    expect([withMemory, without]).toEqual([expect.any(Number), expect.any(Number)])
    expect(worker.memories).toEqual([true, false])
  })
})

describe('captions', () => {
  const hues = async () => ({
    desert: await hueOf('a sandy desert at noon, clear sky'),
    forest: await hueOf('a dense forest at noon, clear sky'),
  })

  it('are followed by a model that reads them, and not by one that does not', async () => {
    const good = await measureCaptions(await evaluationOf(new FakeModel(), new FakeJudges(await hues())), false)
    expect(good.generated).toEqual({ biome: 1, time: 1, weather: 1, mean: 1 })
    expect(good.views.map(({ caption }) => caption)).toEqual([
      'a sandy desert at noon, clear sky',
      'a dense forest at noon, clear sky',
    ])
    const deaf = await measureCaptions(await evaluationOf(new DeafModel(), new FakeJudges(await hues())), false)
    expect(deaf.generated.biome).toBe(0.5)
  })

  it('are null without judges', async () => {
    const { generated, truth } = await measureCaptions(await evaluationOf(new FakeModel()), true)
    expect([generated.mean, truth.mean]).toEqual([null, null])
  })

  it('agree in shares', () => {
    const wish = { biome: 'snow', time: 'day', weather: 'fog' }
    expect(agreement([wish, wish], [wish, { ...wish, biome: 'forest' }])).toMatchObject({ biome: 0.5, time: 1 })
  })
})

describe('drift', () => {
  const at = (...values: number[]) => values.map((value) => Float32Array.of(value, value / 2))

  it('is 1 when the end is as the start was, more when it is not', () => {
    const still = Array.from({ length: 8 }, (_, i) => ({ start: at(i, i + 1, i), end: at(i, i + 1, i) }))
    expect(driftRatio(still).ratio).toBeCloseTo(1, 6)
    const wandered = still.map(({ start, end }) => ({ start, end: end.map((feature) => feature.map((x) => x + 9)) }))
    expect(driftRatio(wandered).ratio).toBeGreaterThan(5)
    // All worlds have become one.
    const same = still.map(({ start }) => ({ start, end: at(20, 21, 20) }))
    expect(driftRatio(same).ratio).toBeGreaterThan(5)
  })

  it('counts rollouts that break down', async () => {
    const length = { rollouts: 4, seconds: 2 }
    const good = await measureDrift(await evaluationOf(new FakeModel(), new FakeJudges()), length)
    expect(good).toMatchObject({ collapses: 0, ...length })
    expect(good.ratio).toBeGreaterThan(0)
    const evaluation = { ...(await evaluationOf(new FakeModel())), worker: new InProcessWorker(new FadingModel()) }
    expect(await measureDrift(evaluation, length)).toMatchObject({ collapses: 4, ratio: null })
  })
})

describe('depth and pose', () => {
  it('are exact for the fake', async () => {
    expect(measureDepth(await evaluationOf(new FakeModel()))).toBeCloseTo(0, 6)
    expect((await measureNextChunk(await evaluationOf(new FakeModel()))).depthError).toBeCloseTo(0, 6)
    const pose = poseFigures(await followPoses(await evaluationOf(new FakeModel())))
    expect(pose.translationPercent).toBeCloseTo(0, 4)
    expect(pose.driftPercent).toBeCloseTo(0, 4)
    expect(pose.yawDeg).toBeCloseTo(0, 4)
  })

  it('show a model that is wrong', async () => {
    // Twice the inverse depth is half the depth; what is sky in truth does not count.
    expect(measureDepth(await evaluationOf(new ShallowModel()))).toBeCloseTo(0.5, 6)
    expect((await measureNextChunk(await evaluationOf(new ShallowModel()))).depthError).toBeCloseTo(0.5, 6)
    const pose = poseFigures(await followPoses(await evaluationOf(new DeafModel())))
    expect(pose.translationPercent).toBeCloseTo(100, 4)
    expect(pose.driftPercent).toBeGreaterThan(20)
    expect(pose.yawDeg).toBeGreaterThan(3)
  })
})
