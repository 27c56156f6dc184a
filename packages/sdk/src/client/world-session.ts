import { type Clock, SYSTEM_CLOCK } from '../clock.ts'
import { HttpModelFiles } from '../decode/model-files.ts'
import { Emitter } from '../emitter.ts'
import { InputState } from '../input/input-state.ts'
import { type ModelManifest, type RoomView, SoraError, toSoraError, type WelcomeMessage } from '../protocol/index.ts'
import { StreamStats } from '../stream/stream-stats.ts'
import { errorFromNotice } from '../transport/reply.ts'
import { parseWelcome } from '../transport/server-messages.ts'
import type { LinkState, Transport, TransportListener } from '../transport/transport.ts'
import { abortable, deferred, withTimeout } from './abortable.ts'
import { ChunkPipeline } from './chunk-pipeline.ts'
import { ControlSender } from './control-sender.ts'
import { DecoderSeat } from './decoder-seat.ts'
import { FrameShow } from './frame-show.ts'
import { makeJoin } from './join-options.ts'
import { ShownWaits } from './shown-waits.ts'
import type { WorldClientOptions, WorldEvents, WorldState } from './world-options.ts'
import { StateTeller } from './world-state.ts'

const WELCOME_TIMEOUT_MS = 15_000
const HOUSEKEEPING_MS = 1000

/** One life of a connection to a room: puts the parts together and holds what is known. {@link WorldClient} is its face. */
export class WorldSession {
  readonly events = new Emitter<WorldEvents>()
  readonly stats = new StreamStats()
  readonly waits = new ShownWaits()
  readonly clock: Clock
  readonly transport: Transport
  readonly pipeline: ChunkPipeline
  readonly show: FrameShow
  readonly #url: string
  readonly #options: WorldClientOptions
  readonly #closing = new AbortController()
  readonly #teller: StateTeller
  readonly #seat: DecoderSeat
  readonly #welcomed = deferred<WelcomeMessage>()
  #welcome: WelcomeMessage | null = null
  #manifest: ModelManifest | null = null
  #input: InputState | null = null
  #sender: ControlSender | null = null
  #housekeepingTimer: unknown = null

  /** `url`: the server's, absolute */
  constructor(url: string, options: WorldClientOptions, transport: Transport) {
    this.#url = url
    this.#options = options
    this.clock = options.clock ?? SYSTEM_CLOCK
    this.transport = transport
    // It may fail before anybody waits for it.
    this.#welcomed.promise.catch(() => {})
    const { clock, stats } = this
    this.pipeline = new ChunkPipeline({
      clock,
      stats,
      onChunk: (chunk) => {
        this.events.emit('chunk', chunk)
        const { world, seq, header } = chunk
        if (header.recovery && !header.catchUp) this.events.emit('recovery', { world, seq })
      },
      onFrames: () => this.show.arm(),
      onError: (error) => this.report(error),
      onDecoderLost: (error) => void this.#replaceDecoder(error),
      onDecoderSlow: (decodeMs, chunkMs) => {
        void this.#seat.relieve(decodeMs, chunkMs).catch((cause) => this.report(toSoraError(cause, 'decoder-failed')))
      },
    })
    this.#seat = new DecoderSeat(options, {
      pipeline: this.pipeline,
      signal: this.#closing.signal,
      progress: (words) => this.#teller.say(words),
      askFor: (kind) => this.transport.send('downlink', { kind }),
      report: (error) => this.report(error),
    })
    this.#teller = new StateTeller({
      onState: (state, before) => this.#onState(state, before),
      onWords: (words) => this.#closing.signal.aborted || options.onProgress?.(words),
    })
    this.show = new FrameShow({
      clock,
      stats,
      pipeline: this.pipeline,
      me: () => this.transport.sessionId,
      onFrame: (frame) => {
        this.events.emit('frame', frame)
        this.waits.shown(frame)
        if (!this.#teller.facts.hasFrame) this.#teller.learn({ hasFrame: true })
      },
    })
  }

  get welcome(): WelcomeMessage {
    return known(this.#welcome)
  }

  get manifest(): ModelManifest {
    return known(this.#manifest)
  }

  get input(): InputState {
    return known(this.#input)
  }

  get room(): RoomView {
    return this.#teller.facts.room
  }

  get state(): WorldState {
    return this.#teller.state
  }

  get isDriver(): boolean {
    return this.room.driver !== '' && this.room.driver === this.transport.sessionId
  }

  /** Joins, learns the model, starts the decoder. @throws SoraError; the caller ends the session then */
  async open(): Promise<void> {
    const { signal } = this.#closing
    this.#followAbort(this.#options.signal)
    this.#teller.say(`connecting to ${this.#url}`)
    const snapshot = await abortable(this.#sendWorld(), signal)
    const join = makeJoin(this.#options, this.#seat.firstKind, snapshot)
    await abortable(this.transport.connect(join, this.#listener()), signal)
    const welcome = await withTimeout(this.clock, WELCOME_TIMEOUT_MS, abortable(this.#welcomed.promise, signal))
    this.#welcome = welcome
    this.#teller.say('fetching the manifest of the model')
    const files = this.#options.files ?? new HttpModelFiles(new URL(welcome.modelUrl, httpUrl(this.#url)))
    const manifest = await abortable(files.manifest(signal), signal)
    this.#manifest = manifest
    this.#prepareControls(manifest)
    await abortable(this.#seat.take({ welcome, manifest, files }), signal)
    this.#housekeep()
    this.#teller.learn({ hasDecoder: true })
  }

  /** Takes another decoder, and asks the server for what it reads. */
  changeDownlink(kind: 'latent' | 'image'): Promise<void> {
    return this.#seat.change(kind)
  }

  setRoom(room: RoomView): void {
    const wasDriver = this.isDriver
    this.#teller.learn({ room })
    if (this.isDriver && !wasDriver) this.#sender?.resend()
    this.events.emit('room', room)
  }

  report(error: SoraError): void {
    if (this.state === 'closed') return
    // An error that nobody listens for must still be found.
    if (!this.events.emit('error', error)) console.warn(`sora-world: ${error.code}: ${error.message}`)
  }

  /** The end, for whatever reason; null: the client wanted it. Frees everything. */
  end(problem: SoraError | null): void {
    if (this.#closing.signal.aborted) return
    const reason = problem ?? new SoraError('aborted', 'the world was closed')
    this.#closing.abort(reason)
    this.#sender?.dispose()
    this.clock.clearTimeout(this.#housekeepingTimer)
    this.show.stop()
    this.pipeline.dispose()
    this.waits.failAll(reason)
    this.#teller.learn({ link: 'closed' })
    this.events.emit('closed', problem)
    this.events.clear()
  }

  async #sendWorld(): Promise<string | undefined> {
    const { snapshot, roomId } = this.#options
    if (!snapshot) return undefined
    if (roomId)
      throw new SoraError('option-invalid', 'a world that was kept goes on in a room of its own, without roomId')
    return this.transport.sendWorld(snapshot)
  }

  #listener(): TransportListener {
    return {
      message: (name, payload) => this.#onMessage(name, payload),
      packet: (bytes) => this.pipeline.packet(bytes),
      room: (view) => this.setRoom(view),
      link: (state, problem) => this.#onLink(state, problem),
    }
  }

  #onMessage(name: string, payload: unknown): void {
    if (name === 'error') this.report(errorFromNotice(payload))
    else if (name === 'pong') this.#onPong(payload)
    else if (name === 'welcome') this.#onWelcome(payload)
  }

  #onWelcome(payload: unknown): void {
    try {
      this.#welcomed.resolve(parseWelcome(payload))
    } catch (error) {
      this.#welcomed.reject(error)
    }
  }

  #onPong(payload: unknown): void {
    const sentAt = (payload as { sentAt?: unknown } | null)?.sentAt
    if (typeof sentAt === 'number') this.stats.roundTrip(Math.max(0, this.clock.now() - sentAt))
  }

  #onLink(state: LinkState, problem: SoraError | undefined): void {
    if (state === 'closed') {
      this.end(problem ?? null)
      return
    }
    const isBack = this.#teller.facts.link === 'reconnecting'
    this.#teller.learn({ link: state })
    if (isBack) this.#afterReconnect()
  }

  /** Nothing that was sent in between has arrived: tell the server what is true now. */
  #afterReconnect(): void {
    const kind = this.pipeline.decoder?.kind
    if (kind) this.transport.send('downlink', { kind })
    this.#sender?.resend()
  }

  #prepareControls(manifest: ModelManifest): void {
    this.#input = new InputState(
      manifest.actionSpace,
      () => this.clock.now(),
      () => this.#sender?.changed(),
    )
    this.#sender = new ControlSender({
      input: this.#input,
      clock: this.clock,
      canSend: () => this.#teller.facts.link === 'open' && this.isDriver,
      send: (message) => this.transport.send('control', message),
      onSent: (seq, inputAtMs) => this.stats.sent(seq, inputAtMs),
    })
  }

  async #replaceDecoder(error: SoraError): Promise<void> {
    try {
      await this.#seat.replace(error)
    } catch (cause) {
      this.end(toSoraError(cause, 'decoder-failed'))
      await this.transport.close()
    }
  }

  #housekeep(): void {
    this.#housekeepingTimer = this.clock.setTimeout(() => this.#housekeep(), HOUSEKEEPING_MS)
    if (this.#teller.facts.link === 'open') this.transport.send('ping', { sentAt: this.clock.now() })
    this.events.emit('stats', this.stats.snapshot(this.clock.now()))
  }

  #followAbort(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    const onAbort = () => this.#teller.facts.hasDecoder || this.end(toSoraError(signal?.reason, 'aborted'))
    signal?.addEventListener('abort', onAbort, { once: true, signal: this.#closing.signal })
  }

  #onState(state: WorldState, before: WorldState): void {
    if (before === 'running') this.pipeline.interrupt()
    this.events.emit('state', state)
  }
}

function known<T>(value: T | null): T {
  if (value === null) throw new SoraError('internal', 'the world is not connected yet')
  return value
}

function httpUrl(url: string): string {
  return url.replace(/^ws/, 'http')
}
