import { readFileSync } from 'node:fs'
import {
  CHUNK_MESSAGE,
  CLIENT_MESSAGE_NAMES,
  decodeChunkPacket,
  encodeChunkPacket,
  joinOptionsSchema,
  LIMITS,
  PROTOCOL_VERSION,
  ROOM_NAME,
} from '@sora-world/sdk/protocol'
import { expect, it } from 'vitest'
import { WorldState } from '../../packages/server/src/rooms/world-state.ts'

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')

/** Whether the page has it as code. */
const tells = (name: string) => new RegExp(`\`[^\`]*\\b${name}\\b[^\`]*\``).test(page)

it.each([
  ...CLIENT_MESSAGE_NAMES,
  ...Object.keys(joinOptionsSchema.shape),
  ...Object.keys(new WorldState().toJSON()),
  ...['queued', 'ready', 'running', 'paused', 'recovering', 'catching-up', 'failed'],
  ...['welcome', 'error', 'pong', CHUNK_MESSAGE, ROOM_NAME],
])('tells of %s', (name) => {
  expect(tells(name)).toBe(true)
})

it('tells of every field of a packet', () => {
  const { header } = decodeChunkPacket(
    encodeChunkPacket(
      {
        ...{ v: PROTOCOL_VERSION, kind: 'image', world: 0, seq: 0, firstFrame: 0, frames: 1, actionSeq: 0, driver: '' },
        ...{
          shape: [1, 1, 1],
          pose: [],
          imageBytes: [1],
          imageType: 'image/webp',
          depthShape: [1, 1],
          catchUp: true,
          recovery: true,
          steps: 1,
        },
        timings: { queueMs: 0, denoiseMs: 0, commitMs: 0, decodeMs: 0, serverMs: 0 },
      },
      Uint8Array.of(0, 0),
    ),
  )
  for (const name of [...Object.keys(header), ...Object.keys(header.timings)]) expect(tells(name), name).toBe(true)
})

it('names the limits', () => {
  const { promptLength, eventLength, messagesPerSecond, messageBytes, packetBytes } = LIMITS
  expect(page).toContain(`more than ${promptLength} characters (events: ${eventLength})`)
  expect(page).toContain(`more than ${messagesPerSecond} messages in a second`)
  expect(page).toContain(`more than ${messageBytes / 1024} KiB`)
  expect(page).toContain(`at most ${packetBytes / 2 ** 20} MiB`)
  expect(page).toContain(`\`PROTOCOL_VERSION\` is **${PROTOCOL_VERSION}**`)
})
