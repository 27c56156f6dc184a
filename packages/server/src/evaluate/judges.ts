import type { Attributes } from './clip.ts'

export interface PictureSize {
  width: number
  height: number
}

/** What the scene judge sees in one picture. */
export interface SceneReading extends Attributes {
  /** [D], for distances between sets of pictures */
  feature: Float32Array
}

/** What the scene judge sees in each cell of one picture, row by row. */
export interface CellReading {
  rows: number
  columns: number
  /** [rows,columns] places in `Judges.blocks` */
  blocks: Uint8Array
  /** [rows,columns] in 1/blocks, 0 = sky */
  inverseDepth: Float32Array
}

/** What the dynamics judge sees between a frame and the one before it. */
export interface MotionReading {
  /** Degrees, right and down positive. */
  yaw: number
  pitch: number
  /** Names of the keys that led into the frame. */
  held: string[]
}

/**
 * Networks trained on ground truth only, which say what a picture shows and what moved between two. They are never part
 * of a model: what they say about generated pictures is how those are measured.
 */
export interface Judges {
  readonly version: string
  /** Classes they know, and keys they look for. */
  readonly blocks: readonly string[]
  readonly biomes: readonly string[]
  readonly times: readonly string[]
  readonly weathers: readonly string[]
  readonly keys: readonly string[]
  /** One reading per picture of uint8 [N,H,W,3]. */
  readScene(frames: Uint8Array, size: PictureSize): Promise<SceneReading[]>
  readCells(frames: Uint8Array, size: PictureSize): Promise<CellReading[]>
  /**
   * One reading per frame but the first of consecutive pictures uint8 [T,H,W,3]. Frames at the end that do not fill the
   * judge's window are not read.
   */
  readMotion(frames: Uint8Array, size: PictureSize): Promise<MotionReading[]>
  release(): Promise<void>
}
