import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ShownChunk } from '@sora-world/sdk/agent'
import { type FrameSize, NO_ACTION } from '@sora-world/sdk/protocol'
import { enlarge } from '../studio/enlarge.ts'
import { type FrameWriter, openFrameWriter } from '../studio/frame-writer.ts'
import { saveFile } from '../studio/save-file.ts'
import { type RecordedFrame, vptLines } from './vpt-lines.ts'

/** An episode on disk. */
export interface RecordedEpisode {
  /** Place of the world in its environment. */
  world: number
  /** Counts the episodes of this world, from 1 on. */
  episode: number
  rngSeed: number
  frames: number
  /** The MP4. */
  video: string
  /** The jsonl beside it; null when somebody else steered for a while: what they did is not known. */
  actions: string | null
}

export interface EpisodeFileOptions {
  size: FrameSize
  framesPerSecond: number
  scale: number
  /** Pictures for the contact sheet. */
  pictures: number
}

/** One episode on its way to disk: the frames are encoded as they come, and the files written at its end. */
export class EpisodeFile {
  readonly #options: EpisodeFileOptions
  readonly #writer: FrameWriter
  readonly #begin: Pick<ShownChunk, 'world' | 'episode' | 'rngSeed'>
  readonly #frames: RecordedFrame[] = []
  #isKnown = true
  #kept: Uint8Array[] = []
  /** Every so many frames one is kept for the contact sheet. */
  #stride = 1

  static async open(begin: ShownChunk, options: EpisodeFileOptions): Promise<EpisodeFile> {
    const { size, framesPerSecond, scale } = options
    const picture = { width: size.width * scale, height: size.height * scale, framesPerSecond }
    return new EpisodeFile(await openFrameWriter('episode.mp4', picture), begin, options)
  }

  private constructor(writer: FrameWriter, { world, episode, rngSeed }: ShownChunk, options: EpisodeFileOptions) {
    this.#writer = writer
    this.#begin = { world, episode, rngSeed }
    this.#options = options
  }

  async add({ frames, actions, poses, caption, isFirst }: ShownChunk): Promise<void> {
    const { size, scale } = this.#options
    const pixels = size.width * size.height * 3
    // Nothing has led into the first view.
    if (!actions && !isFirst) this.#isKnown = false
    for (let frame = 0; frame * pixels < frames.length; frame++) {
      const picture = frames.subarray(frame * pixels, (frame + 1) * pixels)
      this.#keep(picture)
      const pose = poses?.[frame]
      this.#frames.push({
        action: (isFirst ? undefined : actions?.[frame]) ?? NO_ACTION,
        pose: pose ? [pose.x, pose.y, pose.z, pose.yaw, pose.pitch] : null,
        caption,
      })
      this.#writer.add(await enlarge(picture, size, scale, 'cubic'))
    }
  }

  /** Frames from all over the episode, uint8 [H,W,3] each. */
  pictures(): Uint8Array[] {
    const count = Math.min(this.#options.pictures, this.#kept.length)
    return Array.from({ length: count }, (_, i) => this.#kept[Math.floor((i * this.#kept.length) / count)]!)
  }

  /** Writes both files or none. @throws SoraError `output-failed` */
  async save(folder: string, name: string): Promise<RecordedEpisode> {
    const video = join(folder, `${name}.mp4`)
    const actions = this.#isKnown ? join(folder, `${name}.jsonl`) : null
    await saveFile(video, await this.#writer.finish())
    try {
      if (actions) await saveFile(actions, new TextEncoder().encode(`${vptLines(this.#frames).join('\n')}\n`))
    } catch (error) {
      await rm(video, { force: true })
      throw error
    }
    return { ...this.#begin, frames: this.#frames.length, video, actions }
  }

  /** The length is not known beforehand: when too many are kept, every other one goes. */
  #keep(picture: Uint8Array): void {
    if (this.#frames.length % this.#stride === 0) this.#kept.push(picture.slice())
    if (this.#kept.length < 2 * this.#options.pictures) return
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0)
    this.#stride *= 2
  }
}
