import { Vector2 } from 'three'
import { describe, expect, it, vi } from 'vitest'
import { WorldTexture } from './world-texture.ts'

const picture = (width: number, height: number, value: number) => ({
  width,
  height,
  rgba: new Uint8ClampedArray(width * height * 4).fill(value),
})

describe('WorldTexture', () => {
  it('copies the frame, so that the frame may be reused', () => {
    const texture = new WorldTexture()
    const frame = picture(4, 2, 7)
    texture.setFrame(frame)
    frame.rgba.fill(99)
    expect([...(texture.image.data as Uint8Array)]).toEqual(new Array(32).fill(7))
  })

  it('allocates only when the size changes, and has the GPU texture made anew then', () => {
    const texture = new WorldTexture()
    const disposed = vi.fn()
    texture.addEventListener('dispose', disposed)
    texture.setFrame(picture(4, 2, 1))
    const memory = texture.image.data
    texture.setFrame(picture(4, 2, 2))
    expect(texture.image.data).toBe(memory)
    expect(disposed).toHaveBeenCalledTimes(1)
    texture.setFrame(picture(8, 2, 3))
    expect(texture.image.data).not.toBe(memory)
    expect(disposed).toHaveBeenCalledTimes(2)
  })

  it('is uploaded once per frame', () => {
    const texture = new WorldTexture()
    const version = texture.version
    texture.setFrame(picture(1, 1, 1))
    texture.setFrame(picture(1, 1, 2))
    expect(texture.version).toBe(version + 2)
  })

  it('turns the picture the right way up with its uv transform', () => {
    const texture = new WorldTexture()
    texture.updateMatrix()
    const top = texture.transformUv(new Vector2(0.25, 1))
    expect([top.x, top.y]).toEqual([0.25, 0])
  })

  it('changes its filter while it lives', () => {
    const texture = new WorldTexture({ filter: 'nearest' })
    expect(texture.filter).toBe('nearest')
    const version = texture.version
    texture.filter = 'linear'
    expect(texture.filter).toBe('linear')
    expect(texture.version).toBe(version + 1)
  })
})
