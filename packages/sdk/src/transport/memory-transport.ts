import { type Clock, SYSTEM_CLOCK } from '../clock.ts'
import {
  type ClientMessage,
  type ClientMessageName,
  type JoinOptions,
  type Reply,
  type RoomView,
  SoraError,
  toSoraError,
} from '../protocol/index.ts'
import { MemoryLink, type MemoryLinkOptions } from './memory-link.ts'
import { unwrapReply } from './reply.ts'
import type {
  Droppable,
  RequestName,
  RequestOptions,
  Transport,
  TransportJoin,
  TransportListener,
} from './transport.ts'

/** The other end: what a room does, as plain functions. Every one is optional. */
export interface MemoryServer {
  /** Throw a SoraError to refuse. */
  join?(options: JoinOptions, roomId: string | undefined): void
  message?(name: ClientMessageName, message: unknown): void
  request?(name: RequestName, message: unknown): Reply<unknown> | Promise<Reply<unknown>>
  /** Throw a SoraError to refuse. */
  fetchWorld?(id: string): Uint8Array
  /** Gives the id; throw a SoraError to refuse. */
  sendWorld?(bytes: Uint8Array): string
  /** The client is back after a drop. */
  rejoin?(): void
  leave?(): void
}

export interface MemoryTransportOptions extends MemoryLinkOptions {
  clock?: Clock
  sessionId?: string
  roomId?: string
  /** How long a drop lasts; Infinity: the connection never comes back. */
  dropMs?: number
}

/** {@link Transport} without a socket, paired with its server end; latency, jitter and loss are simulated. */
export class MemoryTransport implements Transport, Droppable {
  readonly sessionId: string
  readonly roomId: string
  readonly #server: MemoryServer
  readonly #clock: Clock
  readonly #up: MemoryLink
  readonly #down: MemoryLink
  readonly #dropMs: number
  #listener: TransportListener | null = null
  #state: 'new' | 'open' | 'dropped' | 'closed' = 'new'
  #failers = new Set<(error: SoraError) => void>()
  #backTimer: unknown = null

  constructor(server: MemoryServer, options: MemoryTransportOptions = {}) {
    this.#server = server
    this.sessionId = options.sessionId ?? 'me'
    this.roomId = options.roomId ?? 'memory'
    this.#clock = options.clock ?? SYSTEM_CLOCK
    this.#dropMs = options.dropMs ?? 200
    this.#up = new MemoryLink(this.#clock, { ...options, loss: 0 })
    this.#down = new MemoryLink(this.#clock, options)
  }

  async connect({ options, roomId }: TransportJoin, listener: TransportListener): Promise<void> {
    if (this.#state !== 'new') throw new SoraError('internal', 'a transport connects once')
    this.#listener = listener
    await new Promise<void>((resolve) => this.#up.reliable(resolve))
    this.#server.join?.(options, roomId)
    this.#state = 'open'
    listener.link('open')
  }

  send<N extends ClientMessageName>(name: N, message: ClientMessage<N>): void {
    if (this.#state !== 'open') return
    // A copy, as the wire makes one.
    const copy = structuredClone(message)
    this.#up.reliable(() => this.#server.message?.(name, copy))
  }

  request<T>(name: RequestName, message: unknown, options: RequestOptions = {}): Promise<T> {
    if (this.#state !== 'open') return Promise.reject(new SoraError('connection-lost', `"${name}" was not sent`))
    const copy = structuredClone(message)
    return new Promise<T>((resolve, reject) => {
      const finish = () => {
        this.#clock.clearTimeout(timer)
        this.#failers.delete(fail)
      }
      const fail = (error: SoraError) => {
        finish()
        reject(error)
      }
      const timer = this.#clock.setTimeout(
        () => fail(new SoraError('timeout', `no answer to "${name}"`)),
        options.timeoutMs ?? 30_000,
      )
      this.#failers.add(fail)
      this.#up.reliable(
        () =>
          void this.#answer(name, copy, (reply) => {
            if (!this.#failers.has(fail)) return
            finish()
            try {
              resolve(unwrapReply<T>(reply))
            } catch (error) {
              reject(error)
            }
          }),
      )
    })
  }

  async fetchWorld(id: string): Promise<Uint8Array> {
    const bytes = this.#server.fetchWorld?.(id)
    if (!bytes) throw new SoraError('world-missing', 'nobody keeps worlds here')
    return bytes.slice()
  }

  async sendWorld(bytes: Uint8Array): Promise<string> {
    const id = this.#server.sendWorld?.(bytes.slice())
    if (id === undefined) throw new SoraError('unsupported', 'nobody keeps worlds here')
    return id
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#server.leave?.()
    this.#end()
  }

  drop(): void {
    if (this.#state !== 'open') return
    this.#state = 'dropped'
    this.#up.cut()
    this.#down.cut()
    this.#failAll('connection lost')
    this.#listener?.link('reconnecting')
    if (Number.isFinite(this.#dropMs)) this.#backTimer = this.#clock.setTimeout(() => this.#comeBack(), this.#dropMs)
    else this.#end(new SoraError('connection-lost', 'the connection never came back'))
  }

  // --- the server's end ---

  /** Server to client: a message by name. */
  deliver(name: string, payload: unknown): void {
    if (this.#state !== 'open') return
    const copy = structuredClone(payload)
    this.#down.reliable(() => this.#listener?.message(name, copy))
  }

  /** Server to client: the bytes of a chunk packet; these may get lost. */
  deliverPacket(bytes: Uint8Array): void {
    if (this.#state !== 'open') return
    const copy = bytes.slice()
    this.#down.packet(() => this.#listener?.packet(copy))
  }

  deliverRoom(view: RoomView): void {
    if (this.#state !== 'open') return
    const copy = { ...view }
    this.#down.reliable(() => this.#listener?.room(copy))
  }

  /** The server sends the client away. */
  kick(problem: SoraError): void {
    if (this.#state !== 'closed') this.#end(problem)
  }

  async #answer(name: RequestName, message: unknown, deliver: (reply: unknown) => void): Promise<void> {
    let reply: unknown
    try {
      reply = (await this.#server.request?.(name, message)) ?? {
        ok: false,
        error: { code: 'message-unknown', message: `nobody answers "${name}"` },
      }
    } catch (error) {
      reply = { ok: false, error: toSoraError(error).toJSON() }
    }
    if (this.#state === 'open') this.#down.reliable(() => deliver(reply))
  }

  #comeBack(): void {
    this.#backTimer = null
    this.#state = 'open'
    this.#listener?.link('open')
    this.#server.rejoin?.()
  }

  #failAll(words: string): void {
    for (const fail of [...this.#failers]) fail(new SoraError('connection-lost', words))
  }

  #end(problem?: SoraError): void {
    this.#state = 'closed'
    this.#clock.clearTimeout(this.#backTimer)
    this.#up.cut()
    this.#down.cut()
    this.#failAll('the connection was closed')
    const listener = this.#listener
    this.#listener = null
    listener?.link('closed', problem)
  }
}
