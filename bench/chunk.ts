import { parseArgs } from 'node:util'
import { chunkDurationMs } from '@sora-world/sdk/protocol'
import { modelDims } from '../packages/server/src/model/denoiser.ts'
import { openModel } from '../packages/server/src/model/open-model.ts'
import { InProcessWorker } from '../packages/server/src/worker/in-process-worker.ts'
import type { ChunkResult } from '../packages/server/src/worker/model-worker.ts'
import { describeEnvironment, percentile, printTable, round } from './environment.ts'

/** Milliseconds; `look` is the worker's own decoding, which a world memory needs, and `memory` the memory itself. */
const PARTS = ['denoise', 'commit', 'look', 'memory', 'decode', 'all'] as const
type Sample = Record<(typeof PARTS)[number], number>

/**
 * Time to make one chunk: denoise steps, commit pass, world memory, decoding (the client's part in latent mode, measured
 * here with the same decoder on the same machine). Rooms share a batch.
 */
export async function run(argv: string[]): Promise<void> {
  const options = readOptions(argv)
  console.log(describeEnvironment())
  const model = await openModel(options)
  const size = model.manifest.sizes[0]!
  const dims = modelDims(model.manifest, size)
  const steps = options.steps ?? model.manifest.denoiser.steps.default
  const chunkMs = chunkDurationMs(model.manifest)
  const chunks = Math.max(4, Math.ceil((options.seconds * 1000) / chunkMs))
  const warmUp = Math.max(dims.contextChunks, model.manifest.denoiser.guidance?.chunks ?? 0) + 2
  const worker = new InProcessWorker(model)
  for (let room = 0; room < options.rooms; room++) {
    await worker.open({ id: `room ${room}`, size, rngSeed: room, steps })
  }

  const samples: Sample[] = []
  let state = new Float32Array(options.rooms * dims.stateChannels * dims.latentHeight * dims.latentWidth)
  for (let index = 0; index < warmUp + chunks; index++) {
    const results = await worker.generate(jobsFor(options.rooms, index, dims.framesPerChunk * dims.actionWidth))
    const start = performance.now()
    const latent = joinLatents(results, dims.latentLength)
    const decoded = await model.decode({ size, batch: options.rooms, latent, state })
    state = decoded.nextState as Float32Array<ArrayBuffer>
    const decode = performance.now() - start
    const { denoiseMs: denoise, commitMs: commit, decodeMs: look, memoryMs: memory } = results[0]!.timings
    const all = denoise + commit + look + memory + decode
    if (index >= warmUp) samples.push({ denoise, commit, look, memory, decode, all })
  }
  printTable('ms per chunk', Object.fromEntries(PARTS.map((part) => [part, samples.map((sample) => sample[part])])))
  const all = samples.map((sample) => sample.all)
  const p50 = percentile(all, 0.5)
  console.log(
    JSON.stringify({
      name: 'chunk',
      model: model.manifest.name,
      version: model.manifest.version,
      provider: model.provider,
      variant: model.variant,
      size: `${size.width}x${size.height}`,
      steps,
      rooms: options.rooms,
      threads: options.threads,
      chunks,
      chunkMs: { p50: round(p50), p95: round(percentile(all, 0.95)) },
      videoFps: round((1000 * dims.framesPerChunk) / p50),
      realtimeFactor: round(chunkMs / p50),
    }),
  )
  await worker.stop()
}

function readOptions(argv: string[]) {
  const { values } = parseArgs({
    args: argv,
    options: {
      model: { type: 'string' },
      provider: { type: 'string', default: 'auto' },
      variant: { type: 'string', default: 'auto' },
      threads: { type: 'string', default: '0' },
      steps: { type: 'string' },
      rooms: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '20' },
    },
  })
  return {
    ...values,
    threads: Number(values.threads),
    steps: values.steps === undefined ? undefined : Number(values.steps),
    rooms: Number(values.rooms),
    seconds: Number(values.seconds),
  }
}

function jobsFor(rooms: number, index: number, actionLength: number) {
  return Array.from({ length: rooms }, (_, room) => ({
    rolloutId: `room ${room}`,
    index,
    actions: new Float32Array(actionLength),
    caption: 'a snowy forest at dusk',
  }))
}

function joinLatents(results: readonly ChunkResult[], length: number): Float32Array {
  const out = new Float32Array(results.length * length)
  results.forEach((result, i) => {
    out.set(result.latent, i * length)
  })
  return out
}
