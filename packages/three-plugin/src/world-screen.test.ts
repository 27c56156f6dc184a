import type { Frame } from '@sora-world/sdk'
import { Scene } from 'three'
import { describe, expect, it, vi } from 'vitest'
import { type ScreenWorld, WorldScreen } from './world-screen.ts'

function scriptedWorld() {
  const listeners = new Set<(frame: Frame) => void>()
  return {
    on(_name: string, listener: (frame: Frame) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    update: vi.fn(),
    listeners,
    show(width: number, height: number) {
      const frame = { width, height, rgba: new Uint8ClampedArray(width * height * 4).fill(50) } as unknown as Frame
      for (const listener of listeners) listener(frame)
    },
  }
}

const asWorld = (world: ReturnType<typeof scriptedWorld>) => world as unknown as ScreenWorld

describe('WorldScreen', () => {
  it('shows nothing before the first frame', () => {
    const world = scriptedWorld()
    const screen = new WorldScreen()
    screen.setWorld(asWorld(world))
    expect(screen.visible).toBe(false)
    world.show(4, 2)
    expect(screen.visible).toBe(true)
    expect(screen.texture.image.width).toBe(4)
  })

  it('as a quad takes the shape of the picture', () => {
    const world = scriptedWorld()
    const screen = new WorldScreen({ mode: 'quad', height: 3 })
    screen.setWorld(asWorld(world))
    world.show(8, 4)
    screen.geometry.computeBoundingBox()
    const box = screen.geometry.boundingBox!.clone()
    screen.updateMatrix()
    box.applyMatrix4(screen.matrix)
    expect(box.max.x - box.min.x).toBe(6)
    expect(box.max.y - box.min.y).toBe(3)
  })

  it('lets go of one world when it gets another', () => {
    const [first, second] = [scriptedWorld(), scriptedWorld()]
    const screen = new WorldScreen()
    screen.setWorld(asWorld(first))
    screen.setWorld(asWorld(second))
    expect(first.listeners.size).toBe(0)
    expect(second.listeners.size).toBe(1)
    screen.update()
    expect(second.update).toHaveBeenCalledTimes(1)
    expect(first.update).not.toHaveBeenCalled()
  })

  it('dispose frees texture, material and geometry, leaves the scene and lets go of the world', () => {
    const world = scriptedWorld()
    const screen = new WorldScreen()
    const scene = new Scene().add(screen)
    screen.setWorld(asWorld(world))
    const disposed: string[] = []
    screen.texture.addEventListener('dispose', () => disposed.push('texture'))
    screen.material.addEventListener('dispose', () => disposed.push('material'))
    screen.geometry.addEventListener('dispose', () => disposed.push('geometry'))
    screen.dispose()
    expect(disposed.sort()).toEqual(['geometry', 'material', 'texture'])
    expect(scene.children).toEqual([])
    expect(world.listeners.size).toBe(0)
  })
})
