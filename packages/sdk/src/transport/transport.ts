import type { ClientMessage, ClientMessageName, JoinOptions, RoomView, SoraError } from '../protocol/index.ts'

/** Where to join, beside what the room is told. */
export interface TransportJoin {
  options: JoinOptions
  /** Joins this room; without it any room that fits, or a new one. */
  roomId?: string
}

/** Messages that the server answers. */
export type RequestName = 'prompt' | 'event' | 'reset' | 'take-control' | 'snapshot' | 'restore' | 'rewind' | 'fork'

export type LinkState = 'open' | 'reconnecting' | 'closed'

/**
 * What a transport tells its one listener. Never called before `connect` was, nor after `link('closed')`.
 *
 * Payloads come from the network unchecked: `message` and `packet` are parsed by the listener.
 */
export interface TransportListener {
  message(name: string, payload: unknown): void
  /** Bytes of one chunk packet; a view that is only valid during the call. */
  packet(bytes: Uint8Array): void
  room(view: RoomView): void
  /** `closed` comes once and is final; `problem` says why unless the client asked for it. */
  link(state: LinkState, problem?: SoraError): void
}

export interface RequestOptions {
  timeoutMs?: number
}

/**
 * The only place where sockets exist.
 *
 * **Order.** Messages and packets arrive in the order in which they were sent, each kind for itself.
 *
 * **Loss.** A connection that drops is set up again with back-off and the same session, told by
 * `link('reconnecting')` and `link('open')`. Messages sent in between are dropped, not queued: state that was true two
 * seconds ago is worth nothing, so the caller sends its present state again on `open`. Requests under way, and those
 * made in between, are rejected with `connection-lost`. Packets of that time are lost; the sequence numbers show it.
 *
 * **End.** When reconnection fails, when the server closes the session, or after `close()`, `link('closed')` is the last
 * call. A transport connects once in its life.
 */
export interface Transport {
  /** Name of this client in the room's state; empty until connected. */
  readonly sessionId: string
  /** The room that was joined; share it to let others join. */
  readonly roomId: string

  /**
   * Joins a room.
   *
   * @throws SoraError `connection-lost` when nobody answers, `room-missing`, `busy`, or what the server gave as reason
   */
  connect(join: TransportJoin, listener: TransportListener): Promise<void>

  send<N extends ClientMessageName>(name: N, message: ClientMessage<N>): void

  /**
   * Sends and waits for the answer.
   *
   * @throws SoraError as the server gave it, `timeout`, or `connection-lost`
   */
  request<T>(name: RequestName, message: unknown, options?: RequestOptions): Promise<T>

  /**
   * Fetches the file of a world that the server keeps for a while. Needs no connection to a room.
   *
   * @throws SoraError `world-missing`, `connection-lost`
   */
  fetchWorld(id: string): Promise<Uint8Array>

  /**
   * Sends the file of a world; resolves to the id under which the server keeps it for a while. Needs no connection to a room.
   *
   * @throws SoraError `world-invalid`, `world-version`, `world-mismatch`, `busy`, `connection-lost`
   */
  sendWorld(bytes: Uint8Array): Promise<string>

  /** Leaves for good; never throws, and may be called twice. */
  close(): Promise<void>
}

/** Drops the connection without a word, as a bad network would; transports for tests and development offer it. */
export interface Droppable {
  drop(): void
}
