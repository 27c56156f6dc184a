import { parseArgs } from 'node:util'
import { chunkDurationMs } from '@sora-world/sdk/protocol'
import { openModel } from '../packages/server/src/model/open-model.ts'
import { WorldRun } from '../packages/server/src/session/world-run.ts'
import { InProcessWorker } from '../packages/server/src/worker/in-process-worker.ts'
import type { ChunkJob } from '../packages/server/src/worker/model-worker.ts'
import { checkWorld } from '../packages/server/src/worlds/check-world.ts'
import { lastView } from '../packages/server/src/worlds/last-view.ts'
import { readWorld, writeWorld } from '../packages/server/src/worlds/world-file.ts'
import { describeEnvironment } from './environment.ts'

/** Some minutes on two cores; with `--quick` a look at it that takes some seconds. */
const WHOLE = { minutes: 10, forks: 1000 }
const QUICK = { minutes: 0.5, forks: 20 }
const MB = 1024 * 1024

/**
 * What a world costs as a value: size of the file after some minutes of play, time to write it, time from its bytes to the
 * frame at which it stopped, which is what people see first, and to the first new one, and what is left in memory after
 * many branches were opened, played for one chunk and closed.
 */
export async function run(argv: string[]): Promise<void> {
  const { model: name, minutes, forks } = readOptions(argv)
  console.log(describeEnvironment())
  const model = await openModel({ model: name, provider: 'cpu' })
  const { manifest, provider, variant } = model
  const worker = new InProcessWorker(model)
  const spec = { id: 'world', size: manifest.sizes[0]!, rngSeed: 1, steps: manifest.denoiser.steps.default }
  const played = new WorldRun(manifest, { index: 0, prompt: 'a forest', spec, maker: { provider, variant } })
  await worker.open(spec)
  const chunks = Math.round((minutes * 60_000) / chunkDurationMs(manifest))
  for (let index = 0; index < chunks; index++) await makeChunk(worker, played)
  worker.close(spec.id)

  const { ms: writeMs, value: bytes } = await timed(() => writeWorld(played.value(new Date())))
  const seenMs = (await timed(async () => lastView(model, await readWorld(bytes)))).ms
  const restoreMs = (await timed(() => branch(worker, bytes, 'first'))).ms
  for (let i = 0; i < Math.min(50, forks); i++) await branch(worker, bytes, `warm-up ${i}`)
  const before = usedMemory()
  for (let i = 0; i < forks; i++) await branch(worker, bytes, `branch ${i}`)
  const after = usedMemory()
  console.log(`${chunks} chunks: ${(bytes.length / 1e6).toFixed(2)} MB, written in ${writeMs.toFixed(0)} ms`)
  const [seen, made] = [seenMs.toFixed(0), restoreMs.toFixed(0)]
  console.log(`from the file to the frame where it stopped: ${seen} ms, to the first new one: ${made} ms`)
  const words = ({ rssMb, heldMb }: typeof before) => `${rssMb} MB (${heldMb} held)`
  console.log(`memory before ${forks} branches: ${words(before)}, after: ${words(after)}`)
  const times = { writeMs, seenMs, restoreMs }
  const rounded = Object.fromEntries(Object.entries(times).map(([key, ms]) => [key, Math.round(ms)]))
  const figures = { chunks, bytes: bytes.length, ...rounded }
  const memory = { forks, before, after }
  console.log(JSON.stringify({ name: 'worlds', model: manifest.name, provider, variant, ...figures, ...memory }))
  await worker.stop()
}

/** Reads the file, goes on with it for one chunk, decoded, and closes. */
async function branch(worker: InProcessWorker, bytes: Uint8Array, id: string): Promise<void> {
  const { manifest, provider, variant } = worker
  const value = await readWorld(bytes)
  checkWorld(value, manifest)
  const { prompt, size, steps, rngSeed, memory, guard } = value
  const spec = { id, size, steps, rngSeed, memory, guard }
  const going = new WorldRun(manifest, { index: 0, prompt, spec, maker: { provider, variant }, value })
  await worker.open(spec, going.history, going.mark)
  await makeChunk(worker, going, true)
  worker.close(id)
}

async function makeChunk(worker: InProcessWorker, run: WorldRun, wantsFrames = false): Promise<void> {
  const { manifest } = worker
  const index = run.nextIndex
  const width = manifest.actionSpace.buttons.length + manifest.actionSpace.axes.length
  const actions = new Float32Array(manifest.frames.perChunk * width)
  // Walks, and turns by amounts that never repeat: the worst that a log has to hold.
  for (let frame = 0; frame < manifest.frames.perChunk; frame++) {
    actions[frame * width] = 1
    actions[(frame + 1) * width - 2] = Math.sin(index * 4 + frame) / 4
    actions[(frame + 1) * width - 1] = Math.sin((index * 4 + frame) * 1.7) / 20
  }
  const job: ChunkJob = { rolloutId: run.spec.id, index, actions, caption: run.caption, wantsFrames }
  const [result] = await worker.generate([job])
  run.commit(job, result!)
}

async function timed<T>(task: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const start = performance.now()
  const value = await task()
  return { ms: performance.now() - start, value }
}

/** Memory in MB: all of the process, and what the program itself holds; collected before, with `node --expose-gc`. */
function usedMemory(): { rssMb: number; heldMb: number } {
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rssMb: Math.round(rss / MB), heldMb: Math.round((heapUsed + external) / MB) }
}

function readOptions(argv: string[]) {
  const { values } = parseArgs({
    args: argv,
    options: {
      model: { type: 'string' },
      minutes: { type: 'string' },
      forks: { type: 'string' },
      quick: { type: 'boolean' },
    },
  })
  const usual = values.quick ? QUICK : WHOLE
  const minutes = Number(values.minutes ?? usual.minutes)
  const forks = Number(values.forks ?? usual.forks)
  if (!(minutes > 0 && minutes <= 60)) throw new Error('--minutes takes a number up to 60')
  if (!(Number.isInteger(forks) && forks >= 0)) throw new Error('--forks takes a whole number')
  return { model: values.model, minutes, forks }
}
