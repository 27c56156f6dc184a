import { type FrameSize, type ModelManifest, SoraError } from '@sora-world/sdk/protocol'
import { drawActions } from '../sampler/draw-actions.ts'
import { checkActInput, checkLatents } from './check-reader-inputs.ts'
import { modelDims } from './denoiser.ts'
import { readGraphFile } from './load-package.ts'
import { type GraphTensor, type GraphTensors, type OnnxGraph, openGraph } from './onnx-runtime.ts'
import type { ActInput, Readers } from './readers.ts'
import { tokenize } from './tokenizer.ts'

type ReaderName = 'captioner' | 'policy'

/** Inputs of each graph by docs/model-package.md. */
const GRAPH_INPUTS: Record<ReaderName, readonly string[]> = {
  captioner: ['latents', 'tokens'],
  policy: ['latents', 'previous_actions', 'tokens'],
}
/** Word 0: starts a caption, and as an answer ends it. */
const END = 0

/** The readers of a package, on one CPU core: a pass takes less than the way to a GPU. Graphs load when first used. */
export class OnnxReaders implements Readers {
  readonly manifest: ModelManifest
  readonly #dir: string
  readonly #graphs = new Map<ReaderName, Promise<OnnxGraph>>()

  constructor(dir: string, manifest: ModelManifest) {
    this.#dir = dir
    this.manifest = manifest
  }

  get canDescribe(): boolean {
    return this.manifest.readers?.captioner !== undefined
  }

  get canAct(): boolean {
    return this.manifest.readers?.policy !== undefined
  }

  async describe(latents: readonly Float32Array[], size: FrameSize): Promise<string> {
    const { maxChunks, length } = this.#spec('captioner')
    checkLatents(this.manifest, latents, size)
    const { words } = this.manifest.text.tokenizer
    const seen = this.#latents(latents.slice(-maxChunks), size)
    const said: number[] = []
    while (said.length < length) {
      const tokens = BigInt64Array.from([END, ...said], BigInt)
      const out = await this.#run('captioner', { latents: seen, tokens: integers(tokens) })
      const word = likeliest(floats(out, 'logits', tokens.length * words.length).subarray(-words.length))
      if (word === END) break
      said.push(word)
    }
    return said.map((word) => words[word]).join(' ')
  }

  async act(input: ActInput): Promise<Float32Array> {
    const { maxChunks, cameraBins } = this.#spec('policy')
    checkActInput(this.manifest, input)
    const { actionSpace, text } = this.manifest
    const { framesPerChunk, actionWidth } = modelDims(this.manifest, input.size)
    const done = input.actions.slice(-maxChunks)
    const out = await this.#run('policy', {
      latents: this.#latents(input.latents.slice(-maxChunks), input.size),
      previous_actions: float(joined(done), [1, done.length, framesPerChunk, actionWidth]),
      tokens: integers(tokenize(input.caption, text)),
    })
    const logits = {
      buttons: floats(out, 'buttons', framesPerChunk * actionSpace.buttons.length),
      camera: floats(out, 'camera', framesPerChunk * actionSpace.axes.length * cameraBins.length),
    }
    return drawActions(logits, actionSpace, cameraBins, input.rngSeed, input.chunkIndex)
  }

  async release(): Promise<void> {
    const graphs = await Promise.allSettled(this.#graphs.values())
    this.#graphs.clear()
    for (const graph of graphs) if (graph.status === 'fulfilled') await graph.value.release()
  }

  #spec<Name extends ReaderName>(name: Name) {
    const spec = this.manifest.readers?.[name]
    if (!spec) throw new SoraError('unsupported', `model "${this.manifest.name}" has no ${name}`)
    return spec
  }

  #latents(chunks: readonly Float32Array[], size: FrameSize): GraphTensor {
    const { channels, latentHeight, latentWidth } = modelDims(this.manifest, size)
    return float(joined(chunks), [1, chunks.length, channels, latentHeight, latentWidth])
  }

  async #run(name: ReaderName, feeds: GraphTensors): Promise<GraphTensors> {
    let graph = this.#graphs.get(name)
    if (!graph) {
      graph = this.#open(name)
      this.#graphs.set(name, graph)
      // A failure is not kept: the next call tries again. The caller hears of it through its own promise.
      graph.catch(() => this.#graphs.delete(name))
    }
    return (await graph).run(feeds)
  }

  async #open(name: ReaderName): Promise<OnnxGraph> {
    const source = await readGraphFile(this.#dir, this.manifest, this.#spec(name).file)
    const graph = await openGraph(source, { provider: 'cpu', threads: 1 })
    const expected = GRAPH_INPUTS[name]
    if (graph.inputs.length === expected.length && expected.every((input) => graph.inputs.includes(input))) return graph
    await graph.release()
    throw new SoraError(
      'model-invalid',
      `${name} of "${this.manifest.name}" has the inputs ${graph.inputs.join(', ')}, not ${expected.join(', ')}`,
    )
  }
}

function joined(chunks: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(chunks.length * chunks[0]!.length)
  chunks.forEach((chunk, i) => {
    out.set(chunk, i * chunk.length)
  })
  return out
}

function likeliest(logits: Float32Array): number {
  return logits.reduce((best, logit, i) => (logit > logits[best]! ? i : best), 0)
}

function float(data: Float32Array, dims: readonly number[]): GraphTensor {
  return { type: 'float32', data, dims }
}

/** [1,P] */
function integers(data: BigInt64Array): GraphTensor {
  return { type: 'int64', data, dims: [1, data.length] }
}

function floats(out: GraphTensors, name: string, length: number): Float32Array {
  const tensor = out[name]
  if (tensor?.type === 'float32' && tensor.data.length === length) return tensor.data
  throw new SoraError('model-invalid', `reader: output "${name}" is not ${length} float32 numbers`)
}
