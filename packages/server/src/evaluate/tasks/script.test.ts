import { describe, expect, it } from 'vitest'
import { lookAt, REST, Script } from './script.ts'
import { breakRow } from './scripts.ts'

const yawOf = (script: Script) => script.actions().reduce((sum, { axes }) => sum + (axes['camera.yaw'] ?? 0), 0)

describe('script', () => {
  it('leads into frame 1 first, and fills whole chunks with nothing', () => {
    const script = new Script().hold(2, ['forward']).mark('end')
    expect(script.marks).toEqual({ start: REST, end: REST + 2 })
    expect(script.frames).toBe(12)
    const held = script.actions().map((action) => action.held.length)
    expect(held).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0])
  })

  it('turns evenly, never faster than it may, and back again', () => {
    const script = new Script().look(100, 6).look(0, -10)
    const fastest = Math.max(...script.actions().map(({ axes }) => Math.abs(axes['camera.yaw'] ?? 0)))
    expect(fastest).toBeLessThanOrEqual(8)
    expect(yawOf(script)).toBeCloseTo(0)
    expect(new Script().look(0, 6).stretches).toHaveLength(1)
  })

  it('looks at points on the ground and above it', () => {
    expect(lookAt(1.62, 0)).toEqual({ yaw: 0, pitch: 45 })
    expect(lookAt(2, 2).yaw).toBeCloseTo(45)
    expect(lookAt(2, 0, 1.62).pitch).toBeCloseTo(0)
  })

  it('comes back to the view of before for what is compared', () => {
    const script = breakRow()
    const pitch = (to: number) =>
      script
        .actions()
        .slice(0, to + 1)
        .reduce((sum, { axes }) => sum + (axes['camera.pitch'] ?? 0), 0)
    expect(pitch(script.marks.end!)).toBeCloseTo(pitch(script.marks.before!))
    expect(pitch(script.marks.after!)).toBeCloseTo(pitch(script.marks.before!))
  })
})
