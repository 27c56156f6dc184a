import { readFile, stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { chunkDurationMs, LIMITS, SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { findModelPackage } from '../model/find-package.ts'
import { readManifest } from '../model/load-package.ts'
import { openModel } from '../model/open-model.ts'
import { checkWorld } from '../worlds/check-world.ts'
import { valueAt } from '../worlds/log-keeper.ts'
import { ReplayCounter, type ReplayReport, replayWorld } from '../worlds/replay.ts'
import { readWorld } from '../worlds/world-file.ts'
import type { WorldValue } from '../worlds/world-value.ts'
import { ProgressBar, type ProgressStream } from './progress-bar.ts'

const EXIT_DIFFERENT = 1
const EXIT_WRONG_CALL = 2
const EXIT_INTERRUPTED = 130

export const REPLAY_HELP = `Makes a recorded world again and compares every chunk with the recording.

usage: sora-world replay FILE [options]

  --model NAME|DIR   a model package                      default: the best that ships
  --provider NAME    auto, cpu, webgpu, cuda              default: the one of the recording
  --variant NAME     a variant of the package             default: the one of the recording
  --json             one JSON object instead of words

Exit code: 0 every chunk is equal bit by bit, 1 one is not or the replay failed, 2 wrong options or file, 130 interrupted.
Chunks are certain to be equal on the same provider and variant of the same machine; a chunk that was made in one
batch with other rooms may be rounded otherwise.
`

export const SNAPSHOT_HELP = `Says what a world file holds.

usage: sora-world snapshot info FILE [--json]

Exit code: 0, or 2 for wrong options or a file that is no world.
`

export interface ReplayStreams {
  stdout: { write(text: string): unknown }
  stderr: ProgressStream
  /** Aborts between two denoise steps; Ctrl-C by default. */
  signal?: AbortSignal
}

/** `sora-world replay FILE`. Resolves to the exit code. */
export async function runReplay(argv: string[], streams: ReplayStreams = process): Promise<number> {
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort(new SoraError('aborted', 'interrupted'))
  const signal = streams.signal ?? interrupt.signal
  process.once('SIGINT', onInterrupt)
  try {
    const { values, positionals } = readArguments(argv)
    if (values.help) return say(streams, REPLAY_HELP)
    const value = await readFileOf(positionals)
    const report = await replay(value, values, streams, signal)
    streams.stdout.write(values.json ? `${JSON.stringify(report)}\n` : replayWords(report))
    return report.equal === report.chunks ? 0 : EXIT_DIFFERENT
  } catch (thrown) {
    const code = failed('replay', thrown, streams)
    return signal.aborted ? EXIT_INTERRUPTED : code
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

/** `sora-world snapshot info FILE`. Resolves to the exit code. */
export async function runSnapshot(argv: string[], streams: ReplayStreams = process): Promise<number> {
  try {
    const { values, positionals } = readArguments(argv)
    if (values.help) return say(streams, SNAPSHOT_HELP)
    const [command, ...files] = positionals
    if (command !== 'info') throw new SoraError('option-invalid', `"snapshot ${command ?? ''}": there is only "info"`)
    const facts = describeWorld(await readFileOf(files))
    streams.stdout.write(values.json ? `${JSON.stringify(facts)}\n` : factLines(facts))
    return 0
  } catch (thrown) {
    return failed('snapshot', thrown, streams)
  }
}

interface Flags {
  model?: string
  provider?: string
  variant?: string
}

async function replay(
  value: WorldValue,
  flags: Flags,
  { stderr }: ReplayStreams,
  signal: AbortSignal,
): Promise<ReplayReport> {
  const recorded = value.log.makers.at(-1)?.value
  // Before a provider is started that only the recording's model has.
  if (flags.model !== 'fake') checkWorld(value, await readManifest(findModelPackage(flags.model)))
  const model = await openModel({
    model: flags.model,
    provider: flags.provider ?? recorded?.provider,
    variant: flags.variant ?? recorded?.variant,
  })
  try {
    const counter = new ReplayCounter(model)
    const progress = new ProgressBar(stderr, value.log.hashes.length)
    const seconds = chunkDurationMs(model.manifest) / 1000
    for await (const chunk of replayWorld(model, value, signal)) {
      counter.add(chunk)
      progress.update(chunk.index + 1, `chunks, ${((chunk.index + 1) * seconds).toFixed(1)} s`)
    }
    progress.clear()
    return counter.report()
  } finally {
    await model.release()
  }
}

function replayWords({ chunks, equal, firstDifference, provable, provider, variant }: ReplayReport): string {
  const on = `on ${provider}, ${variant}`
  if (equal === chunks) return `all ${chunks} chunks are equal bit by bit ${on}\n`
  const why = firstDifference < provable ? 'it had to be equal' : 'another device, or a shared batch, may explain it'
  return `${equal} of ${chunks} chunks are equal ${on}; the first that differs is ${firstDifference}: ${why}\n`
}

/** What a person, or a program without the model, wants to know. */
function describeWorld({ model, size, log, next, picture, mark, history, ...facts }: WorldValue) {
  const { steps, rngSeed, memory, prompt, events, createdAt } = facts
  return {
    ...{ model: `${model.name} ${model.version}`, manifest: model.manifest, createdAt, prompt, events: [...events] },
    caption: next > 0 ? valueAt(log.captions, next - 1) : prompt,
    ...{ size: `${size.width}x${size.height}`, steps, rngSeed, memory, chunks: next },
    recordedFrom: log.first,
    madeBy: log.makers.map(({ chunk, value }) => `${value.provider} ${value.variant} from chunk ${chunk}`),
    sharedBatches: log.batches.reduce((sum, batch) => sum + (batch > 1 ? 1 : 0), 0),
    historyChunks: history.length,
    memoryBytes: mark?.memory?.length ?? 0,
    pictureBytes: picture?.length ?? 0,
  }
}

function factLines(facts: object): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name.padEnd(15)}${Array.isArray(value) ? value.join('; ') || '-' : value}\n`)
    .join('')
}

async function readFileOf([path, ...more]: readonly string[]): Promise<WorldValue> {
  if (path === undefined || more.length > 0) throw new SoraError('option-invalid', 'name one world file')
  try {
    const { size } = await stat(path)
    if (size > LIMITS.worldBytes) throw new SoraError('world-invalid', `${path} has ${size} bytes: no world file`)
    return await readWorld(await readFile(path))
  } catch (thrown) {
    throw toSoraError(thrown, 'option-invalid')
  }
}

function readArguments(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        model: { type: 'string' },
        provider: { type: 'string' },
        variant: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (thrown) {
    throw new SoraError('option-invalid', (thrown as Error).message.split('. ', 1)[0]!, { cause: thrown })
  }
}

function say({ stdout }: ReplayStreams, text: string): number {
  stdout.write(text)
  return 0
}

/** Writes what went wrong; gives the exit code. */
function failed(command: string, thrown: unknown, { stderr }: ReplayStreams): number {
  const { code, message } = toSoraError(thrown)
  stderr.write(`sora-world ${command}: ${message} (${code})\n`)
  return code === 'option-invalid' || code.startsWith('world-') ? EXIT_WRONG_CALL : EXIT_DIFFERENT
}
