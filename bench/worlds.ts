import { parseArgs } from 'node:util'
import { chunkDurationMs } from '@sora-world/sdk/protocol'
import { openModel } from '../packages/server/src/model/open-model.ts'
import { WorldRun } from '../packages/server/src/session/world-run.ts'
import { InProcessWorker } from '../packages/server/src/worker/in-process-worker.ts'
import type { ChunkJob } from '../packages/server/src/worker/model-worker.ts'
import { checkWorld } from '../packages/server/src/worlds/check-world.ts'
import { lastView } from '../packages/server/src/worlds/last-view.ts'
import { readWorld, writeWorld } from '../packages/server/src/worlds/world-file.ts'
import { describeEnvironment, percentile } from './environment.ts'

/** Some minutes on two cores; with `--quick` a look at it that takes some seconds. */
const WHOLE = { minutes: 10, restores: 9, forks: 1000 }
const QUICK = { minutes: 0.5, restores: 3, forks: 20 }
/** Before memory is looked at: buffers grow to their size, and code is compiled. */
const WARM_UP_FORKS = 50
const MB = 1024 * 1024

/**
 * What a world costs as a value: size of the file after some minutes of play, time to write it, time from its bytes to the
 * frame at which it stopped, which is what people see first, and to the first new one, and what is left in memory after
 * many branches of one moment were opened, played for one chunk and closed.
 */
export async function run(argv: string[]): Promise<void> {
  const { model: name, minutes, restores, forks } = readOptions(argv)
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
  const seen: number[] = []
  const restored: number[] = []
  for (let i = 0; i < restores; i++) {
    seen.push((await timed(async () => lastView(model, await readWorld(bytes)))).ms)
    restored.push((await timed(() => goOn(worker, bytes, `restored ${i}`))).ms)
    if (i < restores - 1) worker.close(`restored ${i}`)
  }
  const from = `restored ${restores - 1}`
  const going = await runOf(worker, bytes, from)
  for (let i = 0; i < Math.min(WARM_UP_FORKS, forks); i++) await branch(worker, going, from, `warm-up ${i}`)
  const before = usedMemory()
  for (let i = 0; i < forks; i++) await branch(worker, going, from, `branch ${i}`)
  const after = usedMemory()
  console.log(`${chunks} chunks: ${(bytes.length / 1e6).toFixed(2)} MB, written in ${writeMs.toFixed(0)} ms`)
  const seenMs = percentile(seen, 0.5)
  const restoreMs = percentile(restored, 0.5)
  const words = `${seenMs.toFixed(0)} ms, to the first new one: ${restoreMs.toFixed(0)} ms (medians of ${restores})`
  console.log(`from the file to the frame where it stopped: ${words}`)
  const inWords = ({ rssMb, heldMb }: typeof before) => `${rssMb} MB (${heldMb} held)`
  console.log(`memory before ${forks} branches: ${inWords(before)}, after: ${inWords(after)}`)
  const times = { writeMs, seenMs, restoreMs }
  const rounded = Object.fromEntries(Object.entries(times).map(([key, ms]) => [key, Math.round(ms)]))
  const figures = { chunks, bytes: bytes.length, ...rounded }
  const memory = { forks, before, after }
  console.log(JSON.stringify({ name: 'worlds', model: manifest.name, provider, variant, ...figures, ...memory }))
  await worker.stop()
}

/** A world as its file has it, about to go on as rollout `id`. */
async function runOf(worker: InProcessWorker, bytes: Uint8Array, id: string): Promise<WorldRun> {
  const { manifest, provider, variant } = worker
  const value = await readWorld(bytes)
  checkWorld(value, manifest)
  const { prompt, size, steps, rngSeed, memory, guard } = value
  const spec = { id, size, steps, rngSeed, memory, guard }
  return new WorldRun(manifest, { index: 0, prompt, spec, maker: { provider, variant }, value })
}

/** Reads the file and goes on with it for one chunk, decoded. */
async function goOn(worker: InProcessWorker, bytes: Uint8Array, id: string): Promise<void> {
  const going = await runOf(worker, bytes, id)
  await worker.open(going.spec, going.history, going.mark)
  await makeChunk(worker, going, true)
}

/** A branch of rollout `from`, which is a chunk past the end of `going`: one chunk, decoded, and it is closed. */
async function branch(worker: InProcessWorker, going: WorldRun, from: string, id: string): Promise<void> {
  await worker.branch(from, id)
  await worker.generate([jobOf(worker, id, going.nextIndex + 1, going.caption, true)])
  worker.close(id)
}

async function makeChunk(worker: InProcessWorker, run: WorldRun, wantsFrames = false): Promise<void> {
  const job = jobOf(worker, run.spec.id, run.nextIndex, run.caption, wantsFrames)
  const [result] = await worker.generate([job])
  run.commit(job, result!)
}

/** Walks, and turns by amounts that never repeat: the worst that a log has to hold. */
function jobOf(
  { manifest }: InProcessWorker,
  id: string,
  index: number,
  caption: string,
  wantsFrames: boolean,
): ChunkJob {
  const width = manifest.actionSpace.buttons.length + manifest.actionSpace.axes.length
  const actions = new Float32Array(manifest.frames.perChunk * width)
  for (let frame = 0; frame < manifest.frames.perChunk; frame++) {
    actions[frame * width] = 1
    actions[(frame + 1) * width - 2] = Math.sin(index * 4 + frame) / 4
    actions[(frame + 1) * width - 1] = Math.sin((index * 4 + frame) * 1.7) / 20
  }
  return { rolloutId: id, index, actions, caption, wantsFrames }
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
      restores: { type: 'string' },
      forks: { type: 'string' },
      quick: { type: 'boolean' },
    },
  })
  const usual = values.quick ? QUICK : WHOLE
  const minutes = Number(values.minutes ?? usual.minutes)
  const restores = Number(values.restores ?? usual.restores)
  const forks = Number(values.forks ?? usual.forks)
  if (!(minutes > 0 && minutes <= 60)) throw new Error('--minutes takes a number up to 60')
  if (!(Number.isInteger(restores) && restores > 0)) throw new Error('--restores takes a whole number from 1 on')
  if (!(Number.isInteger(forks) && forks >= 0)) throw new Error('--forks takes a whole number')
  return { model: values.model, minutes, restores, forks }
}
