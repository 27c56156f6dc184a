import type { WorldClientOptions, WorldEvents, WorldState } from './client/world-options.ts'
import { WorldSession } from './client/world-session.ts'
import { SYSTEM_CLOCK } from './clock.ts'
import type { InputState } from './input/input-state.ts'
import {
  type AppliedReply,
  type ControlReply,
  chunkDurationMs,
  cleanPromptText,
  type ForkReply,
  type FrameSize,
  LIMITS,
  type ModelManifest,
  type RoomView,
  type SnapshotReply,
  SoraError,
  toSoraError,
  type WelcomeMessage,
} from './protocol/index.ts'
import type { Frame } from './stream/frame.ts'
import type { StatsSnapshot } from './stream/stream-stats.ts'
import { openTransport } from './transport/open-transport.ts'
import type { RequestName } from './transport/transport.ts'

/** A request may wait for a place in the queue of a busy server. */
const APPLY_TIMEOUT_MS = 60_000

/**
 * A generated world that a server plays for this client: act, and frames come.
 *
 * Frames are shown by `update(now)`, called once per display refresh. As long as nobody calls it (in Node, say) the
 * client shows them by a timer of its own.
 */
export class WorldClient {
  readonly #session: WorldSession

  /**
   * Joins a world and makes ready to show it. Resolves when the decoder runs; the first frame may take longer, in a
   * queue much longer, see `state` and `onProgress`.
   *
   * @throws SoraError, everything is closed then: `connection-lost`, `room-missing`, `protocol-version`, `model-*`,
   *   `no-wasm`, `decoder-failed`, `timeout`, `aborted`, or what the server refused with
   */
  static async connect(url: string, options: WorldClientOptions = {}): Promise<WorldClient> {
    const { clock = SYSTEM_CLOCK, signal } = options
    // In a page, an address may be relative to it.
    const address = new URL(url, globalThis.location?.href).href
    const transport = options.transport ?? (await openTransport(address, clock))
    const session = new WorldSession(address, options, transport)
    try {
      await session.open()
      return new WorldClient(session)
    } catch (error) {
      const problem = toSoraError(error, signal?.aborted ? 'aborted' : 'internal')
      session.end(problem)
      await session.transport.close()
      throw problem
    }
  }

  private constructor(session: WorldSession) {
    this.#session = session
  }

  get state(): WorldState {
    return this.#session.state
  }

  /** The room as all its clients see it. */
  get room(): RoomView {
    return this.#session.room
  }

  /** Give it to others as `roomId`, and they see the same world. */
  get roomId(): string {
    return this.#session.transport.roomId
  }

  /** Name of this client in `room.driver`. */
  get sessionId(): string {
    return this.#session.transport.sessionId
  }

  get manifest(): ModelManifest {
    return this.#session.manifest
  }

  /** What the server said of itself: model, provider, variant, denoise steps. */
  get welcome(): WelcomeMessage {
    return this.#session.welcome
  }

  get size(): FrameSize {
    return this.welcome.size
  }

  /** True when this client's controls move the world. */
  get isDriver(): boolean {
    return this.#session.isDriver
  }

  /** What decodes here: `webgpu`, `wasm, 2 threads`, `image`. */
  get decoder(): string {
    return this.#session.pipeline.decoder?.backend ?? ''
  }

  /** The frame shown last; its arrays are good until the next `frame` event. */
  get frame(): Frame | null {
    return this.#session.show.frame
  }

  get stats(): StatsSnapshot {
    return this.#session.stats.snapshot(this.#session.clock.now())
  }

  /** Where devices put what they sense; see `Keyboard`, `Pointer`, `Gamepads`, `Touch`. */
  get input(): InputState {
    return this.#session.input
  }

  /** Returns the function that removes the listener again. */
  on<K extends keyof WorldEvents>(name: K, listener: (value: WorldEvents[K]) => void): () => void {
    return this.#session.events.on(name, listener)
  }

  /**
   * Holds buttons down, or lets them go: `hold({ forward: true, sprint: false })`. Others stay as they are.
   *
   * @throws SoraError `action-invalid` for a button that the model does not have
   */
  hold(buttons: Readonly<Record<string, boolean>>): void {
    for (const [button, isDown] of Object.entries(buttons)) this.input.hold(button, isDown)
  }

  /** Presses a button once. @throws SoraError `action-invalid` */
  press(button: string): void {
    this.input.press(button)
  }

  /** Turns the view by degrees, right and down positive. @throws SoraError `action-invalid` */
  look(yaw: number, pitch = 0): void {
    this.input.turn('camera.yaw', yaw)
    this.input.turn('camera.pitch', pitch)
  }

  /** Lets go of every button. */
  release(): void {
    this.input.release()
  }

  /**
   * Something happens in this world: "it starts to rain". Resolves when the first frame that reflects it is shown.
   *
   * @throws SoraError `prompt-empty`, `prompt-too-long`, `not-driver`, `connection-lost`, `timeout`
   */
  async say(text: string): Promise<AppliedReply> {
    return this.#apply('event', { text: cleanPromptText(text, LIMITS.eventLength) })
  }

  /** Another world, from its own prompt. Resolves when its first frame is shown. @throws SoraError as {@link say} */
  async prompt(text: string, options: { rngSeed?: number } = {}): Promise<AppliedReply> {
    return this.#apply('prompt', { text: cleanPromptText(text, LIMITS.promptLength), ...options })
  }

  /** The same prompt from its start, with a new random seed unless one is given. @throws SoraError as {@link say} */
  async reset(options: { rngSeed?: number } = {}): Promise<AppliedReply> {
    return this.#apply('reset', { ...options })
  }

  /**
   * The world as it is now, as a file: it goes on from there with {@link restore}, or with `snapshot` of
   * `WorldClientOptions`, on any server with the same model.
   *
   * @throws SoraError `not-driver`, `rate-limited`, `connection-lost`, `timeout`
   */
  async snapshot(): Promise<Uint8Array> {
    const { transport } = this.#session
    const { id } = await transport.request<SnapshotReply>('snapshot', {})
    return transport.fetchWorld(String(id))
  }

  /**
   * Goes on with a world that was kept, in this room and for everybody in it. Resolves when its first new frame is shown.
   *
   * @throws SoraError `world-invalid`, `world-version`, `world-mismatch` (another model, size or number of steps) with
   *   nothing changed; `rate-limited`, and as {@link say}
   */
  async restore(bytes: Uint8Array): Promise<AppliedReply> {
    return this.#apply('restore', { snapshot: await this.#session.transport.sendWorld(bytes) })
  }

  /**
   * Goes back for everybody in the room: by seconds, or to before a chunk of this world. Resolves when the first frame from
   * there is shown. The last minute is kept; what is longer ago, at most an hour, is made again first from the nearest
   * keyframe, which takes some seconds: `room.seq` of `room.catchUpTo` says how far it is, and `state` is `waiting`.
   *
   * @throws SoraError `world-missing` for what is too long ago or yet to come, `rate-limited`, and as {@link say}
   */
  async rewind(to: { seconds: number } | { seq: number }): Promise<AppliedReply> {
    if ('seq' in to) return this.#apply('rewind', { seq: to.seq })
    const chunks = Math.round((to.seconds * 1000) / chunkDurationMs(this.manifest))
    return this.#apply('rewind', { seq: Math.max(0, this.room.seq + 1 - chunks) })
  }

  /**
   * Opens `count` rooms in which this world goes on from now, each on its own; resolves to their ids. One that nobody joins
   * within 15 s closes again.
   *
   * @throws SoraError as {@link snapshot}, and `busy` when the server has no room left
   */
  async fork(count = 1): Promise<string[]> {
    const { rooms } = await this.#session.transport.request<ForkReply>('fork', { count })
    return rooms
  }

  pause(paused = true): void {
    this.#session.transport.send('pause', { paused })
  }

  /** Becomes the driver. @throws SoraError `not-driver` when somebody else drives and keeps it */
  async takeControl(): Promise<void> {
    const { driver } = await this.#session.transport.request<ControlReply>('take-control', {})
    // The reply is faster than the room state, which is sent at its own rate.
    this.#session.setRoom({ ...this.room, driver })
  }

  /** Lets go of everything and gives the controls back. */
  releaseControl(): void {
    this.release()
    this.#session.transport.send('release-control', {})
    // At once, so that no control message follows that the server would have to refuse.
    if (this.isDriver) this.#session.setRoom({ ...this.room, driver: '' })
  }

  /** Changes where latents are decoded; see `WorldClientOptions.downlink`. @throws SoraError as {@link connect} */
  setDownlink(kind: 'latent' | 'image'): Promise<void> {
    return this.#session.changeDownlink(kind)
  }

  /**
   * Shows what is due: emits `frame`, and returns it, or null when the picture stays. `nowMs` is the time stamp of
   * `requestAnimationFrame`.
   */
  update(nowMs: number = this.#session.clock.now()): Frame | null {
    return this.#session.show.update(nowMs)
  }

  /** Leaves the world and frees everything; never throws. The last frame stays readable. */
  async close(): Promise<void> {
    this.#session.end(null)
    await this.#session.transport.close()
  }

  async #apply(name: RequestName, message: object): Promise<AppliedReply> {
    const { transport, waits } = this.#session
    const reply = await transport.request<AppliedReply>(name, message, { timeoutMs: APPLY_TIMEOUT_MS })
    if (!Number.isInteger(reply?.world) || !Number.isInteger(reply.seq)) {
      throw new SoraError('internal', `the server did not say when "${name}" shows`)
    }
    await waits.until(reply.world, reply.seq)
    return reply
  }
}
