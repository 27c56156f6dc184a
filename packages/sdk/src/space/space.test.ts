import { describe, expect, it } from 'vitest'
import { SoraError } from '../protocol/index.ts'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import { cameraView, project, unproject } from './camera-view.ts'
import { FLAT_GROUND, flatWorldFrame } from './flat-world.ts'
import { requireOutputs } from './require-outputs.ts'
import { upsampleDepth } from './upsample-depth.ts'
import { voxelGlb, voxelMesh } from './voxel-glb.ts'
import { VoxelMap } from './voxel-map.ts'

const START = { x: 0, y: 0, z: 0, yaw: 0, pitch: 0 }

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    return error instanceof SoraError ? error.code : String(error)
  }
}

describe('requireOutputs', () => {
  it('names the object, the model and what is missing', () => {
    const manifest = { ...FAKE_MANIFEST, outputs: ['rgb' as const, 'pose' as const] }
    expect(codeOf(() => requireOutputs(manifest, 'WorldBackdrop', ['depth', 'pose']))).toBe('unsupported')
    expect(() => requireOutputs(manifest, 'WorldBackdrop', ['depth'])).toThrow(/WorldBackdrop needs depth .* "fake"/)
    expect(() => requireOutputs(manifest, 'WorldAnchor', ['pose'])).not.toThrow()
  })
})

describe('cameraView', () => {
  it('projects what it unprojected, turned and pitched', () => {
    const view = cameraView({ x: 3, y: -1, z: 8, yaw: 130, pitch: -20 }, 60, 1.6)
    const seen = project(view, unproject(view, 0.2, 0.7, 9))
    expect([seen.u, seen.v, seen.depth].map((value) => Number(value.toFixed(6)))).toEqual([0.2, 0.7, 9])
  })

  it('looks along +x after a quarter turn to the right', () => {
    const { forward, right } = cameraView({ ...START, yaw: 90, pitch: -6 }, 60, 1)
    expect(forward[0]).toBeCloseTo(1)
    expect(right[2]).toBeCloseTo(1)
  })
})

describe('upsampleDepth', () => {
  /** Two flat halves of other colours, whose edge at pixel 12 lies within a sample of 8 pixels. */
  function twoHalves() {
    const [width, height, edge] = [32, 8, 12]
    const rgba = new Uint8ClampedArray(width * height * 4)
    for (let i = 0; i < width * height; i++) rgba.fill(i % width < edge ? 20 : 220, i * 4, i * 4 + 4)
    return { width, height, rgba, inverseDepth: Float32Array.of(1, 1, 0.1, 0.1), depthWidth: 4, depthHeight: 1 }
  }

  it('keeps each side of a colour edge at its own depth where a sample of its colour is near', () => {
    const into = new Float32Array(32 * 8)
    upsampleDepth(twoHalves(), into)
    expect(into[4]).toBeCloseTo(1)
    expect(into[24]).toBeCloseTo(0.1)
    // Linear interpolation alone gives 0.49 here, 4 pixels past the edge.
    expect(into[16]).toBeLessThan(0.2)
  })

  it('puts all between two surfaces on the far one when asked to', () => {
    const into = new Float32Array(32 * 8)
    upsampleDepth(twoHalves(), into, 1, 'far')
    // Samples lie at pixels 3.5, 11.5, 19.5 and 27.5.
    expect(into[11]).toBeCloseTo(1)
    expect(into[12]).toBeCloseTo(0.1)
  })

  it.each([
    ['a corner', (row: number) => Math.max(0.1, 0.5 - 0.16 * row)],
    ['an edge', (row: number) => Math.min(0.5, 0.9 - 0.16 * row)],
  ])('continues two planes to %s where they meet, whichever way it lies', (_, depthAt) => {
    const samples = Float32Array.from({ length: 6 }, (_, row) => depthAt(row))
    const grey = { rgba: new Uint8ClampedArray(48 * 8 * 4), inverseDepth: samples }
    const [down, aside] = [new Float32Array(48 * 8), new Float32Array(48 * 8)]
    upsampleDepth({ ...grey, width: 8, height: 48, depthWidth: 1, depthHeight: 6 }, down)
    upsampleDepth({ ...grey, width: 48, height: 8, depthWidth: 6, depthHeight: 1 }, aside)
    for (let pixel = 8; pixel < 40; pixel++) {
      expect(down[pixel * 8]).toBeCloseTo(depthAt((pixel + 0.5) / 8 - 0.5), 5)
      expect(aside[pixel]).toBeCloseTo(depthAt((pixel + 0.5) / 8 - 0.5), 5)
    }
  })

  it('says when there is no depth', () => {
    const into = new Float32Array(32 * 8).fill(7)
    expect(upsampleDepth({ ...twoHalves(), inverseDepth: null }, into)).toBe(false)
    expect(into[0]).toBe(7)
  })

  it('is exact on a plane', () => {
    const frame = flatWorldFrame(START)
    const into = new Float32Array(frame.width * frame.height)
    upsampleDepth(frame, into)
    const view = cameraView(START, 60, frame.width / frame.height)
    const [, y] = unproject(view, 0.5, 70.5 / 80, 1 / into[70 * 128 + 64]!)
    expect(y).toBeCloseTo(FLAT_GROUND, 2)
  })
})

describe('VoxelMap', () => {
  it('finds the ground of a plain at its height', () => {
    const map = new VoxelMap(FAKE_MANIFEST, { reach: 8 })
    expect(map.observe(flatWorldFrame(START))).toBe(true)
    const heights = [...map.voxels()].map(({ height }) => height)
    expect(heights.length).toBeGreaterThan(50)
    expect(Math.max(...heights.map((height) => Math.abs(height - FLAT_GROUND)))).toBeLessThan(0.3)
  })

  it('forgets a block that was broken, and starts anew with a new world', () => {
    const map = new VoxelMap(FAKE_MANIFEST)
    const blocked = flatWorldFrame(START)
    blocked.inverseDepth!.fill(0.25)
    map.observe(blocked)
    const wall = map.size
    for (let i = 0; i < 3; i++) map.observe(flatWorldFrame(START))
    const left = [...map.voxels()].filter(({ height }) => height > FLAT_GROUND + 0.5).length
    expect(left).toBeLessThan(wall * 0.05)
    map.observe({ ...flatWorldFrame(START, { world: 1 }), inverseDepth: new Float32Array(160) })
    expect(map.size).toBe(0)
  })

  it('keeps no more cells than it may, and nothing of a frame without depth', () => {
    const map = new VoxelMap(FAKE_MANIFEST, { maxCells: 40 })
    expect(map.observe({ ...flatWorldFrame(START), inverseDepth: null })).toBe(false)
    map.observe(flatWorldFrame(START))
    expect(map.size).toBe(40)
  })

  it('refuses a model without depth, and options that make no sense', () => {
    expect(codeOf(() => new VoxelMap({ ...FAKE_MANIFEST, outputs: ['rgb'] }))).toBe('unsupported')
    expect(codeOf(() => new VoxelMap(FAKE_MANIFEST, { cellSize: 0 }))).toBe('option-invalid')
  })
})

describe('voxelGlb', () => {
  it('has lengths, bounds and indices that fit each other', () => {
    const map = new VoxelMap(FAKE_MANIFEST)
    map.observe(flatWorldFrame(START))
    const bytes = voxelGlb(map)
    const view = new DataView(bytes.buffer)
    expect(new TextDecoder().decode(bytes.subarray(0, 4))).toBe('glTF')
    expect(view.getUint32(8, true)).toBe(bytes.length)
    const jsonLength = view.getUint32(12, true)
    const json = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + jsonLength)))
    expect(json.buffers[0].byteLength).toBe(bytes.length - 28 - jsonLength)
    const { indices, positions } = voxelMesh(map)
    expect(Math.max(...indices)).toBe(positions.length / 3 - 1)
    expect(json.accessors[3].count).toBe(indices.length)
  })

  it('winds every face outwards', () => {
    const map = new VoxelMap(FAKE_MANIFEST)
    map.observe(flatWorldFrame(START))
    const { indices, positions: p, normals: n } = voxelMesh(map)
    for (let i = 0; i < 36; i += 3) {
      const [a, b, c] = [indices[i]! * 3, indices[i + 1]! * 3, indices[i + 2]! * 3] as [number, number, number]
      const u = [0, 1, 2].map((k) => p[b + k]! - p[a + k]!) as [number, number, number]
      const v = [0, 1, 2].map((k) => p[c + k]! - p[a + k]!) as [number, number, number]
      const cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
      expect(cross.reduce((sum, value, k) => sum + value * n[a + k]!, 0)).toBeGreaterThan(0)
    }
  })

  it('says when there is nothing to write', () => {
    expect(codeOf(() => voxelGlb(new VoxelMap(FAKE_MANIFEST)))).toBe('world-missing')
  })
})
