import { SoraError } from '@sora-world/sdk/protocol'
import { PITCH_LIMIT, type Place } from './camera.ts'
import type { MemorySettings } from './memory-settings.ts'
import { PointMemory } from './point-memory.ts'

/**
 * A world memory as bytes, little-endian: a header, then 12 bytes per point, oldest first.
 *
 * Header: "SMEM", uint16 version, uint16 chunks at rest, int32 chunk of the newest point, uint32 number of points, float64 x, y, z, yaw,
 * pitch, float32 right, up, forward, yaw, pitch, onGround of the last frame.
 * Point: int16 x, y, z away from the eye in 1/64 block; uint16 spacing in 1/4096 block; uint8 red, green, blue; uint8 age
 * in chunks. Points farther than 512 blocks from the player are left out, ages end at 255.
 */
const MAGIC = 0x4d45_4d53
const VERSION = 1
const HEADER_BYTES = 80
const POINT_BYTES = 12
const PLACE_STEPS = 64
const PLACE_LIMIT = 0x7fff
const SPACING_STEPS = 4096
/** No world is that large: float32 positions would be too coarse. */
const FARTHEST_EYE = 2 ** 24

/** What a memory consists of. */
export interface MemoryContent {
  place: Place
  points: PointMemory
  /** Chunks in which nothing moved, up to the last one; at most {@link LONGEST_REST}. */
  rest: number
}

export const LONGEST_REST = 0xffff

export function writeMemory({ place: { pose, motion }, points, rest }: MemoryContent): Uint8Array {
  const { length, position, colour, spacing, born } = points.arrays
  const bytes = new Uint8Array(HEADER_BYTES + length * POINT_BYTES)
  const view = new DataView(bytes.buffer)
  const newest = length > 0 ? born[length - 1]! : -1
  let written = 0
  for (let i = 0; i < length; i++) {
    const x = Math.round((position[i * 3]! - pose.x) * PLACE_STEPS)
    const y = Math.round((position[i * 3 + 1]! - pose.y) * PLACE_STEPS)
    const z = Math.round((position[i * 3 + 2]! - pose.z) * PLACE_STEPS)
    if (Math.max(Math.abs(x), Math.abs(y), Math.abs(z)) > PLACE_LIMIT) continue
    const at = HEADER_BYTES + written++ * POINT_BYTES
    view.setInt16(at, x, true)
    view.setInt16(at + 2, y, true)
    view.setInt16(at + 4, z, true)
    view.setUint16(at + 6, Math.min(0xffff, Math.round(spacing[i]! * SPACING_STEPS)), true)
    for (let k = 0; k < 3; k++) bytes[at + 8 + k] = Math.round((colour[i * 3 + k]! / points.colourRange) * 255)
    bytes[at + 11] = Math.min(255, newest - born[i]!)
  }
  writeHeader(view, { pose, motion }, newest, written)
  view.setUint16(6, rest, true)
  return bytes.subarray(0, HEADER_BYTES + written * POINT_BYTES)
}

function writeHeader(view: DataView, { pose, motion }: Place, newest: number, count: number): void {
  view.setUint32(0, MAGIC, true)
  view.setUint16(4, VERSION, true)
  view.setInt32(8, newest, true)
  view.setUint32(12, count, true)
  ;[pose.x, pose.y, pose.z, pose.yaw, pose.pitch].forEach((value, i) => {
    view.setFloat64(16 + i * 8, value, true)
  })
  const { right, up, forward, yaw, pitch, onGround } = motion
  ;[right, up, forward, yaw, pitch, Number(onGround)].forEach((value, i) => {
    view.setFloat32(56 + i * 4, value, true)
  })
}

/** @throws SoraError `memory-invalid` saying what is wrong with the bytes */
export function readMemory(settings: MemorySettings, bytes: Uint8Array): MemoryContent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) refuse('these bytes are no world memory')
  const version = view.getUint16(4, true)
  if (version !== VERSION) refuse(`world memory version ${version}; this build reads version ${VERSION}`)
  const place = readPlace(view)
  const newest = view.getInt32(8, true)
  const count = view.getUint32(12, true)
  if (newest < -1) refuse(`newest chunk ${newest}`)
  if (count > settings.maxPoints) refuse(`${count} points; the model keeps ${settings.maxPoints}`)
  const expected = HEADER_BYTES + count * POINT_BYTES
  if (bytes.length !== expected) refuse(`${bytes.length} bytes instead of ${expected} for ${count} points`)
  const points = new PointMemory(settings)
  const { position, colour, spacing, born } = points.arrays
  const { x, y, z } = place.pose
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * POINT_BYTES
    position[i * 3] = x + view.getInt16(at, true) / PLACE_STEPS
    position[i * 3 + 1] = y + view.getInt16(at + 2, true) / PLACE_STEPS
    position[i * 3 + 2] = z + view.getInt16(at + 4, true) / PLACE_STEPS
    for (let k = 0; k < 3; k++) colour[i * 3 + k] = Math.round((bytes[at + 8 + k]! / 255) * points.colourRange)
    spacing[i] = view.getUint16(at + 6, true) / SPACING_STEPS
    born[i] = newest - bytes[at + 11]!
  }
  points.arrays.length = count
  return { place, points, rest: view.getUint16(6, true) }
}

function readPlace(view: DataView): Place {
  const [x, y, z, yaw, pitch] = [0, 1, 2, 3, 4].map((i) => view.getFloat64(16 + i * 8, true)) as Five
  const [right, up, forward, turned, nodded] = [0, 1, 2, 3, 4].map((i) => view.getFloat32(56 + i * 4, true)) as Five
  const isSane = [x, y, z, yaw, right, up, forward, turned, nodded].every((value) => Math.abs(value) <= FARTHEST_EYE)
  // Comparisons with NaN are false.
  if (!isSane || !(Math.abs(pitch) <= PITCH_LIMIT)) refuse('the place of the player is out of bounds')
  const motion = { right, up, forward, yaw: turned, pitch: nodded, onGround: view.getFloat32(76, true) > 0.5 }
  return { pose: { x, y, z, yaw, pitch }, motion }
}

type Five = [number, number, number, number, number]

function refuse(reason: string): never {
  throw new SoraError('memory-invalid', reason)
}
