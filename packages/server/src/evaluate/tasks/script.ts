import type { Action } from '@sora-world/sdk/protocol'

/** Frames in which the same is done; a list of them is an action file (`sora-world generate --actions`). */
export interface Stretch {
  frames: number
  held?: readonly string[]
  axes?: Readonly<Record<string, number>>
}

/** Where the player looks, in degrees: yaw from the first view, right positive; pitch from the horizon, down positive. */
export interface Look {
  yaw: number
  pitch: number
}

/** Degrees below the horizon at which worlds begin, as the world memory takes it (`memory/camera.ts`). */
export const START_PITCH = 6
/** Degrees a frame: what the action space allows. */
const FASTEST = 8
/** Frames before anything is done: a first view and a chunk to settle. Frame `REST` is the view of the start. */
export const REST = 7

/**
 * What a player does, frame by frame, and names for moments of it. The stretch that is added first leads into frame 1:
 * frame 0 is there before anything was done.
 */
export class Script {
  readonly stretches: Stretch[] = []
  readonly marks: Record<string, number> = {}
  #frame = 0
  #look: Look = { yaw: 0, pitch: START_PITCH }

  constructor() {
    this.rest(REST).mark('start')
  }

  /** Frames of the whole attempt, in whole chunks of 4. */
  get frames(): number {
    return Math.ceil((this.#frame + 1) / 4) * 4
  }

  /** Gives the frame reached so far a name. */
  mark(name: string): this {
    this.marks[name] = this.#frame
    return this
  }

  hold(frames: number, held: readonly string[], axes: Readonly<Record<string, number>> = {}): this {
    this.stretches.push({ frames, held, axes })
    this.#frame += frames
    return this
  }

  rest(frames: number): this {
    return this.hold(frames, [])
  }

  /** Turns evenly to where one should look, as fast as `rate` allows. */
  look(yaw: number, pitch: number, rate = FASTEST): this {
    const right = yaw - this.#look.yaw
    const down = pitch - this.#look.pitch
    const frames = Math.ceil(Math.max(Math.abs(right), Math.abs(down)) / rate - 1e-9)
    this.#look = { yaw, pitch }
    return frames === 0 ? this : this.hold(frames, [], { 'camera.yaw': right / frames, 'camera.pitch': down / frames })
  }

  /** The action that leads into each frame; nothing into frame 0 and after the end. */
  actions(): Action[] {
    const done = this.stretches.flatMap(({ frames, held = [], axes = {} }) =>
      Array.from({ length: frames }, (): Action => ({ held, axes })),
    )
    return Array.from({ length: this.frames }, (_, frame) => done[frame - 1] ?? { held: [], axes: {} })
  }
}

/** Blocks above the ground at which the eye is. */
export const EYE_HEIGHT = 1.62

/** Where to look at a point `ahead`, `aside` (right) and `high` (above the ground one stands on), in blocks. */
export function lookAt(ahead: number, aside: number, high = 0): Look {
  const degrees = 180 / Math.PI
  return {
    yaw: Math.atan2(aside, ahead) * degrees,
    pitch: Math.atan2(EYE_HEIGHT - high, Math.hypot(ahead, aside)) * degrees,
  }
}
