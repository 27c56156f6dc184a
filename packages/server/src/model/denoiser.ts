import { actionWidth, type FrameSize, type ModelManifest, tokensPerChunk } from '@sora-world/sdk/protocol'

/**
 * The model behind an interface: one call per graph, plain typed arrays in and out. The ONNX model and the analytic
 * fake implement it; sampler, cache and studio know nothing else. Shapes: docs/model-package.md.
 */
export interface WorldModel {
  readonly manifest: ModelManifest
  /** Execution provider in use (`cpu`, `webgpu`, `cuda`, `fake`) and variant of the package. */
  readonly provider: string
  readonly variant: string
  /**
   * @param frames uint8 [B,F,H,W,3]
   * @param inverseDepth [B,F,H/scale,W/scale] in 1/blocks, where it is known; a chunk of zeros: it is not. Only a model
   * with `latent.depthChannels` looks at it
   * @returns [B,C,h,w]
   */
  encode(frames: Uint8Array, size: FrameSize, batch?: number, inverseDepth?: Float32Array): Promise<Float32Array>
  decode(input: DecodeInput): Promise<DecodeOutput>
  encodeText(tokens: BigInt64Array, batch?: number): Promise<TextEncoding>
  denoise(input: DenoiseInput): Promise<DenoiseOutput>
  /** The same beside a `denoise` that runs meanwhile; absent where the model has no thread for it. */
  denoiseAside?(input: DenoiseInput): Promise<DenoiseOutput>
  /**
   * Makes the depth of clean latents agree with what is remembered of the place; absent for a model that cannot.
   *
   * @returns [B,C,h,w]: the same latents with other depth channels
   */
  fuseDepth?(input: FuseInput): Promise<Float32Array>
  release(): Promise<void>
}

export interface DecodeInput {
  size: FrameSize
  batch: number
  /** [B,C,h,w] */
  latent: Float32Array
  /** [B,S,h,w], zeros at the start of a world. */
  state: Float32Array
}

export interface FuseInput {
  size: FrameSize
  batch: number
  /** [B,C,h,w] */
  latent: Float32Array
  /** [B,F*6,H/scale,W/scale], as it went into the denoiser */
  memory: Float32Array
}

export interface DecodeOutput {
  /** uint8 [B,F,H,W,3] */
  frames: Uint8Array
  /** [B,F,H/scale,W/scale] in 1/blocks, 0 = sky */
  inverseDepth: Float32Array
  nextState: Float32Array
}

export interface TextEncoding {
  /** [B,K,D] */
  text: Float32Array
  /** [B,E] */
  pooled: Float32Array
}

export interface DenoiseInput {
  size: FrameSize
  batch: number
  /** Chunks denoised at once (T): 1 while playing. */
  chunks: number
  /** [B,T,C,h,w] */
  noisy: Float32Array
  previous: Float32Array
  /** [B,T]; 1 = pure noise */
  sigma: Float32Array
  stepSize: Float32Array
  /** [B,T,F,A] */
  actions: Float32Array
  /** [B,T,K,D] and [B,T,E] */
  text: Float32Array
  pooled: Float32Array
  /** [B,T]: chunk index mod timePeriod */
  time: Float32Array
  /** [B,T,W+T]: 1 = may attend */
  mask: Float32Array
  /** [L,B,heads,W*N,headDim] */
  pastKey: Float32Array
  pastValue: Float32Array
  /** [B,T,6,H/scale,W/scale], zeros where nothing is known; only for a model with world memory */
  memory?: Float32Array
  /** The pass is one of several: of its outputs only `clean` is looked at, the others may be empty. */
  onlyClean?: boolean
}

export interface DenoiseOutput {
  /** [B,T,C,h,w] */
  clean: Float32Array
  /** [B,T,F,Q] */
  pose: Float32Array
  /** [L,B,heads,T*N,headDim] */
  presentKey: Float32Array
  presentValue: Float32Array
}

/** The letters of docs/model-package.md as numbers, for one picture size; everything that shapes are made of. */
export interface ModelDims {
  channels: number
  latentHeight: number
  latentWidth: number
  /** C*h*w */
  latentLength: number
  framesPerChunk: number
  height: number
  width: number
  actionWidth: number
  tokens: number
  contextChunks: number
  layers: number
  heads: number
  headDim: number
  stateChannels: number
  depthScale: number
  captionLength: number
  textTokens: number
  textWidth: number
  pooledWidth: number
  poseFields: number
  /** One memory image: [6,memoryHeight,memoryWidth]; all 0 for a model without world memory. */
  memoryHeight: number
  memoryWidth: number
  memoryLength: number
}

export function modelDims(manifest: ModelManifest, size: FrameSize): ModelDims {
  const { latent, frames, denoiser, decoder, text, pose, memory, actionSpace } = manifest
  const memoryHeight = memory ? size.height / memory.scale : 0
  const memoryWidth = memory ? size.width / memory.scale : 0
  return {
    channels: latent.channels,
    latentHeight: size.latentHeight,
    latentWidth: size.latentWidth,
    latentLength: latent.channels * size.latentHeight * size.latentWidth,
    framesPerChunk: frames.perChunk,
    height: size.height,
    width: size.width,
    actionWidth: actionWidth(actionSpace),
    tokens: tokensPerChunk(manifest, size),
    contextChunks: denoiser.contextChunks,
    layers: denoiser.layers,
    heads: denoiser.heads,
    headDim: denoiser.headDim,
    stateChannels: decoder.stateChannels,
    depthScale: decoder.depthScale,
    captionLength: text.length,
    textTokens: text.queryTokens,
    textWidth: text.width,
    pooledWidth: text.pooledWidth,
    poseFields: pose?.fields.length ?? 0,
    memoryHeight,
    memoryWidth,
    memoryLength: (memory?.channels ?? 0) * memoryHeight * memoryWidth,
  }
}
