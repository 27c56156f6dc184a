import type { ChunkHeader, ChunkTimings } from '../protocol/index.ts'
import { Percentiles, type Summary } from './percentiles.ts'

/** Figures of one client, over the last seconds unless they are counts. */
export interface StatsSnapshot {
  /** Frames shown per second. */
  fps: number
  /** Between two chunk arrivals. */
  chunkIntervalMs: Summary
  framesShown: number
  chunks: number
  /** Refreshes at which a frame should have been there and was not. */
  holds: number
  /** Frames that were decoded and never shown. */
  drops: number
  /** Chunks that never arrived, or that the decoder had to skip. */
  missedChunks: number
  duplicates: number
  invalidPackets: number
  /** Times that the world had broken down and was started anew at the same place. */
  recoveries: number
  /** Downlink, payload and header. */
  kbitPerSecond: number
  /**
   * From an input event to handing the first frame that reflects it to the renderer; the display adds its own refresh.
   * Only inputs of this client as driver count.
   */
  inputToPhotonMs: Summary
  decodeMs: Summary
  roundTripMs: Summary
  /** `serverMs` of the chunks: from the first control message a chunk reflects to the packet leaving the room. */
  serverMs: Summary
  /** As the server measured the newest chunk. */
  server: ChunkTimings | null
}

const WINDOW_MS = 3000

interface Stamped {
  atMs: number
  amount: number
}

/** Collects what {@link StatsSnapshot} shows. Every call says what time it is; times of other machines are not used. */
export class StreamStats {
  readonly #chunkInterval = new Percentiles()
  readonly #inputToPhoton = new Percentiles()
  readonly #decode = new Percentiles()
  readonly #roundTrip = new Percentiles()
  readonly #serverTime = new Percentiles()
  #shown: Stamped[] = []
  #received: Stamped[] = []
  #pendingInputs: { seq: number; atMs: number }[] = []
  #lastChunkMs: number | null = null
  #counts = {
    framesShown: 0,
    chunks: 0,
    holds: 0,
    drops: 0,
    missedChunks: 0,
    duplicates: 0,
    invalidPackets: 0,
    recoveries: 0,
  }
  #server: ChunkTimings | null = null

  /** A control message went out; `inputAtMs` is when the first input in it happened. */
  sent(seq: number, inputAtMs: number): void {
    this.#pendingInputs.push({ seq, atMs: inputAtMs })
    // A server that answers nothing must not make us remember for ever.
    if (this.#pendingInputs.length > 512) this.#pendingInputs.shift()
  }

  packet(bytes: number, nowMs: number): void {
    push(this.#received, { atMs: nowMs, amount: bytes }, nowMs)
  }

  chunk(header: ChunkHeader, nowMs: number): void {
    this.#counts.chunks++
    this.#server = header.timings
    if (header.catchUp) return
    if (header.recovery) this.#counts.recoveries++
    this.#serverTime.add(header.timings.serverMs)
    if (this.#lastChunkMs !== null) this.#chunkInterval.add(nowMs - this.#lastChunkMs)
    this.#lastChunkMs = nowMs
  }

  decoded(ms: number): void {
    this.#decode.add(ms)
  }

  roundTrip(ms: number): void {
    this.#roundTrip.add(ms)
  }

  /** A frame is handed to the renderer. `reflects` is the last own control message that it shows, or null. */
  shown(nowMs: number, reflects: number | null): void {
    this.#counts.framesShown++
    push(this.#shown, { atMs: nowMs, amount: 1 }, nowMs)
    if (reflects === null) return
    let first = this.#pendingInputs[0]
    while (first && first.seq <= reflects) {
      this.#inputToPhoton.add(nowMs - first.atMs)
      this.#pendingInputs.shift()
      first = this.#pendingInputs[0]
    }
  }

  count(what: 'holds' | 'drops' | 'missedChunks' | 'duplicates' | 'invalidPackets', amount = 1): void {
    this.#counts[what] += amount
  }

  /** After a pause or a drop of the connection: the gap is neither an interval nor an input that took long. */
  interrupt(): void {
    this.#lastChunkMs = null
    this.#pendingInputs = []
  }

  snapshot(nowMs: number): StatsSnapshot {
    return {
      ...this.#counts,
      fps: perSecond(this.#shown, nowMs),
      kbitPerSecond: (perSecond(this.#received, nowMs) * 8) / 1000,
      chunkIntervalMs: this.#chunkInterval.summary(),
      inputToPhotonMs: this.#inputToPhoton.summary(),
      decodeMs: this.#decode.summary(),
      roundTripMs: this.#roundTrip.summary(),
      serverMs: this.#serverTime.summary(),
      server: this.#server,
    }
  }
}

function push(list: Stamped[], item: Stamped, nowMs: number): void {
  list.push(item)
  while (list[0] && list[0].atMs < nowMs - WINDOW_MS) list.shift()
}

function perSecond(list: readonly Stamped[], nowMs: number): number {
  const recent = list.filter(({ atMs }) => atMs >= nowMs - WINDOW_MS)
  if (recent.length === 0) return 0
  const sum = recent.reduce((total, { amount }) => total + amount, 0)
  // The first seconds are measured over the time there was, but never over less than one.
  const spanMs = Math.min(WINDOW_MS, Math.max(1000, nowMs - list[0]!.atMs))
  return (sum * 1000) / spanMs
}
