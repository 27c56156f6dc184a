import type {} from '../test/e2e/frame-log.ts'

/** What the page has measured, in milliseconds of its own clock. */
export interface LatencyRecord {
  photonMs: number[]
  chunkMs: number[]
  intervalMs: number[]
}

declare global {
  interface Window {
    __latency?: LatencyRecord
  }
}

/** Runs inside the page, and so must not use anything from outside of itself. */
export function collectInPage(): void {
  const { world } = window.__sora!
  const record: LatencyRecord = { photonMs: [], chunkMs: [], intervalMs: [] }
  window.__latency = record
  let pressed: { atMs: number; actionSeq: number } | null = null
  let newestActionSeq = world.frame?.actionSeq ?? 0
  let lastChunkMs: number | null = null

  const onKey = (event: KeyboardEvent) => {
    if (!event.repeat) pressed ??= { atMs: event.timeStamp, actionSeq: newestActionSeq }
  }
  window.addEventListener('keydown', onKey, { capture: true })
  world.on('frame', (frame) => {
    newestActionSeq = frame.actionSeq
    if (!pressed || frame.actionSeq <= pressed.actionSeq) return
    const { atMs } = pressed
    pressed = null
    // This picture is drawn in the present animation frame; when the next one begins it has left the page.
    requestAnimationFrame(() => record.photonMs.push(performance.now() - atMs))
  })
  world.on('chunk', ({ header: { timings } }) => {
    record.chunkMs.push(timings.denoiseMs + timings.commitMs + timings.decodeMs)
    const nowMs = performance.now()
    if (lastChunkMs !== null) record.intervalMs.push(nowMs - lastChunkMs)
    lastChunkMs = nowMs
  })
}
