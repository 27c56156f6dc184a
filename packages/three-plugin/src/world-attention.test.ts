import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DrawMark } from './draw-mark.ts'
import { WorldAttention, type WorldView } from './world-attention.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function fakeWorld() {
  const world = {
    state: 'running',
    isDriver: true,
    room: { players: 1 },
    frame: {} as object | null,
    pause: vi.fn((paused: boolean) => (world.state = paused ? 'paused' : 'running')),
  }
  return world
}

function setUp(world = fakeWorld()) {
  const renderer = { info: { render: { frame: 0 } } }
  const drawn = new DrawMark()
  const view = { world, drawn } as unknown as WorldView
  const attention = new WorldAttention({ pauseAfterMs: 1000 })
  attention.add(view)
  /** Rendering for a while, with the view in sight or not. */
  const render = (ms: number, isInSight: boolean) => {
    for (let at = 0; at < ms; at += 50) {
      renderer.info.render.frame++
      if (isInSight) drawn.set(renderer)
      vi.advanceTimersByTime(50)
    }
  }
  return { world, view, drawn, attention, render }
}

describe('WorldAttention', () => {
  it('stops a world that nobody looks at, and lets it go on at once', () => {
    const { world, attention, render } = setUp()
    render(3000, true)
    expect(world.pause).not.toHaveBeenCalled()
    render(900, false)
    expect(world.state).toBe('running')
    render(600, false)
    expect(world.state).toBe('paused')
    expect(attention.pausedWorlds.size).toBe(1)
    render(200, true)
    expect(world.state).toBe('running')
    attention.dispose()
  })

  it('stops one that was never looked at only after it has something to show', () => {
    const world = fakeWorld()
    world.frame = null
    const { render } = setUp(world)
    render(3000, false)
    expect(world.pause).not.toHaveBeenCalled()
    world.frame = {}
    render(1500, false)
    expect(world.state).toBe('paused')
  })

  it('takes a picture that stands for one that is looked at', () => {
    const { world, render } = setUp()
    render(100, true)
    vi.advanceTimersByTime(5000)
    expect(world.state).toBe('running')
  })

  it('looks through any of its views', () => {
    const { world, attention, render } = setUp()
    const other = { world, drawn: { isLast: true, atMs: 0 } } as unknown as WorldView
    attention.add(other)
    render(3000, false)
    expect(world.state).toBe('running')
    attention.remove(other)
    render(1500, false)
    expect(world.state).toBe('paused')
  })

  it('stops it while the page is hidden', () => {
    const page = { hidden: false }
    vi.stubGlobal('document', page)
    const { world, render } = setUp()
    render(500, true)
    page.hidden = true
    vi.advanceTimersByTime(1500)
    expect(world.state).toBe('paused')
    page.hidden = false
    vi.advanceTimersByTime(200)
    expect(world.state).toBe('running')
    vi.unstubAllGlobals()
  })

  it('leaves alone what others watch, what others have paused, and everything when it is off', () => {
    const { world, attention, render } = setUp()
    world.room.players = 2
    render(3000, false)
    expect(world.pause).not.toHaveBeenCalled()
    world.room.players = 1
    world.state = 'paused'
    render(3000, false)
    render(500, true)
    expect(world.pause).not.toHaveBeenCalled()
    world.state = 'running'
    render(1500, false)
    expect(world.state).toBe('paused')
    attention.enabled = false
    expect(world.state).toBe('running')
    render(3000, false)
    expect(world.state).toBe('running')
  })

  it('lets a world go on when its views leave, and at the end', () => {
    const { world, view, attention, render } = setUp()
    render(1500, false)
    attention.remove(view)
    expect(world.state).toBe('running')
    attention.add(view)
    render(2000, false)
    expect(world.state).toBe('paused')
    attention.dispose()
    expect(world.state).toBe('running')
  })
})
