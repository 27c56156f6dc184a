import type { ModelDims } from './denoiser.ts'
import { type FakeWorld, fromBits, TIME_BITS, toBits, WALK_PERIOD } from './fake-world.ts'

/**
 * Pictures of the fake's world. The upper part is a barcode of black and white squares that programs (and the fake's
 * own encoder) can read even from a WebP; the lower part is for people: the chunk index in digits, pillars that move
 * when one turns, a ground that runs when one walks, the caption as the colour of the sky.
 */

type Colour = readonly [number, number, number]

const SQUARE = 4
const VALUE_BITS = 10
const STAR_ROWS = 4
const PILLAR_DEGREES = 30
const FIELD_OF_VIEW = 80
const BLACK: Colour = [0, 0, 0]
const WHITE: Colour = [255, 255, 255]
const PILLAR: Colour = [90, 60, 40]
/** 3x5 digits, a row per number, top first, bits left to right. */
const DIGITS = [
  [7, 5, 5, 5, 7],
  [2, 6, 2, 2, 7],
  [7, 1, 7, 4, 7],
  [7, 1, 3, 1, 7],
  [5, 5, 7, 1, 1],
  [7, 4, 7, 1, 7],
  [7, 4, 7, 5, 7],
  [7, 1, 1, 2, 2],
  [7, 5, 7, 5, 7],
  [7, 5, 7, 1, 7],
]

/**
 * Draws frame `frame` of a chunk into `out` at `offset`, uint8 [H,W,3]: a square at the bottom moves with it. `stars`
 * [w] brightens dots at the top of the sky.
 */
export function drawFakeFrame(
  world: FakeWorld,
  stars: Float32Array,
  frame: number,
  dims: ModelDims,
  out: Uint8Array,
  offset: number,
): void {
  const set = (x: number, y: number, colour: Colour) => out.set(colour, offset + (y * dims.width + x) * 3)
  const top = barcodeRows(dims, world.buttons.length) * SQUARE
  drawScene(world, stars, dims, top, set)
  barcode(world).forEach((bit, i) => {
    fillSquare(i, bit ? WHITE : BLACK, dims, set)
  })
  drawNumber(world.time, 1, top + STAR_ROWS, set)
  fillSquare((dims.height / SQUARE - 1) * (dims.width / SQUARE) + frame, WHITE, dims, set)
}

/** Reads the barcode of a frame that {@link drawFakeFrame} drew, also after lossy compression. */
export function readFakeFrame(frames: Uint8Array, offset: number, dims: ModelDims, buttons: number): FakeWorld {
  const columns = dims.width / SQUARE
  const bit = (i: number) => {
    const x = (i % columns) * SQUARE + SQUARE / 2
    const y = Math.floor(i / columns) * SQUARE + SQUARE / 2
    return frames[offset + (y * dims.width + x) * 3 + 1]! > 127
  }
  let at = 0
  const take = (count: number) => Array.from({ length: count }, () => bit(at++))
  const value = (low: number, high: number) => low + (fromBits(take(VALUE_BITS)) / 2 ** VALUE_BITS) * (high - low)
  return {
    time: fromBits(take(TIME_BITS)),
    buttons: take(buttons),
    heading: value(0, 360),
    pitch: value(-90, 91),
    walked: value(0, WALK_PERIOD),
    hue: value(-1, 1.01),
    attended: value(0, 1.01),
  }
}

function barcode(world: FakeWorld): boolean[] {
  const value = (number: number, low: number, high: number) => {
    const share = (number - low) / (high - low)
    return toBits(Math.round((share - Math.floor(share)) * 2 ** VALUE_BITS) % 2 ** VALUE_BITS, VALUE_BITS)
  }
  return [
    ...toBits(world.time, TIME_BITS),
    ...world.buttons,
    ...value(world.heading, 0, 360),
    ...value(world.pitch, -90, 91),
    ...value(world.walked, 0, WALK_PERIOD),
    ...value(world.hue, -1, 1.01),
    ...value(world.attended, 0, 1.01),
  ]
}

function barcodeRows(dims: ModelDims, buttons: number): number {
  return Math.ceil((TIME_BITS + buttons + 5 * VALUE_BITS) / (dims.width / SQUARE))
}

type SetPixel = (x: number, y: number, colour: Colour) => void

function drawScene(world: FakeWorld, stars: Float32Array, dims: ModelDims, top: number, set: SetPixel): void {
  const horizon = top + (dims.height - top) * (0.5 - world.pitch / 180)
  const sky: Colour = [128 + 100 * world.hue, 160, 128 - 100 * world.hue]
  for (let y = top; y < dims.height; y++) {
    for (let x = 0; x < dims.width; x++) {
      const angle = world.heading + (x / dims.width - 0.5) * FIELD_OF_VIEW
      const isStar = y - top < STAR_ROWS && stars[Math.floor((x * stars.length) / dims.width)]! > 0
      const isPillar = Math.abs(y - horizon) < 5 && mod(angle, PILLAR_DEGREES) < PILLAR_DEGREES / 3
      if (isPillar) set(x, y, PILLAR)
      else if (y < horizon) set(x, y, isStar ? WHITE : sky)
      else set(x, y, groundColour(y - horizon, world.walked))
    }
  }
}

/** Stripes across the way: one per block, denser towards the horizon, running towards the player as they walk. */
function groundColour(below: number, walked: number): Colour {
  const distance = 12 / (below + 1) + walked
  return mod(distance, 1) < 0.5 ? [70, 120, 50] : [90, 150, 70]
}

function fillSquare(index: number, colour: Colour, dims: ModelDims, set: SetPixel): void {
  const columns = dims.width / SQUARE
  const left = (index % columns) * SQUARE
  const top = Math.floor(index / columns) * SQUARE
  for (let y = 0; y < SQUARE; y++) {
    for (let x = 0; x < SQUARE; x++) set(left + x, top + y, colour)
  }
}

function drawNumber(value: number, left: number, top: number, set: SetPixel): void {
  ;[...String(value)].forEach((digit, i) => {
    DIGITS[Number(digit)]!.forEach((row, y) => {
      for (let x = 0; x < 3; x++) if (row & (4 >> x)) set(left + i * 4 + x, top + y, WHITE)
    })
  })
}

function mod(value: number, period: number): number {
  return ((value % period) + period) % period
}
