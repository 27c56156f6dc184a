import { type Clock, SYSTEM_CLOCK } from '../clock.ts'
import type { FrameDecoder } from '../decode/frame-decoder.ts'
import { HttpModelFiles, type ModelFiles } from '../decode/model-files.ts'
import { Emitter } from '../emitter.ts'
import { InputState } from '../input/input-state.ts'
import { type ModelManifest, type RoomView, SoraError, toSoraError, type WelcomeMessage } from '../protocol/index.ts'
import { StreamStats } from '../stream/stream-stats.ts'
import { ColyseusTransport } from '../transport/colyseus-transport.ts'
import { errorFromNotice } from '../transport/reply.ts'
import { EMPTY_ROOM, parseWelcome } from '../transport/server-messages.ts'
import type { LinkState, Transport, TransportListener } from '../transport/transport.ts'
import { abortable, deferred, withTimeout } from './abortable.ts'
import { ChunkPipeline } from './chunk-pipeline.ts'
import { ControlSender } from './control-sender.ts'
import { FrameShow } from './frame-show.ts'
import { joinOptions, startDecoder } from './handshake.ts'
import { ShownWaits } from './shown-waits.ts'
import type { WorldClientOptions, WorldEvents, WorldState } from './world-options.ts'
import { waitingWords, worldState } from './world-state.ts'

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
  readonly #welcomed = deferred<WelcomeMessage>()
  #welcome: WelcomeMessage | null = null
  #manifest: ModelManifest | null = null
  #files: ModelFiles | null = null
  #input: InputState | null = null
  #sender: ControlSender | null = null
  #room: RoomView = EMPTY_ROOM
  #link: LinkState | 'joining' = 'joining'
  #state: WorldState = 'connecting'
  #isReady = false
  #words = ''
  #housekeepingTimer: unknown = null

  constructor(url: string, options: WorldClientOptions) {
    this.#url = url
    this.#options = options
    this.clock = options.clock ?? SYSTEM_CLOCK
    this.transport = options.transport ?? new ColyseusTransport(url, { clock: this.clock })
    // It may fail before anybody waits for it.
    this.#welcomed.promise.catch(() => {})
    const { clock, stats } = this
    this.pipeline = new ChunkPipeline({
      clock,
      stats,
      onChunk: (chunk) => this.events.emit('chunk', chunk),
      onFrames: () => this.show.arm(),
      onError: (error) => this.report(error),
      onDecoderLost: (error) => void this.#replaceDecoder(error),
    })
    this.show = new FrameShow({
      clock,
      stats,
      pipeline: this.pipeline,
      me: () => this.transport.sessionId,
      onFrame: (frame) => {
        this.events.emit('frame', frame)
        this.waits.shown(frame)
        this.#refresh()
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
    return this.#room
  }

  get state(): WorldState {
    return this.#state
  }

  get isDriver(): boolean {
    return this.#room.driver !== '' && this.#room.driver === this.transport.sessionId
  }

  /** Joins, learns the model, starts the decoder. @throws SoraError; the caller ends the session then */
  async open(): Promise<void> {
    const { signal } = this.#closing
    this.#followAbort(this.#options.signal)
    this.#progress(`connecting to ${this.#url}`)
    await abortable(this.transport.connect(this.#join(), this.#listener()), signal)
    const welcome = await withTimeout(this.clock, WELCOME_TIMEOUT_MS, abortable(this.#welcomed.promise, signal))
    this.#welcome = welcome
    this.#progress('fetching the manifest of the model')
    this.#files = this.#options.files ?? new HttpModelFiles(new URL(welcome.modelUrl, httpUrl(this.#url)))
    this.#manifest = await abortable(this.#files.manifest(signal), signal)
    this.#prepareControls(this.#manifest)
    this.pipeline.start(this.#manifest, await this.#startDecoder(this.#options))
    this.#isReady = true
    this.#housekeep()
    this.#refresh()
  }

  /** Takes another decoder, and asks the server for what it reads. */
  async changeDownlink(kind: 'latent' | 'image'): Promise<void> {
    const decoder = await this.#startDecoder({ ...this.#options, decoder: undefined, downlink: kind })
    const before = this.pipeline.decoder
    this.pipeline.start(this.manifest, decoder)
    before?.dispose()
    this.transport.send('downlink', { kind })
  }

  setRoom(room: RoomView): void {
    const wasDriver = this.isDriver
    this.#room = room
    if (this.isDriver && !wasDriver) this.#sender?.resend()
    this.events.emit('room', room)
    this.#refresh()
  }

  report(error: SoraError): void {
    if (this.#state === 'closed') return
    // An error that nobody listens for must still be found.
    if (!this.events.emit('error', error)) console.warn(`sora-world: ${error.code}: ${error.message}`)
  }

  /** The end, for whatever reason; null: the client wanted it. Frees everything. */
  end(problem: SoraError | null): void {
    if (this.#closing.signal.aborted) return
    this.#link = 'closed'
    const reason = problem ?? new SoraError('aborted', 'the world was closed')
    this.#closing.abort(reason)
    this.#sender?.dispose()
    this.clock.clearTimeout(this.#housekeepingTimer)
    this.show.stop()
    this.pipeline.dispose()
    this.waits.failAll(reason)
    this.#refresh()
    this.events.emit('closed', problem)
    this.events.clear()
  }

  #join() {
    return { options: joinOptions(this.#options), roomId: this.#options.roomId }
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
    const isBack = this.#link === 'reconnecting'
    this.#link = state
    if (isBack) this.#afterReconnect()
    this.#refresh()
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
      canSend: () => this.#link === 'open' && this.isDriver,
      send: (message) => this.transport.send('control', message),
      onSent: (seq, inputAtMs) => this.stats.sent(seq, inputAtMs),
    })
  }

  async #startDecoder(options: WorldClientOptions): Promise<FrameDecoder> {
    const { signal } = this.#closing
    const progress = (words: string) => this.#progress(words)
    const start = { welcome: this.welcome, manifest: this.manifest, files: known(this.#files), signal, progress }
    const { decoder, fellBack } = await startDecoder(options, start)
    if (signal.aborted) decoder.dispose()
    signal.throwIfAborted()
    if (fellBack) {
      this.transport.send('downlink', { kind: decoder.kind })
      this.report(fellBack)
    }
    return decoder
  }

  async #replaceDecoder(error: SoraError): Promise<void> {
    const { downlink = 'auto' } = this.#options
    if (downlink !== 'auto' || this.pipeline.decoder?.kind !== 'latent') return
    try {
      await this.changeDownlink('image')
    } catch (cause) {
      this.end(new SoraError('decoder-failed', error.message, { cause }))
      await this.transport.close()
    }
  }

  #housekeep(): void {
    this.#housekeepingTimer = this.clock.setTimeout(() => this.#housekeep(), HOUSEKEEPING_MS)
    if (this.#link === 'open') this.transport.send('ping', { sentAt: this.clock.now() })
    this.events.emit('stats', this.stats.snapshot(this.clock.now()))
  }

  #followAbort(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    const onAbort = () => this.#isReady || this.end(toSoraError(signal?.reason, 'aborted'))
    signal?.addEventListener('abort', onAbort, { once: true, signal: this.#closing.signal })
  }

  /** State and words follow from the facts; listeners hear only changes. */
  #refresh(): void {
    const isReady = this.#isReady && this.#room !== EMPTY_ROOM
    const facts = { link: this.#link, isReady, hasFrame: this.show.frame !== null, room: this.#room }
    const state = worldState(facts)
    const words = waitingWords(facts)
    if (words) this.#progress(words)
    if (state === this.#state) return
    if (this.#state === 'running') this.pipeline.interrupt()
    this.#state = state
    this.events.emit('state', state)
    if (state === 'running') this.#progress('running')
  }

  #progress(words: string): void {
    if (words === this.#words || this.#closing.signal.aborted) return
    this.#words = words
    this.#options.onProgress?.(words)
  }
}

function known<T>(value: T | null): T {
  if (value === null) throw new SoraError('internal', 'the world is not connected yet')
  return value
}

function httpUrl(url: string): string {
  return url.replace(/^ws/, 'http')
}
