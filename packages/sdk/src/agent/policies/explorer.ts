import { SoraError } from '../../protocol/index.ts'
import type { NamedAction } from '../action.ts'
import type { DepthImage, Observation } from '../observation.ts'
import { type EpisodeStart, type Policy, withinTurn } from '../policy.ts'
import { randomNumbers } from '../rng.ts'

export interface ExplorerOptions {
  /** Blocks: what is nearer is a wall to turn away from. */
  wall?: number
}

interface ExplorerMemory {
  episode: EpisodeStart
  draw: () => number
  /** Side to turn to while something is in the way; 0 while the way is free. */
  turning: -1 | 0 | 1
  /** Gentle bend while the way is free, in degrees per step. */
  bend: number
  /** Steps in a row without getting anywhere. */
  stuck: number
  last: Observation | null
}

/** Share of the model's fastest turn that it turns away with. */
const TURN_SHARE = 0.75
const BEND_DEGREES = 6
const BEND_CHANCE = 0.15
/** Blocks per step below which a walking player is stuck. */
const STUCK_BLOCKS = 0.15
const STUCK_STEPS = 3
/** Rows of the view that tell of walls: below is the ground at one's feet, above the sky. */
const ROWS = { from: 0.3, to: 0.6 }

/** Walks where there is room, and turns to the more open side when its depth shows something in the way. */
export function explorer({ wall = 2.5 }: ExplorerOptions = {}): Policy<ExplorerMemory> {
  return {
    name: 'explorer',
    start: (episode) => ({
      ...{ episode, draw: randomNumbers(episode.rngSeed) },
      ...{ turning: 0, bend: 0, stuck: 0, last: null },
    }),
    act: (observation, memory) => {
      if (!observation.depth) throw new SoraError('unsupported', 'the explorer needs depth, which is not there')
      noticeStuck(observation, memory)
      memory.last = observation
      return memory.stuck >= STUCK_STEPS ? breakFree(memory) : walk(observation, observation.depth, memory, wall)
    },
  }
}

function walk(observation: Observation, depth: DepthImage, memory: ExplorerMemory, wall: number): NamedAction {
  const { maxTurn } = memory.episode
  const [left, ahead, right] = openness(depth)
  const pitch = levelling(observation, maxTurn.pitch)
  if (ahead < wall) {
    // Once decided, go on to that side: two walls in a corner would make it swing for ever.
    memory.turning ||= left > right ? -1 : 1
    const yaw = memory.turning * maxTurn.yaw * TURN_SHARE
    return { jump: ahead > wall / 2, forward: ahead > wall / 2, camera: { yaw, pitch } }
  }
  memory.turning = 0
  if (memory.draw() < BEND_CHANCE) memory.bend = (memory.draw() * 2 - 1) * BEND_DEGREES
  return { forward: true, sprint: ahead > 3 * wall, camera: { yaw: memory.bend, pitch } }
}

function noticeStuck({ pose }: Observation, memory: ExplorerMemory): void {
  const before = memory.last?.pose
  if (!pose || !before) return
  const isStuck = memory.turning === 0 && Math.hypot(pose.x - before.x, pose.z - before.z) < STUCK_BLOCKS
  memory.stuck = isStuck ? memory.stuck + 1 : 0
}

/** The depth shows nothing and yet it does not move: jump, and turn for good. */
function breakFree(memory: ExplorerMemory): NamedAction {
  memory.turning ||= memory.draw() < 0.5 ? -1 : 1
  memory.stuck = 0
  return { forward: true, jump: true, camera: { yaw: memory.turning * memory.episode.maxTurn.yaw } }
}

/** Back to the horizon. */
function levelling({ pose }: Observation, most: number): number {
  return withinTurn(-(pose?.pitch ?? 0) / 2, most)
}

/**
 * Blocks to the nearest thing on the left, ahead and on the right: a tenth of the samples may be nearer, so that a
 * single wrong one does not count.
 */
function openness(depth: DepthImage): [left: number, ahead: number, right: number] {
  return [nearest(depth, 0, 1 / 3), nearest(depth, 1 / 3, 2 / 3), nearest(depth, 2 / 3, 1)]
}

function nearest({ inverse, width, height }: DepthImage, from: number, to: number): number {
  const samples: number[] = []
  for (let y = Math.floor(height * ROWS.from); y < Math.ceil(height * ROWS.to); y++) {
    for (let x = Math.floor(width * from); x < Math.ceil(width * to); x++) samples.push(inverse[y * width + x]!)
  }
  samples.sort((a, b) => b - a)
  const at = samples[Math.floor(samples.length / 10)] ?? 0
  return at > 0 ? 1 / at : Number.POSITIVE_INFINITY
}
