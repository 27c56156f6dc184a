import { describe, expect, it } from 'vitest'
import { type Action, type ActionSpace, actionWidth, encodeAction, NO_ACTION } from './action.ts'

const space: ActionSpace = {
  buttons: [
    { name: 'forward', binding: 'hold' },
    { name: 'jump', binding: 'press' },
  ],
  axes: [{ name: 'camera.yaw', binding: 'pointer', unit: 'degrees/frame', max: 8 }],
}

describe('encodeAction', () => {
  it('writes buttons in order, then axes scaled by their range', () => {
    const out = new Float32Array(actionWidth(space))
    encodeAction(space, { held: ['jump'], axes: { 'camera.yaw': 2 } }, out)
    expect([...out]).toEqual([0, 1, 0.25])
  })

  it('clamps an axis to its range', () => {
    const out = new Float32Array(3)
    encodeAction(space, { held: [], axes: { 'camera.yaw': -80 } }, out)
    expect(out[2]).toBe(-1)
  })

  it('overwrites only its own slot', () => {
    const out = new Float32Array(9).fill(7)
    encodeAction(space, NO_ACTION, out, 3)
    expect([...out]).toEqual([7, 7, 7, 0, 0, 0, 7, 7, 7])
  })

  it.each<Action>([
    { held: ['fly'], axes: {} },
    { held: [], axes: { roll: 1 } },
    { held: [], axes: { 'camera.yaw': Number.NaN } },
  ])('refuses %j', (action) => {
    expect(() => encodeAction(space, action, new Float32Array(3))).toThrow(
      expect.objectContaining({ code: 'action-invalid' }),
    )
  })
})
