import type { Action } from '@sora-world/sdk/protocol'

/** What a moment of a clip shows, in the words of the judges. */
export interface Attributes {
  biome: string
  time: string
  weather: string
}

/** Inverse depth at the centres of square cells. */
export interface DepthTrack {
  rows: number
  columns: number
  /** [T,rows,columns] in 1/blocks, 0 = sky */
  inverse: Float32Array
}

/** A recorded run of ground truth, T frames long; one entry of each list per frame. */
export interface Clip {
  name: string
  /** Theme of the player's behaviour, e.g. `look_back`. */
  scenario: string
  width: number
  height: number
  framesPerSecond: number
  /** T */
  frames: number
  /** uint8 [T,H,W,3] */
  rgb: Uint8Array
  /** The action that led into each frame; nothing at frame 0. */
  actions: Action[]
  captions: string[]
  /** Eye x, y, z in blocks, yaw and pitch in degrees. */
  pose: number[][]
  /** Movement into each frame: right, up, forward (blocks), yaw, pitch (degrees), on ground. */
  motion: number[][]
  attributes: Attributes[]
  depth: DepthTrack
}

/** Order of the numbers in `Clip.motion`, as in a manifest's pose fields. */
export const MOTION_FIELDS = ['right', 'up', 'forward', 'yaw', 'pitch', 'onGround'] as const
