import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import { VirtualClock } from '../virtual-clock.ts'
import type { InputDevice } from './device.ts'
import { Gamepads } from './gamepad.ts'
import { InputState } from './input-state.ts'
import { Keyboard } from './keyboard.ts'
import { Pointer } from './pointer.ts'
import { Touch } from './touch.ts'

/** An event target that knows how many listeners it has. */
class Target extends EventTarget {
  listeners = 0

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.listeners++
    super.addEventListener(...args)
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.listeners--
    super.removeEventListener(...args)
  }

  fire(name: string, fields: object = {}): Event {
    const event = Object.assign(new Event(name, { cancelable: true }), fields)
    this.dispatchEvent(event)
    return event
  }
}

class Page extends Target {
  pointerLockElement: unknown = null
  visibilityState = 'visible'
  exitPointerLock(): void {
    this.pointerLockElement = null
    this.fire('pointerlockchange')
  }
}

class Element extends Target {
  ownerDocument = page
  requestPointerLock(): void {
    page.pointerLockElement = this
    page.fire('pointerlockchange')
  }
  getBoundingClientRect() {
    return { left: 0, width: 200 }
  }
}

let page: Page
let view: Target
let element: Element
let input: InputState
let device: InputDevice | null = null

beforeEach(() => {
  page = new Page()
  view = new Target()
  Object.assign(globalThis, { window: view, document: page })
  element = new Element()
  input = new InputState(FAKE_MANIFEST.actionSpace, () => 0)
})

afterEach(() => {
  device?.dispose()
  device = null
  expect([page.listeners, view.listeners, element.listeners]).toEqual([0, 0, 0])
  Object.assign(globalThis, { window: undefined, document: undefined })
})

function connect<D extends InputDevice>(created: D): D {
  device = created
  created.connect()
  return created
}

describe('Keyboard', () => {
  it('holds while a key is down, and presses press buttons once', () => {
    connect(new Keyboard(input))
    expect(view.fire('keydown', { code: 'KeyW' }).defaultPrevented).toBe(true)
    view.fire('keydown', { code: 'KeyW', repeat: true })
    view.fire('keydown', { code: 'KeyQ' })
    expect(input.drain()).toMatchObject({ held: ['forward'], pressed: ['forward', 'drop'] })
    view.fire('keyup', { code: 'KeyW' })
    expect(input.held).toEqual([])
  })

  it('holds while one of two keys for the same button is down', () => {
    connect(new Keyboard(input))
    view.fire('keydown', { code: 'KeyW' })
    view.fire('keydown', { code: 'ArrowUp' })
    view.fire('keyup', { code: 'KeyW' })
    expect(input.held).toEqual(['forward'])
  })

  it('leaves typing, shortcuts and unknown keys alone', () => {
    connect(new Keyboard(input))
    Object.defineProperty(view, 'tagName', { value: 'INPUT' })
    expect(view.fire('keydown', { code: 'KeyW' }).defaultPrevented).toBe(false)
    expect(input.held).toEqual([])
  })

  it('ignores keys with Alt or Meta, and those it does not know', () => {
    connect(new Keyboard(input))
    view.fire('keydown', { code: 'KeyW', metaKey: true })
    view.fire('keydown', { code: 'F5' })
    expect(input.held).toEqual([])
  })

  it('lets go when the window loses the focus, the page is hidden, or it disconnects', () => {
    const keyboard = connect(new Keyboard(input))
    const losses = [
      () => view.fire('blur'),
      () => {
        page.visibilityState = 'hidden'
        page.fire('visibilitychange')
      },
      () => keyboard.disconnect(),
    ]
    for (const lose of losses) {
      view.fire('keydown', { code: 'KeyW' })
      expect(input.held).toEqual(['forward'])
      lose()
      expect(input.held).toEqual([])
    }
  })
})

describe('Pointer', () => {
  it('locks with a click that the world does not see, then turns and presses', () => {
    const locks: boolean[] = []
    connect(
      new Pointer(input, element as never, { sensitivity: 0.5, onLockChange: (isLocked) => locks.push(isLocked) }),
    )
    page.fire('mousemove', { movementX: 10, movementY: 4 })
    element.fire('mousedown', { button: 0 })
    expect(input.drain()).toMatchObject({ held: [], axes: {} })
    page.fire('mousemove', { movementX: 10, movementY: 4 })
    element.fire('mousedown', { button: 0 })
    element.fire('mousedown', { button: 2 })
    expect(input.drain()).toMatchObject({ held: ['attack', 'use'], axes: { 'camera.yaw': 5, 'camera.pitch': 2 } })
    page.fire('mouseup', { button: 0 })
    expect(input.held).toEqual(['use'])
    page.exitPointerLock()
    expect(input.held).toEqual([])
    expect(locks).toEqual([true, false])
  })

  it('inverts the vertical, and goes through the hotbar by the wheel', () => {
    const pointer = connect(new Pointer(input, element as never, { sensitivity: 1, invertY: true }))
    pointer.lock()
    page.fire('mousemove', { movementX: 0, movementY: 3 })
    element.fire('wheel', { deltaY: 120 })
    element.fire('wheel', { deltaY: 120 })
    element.fire('wheel', { deltaY: -120 })
    expect(input.drain()).toMatchObject({ axes: { 'camera.pitch': -3 }, pressed: ['hotbar.1', 'hotbar.2'] })
  })
})

describe('Gamepads', () => {
  const pad = (change: { axes?: number[]; pressed?: number[] }) =>
    ({
      connected: true,
      axes: change.axes ?? [0, 0, 0, 0],
      buttons: Array.from({ length: 17 }, (_, index) => ({ pressed: change.pressed?.includes(index) ?? false })),
    }) as never as Gamepad

  it('moves by the left stick, turns by the right one, and lets go', () => {
    let now = pad({ axes: [0.05, -1, 1, 0], pressed: [0, 7] })
    const gamepads = connect(new Gamepads(input, { turnSpeed: 100, read: () => [null, now] }))
    gamepads.update(0)
    gamepads.update(50)
    const { held, axes } = input.drain()
    expect(held.toSorted()).toEqual(['attack', 'forward', 'jump'])
    expect(axes['camera.yaw']).toBeCloseTo(5)
    now = pad({})
    gamepads.update(100)
    expect(input.drain()).toMatchObject({ held: [], axes: {} })
  })

  it('changes the slot once per press of a shoulder button', () => {
    const now = pad({ pressed: [5] })
    const gamepads = connect(new Gamepads(input, { read: () => [now] }))
    gamepads.update(0)
    gamepads.update(16)
    expect(input.drain().pressed).toEqual(['hotbar.1'])
  })

  it('reads nothing while it is not connected', () => {
    const gamepads = new Gamepads(input, { read: () => [pad({ pressed: [0] })] })
    gamepads.update(0)
    expect(input.held).toEqual([])
  })
})

describe('Touch', () => {
  const at = (pointerId: number, clientX: number, clientY: number) => ({
    pointerId,
    clientX,
    clientY,
    pointerType: 'touch',
  })
  let clock: VirtualClock

  function touch(): Touch {
    clock = new VirtualClock()
    return connect(new Touch(input, element as never, { sensitivity: 1, clock }))
  }

  it('moves with the left half like a stick', () => {
    touch()
    element.fire('pointerdown', at(1, 50, 100))
    element.fire('pointermove', at(1, 90, 60))
    expect(input.held.toSorted()).toEqual(['forward', 'right'])
    element.fire('pointerup', at(1, 90, 60))
    expect(input.held).toEqual([])
  })

  it('looks with the right half, without attacking', () => {
    touch()
    element.fire('pointerdown', at(1, 150, 100))
    element.fire('pointermove', at(1, 180, 110))
    element.fire('pointerup', at(1, 180, 110))
    expect(input.drain()).toMatchObject({ pressed: [], axes: { 'camera.yaw': 30, 'camera.pitch': 10 } })
    expect(clock.pending).toBe(0)
  })

  it('attacks with a tap and uses with a long press', async () => {
    touch()
    element.fire('pointerdown', at(1, 150, 100))
    element.fire('pointerup', at(1, 152, 100))
    expect(input.drain().pressed).toEqual(['attack'])
    element.fire('pointerdown', at(2, 150, 100))
    await clock.advance(400)
    expect(input.held).toEqual(['use'])
    element.fire('pointerup', at(2, 150, 100))
    expect(input.drain()).toMatchObject({ held: [], pressed: ['use'] })
  })

  it('takes both hands at once, and leaves the mouse to others', () => {
    touch()
    element.fire('pointerdown', at(1, 50, 100))
    element.fire('pointermove', at(1, 50, 50))
    element.fire('pointerdown', at(2, 150, 100))
    element.fire('pointermove', at(2, 170, 100))
    element.fire('pointermove', { ...at(1, 0, 0), pointerType: 'mouse' })
    expect(input.drain()).toMatchObject({ held: ['forward'], axes: { 'camera.yaw': 20 } })
  })

  it('makes buttons of elements, and lets go of everything when the page is left', () => {
    const button = new Element()
    touch().button(button as never, 'jump')
    button.fire('pointerdown')
    element.fire('pointerdown', at(1, 50, 100))
    element.fire('pointermove', at(1, 50, 50))
    expect(input.held.toSorted()).toEqual(['forward', 'jump'])
    view.fire('blur')
    expect(input.held).toEqual([])
    button.fire('pointerdown')
    button.fire('pointerup')
    expect(input.held).toEqual([])
    device?.dispose()
    expect(button.listeners).toBe(0)
  })
})
