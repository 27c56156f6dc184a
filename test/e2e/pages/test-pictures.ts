import type { Frame } from '@sora-world/sdk'

/** A frame in which every pixel differs from its neighbours, so that a flip or a shift cannot hide. */
export function testFrame(width: number, height: number, offset = 0): Frame {
  const rgba = new Uint8ClampedArray(width * height * 4)
  for (let i = 0; i < width * height; i++) {
    const x = i % width
    const y = Math.floor(i / width)
    rgba.set([(x * 37 + offset) % 256, (y * 61 + 20 + offset) % 256, (x * 11 + y * 7 + 90) % 256, 255], i * 4)
  }
  return { width, height, rgba } as unknown as Frame
}

/** A world as far as a screen needs one: a test hands it the frames. */
export function scriptedWorld() {
  const listeners = new Set<(frame: Frame) => void>()
  return {
    updates: 0,
    on(_name: string, listener: (frame: Frame) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    off(_name: string, listener: (frame: Frame) => void) {
      listeners.delete(listener)
    },
    update() {
      this.updates += 1
    },
    show(frame: Frame) {
      for (const listener of listeners) listener(frame)
    },
    get listenerCount() {
      return listeners.size
    },
  }
}
