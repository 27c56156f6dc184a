import { parseArgs } from 'node:util'
import { ChunkAssembler, PoseTrack, StreamStats } from '@sora-world/sdk'
import { FakeModel } from '../packages/server/src/model/fake-model.ts'
import { openModel } from '../packages/server/src/model/open-model.ts'
import { percentile } from '../packages/server/src/scheduler/percentile.ts'
import { VirtualClock } from '../packages/server/src/scheduler/virtual-clock.ts'
import { RolloutSession } from '../packages/server/src/session/rollout-session.ts'
import { InProcessWorker } from '../packages/server/src/worker/in-process-worker.ts'
import { MemoryStore } from '../packages/server/src/worlds/memory-store.ts'
import { WorldJournal } from '../packages/server/src/worlds/world-journal.ts'
import { describeEnvironment } from './environment.ts'

const MB = 1024 * 1024
/** Parts of the run that are compared. */
const PARTS = 10
/** Also for files of the journal that are still being packed, at many times the pace of play. */
const SETTLE_MS = 2000
const COLLECTIONS = 3

/**
 * One world for a long time, faster than it is played: chunk time and memory of each tenth of the run, through worker, session,
 * journal and the stream of a client. The fake model by default: it is the program that must not grow, whatever it runs.
 */
export async function run(argv: string[]): Promise<void> {
  const { model: name, chunks } = readOptions(argv)
  console.log(describeEnvironment())
  const model = name === 'fake' ? new FakeModel({ memory: true }) : await openModel({ model: name, provider: 'cpu' })
  const worker = new InProcessWorker(model)
  const { manifest, provider, variant } = worker
  const clock = new VirtualClock()
  const client = { assembler: new ChunkAssembler(), poses: new PoseTrack(manifest), stats: new StreamStats() }
  let recoveries = 0
  const session = new RolloutSession(
    {
      ...{ id: 'soak', manifest, size: manifest.sizes[0]!, steps: manifest.denoiser.steps.default },
      ...{ prompt: 'a forest', rngSeed: 1, maker: { provider, variant } },
    },
    {
      clock,
      drawRngSeed: () => 1,
      onChunk: ({ latent }) => receive(client, latent!, clock.now()),
      onChange: () => {},
      wake: () => {},
      closeRollout: (id) => worker.close(id),
      journal: new WorldJournal(new MemoryStore(), 'soak', (line) => console.error(line)),
    },
  )
  session.setWatched(true)
  const { spec } = session.openRequest()!
  await worker.open(spec)
  session.opened(spec)
  console.log('   chunks   p50 ms   p95 ms   held MB   rss MB')
  const parts: { p50Ms: number; p95Ms: number; heldMb: number; rssMb: number }[] = []
  let times: number[] = []
  for (let index = 0; index < chunks; index++) {
    const startedAt = performance.now()
    session.control({ seq: index + 1, held: index % 300 < 200 ? ['forward'] : [], pressed: [], axes: turn(index) })
    const [result] = await worker.generate([session.nextJob()])
    session.deliver(result!, { queueMs: 0 })
    if (result!.isRecovery) recoveries++
    times.push(performance.now() - startedAt)
    await clock.advance(200)
    if ((index + 1) % Math.floor(chunks / PARTS) !== 0) continue
    const part = { p50Ms: percentile(times, 0.5), p95Ms: percentile(times, 0.95), ...(await usedMemory()) }
    times = []
    parts.push(part)
    console.log(rowOf(index + 1, part))
  }
  const [first, last] = [parts[0]!, parts.at(-1)!]
  const figures = {
    ...{ chunks, minutesOfWorld: Math.round(chunks / 300), recoveries },
    ...{ timeRatio: round(last.p50Ms / first.p50Ms), heldMbFirst: first.heldMb, heldMbLast: last.heldMb },
  }
  console.log(JSON.stringify({ name: 'soak', model: manifest.name, provider, variant, ...figures }))
  await worker.stop()
}

/** What a client does with a packet before it decodes it. */
function receive(
  { assembler, poses, stats }: { assembler: ChunkAssembler; poses: PoseTrack; stats: StreamStats },
  bytes: Uint8Array,
  now: number,
): void {
  const outcome = assembler.push(bytes)
  if (outcome.kind !== 'chunk' || outcome.missed > 0) throw new Error(`a packet was ${outcome.kind}`)
  stats.packet(bytes.length, now)
  stats.chunk(outcome.chunk.header, now)
  poses.follow(outcome.chunk.header)
}

/** Always to the right, and up and down. */
function turn(index: number): Record<string, number> {
  return { 'camera.yaw': 3, 'camera.pitch': 4 * Math.sin(index / 7) }
}

function rowOf(
  chunks: number,
  { p50Ms, p95Ms, heldMb, rssMb }: Record<'p50Ms' | 'p95Ms' | 'heldMb' | 'rssMb', number>,
) {
  return [String(chunks), p50Ms.toFixed(2), p95Ms.toFixed(2), heldMb.toFixed(1), rssMb.toFixed(0)]
    .map((text) => text.padStart(9))
    .join('')
}

/** Collected before, with `node --expose-gc`, and more than once: large arrays are counted until the next time. */
async function usedMemory(): Promise<{ heldMb: number; rssMb: number }> {
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { heldMb: round((heapUsed + external) / MB), rssMb: round(rss / MB) }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function readOptions(argv: string[]) {
  const { values } = parseArgs({
    args: argv,
    options: { model: { type: 'string', default: 'fake' }, chunks: { type: 'string', default: '50000' } },
  })
  const chunks = Number(values.chunks)
  if (!(Number.isInteger(chunks) && chunks >= PARTS)) throw new Error(`--chunks takes a whole number from ${PARTS}`)
  return { model: values.model, chunks }
}
