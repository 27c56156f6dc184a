import type { PictureSize } from './judges.ts'

/** Two signs of a picture that has broken down, whatever it should show. */
export interface PictureHealth {
  /** Mean squared difference of neighbouring pixels: none in a smear, much in noise. */
  detail: number
  /** Mean of each colour, 0 to 255. */
  colour: [number, number, number]
}

/** A rollout counts as broken when its detail leaves these bounds, as a share of what it had at its start. */
const LEAST_DETAIL = 0.2
const MOST_DETAIL = 5
/** ... or when all colours have run into an end of their range. Ground truth at night in fog is well inside. */
const DARKEST = 5
const BRIGHTEST = 250

/** Of one picture uint8 [H,W,3]. */
export function pictureHealth(frame: Uint8Array, { width, height }: PictureSize): PictureHealth {
  const row = width * 3
  let differences = 0
  const sums: [number, number, number] = [0, 0, 0]
  for (let i = 0; i < frame.length; i++) {
    sums[i % 3]! += frame[i]!
    if ((i % row) + 3 < row) differences += (frame[i + 3]! - frame[i]!) ** 2
    if (i + row < frame.length) differences += (frame[i + row]! - frame[i]!) ** 2
  }
  const pairs = 3 * (height * (width - 1) + (height - 1) * width)
  const pixels = width * height
  return { detail: differences / pairs, colour: sums.map((sum) => sum / pixels) as [number, number, number] }
}

/** Mean over several pictures. */
export function meanHealth(pictures: readonly PictureHealth[]): PictureHealth {
  const average = (pick: (health: PictureHealth) => number) =>
    pictures.reduce((sum, health) => sum + pick(health), 0) / pictures.length
  return {
    detail: average((health) => health.detail),
    colour: [0, 1, 2].map((i) => average((health) => health.colour[i]!)) as [number, number, number],
  }
}

export function hasCollapsed(start: PictureHealth, end: PictureHealth): boolean {
  if (end.colour.every((value) => value < DARKEST) || end.colour.every((value) => value > BRIGHTEST)) return true
  return end.detail < LEAST_DETAIL * start.detail || end.detail > MOST_DETAIL * start.detail
}
