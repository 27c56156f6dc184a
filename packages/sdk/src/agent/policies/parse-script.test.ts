import { describe, expect, it } from 'vitest'
import { FAKE_MANIFEST } from '../../transport/fake-manifest.ts'
import { FakeBackend } from '../fake-backend.ts'
import { runPolicy } from '../run-policy.ts'
import { WorldEnv } from '../world-env.ts'
import { parseScript } from './parse-script.ts'
import { scripted, scriptFrames } from './scripted.ts'

const parts = (text: string) => parseScript(text).parts

describe('a script', () => {
  it('reads as it sounds', () => {
    expect(parts('walk forward 20 ticks, turn 90, jump')).toEqual([
      { buttons: ['forward'], frames: 20, yaw: 0, pitch: 0 },
      { buttons: [], frames: 15, yaw: 90, pitch: 0 },
      { buttons: ['jump'], frames: 4, yaw: 0, pitch: 0 },
    ])
  })

  it('does two things at once, in seconds too', () => {
    expect(parts('Run left 2 seconds and turn left 45')).toEqual([
      { buttons: ['sprint', 'left'], frames: 40, yaw: -45, pitch: 0 },
    ])
    expect(parts('walk 1.5 s and jump')).toEqual([{ buttons: ['forward', 'jump'], frames: 30, yaw: 0, pitch: 0 }])
  })

  it('knows looking, slots, comments and lines', () => {
    expect(parts('look up 12 # at the sky\n\nslot 3; place\nwait 8')).toEqual([
      { buttons: [], frames: 2, yaw: 0, pitch: -12 },
      { buttons: ['hotbar.3'], frames: 4, yaw: 0, pitch: 0 },
      { buttons: ['use'], frames: 4, yaw: 0, pitch: 0 },
      { buttons: [], frames: 8, yaw: 0, pitch: 0 },
    ])
  })

  it('may repeat', () => {
    expect(parseScript('jump').repeats).toBe(false)
    expect(parseScript('jump\nrepeat').repeats).toBe(true)
    expect(scriptFrames('walk 20, turn 90')).toBe(35)
  })

  it.each([
    ['walk forward\nfly 3', 'line 2: unknown word "fly"'],
    ['walk 20 parsecs', 'line 1: unexpected word "parsecs"'],
    ['turn 1e9', 'line 1: not a number from -36000 to 36000: "1e9"'],
    ['walk 3.4.5', 'line 1: not a number from 0 to 1000000: "3.4.5"'],
    ['slot 12', 'line 1: not a number from 1 to 9: "12"'],
    ['slot', 'line 1: something is missing after "slot"'],
    ['jump and', 'line 1: something is missing after "and"'],
    ['repeat, walk', 'line 1: nothing can follow "repeat" "walk"'],
    ['# nothing', 'line 1: the script says nothing to do'],
    ['constructor 3', 'line 1: unknown word "constructor"'],
  ])('%j is refused with line and word', (text, message) => {
    expect(() => parseScript(text)).toThrow(expect.objectContaining({ code: 'script-invalid', message }))
  })
})

describe('a scripted policy', () => {
  const play = async (text: string, frameSkip = 1, maxSteps = 20) => {
    const backend = new FakeBackend(FAKE_MANIFEST)
    const env = new WorldEnv(backend, { frameSkip })
    await runPolicy(env, scripted(text), { maxSteps })
    return { env, actions: backend.calls.flatMap(([move]) => move!.actions) }
  }

  it('plays exact frames, whatever the steps, and stands still afterwards', async () => {
    const text = 'walk 6 ticks, turn 90, slot 2'
    const { env, actions } = await play(text)
    expect(actions.filter(({ held }) => held.includes('forward'))).toHaveLength(6)
    expect(actions.filter(({ held }) => held.includes('hotbar.2'))).toHaveLength(1)
    expect(env.observation!.pose!.yaw).toBeCloseTo(90)
    expect(
      actions.slice(scriptFrames(text)).every(({ held, axes }) => held.length + Object.keys(axes).length === 0),
    ).toBe(true)
    const skipped = await play(text, 2, 10)
    expect(skipped.actions).toEqual(actions)
  })

  it('repeats', async () => {
    const { actions } = await play('jump 1 tick, wait 2 ticks, repeat', 1, 3)
    expect(actions.map(({ held }) => held.length)).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0])
  })

  it('refuses a turn that is faster than the model', async () => {
    await expect(play('walk 2 ticks and turn 90')).rejects.toMatchObject({
      code: 'script-invalid',
      message: 'a turn of 90 degrees takes at least 12 ticks, not 2',
    })
  })
})
