import { SoraError, type WorldClient } from '@sora-world/sdk'
import type { DrawMark } from './draw-mark.ts'
import type { ScreenWorld } from './world-screen.ts'

/** What shows a world: `WorldScreen`, `WorldBackdrop`, `WorldPortal`. */
export interface WorldView {
  readonly world: ScreenWorld | null
  readonly drawn: DrawMark
}

/** What is needed of a world to stop it. */
export type PausableWorld = Pick<WorldClient, 'pause' | 'isDriver' | 'room' | 'frame' | 'state'>

export interface WorldAttentionOptions {
  /** How long nobody looks before the world stops. */
  pauseAfterMs?: number
}

const CHECK_MS = 100

/**
 * Stops generating worlds that are not looked at: generation costs the server a processor.
 *
 *     const attention = new WorldAttention()
 *     attention.add(portal, backdrop)
 *
 * A world is looked at while one of its views is drawn: in the view of some camera, not hidden, a portal from its front; and
 * the page is visible. It goes on as soon as that is so again. A world that others play or watch, too, is left alone, and so is
 * one that was paused by somebody else. `enabled = false` lets all go on.
 */
export class WorldAttention {
  private readonly views = new Set<WorldView>()
  /** Worlds that have shown a frame, and when they were looked at last. */
  private readonly seenMs = new Map<PausableWorld, number>()
  private readonly stopped = new Set<PausableWorld>()
  private readonly pauseAfterMs: number
  private readonly timer: ReturnType<typeof setInterval>
  private isEnabled = true

  /** @throws SoraError `option-invalid` */
  constructor({ pauseAfterMs = 1500 }: WorldAttentionOptions = {}) {
    if (!(pauseAfterMs >= 0)) throw new SoraError('option-invalid', `pauseAfterMs is ${pauseAfterMs}`)
    this.pauseAfterMs = pauseAfterMs
    // Not by animation frames: they end with the page's visibility.
    this.timer = setInterval(() => this.check(), CHECK_MS)
  }

  get enabled(): boolean {
    return this.isEnabled
  }

  set enabled(isEnabled: boolean) {
    this.isEnabled = isEnabled
    this.check()
  }

  /** Worlds that stand still because nobody looks. */
  get pausedWorlds(): ReadonlySet<PausableWorld> {
    return this.stopped
  }

  add(...views: WorldView[]): void {
    for (const view of views) this.views.add(view)
  }

  remove(...views: WorldView[]): void {
    for (const view of views) this.views.delete(view)
    this.check()
  }

  /** Lets all worlds go on. */
  dispose(): void {
    clearInterval(this.timer)
    this.views.clear()
    this.check()
  }

  private check(): void {
    const worlds = this.looks()
    for (const world of this.seenMs.keys()) {
      if (worlds.has(world)) continue
      this.seenMs.delete(world)
      this.resume(world)
    }
    for (const [world, isSeen] of worlds) this.judge(world, isSeen)
  }

  private judge(world: PausableWorld, isSeen: boolean): void {
    const nowMs = performance.now()
    if (isSeen || !this.seenMs.has(world)) this.seenMs.set(world, nowMs)
    const isForgotten = nowMs - this.seenMs.get(world)! > this.pauseAfterMs
    const isOurs = world.isDriver && world.room.players <= 1
    if (!this.isEnabled || !isForgotten || !isOurs) this.resume(world)
    else if (world.state === 'running' && !this.stopped.has(world)) {
      this.stopped.add(world)
      world.pause(true)
    }
  }

  private resume(world: PausableWorld): void {
    if (this.stopped.delete(world) && world.state !== 'closed') world.pause(false)
  }

  /** Each world that has something to show, and whether one of its views is seen. */
  private looks(): Map<PausableWorld, boolean> {
    const isHidden = globalThis.document?.hidden === true
    const recentMs = performance.now() - CHECK_MS * 2
    const worlds = new Map<PausableWorld, boolean>()
    for (const { world, drawn } of this.views) {
      if (!isPausable(world) || !world.frame) continue
      const isSeen = !isHidden && (drawn.isLast || drawn.atMs > recentMs)
      worlds.set(world, isSeen || worlds.get(world) === true)
    }
    return worlds
  }
}

function isPausable(world: unknown): world is PausableWorld {
  return typeof (world as PausableWorld | null)?.pause === 'function'
}
