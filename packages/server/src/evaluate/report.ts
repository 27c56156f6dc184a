import type { AnchorFigures } from './figures/anchors.ts'
import type { CaptionFigures } from './figures/captions.ts'
import type { ControlFigures } from './figures/control.ts'
import type { DriftFigures } from './figures/drift.ts'
import type { EditFigures } from './figures/edits.ts'
import type { NextChunkFigures } from './figures/next-chunk.ts'
import type { PoseFigures } from './figures/pose.ts'
import type { ReconstructionFigures } from './figures/reconstruction.ts'
import type { RevisitFigures } from './figures/revisit.ts'
import { drawTable } from './text-table.ts'

/** Everything that was measured, pictures included. */
export interface Measured {
  model: { name: string; version: string; variant: string; provider: string }
  size: string
  steps: number
  quick: boolean
  clips: number
  notes: readonly string[]
  judgesVersion: string | null
  reconstruction: ReconstructionFigures
  nextChunk: NextChunkFigures
  control: ControlFigures
  revisit: RevisitFigures
  edits: EditFigures
  drift: DriftFigures
  captions: CaptionFigures
  depth: number | null
  pose: PoseFigures
  anchors: AnchorFigures
  seconds: number
}

/** The line for programs; null is what could not be measured. */
export function figuresOf(measured: Measured) {
  const { model, reconstruction, nextChunk, control, revisit, drift, captions, pose } = measured
  return rounded({
    name: 'eval',
    model: model.name,
    version: model.version,
    variant: model.variant,
    clips: measured.clips,
    reconstruction: { psnr: reconstruction.psnr, fastTurn: reconstruction.fastTurn },
    nextChunk: nextChunk.bySteps,
    control: { turnErrorDeg: control.generated.turnErrorDeg, keyF1: control.generated.keyF1 },
    revisit: { withMemory: revisit.withMemory, without: revisit.without },
    editPersistence: measured.edits.persistence,
    drift: { ratio: drift.ratio, collapses: drift.collapses },
    captions: captions.generated.mean,
    // Of generated chunks: what a scene is mixed with. Coding true depth alone costs `depthBy.coded`.
    depthError: nextChunk.depthError,
    poseError: pose.translationPercent,
    // Measured on their own: `--tasks`.
    tasks: null,
    baseline: {
      repeatLastFrame: nextChunk.repeatLastFrame,
      ceiling: nextChunk.ceiling,
      revisitCeiling: revisit.ceiling,
      revisitEarlierView: revisit.earlierView,
    },
    actionShuffleRatio: nextChunk.actionShuffleRatio,
    turns: { errorTurningDeg: control.generated.turnErrorTurningDeg, gain: control.generated.turnGain },
    captionsBy: agreementOf(captions.generated),
    driftOf: pick(drift, ['rollouts', 'seconds', 'distance', 'reference', 'recoveries']),
    revisitFrames: revisit.frames,
    editsOf: pick(measured.edits, ['edits', 'without', 'ceiling']),
    depthBy: { generated: nextChunk.depthError, coded: measured.depth },
    poseDrift: pose.driftPercent,
    anchorPixels: measured.anchors.rmsPixels,
    poseDegrees: { yaw: pose.yawDeg, pitch: pose.pitchDeg },
    judges:
      measured.judgesVersion === null
        ? null
        : { version: measured.judgesVersion, ...control.truth, ...agreementOf(captions.truth) },
    size: measured.size,
    steps: measured.steps,
    provider: model.provider,
    quick: measured.quick,
    notes: measured.notes,
    seconds: measured.seconds,
  })
}

const DECIMALS = 1000

/** Three decimals, all the way down. */
function rounded<T>(value: T): T {
  if (typeof value === 'number') return (Number.isFinite(value) ? Math.round(value * DECIMALS) / DECIMALS : null) as T
  if (Array.isArray(value)) return value.map(rounded) as T
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, rounded(part)])) as T
}

function agreementOf({ biome, time, weather }: CaptionFigures['generated']) {
  return { biome, time, weather }
}

function pick<T, K extends keyof T>(value: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, value[name]])) as Pick<T, K>
}

type Row = [figure: string, value: string, bar: string, judge: string]

/** The table for people: figure, value, the bar to reach, and what the judge gets on the truth itself. */
export function tableOf(measured: Measured): string {
  const head: Row = ['figure', 'value', 'bar', 'on the truth']
  const rows: Row[] = [head, ...pictureRows(measured), ...judgedRows(measured), ...geometryRows(measured)]
  return drawTable(rows)
}

function pictureRows({ reconstruction, nextChunk, revisit }: Measured): Row[] {
  const db = (value: number | null) => withUnit(value, 1, ' dB')
  return [
    ['encoded and decoded', db(reconstruction.psnr), '>= 30 dB', ''],
    ['  in fast turns', db(reconstruction.fastTurn), '>= 27 dB', ''],
    ...Object.entries(nextChunk.bySteps).map(
      ([steps, value]): Row => [`one chunk ahead, ${steps} steps`, db(value), '', ''],
    ),
    ['  last frame repeated', db(nextChunk.repeatLastFrame), '', ''],
    ['  autoencoder allows', db(nextChunk.ceiling), '', ''],
    ['error with wrong actions', withUnit(nextChunk.actionShuffleRatio, 2, 'x'), '', ''],
    [`look away and back (${revisit.frames} frames)`, db(revisit.withMemory), '>= 22 dB', ''],
    ['  without memory', db(revisit.without), '4 dB less', ''],
    ['  autoencoder allows', db(revisit.ceiling), '', ''],
    ['  the view of before', db(revisit.earlierView), '', ''],
  ]
}

function judgedRows({ control: { generated, truth }, captions, drift, edits }: Measured): Row[] {
  const degrees = (value: number | null) => withUnit(value, 2, ' deg/frame')
  const percent = (value: number | null) => withUnit(value === null ? null : value * 100, 1, ' %')
  return [
    [
      `placed blocks after looking away (${edits.edits})`,
      percent(edits.persistence),
      '>= 80 %',
      percent(edits.ceiling),
    ],
    ['  without memory', percent(edits.without), '', ''],
    ['turn error', degrees(generated.turnErrorDeg), '< 1', degrees(truth.turnErrorDeg)],
    ['  while turning', degrees(generated.turnErrorTurningDeg), '', degrees(truth.turnErrorTurningDeg)],
    ['  turned per commanded', withUnit(generated.turnGain, 2, ''), '', withUnit(truth.turnGain, 2, '')],
    ['keys, F1', withUnit(generated.keyF1, 3, ''), '>= 0.95', withUnit(truth.keyF1, 3, '')],
    ['captions followed', percent(captions.generated.mean), '>= 90 %', percent(captions.truth.mean)],
    ...(['biome', 'time', 'weather'] as const).map(
      (name): Row => [`  ${name}`, percent(captions.generated[name]), '', percent(captions.truth[name])],
    ),
    [`drift, ${drift.seconds} s`, withUnit(drift.ratio, 2, 'x'), '< 1.5x', ''],
    ['  collapsed', `${drift.collapses} of ${drift.rollouts}`, '0', ''],
    ['  started anew', drift.recoveries === null ? 'guard off' : `${drift.recoveries} times`, '', ''],
  ]
}

function geometryRows({ depth, nextChunk, pose, anchors }: Measured): Row[] {
  const percentOf = (error: number | null) => withUnit(error === null ? null : error * 100, 1, ' %')
  return [
    ['depth one chunk ahead, median error', percentOf(nextChunk.depthError), '<= 8 %', ''],
    ['  encoded and decoded', percentOf(depth), '<= 5 %', ''],
    ['pose, errors of the way', withUnit(pose.translationPercent, 1, ' %'), '', ''],
    ['  end astray, of the way', withUnit(pose.driftPercent, 1, ' %'), '<= 5 %', ''],
    ['  yaw', withUnit(pose.yawDeg, 2, ' deg/frame'), '', ''],
    ['  pitch', withUnit(pose.pitchDeg, 2, ' deg/frame'), '', ''],
    [`anchors while turning (${anchors.anchors})`, withUnit(anchors.rmsPixels, 1, ' px'), '<= 3 px', ''],
  ]
}

function withUnit(value: number | null, decimals: number, unit: string): string {
  return value === null ? '-' : `${value.toFixed(decimals)}${unit}`
}
