import { type Action, SoraError } from '@sora-world/sdk/protocol'
import { MOTION_FIELDS } from '../clip.ts'
import { frameAt } from '../evaluation.ts'
import type { CellReading, Judges, MotionReading, PictureSize, SceneReading } from '../judges.ts'
import { psnr } from '../psnr.ts'
import { joinFrames } from '../rollouts.ts'

/** One player's try at a task, T frames long: what was seen, done, and felt. */
export interface Attempt {
  size: PictureSize
  verticalFovDegrees: number
  /** uint8 [T,H,W,3] */
  frames: Uint8Array
  /** The action that led into each frame. */
  actions: readonly Action[]
  /** What the model's own pose head says of each frame, numbers as in MOTION_FIELDS; empty without one. */
  motion: readonly (readonly number[])[]
}

/** The verdict on an attempt. */
export interface Score {
  isDone: boolean
  /** What the verdict rests on, by name. */
  measures: Readonly<Record<string, number>>
}

/** Frames of a chunk; the last of each is looked at. */
const CHUNK = 4

/** What judges and pose head say of an attempt; every picture is judged once. */
export class JudgedAttempt {
  readonly attempt: Attempt
  readonly judges: Judges
  readonly marks: Readonly<Record<string, number>>
  readonly #cells = new Map<number, CellReading>()
  readonly #scenes = new Map<number, SceneReading>()
  #motions: MotionReading[] | undefined

  /** @param marks frames that the script of the task has names for */
  constructor(attempt: Attempt, judges: Judges, marks: Readonly<Record<string, number>>) {
    this.attempt = attempt
    this.judges = judges
    this.marks = marks
  }

  get count(): number {
    return this.attempt.frames.length / this.#bytes
  }

  get #bytes(): number {
    return this.attempt.size.width * this.attempt.size.height * 3
  }

  /** uint8 [H,W,3]; negative counts from the end */
  frame(index: number): Uint8Array {
    return frameAt(this.attempt.frames, index, this.#bytes)
  }

  /** The frame that the script calls `mark`. */
  at(mark: string): number {
    const frame = this.marks[mark]
    if (frame === undefined) throw new SoraError('internal', `the task's script has no moment "${mark}"`)
    return frame
  }

  /** Last frames of the chunks from frame `from` on, up to and without frame `to`. */
  chunkEnds(from = 0, to = this.count): number[] {
    const first = Math.ceil((from + 1) / CHUNK) * CHUNK - 1
    return Array.from({ length: Math.max(0, Math.ceil((to - first) / CHUNK)) }, (_, i) => first + i * CHUNK)
  }

  async cells(frames: readonly number[]): Promise<CellReading[]> {
    return this.#read(this.#cells, frames, (pictures) => this.judges.readCells(pictures, this.attempt.size))
  }

  async scenes(frames: readonly number[]): Promise<SceneReading[]> {
    return this.#read(this.#scenes, frames, (pictures) => this.judges.readScene(pictures, this.attempt.size))
  }

  async #read<T>(known: Map<number, T>, frames: readonly number[], read: (pictures: Uint8Array) => Promise<T[]>) {
    const missing = [...new Set(frames)].filter((frame) => !known.has(frame))
    if (missing.length > 0) {
      const readings = await read(joinFrames(missing.map((frame) => this.frame(frame))))
      for (const [i, frame] of missing.entries()) known.set(frame, readings[i]!)
    }
    return frames.map((frame) => known.get(frame)!)
  }

  /** What the dynamics judge sees between frames `from` and `to`; whole windows of it only. */
  async motions(from = 0, to = this.count - 1): Promise<MotionReading[]> {
    this.#motions ??= await this.judges.readMotion(this.attempt.frames, this.attempt.size)
    // Reading i leads from frame i into frame i + 1.
    return this.#motions.slice(from, to)
  }

  /** Share of the frames between `from` and `to` in which the judge sees a key held. */
  async held(key: string, from?: number, to?: number): Promise<number> {
    const motions = await this.motions(from, to)
    return motions.filter(({ held }) => held.includes(key)).length / Math.max(1, motions.length)
  }

  /** Degrees turned to the right between two frames, as the judge sees it. */
  async turned(from: number, to: number): Promise<number> {
    return (await this.motions(from, to)).reduce((sum, { yaw }) => sum + yaw, 0)
  }

  /** Where the model's pose head says the player went from frame `from` on: blocks up, and as the crow flies. */
  moved(from = 0): { up: number; away: number } {
    let heading = 0
    const at = { x: 0, y: 0, z: 0 }
    for (const [frame, motion] of this.attempt.motion.entries()) {
      const [right, up, forward, yaw] = ['right', 'up', 'forward', 'yaw'].map(
        (name) => motion[MOTION_FIELDS.indexOf(name as (typeof MOTION_FIELDS)[number])]!,
      ) as [number, number, number, number]
      if (frame > from) {
        at.x += right * Math.cos(heading) + forward * Math.sin(heading)
        at.z += right * Math.sin(heading) - forward * Math.cos(heading)
        at.y += up
      }
      heading += (yaw * Math.PI) / 180
    }
    return { up: at.y, away: Math.hypot(at.x, at.z) }
  }

  /** dB between two frames of the attempt. */
  likeness(a: number, b: number): number {
    return psnr(this.frame(a), this.frame(b))
  }
}
