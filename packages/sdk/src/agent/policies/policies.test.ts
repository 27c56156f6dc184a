import { describe, expect, it } from 'vitest'
import { InputState } from '../../input/input-state.ts'
import { FAKE_MANIFEST } from '../../transport/fake-manifest.ts'
import type { NamedAction } from '../action.ts'
import { FakeBackend, type FakeBackendOptions } from '../fake-backend.ts'
import type { EpisodeStart, Policy } from '../policy.ts'
import { runPolicy } from '../run-policy.ts'
import { WorldEnv } from '../world-env.ts'
import { explorer } from './explorer.ts'
import { followCaption } from './follow-caption.ts'
import { human } from './human.ts'
import { type ActionScores, learned } from './learned.ts'
import { noop } from './noop.ts'
import { random } from './random.ts'

async function play<M>(policy: Policy<M>, options: FakeBackendOptions & { prompt?: string; steps?: number } = {}) {
  const backend = new FakeBackend(FAKE_MANIFEST, options)
  const env = new WorldEnv(backend, { prompt: options.prompt })
  await runPolicy(env, policy, { maxSteps: options.steps ?? 20, rngSeed: 3 })
  const actions = backend.calls.map(([move]) => move!.actions)
  const turns = actions.map((frames) => frames.reduce((sum, { axes }) => sum + (axes['camera.yaw'] ?? 0), 0))
  return { env, actions, turns, held: actions.map((frames) => frames[0]!.held) }
}

it('noop does nothing', async () => {
  const { held, turns } = await play(noop())
  expect(held.flat()).toEqual([])
  expect(turns.every((turn) => turn === 0)).toBe(true)
})

describe('random', () => {
  it('keeps at what it does, and draws the same for the same random seed', async () => {
    const { held, turns } = await play(random(), { steps: 200 })
    const changes = held.slice(1).filter((names, i) => names.join() !== held[i]!.join()).length
    expect(changes).toBeGreaterThan(10)
    expect(changes).toBeLessThan(60)
    expect(new Set(held.flat()).size).toBeGreaterThan(4)
    expect(turns.some((turn) => turn < 0) && turns.some((turn) => turn > 0)).toBe(true)
    expect((await play(random(), { steps: 200 })).held).toEqual(held)
  })

  it('never stares at the sky or its feet', async () => {
    const { env } = await play(random({ persistence: 0, turn: 1 }), { steps: 200 })
    expect(Math.abs(env.observation!.pose!.pitch)).toBeLessThan(45)
  })
})

describe('explorer', () => {
  it('walks in the open', async () => {
    const { env, held } = await play(explorer())
    expect(held.every((names) => names.includes('forward') && names.includes('sprint'))).toBe(true)
    expect(Math.hypot(env.observation!.pose!.x, env.observation!.pose!.z)).toBeGreaterThan(10)
  })

  it('turns away from a wall, to one side until it is gone', async () => {
    const wallUntil = 8
    const { turns, held } = await play(explorer(), { inverseDepth: (_, index) => (index < wallUntil ? 1 : 0) })
    const before = turns.slice(0, wallUntil)
    expect(before.every((turn) => Math.abs(turn) > 20 && Math.sign(turn) === Math.sign(before[0]!))).toBe(true)
    expect(held.slice(0, wallUntil).flat()).toEqual([])
    expect(held.slice(wallUntil).every((names) => names.includes('forward'))).toBe(true)
  })

  it('says that it needs depth', async () => {
    const { env } = await play(noop(), { steps: 1 })
    const policy = explorer()
    const memory = await policy.start({ rngSeed: 1, maxTurn: env.maxTurn } as EpisodeStart)
    const blind = { ...env.observation!, depth: null }
    expect(() => policy.act(blind, memory)).toThrow(expect.objectContaining({ code: 'unsupported' }))
  })
})

describe('follow-caption', () => {
  it.each([
    ['walking through a forest', ['forward'], 0],
    ['a player sprints ahead', ['forward', 'sprint'], 0],
    ['a forest, it starts to rain', [], 0],
    ['walking in a forest, turn left', [], -12],
    ['walking in a forest, stop', [], 0],
    ['go back and jump', ['back', 'jump'], 0],
    ['it digs', ['attack'], 0],
  ])('%j', async (prompt, expected, turn) => {
    const { held, turns } = await play(followCaption(), { prompt, steps: 1 })
    expect(held[0]!.toSorted()).toEqual(expected)
    expect(turns[0]).toBeCloseTo(turn)
  })
})

it('human does what a person holds, presses and turns', async () => {
  const input = new InputState(FAKE_MANIFEST.actionSpace, () => 0)
  input.hold('forward', true)
  input.press('hotbar.4')
  input.turn('camera.yaw', 500)
  const { actions, turns } = await play(human(input), { steps: 2 })
  expect(actions[0]!.map(({ held }) => held)).toEqual([['forward', 'hotbar.4'], ['forward'], ['forward'], ['forward']])
  expect(turns).toEqual([32, 0])
  expect(actions[1]![0]!.held).toEqual(['forward'])
})

describe('learned', () => {
  const { buttons, axes } = FAKE_MANIFEST.actionSpace
  const bins = [-4, 0, 4]
  /** Walks ahead for certain, jumps in a quarter of the frames, turns right in half of them. */
  const scores = (): ActionScores => {
    const likely = new Float32Array(4 * buttons.length)
    for (let frame = 0; frame < 4; frame++) {
      likely[frame * buttons.length] = 1
      likely[frame * buttons.length + 4] = 0.25
    }
    const rows = Array.from({ length: 4 * axes.length }, (_, row) => (row % 2 === 0 ? [0, 0.5, 0.5] : [0, 1, 0]))
    return { buttons: likely, axes: Float32Array.from(rows.flat()), bins }
  }
  const model = (predict: (lengths: number[]) => ActionScores) => {
    const asked: number[][] = []
    return {
      asked,
      ...{ name: 'stand-in', contextChunks: 3 },
      predict: async (query: { latents: readonly Float32Array[]; actions: readonly (readonly unknown[])[] }) => {
        asked.push(query.latents.map(([first]) => first!))
        expect(query.actions).toHaveLength(query.latents.length)
        return predict(query.latents.map(({ length }) => length))
      },
    }
  }

  it('reads the last chunks and draws as likely as the model says', async () => {
    const standIn = model(scores)
    const { actions } = await play(learned(standIn), { steps: 200 })
    expect(standIn.asked.slice(0, 5)).toEqual([[0], [0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4]])
    const frames = actions.flat()
    expect(frames.every(({ held }) => held.includes('forward'))).toBe(true)
    const share = (count: number) => count / frames.length
    expect(share(frames.filter(({ held }) => held.includes('jump')).length)).toBeCloseTo(0.25, 1)
    expect(share(frames.filter((each) => each.axes['camera.yaw'] === 4).length)).toBeCloseTo(0.5, 1)
  })

  it('does the likeliest at temperature 0', async () => {
    const { actions } = await play(learned(model(scores), { temperature: 0 }))
    expect(actions.flat().every(({ held }) => held.join() === 'forward')).toBe(true)
  })

  it.each([
    ['another shape', { ...scores(), buttons: new Float32Array(3) }],
    ['NaN', { ...scores(), buttons: scores().buttons.fill(Number.NaN) }],
  ])('refuses scores of %s', async (_, wrong) => {
    await expect(play(learned(model(() => wrong)))).rejects.toMatchObject({ code: 'policy-failed' })
  })

  it('refuses steps of several chunks', async () => {
    const env = new WorldEnv(new FakeBackend(FAKE_MANIFEST), { frameSkip: 2 })
    await expect(runPolicy(env, learned(model(scores)), { maxSteps: 1 })).rejects.toMatchObject({ code: 'unsupported' })
  })
})

it('one policy plays in several worlds at once', async () => {
  const policy: Policy<{ seen: number }> = {
    name: 'counts',
    start: () => ({ seen: 0 }),
    act: (_, memory): NamedAction => ({ forward: memory.seen++ % 2 === 0 }),
  }
  const [a, b] = await Promise.all([play(policy), play(policy)])
  expect(a.held).toEqual(b.held)
})
