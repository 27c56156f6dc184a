import { modelDims } from '../model/denoiser.ts'
import { FakeModel } from '../model/fake-model.ts'
import { readFakeFrame } from '../model/fake-picture.ts'
import { tokenize } from '../model/tokenizer.ts'
import type { CellReading, Judges, MotionReading, PictureSize, SceneReading } from './judges.ts'

const WINDOW = 5
const CELL = 4

/**
 * Judges that read the barcode of the fake model's pictures: without an error of their own, except that headings are
 * written in steps of a third of a degree. The biome is that whose hue the sky comes nearest to; features are hue and
 * blocks walked.
 */
export class FakeJudges implements Judges {
  readonly version = 'fake'
  readonly blocks = ['sky', 'brick', 'hand']
  readonly biomes: readonly string[]
  readonly times = ['day']
  readonly weathers = ['clear']
  readonly keys = ['forward', 'back', 'left', 'right', 'jump', 'sneak', 'sprint', 'attack', 'use']
  readonly #manifest = new FakeModel().manifest
  readonly #buttons = this.#manifest.actionSpace.buttons.map(({ name }) => name)

  readonly #hues: Readonly<Record<string, number>>

  /** @param hues of the biomes, see {@link hueOf} */
  constructor(hues: Readonly<Record<string, number>> = { desert: -1, forest: 1 }) {
    this.#hues = hues
    this.biomes = Object.keys(hues)
  }

  async readScene(frames: Uint8Array, size: PictureSize): Promise<SceneReading[]> {
    return this.#read(frames, size).map(({ hue, walked }) => ({
      biome: this.biomes.toSorted((a, b) => this.#farFrom(a, hue) - this.#farFrom(b, hue))[0]!,
      time: 'day',
      weather: 'clear',
      feature: Float32Array.of(hue, walked),
    }))
  }

  /** Cells that are red all over are brick, all else is sky. */
  async readCells(frames: Uint8Array, { width, height }: PictureSize): Promise<CellReading[]> {
    const columns = width / CELL
    const rows = height / CELL
    const isRed = (at: number) => frames[at]! === 255 && frames[at + 1] === 0
    return Array.from({ length: frames.length / (width * height * 3) }, (_, frame) => ({
      rows,
      columns,
      blocks: Uint8Array.from({ length: rows * columns }, (_, cell) => {
        const y = frame * height + Math.floor(cell / columns) * CELL
        const x = (cell % columns) * CELL
        const corners = [0, CELL - 1].flatMap((dy) => [0, CELL - 1].map((dx) => (y + dy) * width + x + dx))
        return Number(corners.every((pixel) => isRed(pixel * 3)))
      }),
      inverseDepth: new Float32Array(rows * columns),
    }))
  }

  async readMotion(frames: Uint8Array, size: PictureSize): Promise<MotionReading[]> {
    const worlds = this.#read(frames, size)
    const transitions = Math.floor((worlds.length - 1) / (WINDOW - 1)) * (WINDOW - 1)
    return Array.from({ length: transitions }, (_, i) => {
      const before = worlds[i]!
      const after = worlds[i + 1]!
      const turn = after.heading - before.heading
      return {
        yaw: turn - 360 * Math.round(turn / 360),
        pitch: after.pitch - before.pitch,
        held: this.keys.filter((name) => after.buttons[this.#buttons.indexOf(name)]),
      }
    })
  }

  async release(): Promise<void> {}

  #farFrom(biome: string, hue: number): number {
    return Math.abs(this.#hues[biome]! - hue)
  }

  #read(frames: Uint8Array, { width, height }: PictureSize) {
    const size = this.#manifest.sizes.find((offered) => offered.width === width && offered.height === height)!
    const dims = modelDims(this.#manifest, size)
    const bytes = width * height * 3
    return Array.from({ length: frames.length / bytes }, (_, i) =>
      readFakeFrame(frames, i * bytes, dims, this.#buttons.length),
    )
  }
}

/** The hue that the fake model gives to worlds of a caption. */
export async function hueOf(caption: string): Promise<number> {
  const model = new FakeModel()
  const { pooled } = await model.encodeText(tokenize(caption, model.manifest.text))
  return pooled[0]!
}
