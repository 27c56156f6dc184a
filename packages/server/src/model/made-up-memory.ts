import { chunkNoise } from '../sampler/noise.ts'
import type { ModelDims } from './denoiser.ts'

const VIEW_CHANNELS = 6

/** For tests: `images` memory images as a world memory gives them, of noisy colours near by, seen a while ago. */
export function madeUpMemory(dims: ModelDims, images: number, rngSeed: number): Float32Array {
  const pixels = dims.memoryHeight * dims.memoryWidth
  const rest = [1, 0.15, 0.1]
  return chunkNoise(rngSeed, 7, 'initial', images * dims.memoryLength).map((value, i) => {
    const channel = Math.floor(i / pixels) % VIEW_CHANNELS
    return channel < 3 ? Math.max(-1, Math.min(1, value * 0.4)) : rest[channel - 3]!
  })
}
