import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { checkPackage, type PackageFacts } from '../doctor/check-package.ts'
import { describeMachine, LEAST_NODE, type Machine } from '../doctor/machine.ts'
import { type Attempt, type Pace, tryProvider } from '../doctor/try-provider.ts'
import { shippedPackages } from '../model/find-package.ts'
import { PROVIDERS } from '../model/onnx-runtime.ts'
import { inSteps, keepsUp, whyPassedOver } from '../scheduler/chunk-cost.ts'
import { ProgressBar, type ProgressStream } from './progress-bar.ts'

export const DOCTOR_HELP = `Says whether this machine can play, and how fast.

usage: sora-world doctor [options]

  --model NAME|DIR   a model package                             default: what \`serve\` would play
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
  /** To look at one after the other until one keeps up with real time, as a server does; one when it was named. */
  models: readonly string[]
  providers: readonly string[]
  seconds: number
  json: boolean
}

interface Findings {
  machine: Machine
  /** Why better models are not played here, a sentence each. */
  passedOver: string[]
  /** Null for the model without files. */
  model: PackageFacts | null
  providers: ProviderReport[]
}

/** How fast a provider is, or why it does not start. */
type ProviderReport = { provider: string } & ({ pace: Pace } | { problem: string })

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

async function examine(options: DoctorOptions, stderr: ProgressStream): Promise<Findings> {
  const machine = describeMachine()
  const passed: string[] = []
  for (const [i, model] of options.models.entries()) {
    const facts = model === 'fake' ? null : await checkPackage(model)
    const attempts = await tryProviders(model, options, stderr)
    const next = options.models[i + 1]
    const tooSlow = next === undefined ? undefined : reasonToPass(attempts, basename(next))
    if (tooSlow === undefined) return { machine, passedOver: passed, model: facts, providers: attempts.map(reportOf) }
    passed.push(tooSlow)
  }
  throw new SoraError('model-missing', 'no model to look at')
}

async function tryProviders(
  model: string,
  { providers, seconds }: DoctorOptions,
  stderr: ProgressStream,
): Promise<Attempt[]> {
  const bar = new ProgressBar(stderr, providers.length)
  const attempts: Attempt[] = []
  try {
    for (const provider of providers) {
      bar.update(attempts.length, `trying ${provider}`)
      attempts.push(await tryProvider(model, provider, seconds))
    }
  } finally {
    bar.clear()
  }
  return attempts
}

/** Undefined when a provider keeps up, or none starts: a simpler model would not start either. */
function reasonToPass(attempts: readonly Attempt[], next: string): string | undefined {
  const measured = attempts.flatMap((attempt) => ('cost' in attempt ? [attempt] : []))
  const [fastest] = measured.toSorted((a, b) => a.cost.chunkMs - b.cost.chunkMs)
  if (!fastest || keepsUp(fastest.manifest, fastest.cost)) return undefined
  return whyPassedOver(fastest.manifest, fastest.cost, next)
}

function reportOf(attempt: Attempt): ProviderReport {
  const { provider } = attempt
  return 'pace' in attempt ? { provider, pace: attempt.pace } : { provider, problem: attempt.problem }
}

function wordsOf({ machine, passedOver, model, providers }: Findings): string {
  const { node, isNodeNewEnough, platform, cpu, cores, memoryGiB, hasInt8, hasGpu } = machine
  const lines = [
    `node      ${node}${isNodeNewEnough ? '' : `: too old, ${LEAST_NODE} or newer is needed`}`,
    `machine   ${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${memoryGiB} GiB, ${platform}`,
    `          ${hasInt8 ? 'fast' : 'no fast'} 8-bit products; ${hasGpu ? 'a GPU to try' : 'no GPU device'}`,
    model
      ? `model     ${model.name} ${model.version}, sha256 ${model.sha256.slice(0, 16)}, every file as its manifest says`
      : 'model     fake, without files',
    ...passedOver.map((reason) => `          ${reason}`),
    ...providers.map((report) => `${report.provider.padEnd(9)} ${findingOf(report)}`),
    conclusionOf(providers),
  ]
  return `${lines.join('\n')}\n`
}

function findingOf(report: ProviderReport): string {
  if ('problem' in report) return `does not start: ${report.problem}`
  const { variant, steps, chunkMs, framesPerSecond, realtimeFactor } = report.pace
  return `${variant}: ${inSteps(steps)}, ${chunkMs} ms a chunk, ${framesPerSecond} frames/s, ${realtimeFactor} times real time`
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
  const models = model === undefined ? shippedPackages() : [model]
  return { models, providers: provider ? [provider] : all, seconds: Number(seconds), json: values.json ?? false }
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
