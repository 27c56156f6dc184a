import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SoraError } from '@sora-world/sdk/protocol'
import type { WorldModel } from '../model/denoiser.ts'
import { shippedFolder } from '../model/find-package.ts'
import { checkSteps } from '../sampler/schedule.ts'
import { InProcessWorker } from '../worker/in-process-worker.ts'
import type { Clip } from './clip.ts'
import type { ClipSet } from './clip-set.ts'
import { CONTEXT_CHUNKS, type Evaluation, frameAt, frameBytes } from './evaluation.ts'
import { anchorFigures } from './figures/anchors.ts'
import { type CaptionFigures, measureCaptions } from './figures/captions.ts'
import { measureDepth } from './figures/coded-depth.ts'
import { measureControl } from './figures/control.ts'
import { type DriftFigures, measureDrift } from './figures/drift.ts'
import { measureEdits } from './figures/edits.ts'
import { measureNextChunk } from './figures/next-chunk.ts'
import { followPoses, poseFigures } from './figures/pose.ts'
import { measureReconstruction } from './figures/reconstruction.ts'
import { measureRevisit } from './figures/revisit.ts'
import { type HeldOut, holdOut } from './held-out.ts'
import type { Judges } from './judges.ts'
import { openJudges } from './onnx-judges.ts'
import type { Measured } from './report.ts'
import { collectRollouts, planFromTruth } from './rollouts.ts'

export interface EvaluateOptions {
  /** Less of everything, for a first look. */
  quick: boolean
  /** Denoise steps; the model's default when not given. */
  steps?: number
  drift: { rollouts: number; seconds: number }
  /** False: rollouts that break down go on as they are. */
  guard?: boolean
  /** Captions of the grid that are tried; all when not given. */
  captions?: number
  /** Clips in which a block is placed, turned away from and come back to. */
  edits?: readonly Clip[]
  signal?: AbortSignal
  /** Hears which figure is being measured and how far it has come, in its own units. */
  onProgress?(figure: string, done: number, total: number): void
}

export interface EvaluationResult {
  measured: Measured
  /** Rows of pictures uint8 [H,W,3], see docs/evaluation.md. */
  sheet: (Uint8Array | undefined)[][]
}

/** The judges that ship, or undefined when none do. */
export async function openShippedJudges(threads = 0): Promise<Judges | undefined> {
  const dir = join(shippedFolder(), 'judges')
  return existsSync(join(dir, 'manifest.json')) ? openJudges(dir, threads) : undefined
}

/**
 * Measures a model against clips of ground truth. Model and judges stay the caller's.
 *
 * @throws SoraError `option-invalid` for a step count that the model does not allow; `signal.reason` when aborted
 */
export async function evaluateModel(
  model: WorldModel,
  judges: Judges | undefined,
  { clips, notes }: ClipSet,
  options: EvaluateOptions,
): Promise<EvaluationResult> {
  const { manifest } = model
  const { quick, signal, guard, steps = manifest.denoiser.steps.default, onProgress = () => {} } = options
  checkSteps(manifest, steps)
  if (clips.length === 0) throw new SoraError('clip-invalid', 'no clips to measure against')
  const started = performance.now()
  const size = manifest.sizes[0]!
  const heldOut = await holdAll(model, clips, (done) => {
    signal?.throwIfAborted()
    onProgress('reconstruction', done, clips.length)
  })
  const setting = { model, worker: new InProcessWorker(model), size, steps, guard, signal, heldOut, judges }
  const watched = (figure: string): Evaluation => {
    signal?.throwIfAborted()
    return { ...setting, onProgress: (done, total) => onProgress(figure, done, total) }
  }
  const nextChunk = await measureNextChunk(watched('one chunk ahead'), quick)
  const control = await measureControl(watched('control'))
  const edited = await holdAll(model, options.edits ?? [])
  const revisit = await measureRevisit({ ...watched('look away and back'), heldOut: [...heldOut, ...edited] })
  const edits = await measureEdits({ ...watched('edits'), heldOut: edited })
  const captions = await measureCaptions(watched('captions'), quick, options.captions)
  const drift = await measureDrift(watched('drift'), options.drift)
  const trails = await followPoses({ ...watched('pose'), heldOut: [...heldOut, ...edited] })
  const sheet = await drawRows(watched('contact sheet'), captions, drift)
  const measured: Measured = {
    model: { name: manifest.name, version: manifest.version, variant: model.variant, provider: model.provider },
    size: `${size.width}x${size.height}`,
    steps,
    quick,
    clips: clips.length,
    notes: [
      ...notes,
      ...(judges ? [] : ['no judges: what they would judge is null']),
      ...(edits.reason === undefined ? [] : [`editPersistence is null: ${edits.reason}`]),
    ],
    judgesVersion: judges?.version ?? null,
    reconstruction: measureReconstruction(watched('reconstruction')),
    nextChunk,
    control,
    revisit,
    edits,
    drift,
    captions,
    depth: measureDepth(watched('depth')),
    // Who only turns and builds goes nowhere.
    pose: poseFigures(trails.slice(0, heldOut.length)),
    anchors: anchorFigures(trails, manifest, size),
    seconds: (performance.now() - started) / 1000,
  }
  return { measured, sheet }
}

async function holdAll(model: WorldModel, clips: readonly Clip[], onClip: (done: number) => void = () => {}) {
  const heldOut: HeldOut[] = []
  for (const clip of clips) {
    heldOut.push(await holdOut(model, clip, model.manifest.sizes[0]!))
    onClip(heldOut.length)
  }
  return heldOut
}

/** Clips on the sheet, and pictures of one row of it. */
const SHEET_CLIPS = 8
const SHEET_COLUMNS = 6

/**
 * A row per clip: the last frame of context, then the first chunk after it in truth, encoded and decoded, and generated;
 * then the last chunk in truth and at the end of the rollout. Below: first views, then start and end of long rollouts.
 */
async function drawRows(evaluation: Evaluation, captions: CaptionFigures, drift: DriftFigures) {
  const bytes = frameBytes(evaluation)
  const last = (frames: Uint8Array | undefined) => (frames ? frameAt(frames, -1, bytes) : undefined)
  const rows: (Uint8Array | undefined)[][] = []
  for (const each of evaluation.heldOut.slice(0, SHEET_CLIPS)) {
    const plan = planFromTruth(each, CONTEXT_CHUNKS)
    const [played] = await collectRollouts(evaluation, [plan], each.chunks.length - CONTEXT_CHUNKS)
    rows.push([
      last(each.truth[CONTEXT_CHUNKS - 1]),
      last(each.truth[CONTEXT_CHUNKS]),
      last(each.reconstruction[CONTEXT_CHUNKS]),
      last(played![0]!.frames),
      last(each.truth.at(-1)),
      last(played!.at(-1)!.frames),
    ])
  }
  const every = Math.max(1, Math.floor(captions.views.length / (2 * SHEET_COLUMNS)))
  const views = captions.views.filter((_, i) => i % every === 0).map(({ frame }) => frame)
  rows.push(views.slice(0, SHEET_COLUMNS), views.slice(SHEET_COLUMNS, 2 * SHEET_COLUMNS))
  const long = drift.ends.slice(0, SHEET_COLUMNS)
  rows.push(
    long.map(({ first }) => first),
    long.map(({ last: end }) => end),
  )
  return rows.filter((row) => row.length > 0)
}
