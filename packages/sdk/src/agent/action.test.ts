import { describe, expect, it } from 'vitest'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import { type EnvAction, frameActions, mostTurn } from './action.ts'

const space = FAKE_MANIFEST.actionSpace
const spread = (action: unknown, frames = 4) => frameActions(space, action as EnvAction, frames)

describe('actions of a step', () => {
  it('hold buttons in all frames and press in the first', () => {
    const actions = spread({ forward: true, jump: 1, 'hotbar.3': true, sneak: false, left: 0 })
    expect(actions.map(({ held }) => held)).toEqual([
      ['forward', 'jump', 'hotbar.3'],
      ['forward', 'jump'],
      ['forward', 'jump'],
      ['forward', 'jump'],
    ])
  })

  it('spread a turn over the frames', () => {
    const actions = spread({ camera: { yaw: 12, pitch: -2 } })
    expect(actions.map(({ axes }) => axes)).toEqual(Array(4).fill({ 'camera.yaw': 3, 'camera.pitch': -0.5 }))
    expect(mostTurn(space, 4)).toEqual({ yaw: 32, pitch: 32 })
    expect(() => spread({ camera: { yaw: 32, pitch: -32 } })).not.toThrow()
  })

  it('may be told frame by frame', () => {
    const list = [0, 1, 2, 3].map((yaw) => ({ held: ['back'], axes: { 'camera.yaw': yaw } }))
    expect(spread(list)).toEqual(list)
  })

  it.each([
    ['nothing', undefined, /undefined is no action/],
    ['NaN', Number.NaN, /NaN is no action/],
    ['an unknown button', { fly: true }, /unknown button "fly"; known: forward.*camera/],
    ['a button that is NaN', { forward: Number.NaN }, /"forward"/],
    ['a turn of NaN', { camera: { yaw: Number.NaN } }, /camera.yaw is NaN/],
    ['a turn without end', { camera: { pitch: Number.POSITIVE_INFINITY } }, /camera.pitch is Infinity/],
    ['a turn that is too fast', { camera: { yaw: 33 } }, /camera.yaw of 8.25 degrees.*at most 8, 32 in a step/],
    ['another axis of the camera', { camera: { roll: 1 } }, /no "roll"/],
    ['a camera that is a number', { camera: 5 }, /"camera" is not/],
    ['a list that is too short', [{ held: [], axes: {} }], /4 frames, the list has 1/],
    ['a list of something else', [1, 2, 3, 4], /frame 0 is no action/],
    ['NaN in a list', Array(4).fill({ held: [], axes: { 'camera.yaw': Number.NaN } }), /not a finite number/],
  ])('refuse %s', (_, action, words) => {
    expect(() => spread(action)).toThrow(expect.objectContaining({ code: 'action-invalid' }))
    expect(() => spread(action)).toThrow(words)
  })
})
