import type { ModelDims } from './denoiser.ts'

/** The whole state of the fake's world: what one of its latents says. */
export interface FakeWorld {
  /** Chunk index mod timePeriod */
  time: number
  /** [19], true when the button was down in any frame of the chunk */
  buttons: boolean[]
  /** Degrees, right positive, and down positive */
  heading: number
  pitch: number
  /** Blocks walked, mod {@link WALK_PERIOD} */
  walked: number
  /** The caption as a number in [-1, 1] */
  hue: number
  /** Mean over the chunks attended to, in [0, 1]: shows that cache and mask work */
  attended: number
}

export const TIME_BITS = 10
export const WALK_PERIOD = 16
const WALK_SPEED = 0.22
const SPRINT_FACTOR = 1.3
const BIT_LEVEL = 0.5

/** Channels of the fake's latent; flags and angles survive 8 bits on the wire. */
export const CHANNEL = {
  timeBits: 0,
  buttonBits: 1,
  headingCos: 2,
  headingSin: 3,
  pitch: 4,
  walkedCos: 5,
  walkedSin: 6,
  hue: 7,
  attended: 8,
  stars: 9,
  /** First of those that a fake with world memory has more */
  memory: 10,
  /** Of one with depth fusion */
  depth: 14,
} as const

/** Movement into one frame, in the order of the manifest's pose fields. */
export type FakePose = [right: number, up: number, forward: number, yaw: number, pitch: number, onGround: number]

/** Writes the world as a latent [C,h,w] at `offset`; the stars channel is the caller's. */
export function writeFakeLatent(world: FakeWorld, dims: ModelDims, out: Float32Array, offset: number): void {
  const cells = dims.latentHeight * dims.latentWidth
  const fill = (channel: number, value: number) =>
    out.fill(value, offset + channel * cells, offset + (channel + 1) * cells)
  const bits = (channel: number, values: boolean[]) => {
    fill(channel, -BIT_LEVEL)
    values.forEach((bit, i) => {
      if (bit) out[offset + channel * cells + i] = BIT_LEVEL
    })
  }
  bits(CHANNEL.timeBits, toBits(world.time, TIME_BITS))
  bits(CHANNEL.buttonBits, world.buttons)
  fill(CHANNEL.headingCos, Math.cos(radians(world.heading)))
  fill(CHANNEL.headingSin, Math.sin(radians(world.heading)))
  fill(CHANNEL.pitch, world.pitch / 90)
  fill(CHANNEL.walkedCos, Math.cos((2 * Math.PI * world.walked) / WALK_PERIOD))
  fill(CHANNEL.walkedSin, Math.sin((2 * Math.PI * world.walked) / WALK_PERIOD))
  fill(CHANNEL.hue, world.hue)
  fill(CHANNEL.attended, world.attended)
}

/** Reads a latent [C,h,w] at `offset`; zeros (no chunk before) read as heading 0, nothing walked. */
export function readFakeLatent(latent: Float32Array, dims: ModelDims, offset: number, buttons: number): FakeWorld {
  const cells = dims.latentHeight * dims.latentWidth
  const first = (channel: number) => latent[offset + channel * cells]!
  const bits = (channel: number, count: number) =>
    Array.from({ length: count }, (_, i) => latent[offset + channel * cells + i]! > 0)
  return {
    time: fromBits(bits(CHANNEL.timeBits, TIME_BITS)),
    buttons: bits(CHANNEL.buttonBits, buttons),
    heading: degrees(Math.atan2(first(CHANNEL.headingSin), first(CHANNEL.headingCos))),
    pitch: first(CHANNEL.pitch) * 90,
    walked: wrap((Math.atan2(first(CHANNEL.walkedSin), first(CHANNEL.walkedCos)) / (2 * Math.PI)) * WALK_PERIOD),
    hue: first(CHANNEL.hue),
    attended: first(CHANNEL.attended),
  }
}

/** Movement of each frame that `actions` [F,A] of one chunk cause. `names` are the buttons in order. */
export function fakePoses(actions: Float32Array, dims: ModelDims, names: readonly string[]): FakePose[] {
  const at = (frame: number, column: number) => actions[frame * dims.actionWidth + column]!
  return Array.from({ length: dims.framesPerChunk }, (_, frame) => {
    const held = (name: string) => (at(frame, names.indexOf(name)) > 0.5 ? 1 : 0)
    const speed = held('sprint') ? WALK_SPEED * SPRINT_FACTOR : WALK_SPEED
    return [
      speed * (held('right') - held('left')),
      WALK_SPEED * held('jump'),
      speed * (held('forward') - held('back')),
      at(frame, names.length) * 8,
      at(frame, names.length + 1) * 8,
      held('jump') ? -4 : 4,
    ]
  })
}

export function moveFakeWorld(world: FakeWorld, poses: readonly FakePose[]): FakeWorld {
  const sum = (field: number) => poses.reduce((total, pose) => total + pose[field]!, 0)
  return {
    ...world,
    heading: world.heading + sum(3),
    pitch: Math.max(-90, Math.min(90, world.pitch + sum(4))),
    walked: wrap(world.walked + sum(2)),
  }
}

export function toBits(value: number, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => Math.floor(value / 2 ** i) % 2 === 1)
}

export function fromBits(bits: readonly boolean[]): number {
  return bits.reduce((sum, bit, i) => sum + (bit ? 2 ** i : 0), 0)
}

function wrap(blocks: number): number {
  return ((blocks % WALK_PERIOD) + WALK_PERIOD) % WALK_PERIOD
}

const radians = (angle: number) => (angle * Math.PI) / 180
const degrees = (angle: number) => (angle * 180) / Math.PI
