import { type Clock, SYSTEM_CLOCK } from '../clock.ts'
import type { ModelFiles } from '../decode/model-files.ts'
import {
  type ChunkHeader,
  type ClientMessageName,
  type ControlMessage,
  chunkDurationMs,
  encodeChunkPacket,
  type JoinOptions,
  type ModelManifest,
  PROTOCOL_VERSION,
  type Reply,
  type RoomView,
  type SnapshotReply,
  SoraError,
} from '../protocol/index.ts'
import { FAKE_MANIFEST } from './fake-manifest.ts'
import { FakeWorldFiles } from './fake-world-files.ts'
import { MemoryTransport, type MemoryTransportOptions } from './memory-transport.ts'
import { EMPTY_ROOM } from './server-messages.ts'
import type { RequestName } from './transport.ts'

export interface FakeWorldOptions extends MemoryTransportOptions {
  clock?: Clock
  manifest?: ModelManifest
  /** Change of the room before the first chunk: `{ status: 'queued', queuePosition: 3 }` for a full server. */
  room?: Partial<RoomView>
  /** False: chunks come only by `makeChunk`. */
  isLive?: boolean
}

/**
 * A whole server in memory, with nothing behind it: rooms, replies and a chunk every 200 ms, whose pictures
 * `FakeDecoder` draws. For tests, and to build an application without a model.
 */
export class FakeWorld {
  readonly transport: MemoryTransport
  readonly files: ModelFiles
  readonly manifest: ModelManifest
  /** What came in, oldest first. */
  readonly received: { name: string; message: unknown }[] = []
  /** Answers of the next requests of a name, instead of success. */
  readonly refusals = new Map<RequestName, SoraError>()
  room: RoomView
  readonly #kept = new FakeWorldFiles()
  readonly #clock: Clock
  readonly #isLive: boolean
  #seq = 0
  #actionSeq = 0
  #downlink: 'latent' | 'image' = 'latent'
  #timer: unknown = null

  constructor(options: FakeWorldOptions = {}) {
    this.#clock = options.clock ?? SYSTEM_CLOCK
    this.#isLive = options.isLive ?? true
    this.manifest = options.manifest ?? FAKE_MANIFEST
    this.files = {
      manifest: async () => this.manifest,
      read: async (name) => {
        throw new SoraError('model-missing', `the fake world has no file "${name}"`)
      },
    }
    this.transport = new MemoryTransport(
      {
        join: (join) => this.#onJoin(join),
        message: (name, message) => this.#onMessage(name, message),
        request: (name, message) => this.#onRequest(name, message),
        fetchWorld: (id) => this.#kept.fetch(id),
        sendWorld: (bytes) => this.#kept.send(bytes),
        rejoin: () => this.#onRejoin(),
        leave: () => this.#stop(),
      },
      { ...options, clock: this.#clock },
    )
    this.room = { ...EMPTY_ROOM, status: 'running', driver: this.transport.sessionId, players: 1, ...options.room }
  }

  /** Control messages that arrived. */
  get controls(): ControlMessage[] {
    return this.received.filter(({ name }) => name === 'control').map(({ message }) => message as ControlMessage)
  }

  setRoom(change: Partial<RoomView>): void {
    this.room = { ...this.room, ...change }
    this.transport.deliverRoom(this.room)
  }

  /** Sends the next chunk, with changes to its header. */
  makeChunk(change: Partial<ChunkHeader> = {}): void {
    const header = { ...this.#header(), ...change }
    const isImage = header.kind === 'image'
    if (isImage) Object.assign(header, { imageBytes: Array(header.frames).fill(1), imageType: 'image/fake' })
    const [channels, height, width] = header.shape
    const payload = new Uint8Array(isImage ? header.frames : channels * height * width)
    this.#seq = header.seq + 1
    this.transport.deliverPacket(encodeChunkPacket(header, payload))
  }

  #header(): ChunkHeader {
    const { manifest, room } = this
    const { latentHeight, latentWidth } = manifest.sizes[0]!
    const frames = manifest.frames.perChunk
    // Straight on, a little to the right: one can see that poses add up.
    const step: Record<string, number> = { forward: 0.2, yaw: 1, onGround: 1 }
    const pose = (manifest.pose?.fields ?? []).map((field) => step[field] ?? 0)
    return {
      v: PROTOCOL_VERSION,
      kind: this.#downlink,
      world: room.world,
      seq: this.#seq,
      firstFrame: this.#seq * frames,
      frames,
      actionSeq: this.#actionSeq,
      driver: room.driver,
      shape: [manifest.latent.channels, latentHeight, latentWidth],
      pose: Array.from({ length: frames }, () => pose).flat(),
      steps: 2,
      timings: { queueMs: 0, denoiseMs: 20, commitMs: 5, decodeMs: 0, serverMs: 30 },
    }
  }

  #onJoin({ prompt = 'a fake world', rngSeed = 1, downlink = 'latent', snapshot }: JoinOptions): void {
    this.#downlink = downlink
    const kept = snapshot === undefined ? { prompt, rngSeed, seq: 0 } : this.#kept.read(snapshot)
    this.room = { ...this.room, prompt: kept.prompt, rngSeed: kept.rngSeed }
    this.#seq = kept.seq
    // After the join was answered.
    this.#clock.setTimeout(() => this.#welcome(), 0)
  }

  #welcome(): void {
    const size = this.manifest.sizes[0]!
    this.transport.deliver('welcome', {
      protocol: PROTOCOL_VERSION,
      sessionId: this.transport.sessionId,
      modelUrl: '/model/',
      modelName: this.manifest.name,
      size,
      provider: 'fake',
      variant: Object.keys(this.manifest.variants)[0] ?? '',
      steps: 2,
    })
    this.transport.deliverRoom(this.room)
    if (this.#isLive) this.#play()
  }

  #play(): void {
    this.#stop()
    this.#timer = this.#clock.setTimeout(() => this.#play(), chunkDurationMs(this.manifest))
    if (this.room.status === 'running') this.makeChunk()
  }

  #stop(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = null
  }

  #onRejoin(): void {
    this.#welcome()
  }

  #onMessage(name: ClientMessageName, message: unknown): void {
    this.received.push({ name, message })
    if (name === 'control') this.#actionSeq = (message as ControlMessage).seq
    if (name === 'ping') this.transport.deliver('pong', message)
    if (name === 'downlink') this.#downlink = (message as { kind: 'latent' | 'image' }).kind
    if (name === 'pause') this.setRoom({ status: (message as { paused: boolean }).paused ? 'paused' : 'running' })
    if (name === 'release-control') this.setRoom({ driver: '' })
  }

  #onRequest(name: RequestName, message: unknown): Reply<unknown> {
    this.received.push({ name, message })
    const refusal = this.refusals.get(name)
    if (refusal) return { ok: false, error: refusal.toJSON() }
    if (name === 'take-control') {
      this.setRoom({ driver: this.transport.sessionId })
      return { ok: true, value: { driver: this.transport.sessionId } }
    }
    if (name === 'snapshot') return { ok: true, value: this.#keep() }
    if (name === 'fork') return { ok: true, value: { rooms: this.#fork(message as { count: number }) } }
    if (name === 'restore') this.#restore(message as { snapshot: string })
    else if (name === 'rewind') this.#rewind(message as { seq: number })
    else if (name !== 'event') this.#newWorld(message as { text?: string; rngSeed?: number })
    const { world, rngSeed } = this.room
    return { ok: true, value: { world, seq: this.#seq, rngSeed } }
  }

  #keep(): SnapshotReply {
    const { prompt, rngSeed } = this.room
    return this.#kept.keep({ prompt, rngSeed, seq: this.#seq })
  }

  #fork({ count }: { count: number }): string[] {
    return Array.from({ length: count }, (_, i) => `${this.transport.roomId}-${i + 1}`)
  }

  #restore({ snapshot }: { snapshot: string }): void {
    const { prompt, rngSeed, seq } = this.#kept.read(snapshot)
    this.#newWorld({ text: prompt, rngSeed })
    this.#seq = seq
  }

  #rewind({ seq }: { seq: number }): void {
    this.#newWorld({ rngSeed: this.room.rngSeed })
    this.#seq = seq
  }

  #newWorld({ text, rngSeed }: { text?: string; rngSeed?: number }): void {
    this.#seq = 0
    const { world, prompt } = this.room
    this.setRoom({ world: world + 1, prompt: text ?? prompt, rngSeed: rngSeed ?? world + 2 })
  }
}
