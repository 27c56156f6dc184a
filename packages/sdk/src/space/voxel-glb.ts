import { SoraError } from '../protocol/index.ts'
import type { Voxel, VoxelMap } from './voxel-map.ts'

/** Direction of a face and its corners, seen from outside against the clock. */
const FACES = [
  { to: [1, 0, 0], corners: [1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1] },
  { to: [-1, 0, 0], corners: [0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0] },
  { to: [0, 1, 0], corners: [0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0] },
  { to: [0, -1, 0], corners: [0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1] },
  { to: [0, 0, 1], corners: [0, 0, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1] },
  { to: [0, 0, -1], corners: [1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0] },
] as const

const GLB_MAGIC = 0x46546c67
const JSON_CHUNK = 0x4e4f534a
const BINARY_CHUNK = 0x004e4942
const FLOAT = 5126
const UNSIGNED_SHORT = 5123
const UNSIGNED_INT = 5125

/** Faces between a cell and emptiness. */
export interface VoxelMesh {
  /** [vertices,3] in blocks */
  positions: Float32Array
  /** [vertices,3] */
  normals: Float32Array
  /** [vertices,4] linear light and alpha, 0..65535, as glTF wants vertex colours */
  colours: Uint16Array
  /** [triangles,3] */
  indices: Uint32Array
}

export function voxelMesh(map: VoxelMap): VoxelMesh {
  const positions: number[] = []
  const normals: number[] = []
  const colours: number[] = []
  for (const voxel of map.voxels()) addFaces(map, voxel, positions, normals, colours)
  const quads = positions.length / 12
  const indices = Uint32Array.from({ length: quads * 6 }, (_, i) => Math.floor(i / 6) * 4 + [0, 1, 2, 0, 2, 3][i % 6]!)
  return {
    positions: Float32Array.from(positions),
    normals: Float32Array.from(normals),
    colours: Uint16Array.from(colours),
    indices,
  }
}

function addFaces(map: VoxelMap, voxel: Readonly<Voxel>, positions: number[], normals: number[], colours: number[]) {
  const { x, y, z, colour } = voxel
  const base = [x, y, z]
  for (const { to, corners } of FACES) {
    if (map.has(x + to[0], y + to[1], z + to[2])) continue
    for (let corner = 0; corner < 4; corner++) {
      for (let k = 0; k < 3; k++) positions.push((base[k]! + corners[corner * 3 + k]!) * map.cellSize)
      normals.push(...to)
      colours.push(...colour.map(linear), 0xffff)
    }
  }
}

function linear(value: number): number {
  const share = value / 255
  return Math.round(0xffff * (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4))
}

/**
 * The world seen so far as a binary glTF file, which any viewer opens. Runs in Node and in browsers.
 *
 * @throws SoraError `world-missing` when nothing was seen yet
 */
export function voxelGlb(map: VoxelMap): Uint8Array<ArrayBuffer> {
  if (map.size === 0)
    throw new SoraError('world-missing', 'nothing of the world was seen yet: there is no mesh to write')
  const mesh = voxelMesh(map)
  const parts = [mesh.positions, mesh.normals, mesh.colours, mesh.indices]
  const json = pad(new TextEncoder().encode(JSON.stringify(describe(mesh, parts))), 0x20)
  const binaryLength = parts.reduce((sum, part) => sum + part.byteLength, 0)
  const bytes = new Uint8Array(28 + json.length + binaryLength)
  const view = new DataView(bytes.buffer)
  const head = [GLB_MAGIC, 2, bytes.length, json.length, JSON_CHUNK]
  head.forEach((value, i) => {
    view.setUint32(i * 4, value, true)
  })
  bytes.set(json, 20)
  view.setUint32(20 + json.length, binaryLength, true)
  view.setUint32(24 + json.length, BINARY_CHUNK, true)
  let at = 28 + json.length
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at)
    at += part.byteLength
  }
  return bytes
}

function describe({ positions, indices }: VoxelMesh, parts: readonly ArrayBufferView[]) {
  const vertices = positions.length / 3
  const { min, max } = boundsOf(positions)
  let byteOffset = 0
  const bufferViews = parts.map(({ byteLength }, i) => {
    const target = i === 3 ? 34963 : 34962
    const view = { buffer: 0, byteOffset, byteLength, target }
    byteOffset += byteLength
    return view
  })
  return {
    asset: { version: '2.0', generator: 'sora-world' },
    extensionsUsed: ['KHR_materials_unlit'],
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0, name: 'world seen so far' }],
    meshes: [
      { primitives: [{ attributes: { POSITION: 0, NORMAL: 1, COLOR_0: 2 }, indices: 3, material: 0, mode: 4 }] },
    ],
    // The picture's light is in its colours already.
    materials: [
      { extensions: { KHR_materials_unlit: {} }, pbrMetallicRoughness: { metallicFactor: 0, roughnessFactor: 1 } },
    ],
    accessors: [
      { bufferView: 0, componentType: FLOAT, count: vertices, type: 'VEC3', min, max },
      { bufferView: 1, componentType: FLOAT, count: vertices, type: 'VEC3' },
      { bufferView: 2, componentType: UNSIGNED_SHORT, normalized: true, count: vertices, type: 'VEC4' },
      { bufferView: 3, componentType: UNSIGNED_INT, count: indices.length, type: 'SCALAR' },
    ],
    bufferViews,
    buffers: [{ byteLength: byteOffset }],
  }
}

function boundsOf(positions: Float32Array): { min: number[]; max: number[] } {
  const min = [Infinity, Infinity, Infinity]
  const max = [-Infinity, -Infinity, -Infinity]
  for (let i = 0; i < positions.length; i++) {
    min[i % 3] = Math.min(min[i % 3]!, positions[i]!)
    max[i % 3] = Math.max(max[i % 3]!, positions[i]!)
  }
  return { min, max }
}

/** Chunks of a GLB are multiples of four bytes. */
function pad(bytes: Uint8Array, filler: number): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4).fill(filler)
  padded.set(bytes)
  return padded
}
