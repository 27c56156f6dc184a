import { describe, expect, it } from 'vitest'
import { bodyActions, chunkPoses } from '../packages/server/src/memory/body.ts'
import type { Pose } from '../packages/server/src/memory/camera.ts'
import { memorySettings } from '../packages/server/src/memory/memory-settings.ts'
import { WorldMemory } from '../packages/server/src/memory/world-memory.ts'
import { fakeManifest } from '../packages/server/src/model/fake-manifest.ts'
import { readFixture } from './golden-fixture.ts'

/**
 * The world memory in TypeScript shows what the one that models are trained with shows. No model takes part; the fixture
 * is written by `python -m sora_world.export.golden_memory`.
 */
describe('golden world memory', () => {
  const golden = readFixture('memory')
  const [worlds, chunks] = golden.shape('images') as [number, number]
  const manifest = fakeManifest({ memory: true })
  // Training predicts poses with nothing in the way.
  const settings = { ...memorySettings(manifest, manifest.sizes[0]!)!, isSolid: false }
  const tolerance = golden.values.poseTolerance as number

  it.each(Array.from({ length: worlds }, (_, world) => world))('replays world %i', (world) => {
    const part = <T extends Float32Array | Uint8Array>(values: T, t: number) =>
      rowOf(values, worlds * chunks, world * chunks + t)
    const memory = new WorldMemory(settings)
    for (let t = 0; t < chunks; t++) {
      const actions = part(golden.floats('actions'), t)
      const { pose, motion } = memory.place
      const seenFrom = part(golden.floats('seenFrom'), t)
      chunkPoses(pose, motion, bodyActions(settings.actionSpace, actions)).forEach((at, frame) => {
        const expected = seenFrom.subarray(frame * 5, (frame + 1) * 5)
        expectPose(at, expected, tolerance, `frame ${frame} of chunk ${t}`)
      })
      expectImage(memory.imageBefore(t, actions), part(golden.floats('images'), t), t)
      memory.observe({
        index: t,
        actions,
        pose: part(golden.floats('pose'), t),
        frames: asLast(part(golden.bytes('frames'), t), settings.framesPerChunk),
        inverseDepth: asLast(part(golden.floats('inverseDepth'), t), settings.framesPerChunk),
      })
      expectPose(memory.place.pose, part(golden.floats('after'), t), tolerance, `after chunk ${t}`)
    }
  })

  /** float32 against float64: a point on the edge between two pixels may fall to either side. */
  function expectImage(image: Float32Array, expected: Float32Array, t: number): void {
    const pixels = settings.width * settings.height
    const channels = expected.length / pixels
    let equal = 0
    for (let pixel = 0; pixel < pixels; pixel++) {
      const largest = Math.max(
        ...Array.from({ length: channels }, (_, channel) => {
          const at = channel * pixels + pixel
          return Math.abs(image[at]! - expected[at]!)
        }),
      )
      if (largest < (golden.values.imageTolerance as number)) equal++
    }
    expect(image).toHaveLength(expected.length)
    expect(equal / pixels, `image ${t}`).toBeGreaterThanOrEqual(golden.values.equalShare as number)
  }
})

function expectPose({ x, y, z, yaw, pitch }: Pose, expected: Float32Array, tolerance: number, when: string): void {
  ;[x, y, z, yaw, pitch].forEach((value, i) => {
    expect(Math.abs(value - expected[i]!), when).toBeLessThan(tolerance)
  })
}

function rowOf<T extends Float32Array | Uint8Array>(values: T, rows: number, row: number): T {
  const length = values.length / rows
  return values.slice(row * length, (row + 1) * length) as T
}

/** A whole chunk that ends with `frame`; the others must not matter. */
function asLast<T extends Float32Array | Uint8Array>(frame: T, frames: number): T {
  const out = new (frame.constructor as new (length: number) => T)(frame.length * frames).fill(99) as T
  out.set(frame, frame.length * (frames - 1))
  return out
}
