import type { NamedAction } from '../action.ts'
import type { EpisodeStart, Policy } from '../policy.ts'
import { randomNumbers } from '../rng.ts'

export interface RandomOptions {
  /** Chance to go on with what is being done, per step: 0.8 makes a thing last for five steps on average. */
  persistence?: number
  /** Share of the model's fastest turn. */
  turn?: number
}

interface RandomMemory {
  episode: EpisodeStart
  draw: () => number
  action: NamedAction
}

/** Chance of each button in a fresh draw; walking ahead is likeliest, so that it gets somewhere. */
const CHANCES: Readonly<Record<string, number>> = {
  forward: 0.7,
  back: 0.08,
  left: 0.15,
  right: 0.15,
  jump: 0.15,
  sneak: 0.05,
  sprint: 0.3,
  attack: 0.15,
  use: 0.1,
}
const TURN_CHANCE = 0.5
/** Looking up and down is slower than around, or the player stares at the sky. */
const PITCH_SHARE = 0.2
const PITCH_LIMIT = 35

/** Draws an action and keeps it for a while. The same random seed makes the same draws. */
export function random({ persistence = 0.8, turn = 0.4 }: RandomOptions = {}): Policy<RandomMemory> {
  return {
    name: 'random',
    start: (episode) => ({ episode, draw: randomNumbers(episode.rngSeed), action: {} }),
    act: ({ tick, pose }, memory) => {
      if (tick === 0 || memory.draw() >= persistence) memory.action = drawAction(memory, turn)
      return levelled(memory.action, pose?.pitch ?? 0)
    },
  }
}

function drawAction({ episode, draw }: RandomMemory, turn: number): NamedAction {
  const action: NamedAction = {}
  for (const { name } of episode.actionSpace.buttons) if (draw() < (CHANCES[name] ?? 0)) action[name] = true
  const isTurning = draw() < TURN_CHANCE
  const signed = () => (draw() * 2 - 1) * turn
  const yaw = signed() * episode.maxTurn.yaw
  const pitch = signed() * episode.maxTurn.pitch * PITCH_SHARE
  return isTurning ? { ...action, camera: { yaw, pitch } } : action
}

/** Never further up or down than a person would look while walking. */
function levelled(action: NamedAction, pitch: number): NamedAction {
  const wanted = action.camera?.pitch ?? 0
  if (!action.camera || Math.abs(pitch + wanted) < PITCH_LIMIT || wanted * pitch <= 0) return action
  return { ...action, camera: { yaw: action.camera.yaw } }
}
