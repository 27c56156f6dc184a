import { actionWidth, encodeAction, type FrameSize } from '@sora-world/sdk/protocol'
import { type ModelDims, modelDims, type WorldModel } from '../model/denoiser.ts'
import type { CommittedChunk } from '../worker/model-worker.ts'
import type { Clip } from './clip.ts'
import { inverseDepthAt } from './true-depth.ts'

/** A clip as a model sees it, chunk by chunk: one entry of each list per chunk. */
export interface HeldOut {
  clip: Clip
  /** What a rollout of the truth would have committed: true latents, actions, captions. */
  chunks: CommittedChunk[]
  /** uint8 [F,H,W,3]: the true frames, and the same encoded and decoded */
  truth: Uint8Array[]
  reconstruction: Uint8Array[]
  /** [F,H/scale,W/scale] of the reconstruction */
  inverseDepth: Float32Array[]
}

/** Sends a clip of the model's size through encoder and decoder. */
export async function holdOut(model: WorldModel, clip: Clip, size: FrameSize): Promise<HeldOut> {
  const dims = modelDims(model.manifest, size)
  const chunkBytes = dims.framesPerChunk * dims.height * dims.width * 3
  const heldOut: HeldOut = { clip, chunks: [], truth: [], reconstruction: [], inverseDepth: [] }
  let state: Float32Array = new Float32Array(dims.stateChannels * dims.latentHeight * dims.latentWidth)
  for (let index = 0; index * chunkBytes < clip.rgb.length; index++) {
    const truth = clip.rgb.slice(index * chunkBytes, (index + 1) * chunkBytes)
    const latent = await model.encode(truth, size, 1, trueDepth(clip, dims, index))
    const decoded = await model.decode({ size, batch: 1, latent, state })
    heldOut.chunks.push({ index, latent, ...controlsOf(model, clip, dims, index) })
    heldOut.truth.push(truth)
    heldOut.reconstruction.push(decoded.frames)
    heldOut.inverseDepth.push(decoded.inverseDepth)
    state = decoded.nextState
  }
  return heldOut
}

/** [F,H/scale,W/scale] of chunk `index`, in the grid of the model's depth. */
function trueDepth(clip: Clip, { framesPerChunk, height, width, depthScale }: ModelDims, index: number): Float32Array {
  const grid = { rows: height / depthScale, columns: width / depthScale }
  const count = framesPerChunk * grid.rows * grid.columns
  return Float32Array.from({ length: count }, (_, i) => inverseDepthAt(clip, grid, index * count + i))
}

/** A chunk's caption is the one in force at its last frame, as in training. */
function controlsOf(model: WorldModel, clip: Clip, { framesPerChunk }: ModelDims, index: number) {
  const { actionSpace } = model.manifest
  const width = actionWidth(actionSpace)
  const actions = new Float32Array(framesPerChunk * width)
  for (let frame = 0; frame < framesPerChunk; frame++) {
    encodeAction(actionSpace, clip.actions[index * framesPerChunk + frame]!, actions, frame * width)
  }
  return { actions, caption: clip.captions[(index + 1) * framesPerChunk - 1]! }
}
