import { SoraError } from '@sora-world/sdk/protocol'
import { PITCH_LIMIT, type Place } from './camera.ts'
import type { MemorySettings } from './memory-settings.ts'
import { PointMemory } from './point-memory.ts'

/**
 * A world memory as bytes, little-endian: a header, then 12 bytes per point, oldest first.
 *
 * Header: "SMEM", uint16 version, uint16 0, int32 chunk of the newest point, uint32 number of points, float64 x, y, z, yaw,
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

export function writeMemory({ pose, motion }: Place, points: PointMemory): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + points.length * POINT_BYTES)
  const view = new DataView(bytes.buffer)
  const newest = points.length > 0 ? points.at(points.length - 1).born : -1
  let written = 0
  for (let i = 0; i < points.length; i++) {
    const { x, y, z, spacing, colour, born } = points.at(i)
    const away = [x - pose.x, y - pose.y, z - pose.z].map((value) => Math.round(value * PLACE_STEPS))
    if (away.some((value) => Math.abs(value) > PLACE_LIMIT)) continue
    const at = HEADER_BYTES + written++ * POINT_BYTES
    away.forEach((value, k) => {
      view.setInt16(at + k * 2, value, true)
    })
    view.setUint16(at + 6, Math.min(0xffff, Math.round(spacing * SPACING_STEPS)), true)
    bytes.set([...colour.map((value) => Math.round(value * 255)), Math.min(255, newest - born)], at + 8)
  }
  writeHeader(view, { pose, motion }, newest, written)
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
export function readMemory(settings: MemorySettings, bytes: Uint8Array): { place: Place; points: PointMemory } {
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
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * POINT_BYTES
    const away = (k: number) => view.getInt16(at + k * 2, true) / PLACE_STEPS
    points.add({
      x: place.pose.x + away(0),
      y: place.pose.y + away(1),
      z: place.pose.z + away(2),
      spacing: view.getUint16(at + 6, true) / SPACING_STEPS,
      colour: [bytes[at + 8]! / 255, bytes[at + 9]! / 255, bytes[at + 10]! / 255],
      born: newest - bytes[at + 11]!,
    })
  }
  return { place, points }
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
