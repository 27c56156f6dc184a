import { type FrameSize, type GraphName, type ModelManifest, SoraError } from '@sora-world/sdk/protocol'
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
import { CAN_OPEN_IN_THREAD, openGraphInThread } from './graph-thread.ts'
import { type GraphSource, readGraph, readGraphFile } from './load-package.ts'
import {
  type GraphTensor,
  type GraphTensors,
  type OnnxGraph,
  openGraph,
  type Provider,
  threadsOf,
} from './onnx-runtime.ts'
import { trimPast } from './trim-past.ts'

/** Inputs of each graph by docs/model-package.md; a package whose graph has others is refused. */
const GRAPH_INPUTS: Record<GraphName | 'fusion', readonly string[]> = {
  encoder: ['frames'],
  decoder: ['latent', 'state'],
  text: ['tokens'],
  denoiser: [
    ...['noisy', 'previous', 'sigma', 'step_size', 'actions', 'text', 'pooled', 'time', 'mask'],
    ...['past.key', 'past.value'],
  ],
  fusion: ['latent', 'memory'],
}

/** A denoiser of which some passes go beside others is open twice. */
type OpenGraph = GraphName | 'denoiser aside' | 'fusion'

/** Graphs that run while the denoiser does, where there are cores for both: see worker/make-chunks.ts. */
const BESIDE: ReadonlySet<OpenGraph> = new Set(['decoder', 'denoiser aside'])

const NOTHING = new Float32Array(0)

/** Axis of `past.*` that the cache slots are on. */
const PAST_AXIS = 3

export interface OnnxModelSource {
  dir: string
  manifest: ModelManifest
  provider: Provider
  variant: string
  threads: number
}

/**
 * The graphs of a package on one execution provider. Graphs load when first used; `warmUp` loads what play needs.
 * Inputs are used in place, without a copy; outputs belong to the caller.
 */
export class OnnxModel implements WorldModel {
  readonly manifest: ModelManifest
  readonly provider: Provider
  readonly variant: string
  readonly #source: OnnxModelSource
  readonly #graphs = new Map<OpenGraph, Promise<OnnxGraph>>()
  readonly denoiseAside?: WorldModel['denoise']
  readonly fuseDepth?: WorldModel['fuseDepth']

  constructor(source: OnnxModelSource) {
    this.#source = source
    this.manifest = source.manifest
    this.provider = source.provider
    this.variant = source.variant
    if (threadsBeside(source) > 0) this.denoiseAside = (input) => this.#denoise('denoiser aside', input)
    if (source.manifest.memory?.fusion !== undefined) this.fuseDepth = (input) => this.#fuseDepth(input)
  }

  /**
   * Loads denoiser, text encoder and decoder and runs each once, so that neither a missing file nor a provider that
   * cannot compute this model shows up in the middle of play. Resolves to the milliseconds of a second denoiser pass.
   */
  async warmUp(): Promise<number> {
    const size = this.manifest.sizes[0]!
    const dims = modelDims(this.manifest, size)
    const input = zeroDenoiseInput(this.manifest, size)
    await this.denoise(input)
    if (this.manifest.denoiser.guidance) await this.denoiseAside?.(input)
    await this.encodeText(new BigInt64Array(dims.captionLength))
    const state = new Float32Array(dims.stateChannels * dims.latentHeight * dims.latentWidth)
    await this.decode({ size, batch: 1, latent: input.noisy, state })
    await this.fuseDepth?.({ size, batch: 1, latent: input.noisy, memory: input.memory! })
    const start = performance.now()
    await this.denoise(input)
    return performance.now() - start
  }

  async encode(frames: Uint8Array, size: FrameSize, batch = 1, inverseDepth?: Float32Array): Promise<Float32Array> {
    const d = modelDims(this.manifest, size)
    const { framesPerChunk, height, width } = d
    const dims = [batch, framesPerChunk, height, width, 3]
    const expected = dims.reduce((product, n) => product * n, 1)
    if (frames.length !== expected) {
      throw new SoraError('internal', `encoder: frames has ${frames.length} bytes, not ${expected}`)
    }
    const out = await this.#run('encoder', {
      frames: { type: 'uint8', data: frames, dims },
      ...this.#depthFeed(d, batch, inverseDepth),
    })
    return floats(out, 'latent')
  }

  #depthFeed(d: ModelDims, batch: number, given?: Float32Array): GraphTensors {
    if (!this.manifest.latent.depthChannels) return {}
    const dims = [batch, d.framesPerChunk, d.height / d.depthScale, d.width / d.depthScale]
    const expected = dims.reduce((product, n) => product * n, 1)
    const inverseDepth = given ?? new Float32Array(expected)
    if (inverseDepth.length !== expected) {
      throw new SoraError('internal', `encoder: inverse depth has ${inverseDepth.length} numbers, not ${expected}`)
    }
    return { inverse_depth: float(inverseDepth, dims) }
  }

  async decode(input: DecodeInput): Promise<DecodeOutput> {
    const d = modelDims(this.manifest, input.size)
    checkDecodeInput(d, input)
    const grid = [d.latentHeight, d.latentWidth]
    const out = await this.#run('decoder', {
      latent: float(input.latent, [input.batch, d.channels, ...grid]),
      state: float(input.state, [input.batch, d.stateChannels, ...grid]),
    })
    const frames = out.frames
    if (frames?.type !== 'uint8') throw new SoraError('model-invalid', 'decoder has no uint8 output "frames"')
    return {
      frames: frames.data,
      inverseDepth: floats(out, 'inverse_depth'),
      nextState: floats(out, 'next_state'),
    }
  }

  async #fuseDepth(input: FuseInput): Promise<Float32Array> {
    const d = modelDims(this.manifest, input.size)
    checkFuseInput(d, input)
    const { channels } = this.manifest.memory!
    const out = await this.#run('fusion', {
      latent: float(input.latent, [input.batch, d.channels, d.latentHeight, d.latentWidth]),
      memory: float(input.memory, [input.batch, channels, d.memoryHeight, d.memoryWidth]),
    })
    return floats(out, 'fused')
  }

  async encodeText(tokens: BigInt64Array, batch = 1): Promise<TextEncoding> {
    const { length } = this.manifest.text
    if (tokens.length !== batch * length) {
      throw new SoraError('internal', `text: tokens has ${tokens.length} numbers, not ${batch * length}`)
    }
    const out = await this.#run('text', { tokens: { type: 'int64', data: tokens, dims: [batch, length] } })
    return { text: floats(out, 'text'), pooled: floats(out, 'pooled') }
  }

  denoise(input: DenoiseInput): Promise<DenoiseOutput> {
    return this.#denoise('denoiser', input)
  }

  async #denoise(graph: OpenGraph, input: DenoiseInput): Promise<DenoiseOutput> {
    const d = modelDims(this.manifest, input.size)
    checkDenoiseInput(d, input)
    const rows = [input.batch, input.chunks]
    const latent = [...rows, d.channels, d.latentHeight, d.latentWidth]
    const canTrim = (await this.#graph('denoiser')).takesAnyLength('past.key', PAST_AXIS)
    const used = canTrim ? trimPast(input, d) : { ...input, slots: d.contextChunks }
    const past = [d.layers, input.batch, d.heads, used.slots * d.tokens, d.headDim]
    const feeds = {
      noisy: float(input.noisy, latent),
      previous: float(input.previous, latent),
      sigma: float(input.sigma, rows),
      step_size: float(input.stepSize, rows),
      actions: float(input.actions, [...rows, d.framesPerChunk, d.actionWidth]),
      text: float(input.text, [...rows, d.textTokens, d.textWidth]),
      pooled: float(input.pooled, [...rows, d.pooledWidth]),
      time: float(input.time, rows),
      mask: float(used.mask, [...rows, used.slots + input.chunks]),
      'past.key': float(used.pastKey, past),
      'past.value': float(used.pastValue, past),
      ...this.#memoryFeed(input, d),
    }
    if (input.onlyClean) {
      const out = await this.#run(graph, feeds, ['clean'])
      return { clean: floats(out, 'clean'), pose: NOTHING, presentKey: NOTHING, presentValue: NOTHING }
    }
    const out = await this.#run(graph, feeds)
    return {
      clean: floats(out, 'clean'),
      pose: this.manifest.pose ? floats(out, 'pose') : NOTHING,
      presentKey: floats(out, 'present.key'),
      presentValue: floats(out, 'present.value'),
    }
  }

  #memoryFeed({ memory, batch, chunks }: DenoiseInput, { memoryHeight, memoryWidth }: ModelDims): GraphTensors {
    if (!memory || !this.manifest.memory) return {}
    return { memory: float(memory, [batch, chunks, this.manifest.memory.channels, memoryHeight, memoryWidth]) }
  }

  async release(): Promise<void> {
    const graphs = await Promise.allSettled(this.#graphs.values())
    this.#graphs.clear()
    for (const graph of graphs) if (graph.status === 'fulfilled') await graph.value.release()
  }

  async #run(name: OpenGraph, feeds: GraphTensors, wanted?: readonly string[]): Promise<GraphTensors> {
    return (await this.#graph(name)).run(feeds, wanted)
  }

  #graph(name: OpenGraph): Promise<OnnxGraph> {
    let graph = this.#graphs.get(name)
    if (!graph) {
      graph = this.#open(name)
      this.#graphs.set(name, graph)
    }
    return graph
  }

  /** What is left for a graph beside the other, where most of its passes have one: more threads than cores only wait. */
  #threadsHere(which: OpenGraph): number {
    const { threads, manifest } = this.#source
    const hasCompany = which === 'denoiser' && manifest.denoiser.guidance?.later !== undefined
    return hasCompany && threadsBeside(this.#source) > 0 ? threadsOf(threads) - threadsBeside(this.#source) : threads
  }

  #read(name: GraphName | 'fusion'): Promise<GraphSource> {
    const { dir, manifest, variant } = this.#source
    return name === 'fusion'
      ? readGraphFile(dir, manifest, manifest.memory!.fusion!)
      : readGraph(dir, manifest, variant, name)
  }

  async #open(which: OpenGraph): Promise<OnnxGraph> {
    const { manifest } = this.#source
    // A pass takes less than the way to a GPU.
    const provider = which === 'fusion' ? 'cpu' : this.#source.provider
    const name = which === 'denoiser aside' ? 'denoiser' : which
    const source = await this.#read(name)
    const beside = BESIDE.has(which) ? threadsBeside(this.#source) : 0
    const graph =
      beside > 0
        ? await openGraphInThread(source, { provider, threads: beside })
        : await openGraph(source, { provider, threads: this.#threadsHere(which) })
    const problem = inputProblem(graphInputs(manifest, name), graph.inputs)
    if (problem === undefined) return graph
    await graph.release()
    throw new SoraError('model-invalid', `${name} of "${manifest.name}" ${problem}`)
  }
}

/** How many threads a graph gets that runs beside another; 0: it does not, but where all others do. */
function threadsBeside({ provider, threads }: OnnxModelSource): number {
  return provider === 'cpu' && CAN_OPEN_IN_THREAD ? Math.floor(threadsOf(threads) / 2) : 0
}

function graphInputs(manifest: ModelManifest, name: GraphName | 'fusion'): readonly string[] {
  if (name === 'denoiser' && manifest.memory) return [...GRAPH_INPUTS.denoiser, 'memory']
  if (name === 'encoder' && manifest.latent.depthChannels) return [...GRAPH_INPUTS.encoder, 'inverse_depth']
  return GRAPH_INPUTS[name]
}

function inputProblem(expected: readonly string[], actual: readonly string[]): string | undefined {
  const missing = expected.find((input) => !actual.includes(input))
  if (missing !== undefined) return `has no input "${missing}"`
  const unknown = actual.find((input) => !expected.includes(input))
  return unknown === undefined ? undefined : `wants an input "${unknown}" that its manifest does not speak of`
}

/** A pass of play as dear as they get: all of the cache is attended to. Nothing is in it. */
function zeroDenoiseInput(manifest: ModelManifest, size: FrameSize): DenoiseInput {
  const d = modelDims(manifest, size)
  const zeros = (length: number) => new Float32Array(length)
  const past = d.layers * d.heads * d.contextChunks * d.tokens * d.headDim
  return {
    size,
    batch: 1,
    chunks: 1,
    noisy: zeros(d.latentLength),
    previous: zeros(d.latentLength),
    sigma: zeros(1).fill(1),
    stepSize: zeros(1).fill(1),
    actions: zeros(d.framesPerChunk * d.actionWidth),
    text: zeros(d.textTokens * d.textWidth),
    pooled: zeros(d.pooledWidth),
    time: zeros(1),
    mask: zeros(d.contextChunks + 1).fill(1),
    pastKey: zeros(past),
    pastValue: zeros(past),
    memory: zeros(d.memoryLength),
  }
}

function float(data: Float32Array, dims: readonly number[]): GraphTensor {
  return { type: 'float32', data, dims }
}

function floats(out: GraphTensors, name: string): Float32Array {
  const tensor = out[name]
  if (tensor?.type === 'float32') return tensor.data
  throw new SoraError('model-invalid', `no float32 output "${name}"`)
}
