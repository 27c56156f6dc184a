import { parseArgs } from 'node:util'
import { SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { checkPackage, type PackageFacts } from '../doctor/check-package.ts'
import { describeMachine, LEAST_NODE, type Machine } from '../doctor/machine.ts'
import { type ProviderReport, tryProvider } from '../doctor/try-provider.ts'
import { PROVIDERS } from '../model/onnx-runtime.ts'
import { ProgressBar, type ProgressStream } from './progress-bar.ts'

export const DOCTOR_HELP = `Says whether this machine can play, and how fast.

usage: sora-world doctor [options]

  --model NAME|DIR   a model package                             default: the best that ships
  --provider NAME    try this one only: cpu, webgpu, cuda        default: all
  --seconds N        how long each provider is measured          default: 3
  --json             one line of JSON instead of words

Exit code 0: a world can be played; 1: no provider starts, or the package is broken; 2: wrong options.
`

export interface DoctorStreams {
  stdout: { write(text: string): unknown }
  stderr: ProgressStream
}

interface DoctorOptions {
  model: string | undefined
  providers: readonly string[]
  seconds: number
  json: boolean
}

interface Findings {
  machine: Machine
  /** Null for the model without files. */
  model: PackageFacts | null
  providers: ProviderReport[]
}

const MOST_SECONDS = 600

/** `sora-world doctor`: Node, machine, model package, and every provider started and measured. Resolves to the exit code. */
export async function runDoctor(argv: string[], streams: DoctorStreams = process): Promise<number> {
  try {
    const options = readOptions(argv)
    if (options === 'help') {
      streams.stdout.write(DOCTOR_HELP)
      return 0
    }
    const findings = await examine(options, streams.stderr)
    const canPlay = findings.machine.isNodeNewEnough && findings.providers.some((report) => 'pace' in report)
    streams.stdout.write(
      options.json ? `${JSON.stringify({ name: 'doctor', canPlay, ...findings })}\n` : wordsOf(findings),
    )
    return canPlay ? 0 : 1
  } catch (thrown) {
    const { message, code } = toSoraError(thrown)
    streams.stderr.write(`sora-world doctor: ${message} (${code})\n`)
    return code === 'option-invalid' ? 2 : 1
  }
}

async function examine({ model, providers, seconds }: DoctorOptions, stderr: ProgressStream): Promise<Findings> {
  const machine = describeMachine()
  const facts = model === 'fake' ? null : await checkPackage(model)
  const bar = new ProgressBar(stderr, providers.length)
  const reports: ProviderReport[] = []
  try {
    for (const provider of providers) {
      bar.update(reports.length, `trying ${provider}`)
      reports.push(await tryProvider(model, provider, seconds))
    }
  } finally {
    bar.clear()
  }
  return { machine, model: facts, providers: reports }
}

function wordsOf({ machine, model, providers }: Findings): string {
  const { node, isNodeNewEnough, platform, cpu, cores, memoryGiB, hasInt8, hasGpu } = machine
  const lines = [
    `node      ${node}${isNodeNewEnough ? '' : `: too old, ${LEAST_NODE} or newer is needed`}`,
    `machine   ${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${memoryGiB} GiB, ${platform}`,
    `          ${hasInt8 ? 'fast' : 'no fast'} 8-bit products; ${hasGpu ? 'a GPU to try' : 'no GPU device'}`,
    model
      ? `model     ${model.name} ${model.version}, sha256 ${model.sha256.slice(0, 16)}, every graph as its manifest says`
      : 'model     fake, without files',
    ...providers.map((report) => `${report.provider.padEnd(9)} ${findingOf(report)}`),
    conclusionOf(providers),
  ]
  return `${lines.join('\n')}\n`
}

function findingOf(report: ProviderReport): string {
  if ('problem' in report) return `does not start: ${report.problem}`
  const { variant, chunkMs, framesPerSecond, realtimeFactor } = report.pace
  return `${variant}: ${chunkMs} ms a chunk, ${framesPerSecond} frames/s, ${realtimeFactor} times real time`
}

function conclusionOf(providers: readonly ProviderReport[]): string {
  const paces = providers.flatMap((report) => ('pace' in report ? [report] : []))
  const [best] = paces.toSorted((a, b) => b.pace.realtimeFactor - a.pace.realtimeFactor)
  if (!best) return 'no provider starts: nothing can be played here'
  if (best.pace.realtimeFactor < 1)
    return `${best.provider} is the fastest, and too slow for real time: worlds run slower`
  return `worlds play in real time with ${best.provider}`
}

function readOptions(argv: string[]): DoctorOptions | 'help' {
  const values = readFlags(argv)
  if (values.help) return 'help'
  const { model, provider, seconds = '3' } = values
  if (provider !== undefined && !PROVIDERS.some((known) => known === provider)) {
    throw new SoraError('option-invalid', `--provider "${provider}" is none of ${PROVIDERS.join(', ')}`)
  }
  if (!(Number(seconds) > 0 && Number(seconds) <= MOST_SECONDS)) {
    throw new SoraError('option-invalid', `--seconds "${seconds}" is not a number above 0, at most ${MOST_SECONDS}`)
  }
  // The CPU first: it is the answer for most, and the others may take long to fail.
  const all = model === 'fake' ? ['fake'] : PROVIDERS.toReversed()
  return { model, providers: provider ? [provider] : all, seconds: Number(seconds), json: values.json ?? false }
}

function readFlags(argv: string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: argv,
      options: {
        help: { type: 'boolean', short: 'h' },
        json: { type: 'boolean' },
        model: text,
        provider: text,
        seconds: text,
      },
    }).values
  } catch (cause) {
    throw new SoraError('option-invalid', (cause as Error).message, { cause })
  }
}
