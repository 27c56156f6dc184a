import { type PictureHealth, pictureHealth } from '../worker/picture-health.ts'

export { type PictureHealth, pictureHealth }

/** A rollout counts as broken when its detail leaves these bounds, as a share of what it had at its start. */
const LEAST_DETAIL = 0.2
const MOST_DETAIL = 5
/** ... or when all colours have run into an end of their range. Ground truth at night in fog is well inside. */
const DARKEST = 5
const BRIGHTEST = 250

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
