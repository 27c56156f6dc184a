import { PROTOCOL_VERSION, type RoomView, SoraError, type WelcomeMessage } from '../protocol/index.ts'
import { IN_WORDS, z } from '../protocol/zod.ts'

const count = z.int().check(z.positive())

const welcomeSchema = z.object({
  protocol: z.int(),
  sessionId: z.string(),
  modelUrl: z.string().check(z.minLength(1)),
  modelName: z.string(),
  size: z.object({ width: count, height: count, latentWidth: count, latentHeight: count }),
  provider: z.string(),
  variant: z.string(),
  steps: z.int().check(z.nonnegative()),
})

/**
 * Checks the first message of a server.
 *
 * @throws SoraError `protocol-version` when it speaks another one, `message-invalid` naming the field
 */
export function parseWelcome(payload: unknown): WelcomeMessage {
  const version = (payload as { protocol?: unknown } | null)?.protocol
  if (typeof version === 'number' && version !== PROTOCOL_VERSION) {
    throw new SoraError('protocol-version', `the server speaks protocol ${version}, this client ${PROTOCOL_VERSION}`)
  }
  const parsed = welcomeSchema.safeParse(payload, IN_WORDS)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new SoraError('message-invalid', `welcome of the server, field "${issue?.path.join('.')}": ${issue?.message}`)
}

export const EMPTY_ROOM: RoomView = Object.freeze({
  status: 'queued',
  prompt: '',
  caption: '',
  rngSeed: 0,
  world: 0,
  seq: 0,
  driver: '',
  players: 0,
  catchUpTo: -1,
  queuePosition: 0,
  problem: '',
})

/** Plain copy of a room state, whatever object carries it; fields that are missing or of another type keep a default. */
export function toRoomView(state: unknown): RoomView {
  const source = (state ?? {}) as Record<string, unknown>
  const view: Record<string, unknown> = { ...EMPTY_ROOM }
  for (const [field, fallback] of Object.entries(EMPTY_ROOM)) {
    if (typeof source[field] === typeof fallback) view[field] = source[field]
  }
  return view as unknown as RoomView
}
