import { type ErrorCode, SoraError, toSoraError } from '@sora-world/sdk/protocol'
import type { WorldModel } from '../model/denoiser.ts'
import { openModel } from '../model/open-model.ts'
import { openReaders } from '../model/open-readers.ts'
import type { Readers } from '../model/readers.ts'
import { checkSteps } from '../sampler/schedule.ts'
import { readActionFile, trackOf } from '../studio/action-file.ts'
import { enlarge } from '../studio/enlarge.ts'
import { type FrameWriter, openFrameWriter } from '../studio/frame-writer.ts'
import { chunkCount, findSize, generateVideo, type VideoSpec } from '../studio/generate.ts'
import { PolicyPlayer } from '../studio/policy-player.ts'
import { checkWritable, saveFile } from '../studio/save-file.ts'
import { VideoTrace } from '../studio/video-trace.ts'
import { GENERATE_HELP, type GenerateOptions, parseGenerateOptions } from './generate-options.ts'
import { ProgressBar, type ProgressStream } from './progress-bar.ts'

/** Errors that are the caller's: exit code 2 instead of 1. */
const WRONG_CALL: readonly ErrorCode[] = ['option-invalid', 'action-invalid', 'prompt-empty', 'prompt-too-long']
const EXIT_INTERRUPTED = 130
/** Pictures smaller than this are enlarged by default. */
const WATCHABLE_WIDTH = 512

export interface GenerateStreams {
  stdout: { write(text: string): unknown }
  stderr: ProgressStream
  /** Aborts between two denoise steps; Ctrl-C by default. */
  signal?: AbortSignal
}

/**
 * `sora-world generate`: prompt and actions in, one video file out.
 *
 * Resolves to the exit code: 0 written, 1 failed, 2 wrong options or action file, 130 interrupted. Each file is written
 * whole at the end or not at all.
 */
export async function runGenerate(argv: string[], streams: GenerateStreams = process): Promise<number> {
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort(new SoraError('aborted', 'interrupted; nothing was written'))
  const signal = streams.signal ?? interrupt.signal
  process.once('SIGINT', onInterrupt)
  try {
    const options = parseGenerateOptions(argv)
    if (options === 'help') streams.stdout.write(GENERATE_HELP)
    else await generateFile(options, streams, signal)
    return 0
  } catch (thrown) {
    const error = toSoraError(thrown)
    streams.stderr.write(`sora-world generate: ${error.message} (${error.code})\n`)
    if (signal.aborted) return EXIT_INTERRUPTED
    return WRONG_CALL.includes(error.code) ? 2 : 1
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

async function generateFile(options: GenerateOptions, streams: GenerateStreams, signal: AbortSignal): Promise<void> {
  await checkWritable(options.out)
  if (options.saveActions !== undefined) await checkWritable(options.saveActions)
  const readers = options.hasPolicy || options.describe ? await openReaders(options.model) : undefined
  try {
    if (readers) checkReaders(readers, options)
    await withModel(options, readers, streams, signal)
  } finally {
    await readers?.release()
  }
}

/** Tells before the work what the model cannot do. */
function checkReaders({ canAct, canDescribe, manifest }: Readers, { hasPolicy, describe }: GenerateOptions): void {
  const refuse = (option: string, reader: string) => {
    throw new SoraError('unsupported', `${option}: model "${manifest.name}" has no ${reader}`)
  }
  if (hasPolicy && !canAct) refuse('--policy', 'policy')
  if (describe && !canDescribe) refuse('--describe', 'captioner')
}

async function withModel(
  options: GenerateOptions,
  readers: Readers | undefined,
  streams: GenerateStreams,
  signal: AbortSignal,
): Promise<void> {
  const model = await openModel(options)
  try {
    const spec = await videoSpec(model, options)
    if (readers && options.hasPolicy) spec.player = new PolicyPlayer(readers, spec.size, spec.rngSeed)
    const scale = options.scale ?? Math.max(1, Math.ceil(WATCHABLE_WIDTH / spec.size.width))
    const started = performance.now()
    const writer = await openFrameWriter(options.out, {
      width: spec.size.width * scale,
      height: spec.size.height * scale,
      framesPerSecond: model.manifest.frames.perSecond,
    })
    const trace = new VideoTrace(readers?.manifest.readers?.captioner?.maxChunks ?? 1)
    const frames = await writeFrames(model, spec, { ...options, scale }, writer, trace, streams.stderr, signal)
    await saveFile(options.out, await writer.finish())
    if (options.saveActions !== undefined)
      await saveFile(options.saveActions, trace.actionFile(model.manifest.actionSpace))
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    const what = `${frames} frames of ${spec.size.width}x${spec.size.height}, enlarged ${scale}x`
    const how = `${model.manifest.name} ${model.variant} on ${model.provider}, ${spec.steps} steps`
    streams.stdout.write(`${options.out}: ${what}, in ${seconds} s (${how})\n`)
    if (readers && options.describe) {
      streams.stdout.write(`it shows: ${await readers.describe(trace.latents, spec.size)}\n`)
    }
  } finally {
    await model.release()
  }
}

async function videoSpec(model: WorldModel, options: GenerateOptions): Promise<VideoSpec> {
  const { frames, denoiser, actionSpace } = model.manifest
  const steps = options.steps ?? denoiser.steps.default
  checkSteps(model.manifest, steps)
  return {
    prompt: options.prompt,
    events: options.events,
    seconds: options.seconds ?? frames.perChunk / frames.perSecond,
    size: findSize(model, options.size),
    steps,
    rngSeed: options.rngSeed,
    memory: options.memory,
    actions: options.actions
      ? await readActionFile(options.actions, actionSpace)
      : trackOf([{ frames: Number.POSITIVE_INFINITY, held: ['forward'], axes: {} }]),
  }
}

async function writeFrames(
  model: WorldModel,
  spec: VideoSpec,
  look: { scale: number; filter: GenerateOptions['filter'] },
  writer: FrameWriter,
  trace: VideoTrace,
  stderr: ProgressStream,
  signal: AbortSignal,
): Promise<number> {
  const bar = new ProgressBar(stderr, chunkCount(model, spec.seconds))
  const frameBytes = spec.size.width * spec.size.height * 3
  let count = 0
  try {
    for await (const chunk of generateVideo(model, spec, signal)) {
      trace.add(chunk)
      for (let at = 0; at < chunk.frames.length; at += frameBytes) {
        writer.add(await enlarge(chunk.frames.subarray(at, at + frameBytes), spec.size, look.scale, look.filter))
        count++
      }
      bar.update(chunk.index + 1, `chunks, ${(count / model.manifest.frames.perSecond).toFixed(1)} s`)
    }
  } finally {
    bar.clear()
  }
  return count
}
