import { Client, type Room } from '@colyseus/sdk'
import {
  CHUNK_MESSAGE,
  type ChunkPacket,
  decodeChunkPacket,
  type ErrorNotice,
  PROTOCOL_VERSION,
  type Reply,
  ROOM_NAME,
  type RoomView,
  type WelcomeMessage,
} from '@sora-world/sdk/protocol'
import { vi } from 'vitest'

/** A player at the other end of a real socket, as plain as it gets: keeps all that came in. */
export class TestPlayer {
  readonly packets: ChunkPacket[] = []
  readonly rawPackets: Uint8Array[] = []
  readonly errors: ErrorNotice[] = []
  readonly welcomes: WelcomeMessage[] = []
  readonly pongs: { sentAt: number }[] = []
  closedWith: number | null = null
  room: Room

  constructor(room: Room) {
    this.room = room
    this.listen(room)
  }

  static async create(url: string, options: object = {}): Promise<TestPlayer> {
    return new TestPlayer(await new Client(url).joinOrCreate(ROOM_NAME, { protocol: PROTOCOL_VERSION, ...options }))
  }

  static async join(url: string, roomId: string, options: object = {}): Promise<TestPlayer> {
    return new TestPlayer(await new Client(url).joinById(roomId, { protocol: PROTOCOL_VERSION, ...options }))
  }

  get view(): RoomView {
    return this.room.state as RoomView
  }

  get errorCodes(): string[] {
    return this.errors.map((error) => error.code)
  }

  /** `seq` of the packets, as `world/seq`. */
  get order(): string[] {
    return this.packets.map(({ header }) => `${header.world}/${header.seq}`)
  }

  async request<T>(name: string, payload: unknown = {}): Promise<Reply<T>> {
    return (await this.room.request(name, payload)) as Reply<T>
  }

  control(message: object = {}): void {
    this.room.send('control', { seq: 1, held: [], pressed: [], axes: {}, ...message })
  }

  until(condition: () => unknown, timeout = 5000): Promise<void> {
    return vi.waitUntil(() => Boolean(condition()), { timeout, interval: 10 }).then(() => undefined)
  }

  async untilPackets(count: number): Promise<void> {
    const target = this.packets.length + count
    await this.until(() => this.packets.length >= target)
  }

  /** Cuts the connection without goodbye and without coming back by itself. */
  drop(): void {
    this.room.reconnection.enabled = false
    this.room.connection.close(4010)
  }

  async reconnect(url: string): Promise<void> {
    this.room = await new Client(url).reconnect(this.room.reconnectionToken)
    this.closedWith = null
    this.listen(this.room)
  }

  leave(): Promise<unknown> {
    return this.room.leave()
  }

  private listen(room: Room): void {
    room.reconnection.enabled = false
    room.onMessage<Uint8Array>(CHUNK_MESSAGE, (bytes) => {
      const copy = bytes.slice()
      this.rawPackets.push(copy)
      this.packets.push(decodeChunkPacket(copy))
    })
    room.onMessage('welcome', (message: WelcomeMessage) => this.welcomes.push(message))
    room.onMessage('error', (message: ErrorNotice) => this.errors.push(message))
    room.onMessage('pong', (message: { sentAt: number }) => this.pongs.push(message))
    room.onError(() => {})
    room.onLeave((code) => {
      this.closedWith = code
    })
  }
}
