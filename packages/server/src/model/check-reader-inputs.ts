import { type FrameSize, type ModelManifest, SoraError } from '@sora-world/sdk/protocol'
import { modelDims } from './denoiser.ts'
import type { ActInput } from './readers.ts'

/** @throws SoraError `internal` for no chunk at all or one of a wrong length */
export function checkLatents(manifest: ModelManifest, latents: readonly Float32Array[], size: FrameSize): void {
  if (latents.length === 0) throw new SoraError('internal', 'reader: no chunk to read')
  checkLengths('latent', latents, modelDims(manifest, size).latentLength)
}

/** @throws SoraError `internal` naming what does not fit */
export function checkActInput(manifest: ModelManifest, { latents, actions, size }: ActInput): void {
  checkLatents(manifest, latents, size)
  if (actions.length !== latents.length) {
    throw new SoraError('internal', `policy: ${actions.length} chunks of actions for ${latents.length} of latents`)
  }
  const { framesPerChunk, actionWidth } = modelDims(manifest, size)
  checkLengths('actions', actions, framesPerChunk * actionWidth)
}

function checkLengths(name: string, chunks: readonly Float32Array[], expected: number): void {
  const wrong = chunks.find((chunk) => chunk.length !== expected)
  if (wrong) throw new SoraError('internal', `reader: ${name} of a chunk has ${wrong.length} numbers, not ${expected}`)
}
