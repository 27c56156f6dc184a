import { BUILDING_TASKS } from './building.ts'
import type { Task } from './task.ts'
import { TRAVEL_TASKS } from './travel.ts'
import { VIEW_TASKS } from './views.ts'

/** The sixteen, in the order in which they are listed. */
const ORDER = [
  ...['walk-to-tree', 'climb-hill', 'enter-water', 'turn-and-return', 'dig-hole', 'tunnel', 'tower-up', 'place-row'],
  ...['break-row', 'build-wall', 'through-door', 'cross-border', 'day-to-night', 'start-rain', 'stand-still'],
  'sprint-far',
]

export const TASKS: readonly Task[] = [...TRAVEL_TASKS, ...VIEW_TASKS, ...BUILDING_TASKS].toSorted(
  (a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name),
)
