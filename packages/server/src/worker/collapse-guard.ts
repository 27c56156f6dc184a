import { cellContrast, pictureHealth } from './picture-health.ts'

/** All that a guard knows; finite numbers, so that it fits into a mark and into JSON. */
export interface GuardState {
  /** Chunks since the world began, or since the last recovery. */
  since: number
  /** Mean detail of the first {@link BASELINE_CHUNKS} of them. */
  baseline: number
  /** 0..1, how broken the last seconds looked. */
  illness: number
  /** Chunks that must lie between two recoveries. */
  patience: number
}

/** A chunk as the guard sees it. */
export interface GuardedChunk {
  /** uint8 [H,W,3], its last frame */
  frame: Uint8Array
  width: number
  height: number
  /** Degrees that the player looks down. */
  pitch: number
}

/** Contrast of the cells at which a view counts as flat, and at which not at all. */
const FLAT = 16
const NOT_FLAT = 32
/** Detail at which a view counts as overgrown, and at which not at all: ground truth has at most 118 ... */
const OVERGROWN = 130
const NOT_OVERGROWN = 90
/** ... if it has grown so much since the start. A world that began so is no worse than it was. */
const GROWN = 1.5
/** The same for what grew out of a plain view, as a share of the detail at the start, above what most true views have. */
const MANY_TIMES = 6
const NOT_MANY_TIMES = 4
const MUCH_DETAIL = 60
/** Who looks up sees sky, which may be flat. Degrees. */
const LOOKING_UP = -20
const BASELINE_CHUNKS = 10
/** Share of the newest chunk in {@link GuardState.illness}. */
const WEIGHT = 1 / 20
const COLLAPSED = 0.75
const SUSPECT = 0.6
const WELL = 0.1
/** Chunks between two recoveries: doubled each time, and short again after a minute without one. */
const FIRST_PATIENCE = 25
const LONGEST_PATIENCE = 1600
const WELL_CHUNKS = 300

/**
 * Notices that a rollout breaks down: that the picture melts into one colour, or grows over with ever harder patterns.
 *
 * A function of the decoded chunks alone, so that a replay decides the same. Thresholds come from ground truth and from
 * rollouts that people looked at, see docs/evaluation.md. What is flat in earnest (a field of snow in fog) is taken for
 * broken; patience bounds what that costs.
 */
export class CollapseGuard {
  #state: GuardState

  constructor(state: GuardState = { since: 0, baseline: 0, illness: 0, patience: FIRST_PATIENCE }) {
    this.#state = state
  }

  get state(): Readonly<GuardState> {
    return this.#state
  }

  /** There is nothing to complain of. */
  get isWell(): boolean {
    return this.#state.illness < WELL
  }

  /** What is seen now should not be remembered. */
  get isSuspect(): boolean {
    return this.#state.illness > SUSPECT
  }

  /** The rollout should be started anew from what is remembered. */
  get isCollapsed(): boolean {
    const { illness, since, patience } = this.#state
    return illness > COLLAPSED && since >= patience
  }

  observe(chunk: GuardedChunk): void {
    const { since, baseline, illness, patience } = this.#state
    const { detail } = pictureHealth(chunk.frame, chunk)
    const isStart = since < BASELINE_CHUNKS
    const symptom = Math.max(flatness(chunk), isStart ? 0 : overgrowth(detail, baseline))
    this.#state = {
      since: since + 1,
      baseline: isStart ? baseline + (detail - baseline) / (since + 1) : baseline,
      illness: illness + (symptom - illness) * WEIGHT,
      patience,
    }
  }

  /** The rollout was started anew. */
  recovered(): void {
    const { since, patience } = this.#state
    const next = since < WELL_CHUNKS ? Math.min(LONGEST_PATIENCE, patience * 2) : FIRST_PATIENCE
    this.#state = { since: 0, baseline: 0, illness: 0, patience: next }
  }
}

/** 0..1 */
function flatness(chunk: GuardedChunk): number {
  if (chunk.pitch < LOOKING_UP) return 0
  return ramp(cellContrast(chunk.frame, chunk), NOT_FLAT, FLAT)
}

/** 0..1 */
function overgrowth(detail: number, baseline: number): number {
  const growth = detail / baseline
  const isMuch = growth > GROWN ? ramp(detail, NOT_OVERGROWN, OVERGROWN) : 0
  const isMuchMore = detail > MUCH_DETAIL ? ramp(growth, NOT_MANY_TIMES, MANY_TIMES) : 0
  return Math.max(isMuch, isMuchMore)
}

/** 0 at `none`, 1 at `full`, linear between. */
function ramp(value: number, none: number, full: number): number {
  return Math.max(0, Math.min(1, (value - none) / (full - none)))
}
