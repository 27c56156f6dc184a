import { setTimeout as sleep } from 'node:timers/promises'
import { type FrameSize, type ModelManifest, SoraError } from '@sora-world/sdk/protocol'
import { checkDecodeInput, checkDenoiseInput, checkFuseInput } from './check-inputs.ts'
import {
  type DecodeInput,
  type DecodeOutput,
  type DenoiseInput,
  type DenoiseOutput,
  type FuseInput,
  type ModelDims,
  modelDims,
  type TextEncoding,
  type WorldModel,
} from './denoiser.ts'
import { type FakeAbilities, fakeManifest, MEMORY_SHOWN } from './fake-manifest.ts'
import { drawFakeFrame, readFakeFrame } from './fake-picture.ts'
import { CHANNEL, type FakePose, fakePoses, moveFakeWorld, readFakeLatent, writeFakeLatent } from './fake-world.ts'

const STAR_LEVEL = 0.5

/**
 * A world model without weights: predicts the exact clean latent of an analytic world (`fake-world.ts`) that follows
 * seq, actions, caption, the chunk before, the attended chunks and, at its first chunk, the noise. Any number of
 * denoise steps gives the same latent. With world memory its latent also holds what the memory image shows.
 */
export class FakeModel implements WorldModel {
  readonly manifest: ModelManifest
  readonly provider = 'fake'
  readonly variant = 'fake'
  readonly #passMs: number
  readonly #buttons: readonly string[]
  readonly fuseDepth?: WorldModel['fuseDepth']

  /** @param options.passMs how long one denoiser pass takes, for tests of scheduling; `memory`: with world memory */
  constructor({ passMs = 0, ...abilities }: { passMs?: number } & FakeAbilities = {}) {
    this.manifest = fakeManifest(abilities)
    this.#passMs = passMs
    if (abilities.fusion) this.fuseDepth = (input) => this.#fuseDepth(input)
    this.#buttons = this.manifest.actionSpace.buttons.map((button) => button.name)
  }

  async encode(frames: Uint8Array, size: FrameSize, batch = 1): Promise<Float32Array> {
    const dims = modelDims(this.manifest, size)
    const frameBytes = dims.height * dims.width * 3
    const chunkBytes = frameBytes * dims.framesPerChunk
    if (frames.length !== batch * chunkBytes) {
      throw new SoraError('internal', `encoder: frames has ${frames.length} bytes, not ${batch * chunkBytes}`)
    }
    const out = new Float32Array(batch * dims.latentLength)
    for (let b = 0; b < batch; b++) {
      const lastFrame = (b + 1) * chunkBytes - frameBytes
      const world = readFakeFrame(frames, lastFrame, dims, this.#buttons.length)
      writeFakeLatent(world, dims, out, b * dims.latentLength)
    }
    return out
  }

  /** State: cos and sin of the heading before, so that frames turn smoothly; zeros read as "no chunk before". */
  async decode(input: DecodeInput): Promise<DecodeOutput> {
    const dims = modelDims(this.manifest, input.size)
    checkDecodeInput(dims, input)
    const cells = dims.latentHeight * dims.latentWidth
    const frameBytes = dims.height * dims.width * 3
    const out: DecodeOutput = {
      frames: new Uint8Array(input.batch * dims.framesPerChunk * frameBytes),
      inverseDepth: fakeInverseDepth(dims, input.batch),
      nextState: new Float32Array(input.state.length),
    }
    for (let b = 0; b < input.batch; b++) {
      const at = b * dims.latentLength
      const world = readFakeLatent(input.latent, dims, at, this.#buttons.length)
      const starsAt = at + CHANNEL.stars * cells
      const stars = input.latent.subarray(starsAt, starsAt + dims.latentWidth)
      const turned = turnSince(input.state, b * 2 * cells, cells, world.heading)
      for (let frame = 0; frame < dims.framesPerChunk; frame++) {
        const left = 1 - (frame + 1) / dims.framesPerChunk
        const seen = { ...world, heading: world.heading - turned * left }
        drawFakeFrame(seen, stars, frame, dims, out.frames, (b * dims.framesPerChunk + frame) * frameBytes)
      }
      const angle = (world.heading * Math.PI) / 180
      out.nextState.fill(Math.cos(angle), b * 2 * cells, (b * 2 + 1) * cells)
      out.nextState.fill(Math.sin(angle), (b * 2 + 1) * cells, (b * 2 + 2) * cells)
    }
    return out
  }

  async encodeText(tokens: BigInt64Array, batch = 1): Promise<TextEncoding> {
    const { length, queryTokens, width, pooledWidth } = this.manifest.text
    if (tokens.length !== batch * length) {
      throw new SoraError('internal', `text: tokens has ${tokens.length} numbers, not ${batch * length}`)
    }
    const text = new Float32Array(batch * queryTokens * width)
    const pooled = new Float32Array(batch * pooledWidth)
    for (let b = 0; b < batch; b++) {
      const hue = captionHue(tokens.subarray(b * length, (b + 1) * length))
      text.fill(hue, b * queryTokens * width, (b + 1) * queryTokens * width)
      pooled.fill(hue, b * pooledWidth, (b + 1) * pooledWidth)
    }
    return { text, pooled }
  }

  async denoise(input: DenoiseInput): Promise<DenoiseOutput> {
    const dims = modelDims(this.manifest, input.size)
    checkDenoiseInput(dims, input)
    if (this.#passMs > 0) await sleep(this.#passMs)
    const rows = input.batch * input.chunks
    const poses = Array.from({ length: rows }, (_, row) =>
      fakePoses(rowOf(input.actions, rows, row), dims, this.#buttons),
    )
    const motion = poses.map((pose) => Math.min(1, Math.abs(pose[0]![2]) * 3))
    const clean = new Float32Array(input.noisy.length)
    for (let row = 0; row < rows; row++) {
      this.#predict(input, dims, row, poses[row]!, attendedMean(input, dims, row, motion), clean)
    }
    const present = spreadOverCache(motion, input, dims)
    return { clean, pose: Float32Array.from(poses.flat(2)), presentKey: present, presentValue: present.slice() }
  }

  #predict(
    input: DenoiseInput,
    dims: ModelDims,
    row: number,
    poses: FakePose[],
    attended: number,
    clean: Float32Array,
  ): void {
    const at = row * dims.latentLength
    const before = readFakeLatent(input.previous, dims, at, this.#buttons.length)
    const actions = rowOf(input.actions, input.batch * input.chunks, row)
    const down = (column: number) => poses.some((_, frame) => actions[frame * dims.actionWidth + column]! > 0.5)
    const world = {
      ...moveFakeWorld(before, poses),
      time: input.time[row]!,
      buttons: this.#buttons.map((_, column) => down(column)),
      hue: input.pooled[row * dims.pooledWidth]!,
      attended,
    }
    writeFakeLatent(world, dims, clean, at)
    const cells = dims.latentHeight * dims.latentWidth
    for (let i = at + CHANNEL.stars * cells; i < at + (CHANNEL.stars + 1) * cells; i++) {
      clean[i] = Math.sign(input.previous[i]! || input.noisy[i]!) * STAR_LEVEL
    }
    if (input.memory) showMemory(rowOf(input.memory, input.batch * input.chunks, row), dims, clean, at)
  }

  /** The depth channel becomes the mean inverse depth of the first view of the memory over each cell. */
  async #fuseDepth(input: FuseInput): Promise<Float32Array> {
    const dims = modelDims(this.manifest, input.size)
    checkFuseInput(dims, input)
    const fused = input.latent.slice()
    for (let b = 0; b < input.batch; b++) {
      const view = rowOf(input.memory, input.batch, b).subarray(MEMORY_SHOWN * dims.memoryHeight * dims.memoryWidth)
      meanOverCells(view, dims, 1, fused, b * dims.latentLength + CHANNEL.depth * dims.latentHeight * dims.latentWidth)
    }
    return fused
  }

  async release(): Promise<void> {}
}

/** Mean of the first view of the memory image [F*6,h,w] over each latent cell, into the last channels of the latent at `offset`. */
function showMemory(memory: Float32Array, dims: ModelDims, out: Float32Array, offset: number): void {
  meanOverCells(memory, dims, MEMORY_SHOWN, out, offset + CHANNEL.memory * dims.latentHeight * dims.latentWidth)
}

/** Adds the means of the first channels of `images` [..,memoryHeight,memoryWidth] over each latent cell to `out` from `first` on. */
function meanOverCells(
  images: Float32Array,
  dims: ModelDims,
  channels: number,
  out: Float32Array,
  first: number,
): void {
  const pixels = dims.memoryHeight * dims.memoryWidth
  const cells = dims.latentHeight * dims.latentWidth
  const side = dims.memoryWidth / dims.latentWidth
  for (let i = 0; i < Math.min(channels * pixels, images.length); i++) {
    const x = i % dims.memoryWidth
    const y = Math.floor((i % pixels) / dims.memoryWidth)
    const cell = Math.floor(y / side) * dims.latentWidth + Math.floor(x / side)
    out[first + Math.floor(i / pixels) * cells + cell]! += images[i]! / side ** 2
  }
}

/** Mean of the attended chunks' values, the chunk's own motion included. */
function attendedMean(input: DenoiseInput, dims: ModelDims, row: number, motion: readonly number[]): number {
  const { contextChunks } = dims
  const columns = contextChunks + input.chunks
  const b = Math.floor(row / input.chunks)
  const values: number[] = []
  for (let column = 0; column < columns; column++) {
    if (input.mask[row * columns + column]! < 0.5) continue
    const own = b * input.chunks + column - contextChunks
    values.push(column < contextChunks ? slotMean(input.pastValue, dims, input.batch, b, column) : motion[own]!)
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Mean over everything one cache slot holds: any mistake in the layout shows. */
function slotMean(past: Float32Array, dims: ModelDims, batch: number, b: number, slot: number): number {
  const part = dims.tokens * dims.headDim
  let sum = 0
  for (let layer = 0; layer < dims.layers; layer++) {
    for (let head = 0; head < dims.heads; head++) {
      const from = (((layer * batch + b) * dims.heads + head) * dims.contextChunks + slot) * part
      for (let i = from; i < from + part; i++) sum += past[i]!
    }
  }
  return sum / (dims.layers * dims.heads * part)
}

/** [L,B,heads,T*N,headDim], each chunk's part filled with its motion. */
function spreadOverCache(motion: readonly number[], input: DenoiseInput, dims: ModelDims): Float32Array {
  const part = dims.tokens * dims.headDim
  const out = new Float32Array(dims.layers * input.batch * dims.heads * input.chunks * part)
  for (let i = 0; i < out.length / part; i++) {
    const chunk = i % input.chunks
    const b = Math.floor(i / (input.chunks * dims.heads)) % input.batch
    out.fill(motion[b * input.chunks + chunk]!, i * part, (i + 1) * part)
  }
  return out
}

/** Degrees from the heading in the decoder state to `heading`, the short way; 0 without a chunk before. */
function turnSince(state: Float32Array, at: number, cells: number, heading: number): number {
  const cos = state[at]!
  const sin = state[at + cells]!
  if (cos === 0 && sin === 0) return 0
  const turn = heading - (Math.atan2(sin, cos) * 180) / Math.PI
  return turn - 360 * Math.round(turn / 360)
}

/** Sky above the middle, ground coming nearer below it. */
function fakeInverseDepth(dims: ModelDims, batch: number): Float32Array {
  const rows = dims.height / dims.depthScale
  const columns = dims.width / dims.depthScale
  const out = new Float32Array(batch * dims.framesPerChunk * rows * columns)
  return out.map((_, i) => {
    const row = Math.floor(i / columns) % rows
    return Math.max(0, (row + 1 - rows / 2) / rows)
  })
}

function captionHue(tokens: BigInt64Array): number {
  const sum = tokens.reduce((hash, token) => (hash * 31n + token) % 65_521n, 0n)
  return (Number(sum) / 65_521) * 2 - 1
}

function rowOf(values: Float32Array, rows: number, row: number): Float32Array {
  const length = values.length / rows
  return values.subarray(row * length, (row + 1) * length)
}
