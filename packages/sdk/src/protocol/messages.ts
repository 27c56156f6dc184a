import { type ErrorNotice, SoraError } from './errors.ts'
import { LIMITS } from './limits.ts'
import { IN_WORDS, z } from './zod.ts'

const name = z.string().check(z.minLength(1), z.maxLength(32))
const seq = z.int().check(z.nonnegative())
const rngSeed = z.int().check(z.gte(0), z.lte(0xffffffff))
/** Of a world that lies on the server for a while. */
const snapshotId = z.string().check(z.regex(/^[0-9a-f]{32}$/))
const axisDelta = z.number().check(z.gte(-LIMITS.axisDelta), z.lte(LIMITS.axisDelta))

/** Messages of a client, by name. A request (marked) is answered with the value its reply type says. */
const clientMessages = {
  /** State of the driver's controls: buttons held now, buttons pressed since the last message, axis deltas since then. */
  control: z.object({
    seq,
    held: z.array(name).check(z.maxLength(64)),
    pressed: z.array(name).check(z.maxLength(64)),
    axes: z.record(name, axisDelta),
  }),
  /** Request: a new world from a prompt. */
  prompt: z.object({ text: z.string(), rngSeed: z.optional(rngSeed) }),
  /** Request: something happens in the world that is being played ("it starts to rain"). */
  event: z.object({ text: z.string() }),
  /** Request: the same prompt from the start; a new random seed when none is given. */
  reset: z.object({ rngSeed: z.optional(rngSeed) }),
  /** Request: keep the world as it is; the file is fetched over HTTP. */
  snapshot: z.object({}),
  /** Request: a world that was sent over HTTP takes the place of this one. */
  restore: z.object({ snapshot: snapshotId }),
  /** Request: back to before a chunk of this world, at most a minute; it goes on from there as another. */
  rewind: z.object({ seq }),
  /** Request: rooms in which this world goes on from here, each on its own. */
  fork: z.object({ count: z.int().check(z.gte(1), z.lte(LIMITS.branches)) }),
  pause: z.object({ paused: z.boolean() }),
  /** Request: become the driver; release gives the controls back. */
  'take-control': z.object({}),
  'release-control': z.object({}),
  /** Which downlink this client wants. */
  downlink: z.object({ kind: z.enum(['latent', 'image']) }),
  /** Answered with `pong` carrying the same number, to measure the round trip. */
  ping: z.object({ sentAt: z.number() }),
} as const

type ClientSchemas = typeof clientMessages
export type ClientMessageName = keyof ClientSchemas
export type ClientMessage<N extends ClientMessageName> = z.infer<ClientSchemas[N]>
export type ControlMessage = ClientMessage<'control'>
export const CLIENT_MESSAGE_NAMES = Object.keys(clientMessages) as readonly ClientMessageName[]

/** Answer to `prompt`, `event`, `reset`, `restore` and `rewind`: the first chunk that reflects it. */
export interface AppliedReply {
  world: number
  seq: number
  rngSeed: number
}

/** Answer to `snapshot`: the file is at `/worlds/<id>` for two minutes. */
export interface SnapshotReply {
  id: string
  /** Length of the file. */
  bytes: number
}

/** Answer to `fork`: the rooms to join; one that nobody comes to is closed after 15 s. */
export interface ForkReply {
  rooms: string[]
}

/** Answer to `take-control`: who drives now. */
export interface ControlReply {
  driver: string
}

/** Any request may be answered with an error instead. */
export type Reply<T> = { ok: true; value: T } | { ok: false; error: ErrorNotice }

/** First message to a client: what it needs to decode and to steer. */
export interface WelcomeMessage {
  protocol: number
  sessionId: string
  /** Folder of the model package on the server, to fetch manifest and decoder from. */
  modelUrl: string
  modelName: string
  size: { width: number; height: number; latentWidth: number; latentHeight: number }
  provider: string
  variant: string
  steps: number
}

/** Messages of the server, by name; chunk packets travel as bytes under the name {@link CHUNK_MESSAGE}. */
export interface ServerMessages {
  welcome: WelcomeMessage
  error: ErrorNotice
  pong: { sentAt: number }
}

export const CHUNK_MESSAGE = 'chunk'
/** Name under which the server offers rooms to Colyseus. */
export const ROOM_NAME = 'world'

export type RoomStatus = 'queued' | 'ready' | 'running' | 'paused' | 'recovering' | 'catching-up' | 'failed'

/** The room as every client sees it (Colyseus schema on the wire, this plain shape in code). */
export interface RoomView {
  status: RoomStatus
  prompt: string
  caption: string
  rngSeed: number
  world: number
  /** Index of the newest chunk of this world; -1 before the first. */
  seq: number
  /** Chunk from which on somebody decides again, while what lies before it is made again (after a `rewind`); -1 otherwise. */
  catchUpTo: number
  /** Session id of the client that drives; '' when nobody does. */
  driver: string
  /** Clients in the room, spectators included. */
  players: number
  /** 1 = next to start; 0 when not queued. */
  queuePosition: number
  /** Why the room failed, in words; '' otherwise. */
  problem: string
}

/** Options of a join. */
export const joinOptionsSchema = z.object({
  protocol: z.int(),
  prompt: z.optional(z.string().check(z.maxLength(LIMITS.promptLength))),
  rngSeed: z.optional(rngSeed),
  downlink: z._default(z.enum(['latent', 'image']), 'latent'),
  size: z.optional(z.object({ width: z.int().check(z.positive()), height: z.int().check(z.positive()) })),
  steps: z.optional(z.int().check(z.positive(), z.lte(64))),
  role: z._default(z.enum(['player', 'spectator']), 'player'),
  /** Whether a new room's world is started anew from its memory when it breaks down; the server decides without it. */
  guard: z.optional(z.boolean()),
  /** A new room goes on with this world, sent over HTTP before; prompt, random seed, size and steps are its own. */
  snapshot: z.optional(snapshotId),
})
export type JoinOptions = z.input<typeof joinOptionsSchema>

/**
 * Checks one message at the door.
 *
 * @throws SoraError `message-unknown`, or `message-invalid` naming the field
 */
export function parseClientMessage<N extends ClientMessageName>(type: N, payload: unknown): ClientMessage<N>
export function parseClientMessage(type: string, payload: unknown): ClientMessage<ClientMessageName>
export function parseClientMessage(type: string, payload: unknown): unknown {
  if (!Object.hasOwn(clientMessages, type))
    throw new SoraError('message-unknown', `unknown message "${type.slice(0, 40)}"`)
  const parsed = clientMessages[type as ClientMessageName].safeParse(payload ?? {}, IN_WORDS)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new SoraError('message-invalid', `message "${type}", field "${issue?.path.join('.')}": ${issue?.message}`)
}

/**
 * The text of a prompt or event, trimmed and with white space folded.
 *
 * @throws SoraError `prompt-empty` or `prompt-too-long`
 */
export function cleanPromptText(text: string, maxLength: number): string {
  if (text.length > maxLength) {
    throw new SoraError('prompt-too-long', `the text has ${text.length} characters; at most ${maxLength} are allowed`)
  }
  const clean = text.replace(/\s+/g, ' ').trim()
  if (!/[\p{L}\p{N}]/u.test(clean)) throw new SoraError('prompt-empty', 'the text holds no word')
  return clean
}
