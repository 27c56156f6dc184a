import { Client, type Room } from '@colyseus/sdk'
import { type Clock, SYSTEM_CLOCK, sleep } from '../clock.ts'
import {
  CHUNK_MESSAGE,
  type ClientMessage,
  type ClientMessageName,
  ROOM_NAME,
  SoraError,
  toSoraError,
} from '../protocol/index.ts'
import { joinError } from './join-error.ts'
import { errorFromNotice, unwrapReply } from './reply.ts'
import { toRoomView } from './server-messages.ts'
import type {
  Droppable,
  RequestName,
  RequestOptions,
  Transport,
  TransportJoin,
  TransportListener,
} from './transport.ts'
import { fetchWorldFile, sendWorldFile } from './world-files.ts'

const REQUEST_TIMEOUT_MS = 30_000
const LEAVE_PATIENCE_MS = 1000
/** Waits between attempts; about 25 s in all, less than the server keeps a seat free. */
const BACKOFF_MS = [100, 200, 400, 800, 1600, 3000, 5000, 5000, 5000] as const
/** Colyseus: the client left, or the server sent it away on purpose. */
const CONSENTED = 4000
const SERVER_SHUTDOWN = 4001
const WITH_ERROR = 4002

export interface ColyseusTransportOptions {
  clock?: Clock
  /** Room type to join; the server offers {@link ROOM_NAME}. */
  roomName?: string
}

/** {@link Transport} over the Colyseus client. Reconnection is done here, so that its back-off follows our clock. */
export class ColyseusTransport implements Transport, Droppable {
  readonly #url: string
  readonly #client: Client
  readonly #clock: Clock
  readonly #roomName: string
  readonly #closing = new AbortController()
  #room: Room | null = null
  #options: Record<string, unknown> = {}
  #listener: TransportListener | null = null

  /** `url` is the server's address, http(s) or ws(s). */
  constructor(url: string, options: ColyseusTransportOptions = {}) {
    this.#url = url.replace(/^ws/, 'http')
    this.#client = new Client(url)
    this.#clock = options.clock ?? SYSTEM_CLOCK
    this.#roomName = options.roomName ?? ROOM_NAME
  }

  get sessionId(): string {
    return this.#room?.sessionId ?? ''
  }

  get roomId(): string {
    return this.#room?.roomId ?? ''
  }

  async connect({ options, roomId }: TransportJoin, listener: TransportListener): Promise<void> {
    if (this.#listener) throw new SoraError('internal', 'a transport connects once')
    this.#listener = listener
    this.#options = options as unknown as Record<string, unknown>
    try {
      this.#adopt(
        roomId
          ? await this.#client.joinById(roomId, options)
          : await this.#client.joinOrCreate(this.#roomName, options as Record<string, unknown>),
      )
    } catch (error) {
      throw joinError(error)
    }
    if (this.#closing.signal.aborted) await this.#leave()
    else listener.link('open')
  }

  send<N extends ClientMessageName>(name: N, message: ClientMessage<N>): void {
    if (this.#room?.connection.isOpen) this.#room.send(name, message)
  }

  async request<T>(name: RequestName, message: unknown, options: RequestOptions = {}): Promise<T> {
    const room = this.#room
    if (!room?.connection.isOpen) throw new SoraError('connection-lost', `"${name}" was not sent: no connection`)
    const timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS
    return unwrapReply<T>(
      await room.request(name, message, { timeout: timeoutMs }).catch((error: unknown) => {
        throw requestError(error, name, room)
      }),
    )
  }

  fetchWorld(id: string): Promise<Uint8Array> {
    return fetchWorldFile(this.#url, id)
  }

  sendWorld(bytes: Uint8Array): Promise<string> {
    return sendWorldFile(this.#url, bytes)
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new SoraError('aborted', 'the client closed the connection'))
    await this.#leave()
    this.#end()
  }

  /** Cuts the socket as a bad network would; for tests and demonstrations. */
  drop(): void {
    // 4010 is Colyseus' "may try reconnect": the library reports the loss at once instead of waiting for a close frame.
    this.#room?.connection.close(4010)
  }

  async #leave(): Promise<void> {
    const room = this.#room
    if (!room) return
    if (!room.connection.isOpen) return room.removeAllListeners()
    // The server may be gone without a word: do not wait for its answer for ever.
    const patience = new AbortController()
    await Promise.race([room.leave(), sleep(this.#clock, LEAVE_PATIENCE_MS, patience.signal).catch(() => {})])
    patience.abort()
  }

  #adopt(room: Room): void {
    this.#room = room
    room.reconnection.enabled = false
    const listener = this.#listener!
    room.onMessage<Uint8Array>(CHUNK_MESSAGE, (bytes) => listener.packet(bytes))
    room.onMessage('*', (name, payload) => listener.message(String(name), payload))
    room.onStateChange((state) => listener.room(toRoomView(state)))
    room.onError((code, message) => this.#onError(code, message))
    room.onLeave((code, reason) => void this.#onLeave(room, code, reason))
  }

  #onError(code: number, message: string | undefined): void {
    const notice = errorFromNotice({ code: 'internal', message: message ?? `socket error ${code}` })
    this.#listener?.message('error', notice.toJSON())
  }

  async #onLeave(room: Room, code: number, reason: string | undefined): Promise<void> {
    if (room !== this.#room || this.#closing.signal.aborted) return
    if (code === CONSENTED || code === SERVER_SHUTDOWN || code === WITH_ERROR) {
      return this.#end(new SoraError('connection-lost', `the server closed the session (${reason || code})`))
    }
    this.#listener?.link('reconnecting')
    try {
      await this.#reconnect(room)
    } catch (error) {
      this.#end(toSoraError(error, 'connection-lost'))
    }
  }

  async #reconnect({ reconnectionToken, roomId }: Room): Promise<void> {
    const { signal } = this.#closing
    let last: unknown
    for (const waitMs of BACKOFF_MS) {
      await sleep(this.#clock, waitMs, signal)
      try {
        return await this.#comeBack(await this.#client.reconnect(reconnectionToken))
      } catch (error) {
        last = error
        if (isSeatGone(error)) break
      }
    }
    try {
      // A server that was started anew knows the room and not us.
      if (isSeatGone(last)) return await this.#comeBack(await this.#client.joinById(roomId, this.#options))
    } catch (error) {
      last = error
    }
    throw new SoraError('connection-lost', 'the connection was lost and could not be set up again', { cause: last })
  }

  async #comeBack(room: Room): Promise<void> {
    if (this.#closing.signal.aborted) return void room.leave()
    this.#adopt(room)
    this.#listener?.link('open')
  }

  #end(problem?: SoraError): void {
    const listener = this.#listener
    this.#listener = null
    this.#closing.abort(problem)
    listener?.link('closed', problem)
  }
}

/** The server is there and says that it no longer keeps our seat: trying again cannot help. */
function isSeatGone(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  // 520..526 are Colyseus' matchmaking answers; anything else is the network.
  return typeof code === 'number' && code >= 520 && code <= 526
}

function requestError(error: unknown, name: string, room: Room): SoraError {
  if (!room.connection.isOpen) return new SoraError('connection-lost', `connection lost before "${name}" was answered`)
  const message = error instanceof Error ? error.message : String(error)
  if (/timed? ?out|no response|timeout/i.test(message)) return new SoraError('timeout', `no answer to "${name}"`)
  return toSoraError(error)
}
