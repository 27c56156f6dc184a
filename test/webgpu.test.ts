import { execSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DenoiseInput, modelDims, type WorldModel } from '../packages/server/src/model/denoiser.ts'
import { madeUpMemory } from '../packages/server/src/model/made-up-memory.ts'
import { openModel } from '../packages/server/src/model/open-model.ts'
import { tokenize } from '../packages/server/src/model/tokenizer.ts'
import { chunkNoise } from '../packages/server/src/sampler/noise.ts'

/**
 * The GPU code path without a GPU: onnxruntime's WebGPU provider on Chromium's software Vulkan. Equal results are the
 * point, speed is not. `apt install chromium libvulkan1` brings driver and loader.
 */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json'
const isThere = existsSync(SWIFTSHADER) && hasVulkanLoader()
if (!isThere) console.warn(`test/webgpu: skipped, ${SWIFTSHADER} or libvulkan is not there`)

describe.skipIf(!isThere)('WebGPU provider', () => {
  let cpu: WorldModel
  let gpu: WorldModel
  beforeAll(async () => {
    process.env.VK_ICD_FILENAMES = SWIFTSHADER
    cpu = await openModel({ model: 'nano', provider: 'cpu', variant: 'cpu-fp32' })
    gpu = await openModel({ model: 'nano', provider: 'webgpu', variant: 'cpu-fp32' })
  }, 300_000)
  afterAll(async () => {
    await cpu?.release()
    await gpu?.release()
  })

  it('says that it is in use', () => {
    expect([cpu.provider, gpu.provider]).toEqual(['cpu', 'webgpu'])
  })

  it('denoises to what the CPU denoises to', async () => {
    const input = halfFilledInput(cpu)
    const [expected, actual] = [await cpu.denoise(input), await gpu.denoise(input)]
    for (const name of ['clean', 'pose', 'presentKey', 'presentValue'] as const) {
      // Measured with nano 0.2.0: at most 1.04e-3, of the keys.
      expect(relativeDifference(actual[name], expected[name]), name).toBeLessThan(1.3e-3)
    }
  }, 120_000)

  it('decodes to what the CPU decodes to, within one step of brightness', async () => {
    const size = cpu.manifest.sizes[0]!
    const dims = modelDims(cpu.manifest, size)
    const latent = chunkNoise(1, 0, 'initial', dims.latentLength)
    const state = new Float32Array(dims.stateChannels * dims.latentHeight * dims.latentWidth)
    const input = { size, batch: 1, latent, state }
    const [expected, actual] = [await cpu.decode(input), await gpu.decode(input)]
    expect(largestDifference(actual.frames, expected.frames)).toBeLessThanOrEqual(1)
    expect(relativeDifference(actual.nextState, expected.nextState)).toBeLessThan(1e-3)
  }, 120_000)

  it('encodes captions to the same numbers', async () => {
    const tokens = tokenize('a snowy forest at dusk', cpu.manifest.text)
    const [expected, actual] = [await cpu.encodeText(tokens), await gpu.encodeText(tokens)]
    expect(largestDifference(actual.pooled, expected.pooled)).toBeLessThan(1e-3)
  })
})

function hasVulkanLoader(): boolean {
  try {
    return execSync('ldconfig -p', { encoding: 'utf8' }).includes('libvulkan.so.1')
  } catch {
    return false
  }
}

function halfFilledInput(model: WorldModel): DenoiseInput {
  const size = model.manifest.sizes[0]!
  const dims = modelDims(model.manifest, size)
  const normal = (chunk: number, length: number) => chunkNoise(5, chunk, 'initial', length)
  const past = dims.layers * dims.heads * dims.contextChunks * dims.tokens * dims.headDim
  const mask = Float32Array.from({ length: dims.contextChunks + 1 }, (_, i) =>
    i < 4 || i === dims.contextChunks ? 1 : 0,
  )
  return {
    size,
    batch: 1,
    chunks: 1,
    noisy: normal(0, dims.latentLength),
    previous: normal(1, dims.latentLength),
    sigma: Float32Array.of(0.5),
    stepSize: Float32Array.of(0.5),
    actions: new Float32Array(dims.framesPerChunk * dims.actionWidth),
    text: normal(2, dims.textTokens * dims.textWidth),
    pooled: normal(3, dims.pooledWidth),
    time: Float32Array.of(4),
    mask,
    pastKey: normal(4, past),
    pastValue: normal(5, past),
    memory: madeUpMemory(dims, 1, 5),
  }
}

/** Largest difference as a share of the largest value: sums of float32 in another order differ with the values' size. */
function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return largestDifference(a, b) / largestDifference(b, new Float32Array(b.length))
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0
  for (let i = 0; i < b.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!))
  return largest
}
