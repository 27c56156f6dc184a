import type { ActionSpace } from '@sora-world/sdk/protocol'
import { describe, expect, it } from 'vitest'
import { type ActionLogits, drawActions } from './draw-actions.ts'

const FRAMES = 4
const BINS = [-1, 0, 0.5]
const space: ActionSpace = {
  buttons: [
    { name: 'forward', binding: 'hold' },
    { name: 'drop', binding: 'press' },
  ],
  axes: [{ name: 'camera.yaw', binding: 'pointer', unit: 'degrees/frame', max: 8 }],
}

function logits(forward: number, drop: number, camera: readonly number[]): ActionLogits {
  const repeat = (values: readonly number[]) => Float32Array.from(new Array(FRAMES).fill(values).flat())
  return { buttons: repeat([forward, drop]), camera: repeat(camera) }
}

/** One column of [F,A] for each of many chunks. */
function columns(from: ActionLogits, column: number, chunks = 2000): number[][] {
  return Array.from({ length: chunks }, (_, chunk) => {
    const actions = drawActions(from, space, BINS, 5, chunk)
    return Array.from({ length: FRAMES }, (_, frame) => actions[frame * 3 + column]!)
  })
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('drawActions', () => {
  it('does what the logits are sure of', () => {
    const actions = drawActions(logits(30, -30, [-30, -30, 30]), space, BINS, 0, 0)
    expect([...actions]).toEqual(new Array(FRAMES).fill([1, 0, 0.5]).flat())
  })

  it('is the same for the same seed and chunk', () => {
    const unsure = logits(0, 0, [0, 0, 0])
    expect(drawActions(unsure, space, BINS, 1, 9)).toEqual(drawActions(unsure, space, BINS, 1, 9))
    expect(columns(unsure, 0)).not.toEqual(columns(unsure, 0).map((frames) => frames.map((value) => 1 - value)))
    expect(new Set(columns(unsure, 2).flat())).toEqual(new Set(BINS))
  })

  it('draws each as often as its logit says', () => {
    const from = logits(Math.log(0.25 / 0.75), Math.log(0.1 / 0.9), [0.2, 0.3, 0.5].map(Math.log))
    expect(mean(columns(from, 0).flat())).toBeCloseTo(0.25, 1)
    expect(mean(columns(from, 1).flat())).toBeCloseTo(0.1, 1)
    const turns = columns(from, 2).flat()
    BINS.forEach((bin, i) => {
      expect(mean(turns.map((turn) => Number(turn === bin)))).toBeCloseTo([0.2, 0.3, 0.5][i]!, 1)
    })
  })

  it('keeps keys and turns over a chunk, and lets a press be one frame', () => {
    const unsure = logits(0, 0, [0, 0, 0])
    const isSteady = (frames: number[]) => frames.every((value) => value === frames[0])
    expect(columns(unsure, 0).every(isSteady)).toBe(true)
    expect(columns(unsure, 2).every(isSteady)).toBe(true)
    expect(columns(unsure, 1).every(isSteady)).toBe(false)
  })
})
