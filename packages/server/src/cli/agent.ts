import { type RunReport, runPolicy, type WorldEnv } from '@sora-world/sdk/agent'
import { type ErrorCode, SoraError, toSoraError } from '@sora-world/sdk/protocol'
import { createEnv } from '../env/create-env.ts'
import { type RecordedFiles, type Recording, record } from '../env/record.ts'
import { ActWatch } from './act-watch.ts'
import { AGENT_HELP, type AgentOptions, parseAgentOptions } from './agent-options.ts'
import { type LoadedPolicy, loadPolicy } from './load-policy.ts'
import { openRoomEnv } from './open-room-env.ts'
import { ProgressBar, type ProgressStream } from './progress-bar.ts'
import { servedModel } from './served-model.ts'

/** Errors that are the caller's: exit code 2 instead of 1. */
const WRONG_CALL: readonly ErrorCode[] = ['option-invalid', 'script-invalid', 'prompt-empty', 'prompt-too-long']
const EXIT_INTERRUPTED = 130

export interface AgentStreams {
  stdout: { write(text: string): unknown }
  stderr: ProgressStream
  /** Ends the run between two steps; Ctrl-C by default. */
  signal?: AbortSignal
}

/**
 * `sora-world agent run`: lets a policy play, here or in a room, and says how it went.
 *
 * Resolves to the exit code: 0 played, 1 failed, 2 wrong options, 130 interrupted. What was recorded is written in every
 * case. A policy that never gives the thread back ends the process.
 */
export async function runAgent(argv: string[], streams: AgentStreams = process): Promise<number> {
  const interrupt = new AbortController()
  const onInterrupt = () => {
    interrupt.abort(new SoraError('aborted', 'interrupted'))
    // Whoever presses it again means it, whatever is being written or waited for.
    process.once('SIGINT', onSecond)
  }
  const onSecond = () => process.exit(EXIT_INTERRUPTED)
  const signal = streams.signal ?? interrupt.signal
  process.once('SIGINT', onInterrupt)
  try {
    const options = parseAgentOptions(argv)
    if (options === 'help') streams.stdout.write(AGENT_HELP)
    else await play(options, streams, signal)
    return 0
  } catch (thrown) {
    const error = toSoraError(thrown)
    streams.stderr.write(`sora-world agent: ${error.message} (${error.code})\n`)
    if (signal.aborted) return EXIT_INTERRUPTED
    return WRONG_CALL.includes(error.code) ? 2 : 1
  } finally {
    process.off('SIGINT', onInterrupt)
    process.off('SIGINT', onSecond)
  }
}

async function play(options: AgentOptions, streams: AgentStreams, signal: AbortSignal): Promise<void> {
  const served = options.url === undefined ? undefined : await servedModel(options.url)
  const loaded = await loadPolicy(options.policy, options.model ?? served)
  try {
    await playIn(await openEnv(options, loaded, streams, signal), loaded, options, streams, signal)
  } finally {
    await loaded.release?.()
  }
}

async function playIn(
  env: WorldEnv,
  loaded: LoadedPolicy,
  options: AgentOptions,
  streams: AgentStreams,
  signal: AbortSignal,
): Promise<void> {
  const watch = new ActWatch(loaded.policy, options.actTimeoutMs)
  try {
    const recording = options.record ? await record(env, options.record, { scale: options.scale }) : undefined
    try {
      const report = await run(env, { ...loaded, policy: watch.policy }, options, recording, streams, signal)
      tell(report, await recording?.finish(), options, streams)
    } finally {
      // After a failure too: the episodes until then are worth keeping. Its own failure was told above, or is second.
      await recording?.finish().catch(() => {})
    }
  } finally {
    await watch.stop()
    await env.close()
  }
}

async function openEnv(
  { url, roomId, prompt, seconds, frameSkip, model, provider, steps }: AgentOptions,
  { reward, isOver }: LoadedPolicy,
  { stderr }: AgentStreams,
  signal: AbortSignal,
): Promise<WorldEnv> {
  const rules = { prompt, timeLimit: seconds, frameSkip, reward, isOver }
  if (url === undefined) return createEnv({ ...rules, model, provider, steps })
  const onProgress = (words: string) => stderr.isTTY && stderr.write(`${words}\n`)
  const opened = await openRoomEnv({ ...rules, url, roomId, steps, signal, onProgress })
  // Where a person can watch, and take over.
  stderr.write(`playing in room ${opened.roomId} at ${url}\n`)
  return opened.env
}

async function run(
  env: WorldEnv,
  { policy }: LoadedPolicy,
  { episodes, rngSeed, seconds, actTimeoutMs }: AgentOptions,
  recording: Recording | undefined,
  { stderr }: AgentStreams,
  signal: AbortSignal,
): Promise<RunReport> {
  const stepsPerEpisode = Math.ceil((1000 * seconds) / env.stepMs - 1e-9)
  const bar = new ProgressBar(stderr, episodes * stepsPerEpisode)
  try {
    return await runPolicy(env, policy, {
      ...{ episodes, rngSeed, actTimeoutMs, signal },
      onStep: ({ episode, steps }) => {
        recording?.check()
        bar.update(episode * stepsPerEpisode + steps, `steps, episode ${episode + 1} of ${episodes}`)
      },
    })
  } finally {
    bar.clear()
  }
}

function tell(
  report: RunReport,
  files: RecordedFiles | undefined,
  { json, record: folder }: AgentOptions,
  { stdout }: AgentStreams,
): void {
  for (const [index, episode] of report.episodes.entries()) {
    const { rngSeed, steps, seconds, reward, terminated, overriddenSteps } = episode
    const what = `${steps} steps, ${round(seconds)} s, reward ${round(reward)}${terminated ? ', over' : ''}`
    const who = overriddenSteps > 0 ? `, ${overriddenSteps} steps driven by somebody else` : ''
    stdout.write(`episode ${index + 1} (random seed ${rngSeed}): ${what}${who}\n`)
  }
  const pace = `${round(report.realtimeFactor)} times real time`
  stdout.write(`${report.policy}: ${pace}, ${round(report.actMs)} ms a decision, ${round(report.stepMs)} ms a step\n`)
  if (files) stdout.write(`${folder}: ${files.episodes.length} videos, ${files.contactSheet ?? 'no contact sheet'}\n`)
  if (json) stdout.write(`${JSON.stringify({ name: 'agent', ...report, ...(files && { recorded: files }) })}\n`)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
