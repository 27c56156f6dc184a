import { SoraError } from '@sora-world/sdk/protocol'
import { type GraphTensors, type OnnxGraph, openGraph } from '../model/onnx-runtime.ts'
import { areaAverage, cropColumns } from './area-average.ts'
import { type JudgeManifest, readJudgeGraph, readJudgeManifest } from './judge-manifest.ts'
import type { CellReading, Judges, MotionReading, PictureSize, SceneReading } from './judges.ts'

/** Pictures (or windows of them) judged at once: enough to be quick, little memory. */
const BATCH = 16
/** The networks halve their pictures a few times; other widths are cut to a multiple of this. */
const COLUMN_STEP = 8

/**
 * Opens the judges of a folder, on the CPU.
 *
 * @throws SoraError `model-missing`, `model-invalid` or `model-tampered` naming the file
 */
export async function openJudges(dir: string, threads = 0): Promise<Judges> {
  const manifest = await readJudgeManifest(dir)
  // Both are checked before either is opened.
  const scene = await readJudgeGraph(dir, manifest, 'scene.onnx')
  const dynamics = await readJudgeGraph(dir, manifest, 'dynamics.onnx')
  const options = { provider: 'cpu', threads } as const
  return new OnnxJudges(manifest, await openGraph(scene, options), await openGraph(dynamics, options))
}

class OnnxJudges implements Judges {
  readonly version: string
  readonly blocks: readonly string[]
  readonly biomes: readonly string[]
  readonly times: readonly string[]
  readonly weathers: readonly string[]
  readonly keys: readonly string[]
  readonly #manifest: JudgeManifest
  readonly #scene: OnnxGraph
  readonly #dynamics: OnnxGraph

  constructor(manifest: JudgeManifest, scene: OnnxGraph, dynamics: OnnxGraph) {
    this.version = manifest.version
    this.blocks = manifest.blocks
    this.biomes = manifest.biomes
    this.times = manifest.times
    this.weathers = manifest.weathers
    this.keys = manifest.keys
    this.#manifest = manifest
    this.#scene = scene
    this.#dynamics = dynamics
  }

  async readScene(frames: Uint8Array, size: PictureSize): Promise<SceneReading[]> {
    const readings: SceneReading[] = []
    for await (const { out, count } of this.#scenes(frames, size)) readings.push(...this.#scenesOf(out, count))
    return readings
  }

  async readCells(frames: Uint8Array, size: PictureSize): Promise<CellReading[]> {
    const { scale } = this.#manifest
    const readings: CellReading[] = []
    for await (const { out, count, width, height } of this.#scenes(frames, size)) {
      readings.push(...this.#cellsOf(out, count, { rows: height / scale, columns: width / scale }))
    }
    return readings
  }

  /** Runs the scene judge over pictures, a batch at a time. */
  async *#scenes(frames: Uint8Array, size: PictureSize) {
    const { data, width, height } = fitForJudge(frames, size, this.#manifest.heights)
    const bytes = width * height * 3
    for (let at = 0; at < data.length; at += BATCH * bytes) {
      const part = data.subarray(at, at + BATCH * bytes)
      const count = part.length / bytes
      const out = await this.#scene.run({ frames: { type: 'uint8', data: part, dims: [count, height, width, 3] } })
      yield { out, count, width, height }
    }
  }

  #cellsOf(out: GraphTensors, count: number, { rows: down, columns }: { rows: number; columns: number }) {
    const cells = down * columns
    const logits = rows(out, 'block_id', count, this.blocks.length * cells)
    const inverseDepth = rows(out, 'inverse_depth', count, cells)
    return Array.from({ length: count }, (_, i) => ({
      rows: down,
      columns,
      blocks: Uint8Array.from({ length: cells }, (_, cell) => likeliest(logits[i]!, cell, cells)),
      inverseDepth: inverseDepth[i]!,
    }))
  }

  #scenesOf(out: GraphTensors, count: number): SceneReading[] {
    const { biomes, times, weathers, featureWidth } = this.#manifest
    const biome = rows(out, 'biome', count, biomes.length)
    const time = rows(out, 'time', count, times.length)
    const weather = rows(out, 'weather', count, weathers.length)
    const feature = rows(out, 'feature', count, featureWidth)
    return Array.from({ length: count }, (_, i) => ({
      biome: biomes[largest(biome[i]!)]!,
      time: times[largest(time[i]!)]!,
      weather: weathers[largest(weather[i]!)]!,
      feature: feature[i]!,
    }))
  }

  async readMotion(frames: Uint8Array, size: PictureSize): Promise<MotionReading[]> {
    const { data, width, height } = fitForJudge(frames, size, this.#manifest.heights)
    const bytes = width * height * 3
    const { frames: window } = this.#manifest
    const windows = Math.floor((data.length / bytes - 1) / (window - 1))
    const readings: MotionReading[] = []
    for (let first = 0; first < windows; first += BATCH) {
      const count = Math.min(BATCH, windows - first)
      const feed = new Uint8Array(count * window * bytes)
      for (let i = 0; i < count; i++) {
        const start = (first + i) * (window - 1) * bytes
        feed.set(data.subarray(start, start + window * bytes), i * window * bytes)
      }
      const dims = [count, window, height, width, 3]
      readings.push(
        ...this.#motionsOf(await this.#dynamics.run({ frames: { type: 'uint8', data: feed, dims } }), count),
      )
    }
    return readings
  }

  #motionsOf(out: GraphTensors, count: number): MotionReading[] {
    const { keys, frames } = this.#manifest
    const moments = count * (frames - 1)
    const turn = rows(out, 'turn', moments, 2)
    const logits = rows(out, 'keys', moments, keys.length)
    return Array.from({ length: moments }, (_, i) => ({
      yaw: turn[i]![0]!,
      pitch: turn[i]![1]!,
      held: keys.filter((_, key) => logits[i]![key]! > 0),
    }))
  }

  async release(): Promise<void> {
    await this.#scene.release()
    await this.#dynamics.release()
  }
}

/**
 * Pictures as the judges know them: not taller than what they were trained on (degrees per pixel depend on the height),
 * shrunk to the height that keeps whole columns, and a width that can be halved.
 */
export function fitForJudge(frames: Uint8Array, size: PictureSize, heights: readonly number[]) {
  const tallest = Math.max(...heights)
  const height = size.height <= tallest ? size.height : bestHeight(size, heights)
  const width = Math.round((size.width * height) / size.height)
  const wide = areaAverage(frames, size, { width, height })
  const cut = Math.max(COLUMN_STEP, width - (width % COLUMN_STEP))
  return { data: cropColumns(wide, width, cut), width: cut, height }
}

/** A height that divides the picture's (no pixel is split), else the tallest. */
function bestHeight(size: PictureSize, heights: readonly number[]): number {
  const descending = heights.toSorted((a, b) => b - a)
  return descending.find((height) => size.height % height === 0) ?? descending[0]!
}

/** Output `name` as `count` rows of `width` numbers. */
function rows(out: GraphTensors, name: string, count: number, width: number): Float32Array[] {
  const tensor = out[name]
  if (tensor?.type !== 'float32' || tensor.data.length !== count * width) {
    throw new SoraError('model-invalid', `a judge gave no float32 output "${name}" of ${count} x ${width}`)
  }
  return Array.from({ length: count }, (_, i) => tensor.data.slice(i * width, (i + 1) * width))
}

function largest(values: Float32Array): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0)
}

/** The class of one cell in logits [K,cells]. */
function likeliest(logits: Float32Array, cell: number, cells: number): number {
  let best = 0
  for (let at = 1; at * cells < logits.length; at++) {
    if (logits[at * cells + cell]! > logits[best * cells + cell]!) best = at
  }
  return best
}
