import { describe, expect, it } from 'vitest'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import { InputState } from './input-state.ts'

function make(): { input: InputState; time: { ms: number }; changes: () => number } {
  const time = { ms: 10 }
  let count = 0
  const input = new InputState(
    FAKE_MANIFEST.actionSpace,
    () => time.ms,
    () => count++,
  )
  return { input, time, changes: () => count }
}

const NOTHING = { held: [], pressed: [], axes: {}, changedAtMs: null }

describe('InputState', () => {
  it('reports held buttons as long as they are down, and their edge once', () => {
    const { input } = make()
    input.hold('forward', true)
    expect(input.drain()).toEqual({ held: ['forward'], pressed: ['forward'], axes: {}, changedAtMs: 10 })
    expect(input.drain()).toEqual({ ...NOTHING, held: ['forward'] })
    input.hold('forward', false)
    expect(input.drain()).toEqual({ ...NOTHING, changedAtMs: 10 })
  })

  it('does not lose a tap between two ticks', () => {
    const { input } = make()
    input.hold('attack', true)
    input.hold('attack', false)
    expect(input.drain()).toMatchObject({ held: [], pressed: ['attack'] })
  })

  it('sums turns and gives them once', () => {
    const { input } = make()
    input.turn('camera.yaw', 5)
    input.turn('camera.yaw', -2)
    input.turn('camera.pitch', 1)
    expect(input.drain().axes).toEqual({ 'camera.yaw': 3, 'camera.pitch': 1 })
    expect(input.drain().axes).toEqual({})
  })

  it('leaves what is too much for one message to the next ones', () => {
    const { input } = make()
    input.turn('camera.yaw', 25)
    const parts = [input.drain(10), input.drain(10), input.drain(10), input.drain(10)]
    expect(parts.map(({ axes }) => axes['camera.yaw'])).toEqual([10, 10, 5, undefined])
    expect(parts.map(({ changedAtMs }) => changedAtMs)).toEqual([10, 10, 10, null])
  })

  it('keeps a button down while any device holds it', () => {
    const { input } = make()
    input.hold('forward', true, 'keyboard')
    input.hold('forward', true, 'gamepad')
    input.hold('forward', false, 'keyboard')
    expect(input.held).toEqual(['forward'])
    input.release('gamepad')
    expect(input.held).toEqual([])
  })

  it('lets go of one device or of everything', () => {
    const { input } = make()
    input.hold('forward', true, 'keyboard')
    input.hold('attack', true, 'pointer')
    input.release('pointer')
    expect(input.held).toEqual(['forward'])
    input.release()
    expect(input.held).toEqual([])
  })

  it('remembers when the first change happened, and tells of changes only', () => {
    const { input, time, changes } = make()
    input.hold('jump', true)
    time.ms = 30
    input.hold('jump', true)
    input.turn('camera.yaw', 0)
    expect(changes()).toBe(1)
    input.press('use')
    expect(input.drain().changedAtMs).toBe(10)
    input.press('use')
    expect(input.drain().changedAtMs).toBe(30)
  })

  it('goes on in the hotbar from the slot that any device chose last', () => {
    const slots = ['hotbar.1', 'hotbar.2', 'hotbar.3'].map((name) => ({ name, binding: 'press' as const }))
    const input = new InputState({ buttons: slots, axes: [] }, () => 0)
    input.hold('hotbar.2', true, 'keyboard')
    input.hold('hotbar.2', false, 'keyboard')
    input.drain()
    input.turnHotbar(1)
    expect(input.drain().pressed).toEqual(['hotbar.3'])
    input.turnHotbar(1)
    expect(input.drain().pressed).toEqual(['hotbar.1'])
  })

  it('refuses what the model does not have', () => {
    const { input } = make()
    const attempts = [
      () => input.hold('fly', true),
      () => input.press('fly'),
      () => input.turn('roll', 1),
      () => input.turn('camera.yaw', Number.NaN),
    ]
    for (const attempt of attempts) expect(attempt).toThrow(expect.objectContaining({ code: 'action-invalid' }))
    expect(input.drain()).toEqual(NOTHING)
  })
})
