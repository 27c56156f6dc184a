import { SoraError } from '@sora-world/sdk/protocol'
import type { DecodeInput, DenoiseInput, FuseInput, ModelDims } from './denoiser.ts'

/** @throws SoraError `internal` naming the first tensor whose length does not follow from batch, chunks and size */
export function checkDenoiseInput(dims: ModelDims, input: DenoiseInput): void {
  const rows = input.batch * input.chunks
  const past = dims.layers * input.batch * dims.heads * dims.contextChunks * dims.tokens * dims.headDim
  expectLengths('denoiser', [
    ['noisy', input.noisy, rows * dims.latentLength],
    ['previous', input.previous, rows * dims.latentLength],
    ['sigma', input.sigma, rows],
    ['step_size', input.stepSize, rows],
    ['actions', input.actions, rows * dims.framesPerChunk * dims.actionWidth],
    ['text', input.text, rows * dims.textTokens * dims.textWidth],
    ['pooled', input.pooled, rows * dims.pooledWidth],
    ['time', input.time, rows],
    ['mask', input.mask, rows * (dims.contextChunks + input.chunks)],
    ['past.key', input.pastKey, past],
    ['past.value', input.pastValue, past],
    ['memory', input.memory ?? [], rows * dims.memoryLength],
  ])
}

/** @throws SoraError `internal`, as {@link checkDenoiseInput} */
export function checkDecodeInput(dims: ModelDims, input: DecodeInput): void {
  const cells = dims.latentHeight * dims.latentWidth
  expectLengths('decoder', [
    ['latent', input.latent, input.batch * dims.latentLength],
    ['state', input.state, input.batch * dims.stateChannels * cells],
  ])
}

/** @throws SoraError `internal`, as {@link checkDenoiseInput} */
export function checkFuseInput(dims: ModelDims, input: FuseInput): void {
  expectLengths('fusion', [
    ['latent', input.latent, input.batch * dims.latentLength],
    ['memory', input.memory, input.batch * dims.memoryLength],
  ])
}

function expectLengths(graph: string, tensors: readonly [string, { length: number }, number][]): void {
  for (const [name, data, expected] of tensors) {
    if (data.length !== expected) {
      throw new SoraError('internal', `${graph}: ${name} has ${data.length} numbers, not ${expected}`)
    }
  }
}
