import type { WorldClientOptions } from '../../client/world-options.ts'
import { type Clock, SYSTEM_CLOCK } from '../../clock.ts'
import type { FrameDecoder, Picture } from '../../decode/frame-decoder.ts'
import { LatentDecoder } from '../../decode/latent-decoder.ts'
import {
  type AppliedReply,
  chunkDurationMs,
  type Describer,
  dequantiseLatent,
  type EnvBackend,
  type EnvChunk,
  type EnvKept,
  type EnvMove,
  type EnvRestored,
  type EnvStart,
  type FrameSize,
  type ModelManifest,
  SoraError,
} from '../../protocol/index.ts'
import type { Chunk } from '../../stream/chunk-assembler.ts'
import { WorldClient } from '../../world-client.ts'
import { ChunkLine } from './chunk-line.ts'
import { applyActions, releaseControls } from './room-controls.ts'
import { TapDecoder } from './tap-decoder.ts'

export interface RoomOptions extends Omit<WorldClientOptions, 'rngSeed' | 'downlink' | 'role' | 'decoder'> {
  /** Decodes for this room alone; a function makes one for each room that branches off. */
  decoder?: FrameDecoder | (() => FrameDecoder)
  /** Says what the latents show (`openDescriber` of `@sora-world/server`, in Node); stays the caller's. */
  describer?: Describer
  /** Asks for the controls when somebody has them at the start; true by default. False: watches until they are free. */
  takeControl?: boolean
  /** How long the next chunk may take before the room counts as stuck; 30 s by default, long enough for a queue. */
  chunkTimeoutMs?: number
  /** How long `reset` waits for a person to hand the controls back; for ever by default. */
  handBackTimeoutMs?: number
}

/** How a room was joined. */
interface Origin {
  url: string
  options: RoomOptions
}

const CHUNK_TIMEOUT_MS = 30_000
/** Chunks that a policy may take for one decision before it lets go of everything. */
const PATIENCE_CHUNKS = 5

/**
 * A room on a server as what an environment runs on, while others watch.
 *
 * Time passes by itself: each step brings the next chunk, and what was done shows a chunk or two later, as for any
 * player. Chunks that a slow policy did not ask for in time are left out. A person who takes the controls drives (the
 * chunks say so in `driver`) until they hand them back; steps go on meanwhile.
 */
export class RoomBackend implements EnvBackend {
  readonly worlds = 1
  readonly isRealTime = true
  /** The connection: its `roomId` is what others join. */
  readonly client: WorldClient
  readonly #line: ChunkLine
  readonly #clock: Clock
  readonly #origin: Origin
  readonly #handBackTimeoutMs: number | undefined
  #world = -1
  #letGoTimer: unknown = null

  /** @throws SoraError as `WorldClient.connect`; `not-driver` when the controls are locked */
  static async connect(url: string, options: RoomOptions = {}): Promise<RoomBackend> {
    const { takeControl = true, clock = SYSTEM_CLOCK, chunkTimeoutMs = CHUNK_TIMEOUT_MS } = options
    const line = new ChunkLine(clock, chunkTimeoutMs)
    let onChunk: (chunk: Chunk, pictures: readonly Picture[]) => void = () => {}
    const given = typeof options.decoder === 'function' ? options.decoder() : options.decoder
    const decoder = new TapDecoder(given ?? new LatentDecoder(), (...decoded) => onChunk(...decoded))
    // Without a way back to another decoder, which would not be tapped.
    const client = await WorldClient.connect(url, { ...options, decoder, downlink: decoder.kind })
    const backend = new RoomBackend(client, line, clock, { url, options })
    onChunk = (chunk, pictures) => line.add(backend.#envChunk(chunk, pictures), chunk.world)
    client.on('closed', (problem) => line.fail(problem ?? new SoraError('aborted', 'the room was left')))
    // Told by the client's state too; a room that does not go on ends in a timeout here.
    client.on('error', () => {})
    try {
      if (takeControl && !client.isDriver) await client.takeControl()
      return backend
    } catch (error) {
      await client.close()
      throw error
    }
  }

  private constructor(client: WorldClient, line: ChunkLine, clock: Clock, origin: Origin) {
    this.client = client
    this.#line = line
    this.#clock = clock
    this.#origin = origin
    this.#handBackTimeoutMs = origin.options.handBackTimeoutMs
  }

  get manifest(): ModelManifest {
    return this.client.manifest
  }

  get size(): FrameSize {
    return this.client.size
  }

  /** Waits while somebody else has the controls: their world is not taken away. */
  async reset([start]: readonly EnvStart[]): Promise<EnvChunk[]> {
    const { prompt, rngSeed } = start!
    this.#letGo()
    await this.#controls()
    return [await this.#firstAfter(() => this.client.prompt(prompt, { rngSeed }))]
  }

  async advance([move]: readonly EnvMove[]): Promise<EnvChunk[]> {
    const { input, manifest } = this.client
    applyActions(input, manifest.actionSpace, move!.actions)
    this.#armLetGo()
    const { chunk, world } = await this.#line.next()
    if (world !== this.#world) throw new SoraError('env-state', 'somebody started another world in this room')
    return [chunk]
  }

  get describedChunks(): number {
    return this.#origin.options.describer?.chunks ?? 0
  }

  async describe(latents: readonly Float32Array[]): Promise<string> {
    const { describer } = this.#origin.options
    if (describer) return describer.describe(latents, this.size)
    throw new SoraError('unsupported', 'a room describes nothing: give the backend a describer')
  }

  /** Where the player is does not go into the file: the server knows nothing of it. */
  snapshot(): Promise<Uint8Array> {
    return this.client.snapshot()
  }

  /** For everybody in the room; waits as {@link reset} does. */
  async restore([kept]: readonly EnvKept[]): Promise<EnvRestored[]> {
    this.#letGo()
    await this.#controls()
    const chunk = await this.#firstAfter(() => this.client.restore(kept!.bytes))
    return [{ chunk, rngSeed: this.client.room.rngSeed, place: null }]
  }

  /** Each branch is a room of its own on the same server. */
  async fork(_world: number, count: number): Promise<RoomBackend[]> {
    const { url, options } = this.#origin
    if (options.decoder && typeof options.decoder !== 'function') {
      throw new SoraError('unsupported', 'a decoder decodes for one room: give a function that makes one, to fork')
    }
    const rooms = await this.client.fork(count)
    const joined = await Promise.allSettled(rooms.map((roomId) => RoomBackend.connect(url, { ...options, roomId })))
    const failed = joined.find((result) => result.status === 'rejected')
    const branches = joined.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    if (!failed) return branches.map((branch) => branch.#goingOn())
    await Promise.allSettled(branches.map((branch) => branch.close()))
    throw failed.reason
  }

  /** The world that the room has is the environment's. */
  #goingOn(): this {
    this.#world = this.client.room.world
    return this
  }

  /** The first chunk of the world that `begin` begins. */
  async #firstAfter(begin: () => Promise<AppliedReply>): Promise<EnvChunk> {
    const before = this.client.room.world
    const first = this.#line.firstOf((world) => world > before)
    // Whichever fails first is told.
    first.catch(() => {})
    const { world } = await begin()
    this.#world = world
    return first
  }

  /** Not only for the driver's ears: the server refuses it while somebody else drives. */
  async say(_world: number, text: string): Promise<void> {
    await this.client.say(text)
  }

  async close(): Promise<void> {
    this.#clock.clearTimeout(this.#letGoTimer)
    await this.client.close()
  }

  #envChunk(chunk: Chunk, pictures: readonly Picture[]): EnvChunk {
    const { header } = chunk
    const { latent } = this.client.manifest
    const isOwn = header.driver === this.client.sessionId
    return {
      index: header.seq,
      frames: joinFrames(pictures),
      inverseDepth: joinDepth(pictures),
      pose: header.pose,
      latent: chunk.kind === 'latent' ? dequantiseLatent(chunk.latent, latent.wire.clip) : null,
      caption: this.client.room.caption,
      // Controls travel when they like: which chunk a turn ended up in is the server's knowledge.
      actions: null,
      driver: isOwn ? '' : header.driver,
    }
  }

  /** Resolves when this client may decide. @throws SoraError `not-driver` when nobody hands back in time */
  async #controls(): Promise<void> {
    const { client } = this
    const isFree = () => client.isDriver || client.room.driver === ''
    if (!isFree()) await this.#until(isFree)
    if (!client.isDriver) await client.takeControl()
  }

  #until(isSo: () => boolean): Promise<void> {
    const { client } = this
    return new Promise((resolve, reject) => {
      const removers: (() => void)[] = []
      const settle = (end: () => void) => {
        for (const remove of removers) remove()
        end()
      }
      removers.push(client.on('room', () => isSo() && settle(resolve)))
      removers.push(
        client.on('closed', (problem) => settle(() => reject(problem ?? new SoraError('aborted', 'closed')))),
      )
      if (this.#handBackTimeoutMs === undefined) return
      const late = new SoraError('not-driver', 'somebody else has the controls and keeps them')
      const timer = this.#clock.setTimeout(() => settle(() => reject(late)), this.#handBackTimeoutMs)
      removers.push(() => this.#clock.clearTimeout(timer))
    })
  }

  /** A policy that does not come back must not walk on for ever. */
  #armLetGo(): void {
    this.#clock.clearTimeout(this.#letGoTimer)
    const patienceMs = PATIENCE_CHUNKS * chunkDurationMs(this.manifest)
    this.#letGoTimer = this.#clock.setTimeout(() => this.#letGo(), patienceMs)
  }

  #letGo(): void {
    this.#clock.clearTimeout(this.#letGoTimer)
    releaseControls(this.client.input)
  }
}

/** uint8 [F,H,W,3] */
function joinFrames(pictures: readonly Picture[]): Uint8Array {
  const pixels = pictures.reduce((sum, { width, height }) => sum + width * height, 0)
  const out = new Uint8Array(pixels * 3)
  let at = 0
  for (const { rgba } of pictures) {
    for (let from = 0; from < rgba.length; from += 4) {
      out[at++] = rgba[from]!
      out[at++] = rgba[from + 1]!
      out[at++] = rgba[from + 2]!
    }
  }
  return out
}

/** [F,h,w]; null where one of the pictures has none */
function joinDepth(pictures: readonly Picture[]): Float32Array | null {
  const depths = pictures.map(({ inverseDepth }) => inverseDepth)
  const out = new Float32Array(depths.reduce((sum, depth) => sum + (depth?.length ?? 0), 0))
  let at = 0
  for (const depth of depths) {
    if (!depth) return null
    out.set(depth, at)
    at += depth.length
  }
  return out
}
