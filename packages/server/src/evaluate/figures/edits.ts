import { type Evaluation, frameAt, frameBytes } from '../evaluation.ts'
import type { CellReading, Judges } from '../judges.ts'
import { joinFrames } from '../rollouts.ts'
import { share } from '../statistics.ts'
import { comeBack, type Visit, visitsOf } from './revisit.ts'

/** An edit is made at the middle of the picture: cells within this share of it, on each axis, are looked at. */
const MIDDLE = 0.5
/** Cells that have to change for an edit to count: a block placed within reach fills more. */
const LEAST_CELLS = 12
/** Share of the changed cells that have to look as they did after the edit. */
const MOST_CELLS = 0.5
/** What is in front of the world and moves by itself. */
const MOVING = ['hand', 'creature', 'pig', 'sheep', 'cow']
/** A judge that finds fewer of the edits in encoded and decoded truth cannot say what became of generated ones. */
const LEAST_READABLE = 0.75

export interface EditFigures {
  /** Share of the edits that are there after looking away; with the world memory of a model that has one. */
  persistence: number | null
  /** The same without memory; null for a model that has none. */
  without: number | null
  /** The same in the true frames encoded and decoded: what the judge can find at best. */
  ceiling: number | null
  /** Edits that were measured. */
  edits: number
  /** Why there is no figure. */
  reason?: string
}

/** One edit: seen before and after, turned away from, come back to. */
interface Edit {
  visit: Visit
  /** Frame that shows the place again. */
  frame: number
  /** Reading of the place right after the edit, and the cells that the edit changed. */
  after: CellReading
  cells: number[]
}

/** Looks away from an edited place and back, from true chunks that saw the edit; the scene judge says what is there. */
export async function measureEdits(evaluation: Evaluation): Promise<EditFigures> {
  const { judges, heldOut, model } = evaluation
  const edits = judges ? await findEdits(evaluation, judges, visitsOf(heldOut)) : []
  if (!judges || edits.length === 0) {
    const reason = judges ? 'no clips of edits that are looked away from' : 'no judges'
    return { persistence: null, without: null, ceiling: null, edits: 0, reason }
  }
  const bytes = frameBytes(evaluation)
  const ceiling = await found(evaluation, judges, edits, async ({ visit, frame }) =>
    frameAt(joinFrames(visit.heldOut.reconstruction), frame, bytes),
  )
  if (ceiling! < LEAST_READABLE) {
    const percent = Math.round(ceiling! * 100)
    const reason = `the judge finds ${percent} % of the edits even in true frames, once these are encoded and decoded`
    return { persistence: null, without: null, ceiling, edits: edits.length, reason }
  }
  let done = 0
  const hasMemory = model.manifest.memory != null
  const generate = (memory: boolean) =>
    found(evaluation, judges, edits, async ({ visit, frame }) => {
      const moments = await comeBack({ ...evaluation, memory }, visit)
      evaluation.onProgress(++done, edits.length * (hasMemory ? 2 : 1))
      return moments.find((moment) => moment.frame === frame)!.generated
    })
  const persistence = await generate(true)
  return { persistence, without: hasMemory ? await generate(false) : null, ceiling, edits: edits.length }
}

/** Share of the edits that are there in the pictures that `pick` gives. */
async function found(
  { size }: Evaluation,
  judges: Judges,
  edits: readonly Edit[],
  pick: (edit: Edit) => Promise<Uint8Array>,
): Promise<number | null> {
  const pictures: Uint8Array[] = []
  for (const edit of edits) pictures.push(await pick(edit))
  const readings = await judges.readCells(joinFrames(pictures), size)
  return share([...edits.entries()], ([i, edit]) => isThere(edit.cells, edit.after, readings[i]!))
}

async function findEdits(evaluation: Evaluation, judges: Judges, visits: readonly Visit[]): Promise<Edit[]> {
  const edits: Edit[] = []
  for (const visit of visits) {
    const { clip } = visit.heldOut
    const { frame } = visit.found.again.at(-1)!
    const views = sameViews(clip.pose, visit.found.turning, frame)
    if (views.length === 0) continue
    const frames = [views[0]!, views.at(-1)!, frame].map((at) => frameAt(clip.rgb, at, frameBytes(evaluation)))
    const [before, after, again] = await judges.readCells(joinFrames(frames), evaluation.size)
    const cells = changedCells(before!, after!, again!, judges.blocks)
    if (cells.length >= LEAST_CELLS) edits.push({ visit, frame, after: after!, cells })
  }
  return edits
}

/** Frames before `turning` that were seen from exactly where frame `again` is seen from. */
function sameViews(poses: readonly (readonly number[])[], turning: number, again: number): number[] {
  const isSame = (pose: readonly number[]) => pose.every((value, i) => Math.abs(value - poses[again]![i]!) < 0.1)
  return poses.flatMap((pose, frame) => (frame < turning && isSame(pose) ? [frame] : []))
}

/** Cells in the middle that an edit changed, and that the judge reads alike when it comes back to them. */
export function changedCells(
  before: CellReading,
  after: CellReading,
  again: CellReading,
  names: readonly string[],
): number[] {
  const { rows, columns } = after
  const isStill = (id: number) => !MOVING.includes(names[id]!.split(' ')[0]!)
  const inMiddle = (at: number, length: number) => Math.abs((at + 0.5) / length - 0.5) < MIDDLE / 2
  return [...after.blocks.keys()].filter((cell) => {
    const [was, is] = [before.blocks[cell]!, after.blocks[cell]!]
    const middle = inMiddle(Math.floor(cell / columns), rows) && inMiddle(cell % columns, columns)
    return middle && was !== is && again.blocks[cell] === is && isStill(was) && isStill(is)
  })
}

/** Does the place look as it did after the edit, in the cells that it changed. */
export function isThere(cells: readonly number[], after: CellReading, now: CellReading): boolean {
  const same = cells.filter((cell) => now.blocks[cell] === after.blocks[cell])
  return same.length >= MOST_CELLS * cells.length
}
