import type { ActionSpace, ControlMessage } from '@sora-world/sdk/protocol'
import { describe, expect, it } from 'vitest'
import { ActionQueue } from './action-queue.ts'

const SPACE: ActionSpace = {
  buttons: [
    { name: 'forward', binding: 'hold' },
    { name: 'jump', binding: 'hold' },
    { name: 'drop', binding: 'press' },
  ],
  axes: [{ name: 'camera.yaw', binding: 'pointer', unit: 'degrees/frame', max: 8 }],
}

function queueWith(...messages: Partial<ControlMessage>[]): ActionQueue {
  const queue = new ActionQueue(SPACE)
  for (const message of messages) push(queue, message)
  return queue
}

function push(queue: ActionQueue, message: Partial<ControlMessage>, now = 0): void {
  queue.push({ seq: 1, held: [], pressed: [], axes: {}, ...message }, now)
}

/** Frames in which a button is down, as `1010`. */
function downIn(queue: ActionQueue, name: string, now = 0): string {
  return queue
    .take(4, now)
    .actions.map((action) => (action.held.includes(name) ? 1 : 0))
    .join('')
}

function yawOf(queue: ActionQueue): number[] {
  return queue.take(4, 0).actions.map((action) => action.axes['camera.yaw'] ?? 0)
}

describe('buttons', () => {
  it('are down in every frame while held, and the newest message wins', () => {
    const queue = queueWith({ held: ['jump'] }, { held: ['forward'] })
    expect(downIn(queue, 'forward')).toBe('1111')
    expect(downIn(queue, 'forward')).toBe('1111')
  })

  it('show a tap that is shorter than a chunk for one frame, once', () => {
    const queue = queueWith({ held: ['jump'] }, {})
    expect(downIn(queue, 'jump')).toBe('1000')
    expect(downIn(queue, 'jump')).toBe('0000')
    expect(downIn(queueWith({ pressed: ['jump'] }), 'jump')).toBe('1000')
  })

  it('show every press of a double tap, as far as they fit', () => {
    expect(downIn(queueWith({ pressed: ['drop'] }, { pressed: ['drop'] }), 'drop')).toBe('1010')
    expect(downIn(queueWith({ pressed: ['drop', 'drop', 'drop'] }), 'drop')).toBe('1010')
  })

  it('that mean one event are down for one frame, however long the key is held', () => {
    const queue = queueWith({ held: ['drop'], pressed: ['drop'] }, { held: ['drop'] })
    expect(downIn(queue, 'drop')).toBe('1000')
    expect(downIn(queue, 'drop')).toBe('0000')
  })
})

describe('axes', () => {
  it('are summed and spread over the frames', () => {
    expect(yawOf(queueWith({ axes: { 'camera.yaw': 6 } }, { axes: { 'camera.yaw': 2 } }))).toEqual([2, 2, 2, 2])
  })

  it('turn at most `max` a frame and go on in the next chunk, but not for ever', () => {
    const queue = queueWith({ axes: { 'camera.yaw': -40 } })
    expect(yawOf(queue)).toEqual([-8, -8, -8, -8])
    expect(yawOf(queue)).toEqual([-2, -2, -2, -2])
    expect(yawOf(queue)).toEqual([0, 0, 0, 0])
    const wild = queueWith({ axes: { 'camera.yaw': 720 } }, { axes: { 'camera.yaw': 720 } })
    expect([yawOf(wild)[0], yawOf(wild)[0], yawOf(wild)[0]]).toEqual([8, 8, 0])
  })
})

describe('time', () => {
  it('lets go of everything when the driver says nothing for a second', () => {
    const queue = queueWith({ held: ['forward'], axes: { 'camera.yaw': 99 } })
    expect(downIn(queue, 'forward', 1000)).toBe('1111')
    expect(queue.take(4, 1001).actions.every(({ held, axes }) => held.length === 0 && !axes['camera.yaw'])).toBe(true)
  })

  it('says which message is the newest and when the first that is new came in', () => {
    const queue = new ActionQueue(SPACE)
    expect(queue.take(4, 0)).toMatchObject({ actionSeq: 0, since: null })
    push(queue, { seq: 7 }, 100)
    push(queue, { seq: 8 }, 150)
    expect(queue.take(4, 200)).toMatchObject({ actionSeq: 8, since: 100 })
    expect(queue.take(4, 400)).toMatchObject({ actionSeq: 8, since: null })
    queue.reset()
    expect(queue.take(4, 400)).toMatchObject({ actionSeq: 0, since: null })
  })
})

it.each([[{ held: ['fly'] }], [{ pressed: ['__proto__'] }], [{ axes: { roll: 1 } }]])(
  'refuses what the model does not have and takes nothing of it: %o',
  (message) => {
    const queue = queueWith({ held: ['forward'] })
    expect(() => push(queue, message)).toThrow(expect.objectContaining({ code: 'action-invalid' }))
    expect(downIn(queue, 'forward')).toBe('1111')
  },
)
