import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { LIMITS } from '@sora-world/sdk/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { MARK_CHUNKS } from '../worker/model-worker.ts'
import { checkWorld } from './check-world.ts'
import { FakeRecording } from './fake-recording.ts'
import { readWorld, writeWorld } from './world-file.ts'
import { MAX_LOG_CHUNKS } from './world-header.ts'
import type { WorldValue } from './world-value.ts'

const LENGTH = MARK_CHUNKS + 12

let plain: WorldValue
let withMemory: WorldValue
let manifest: FakeRecording['manifest']
let memoryManifest: FakeRecording['manifest']
beforeAll(async () => {
  for (const memory of [false, true]) {
    const recording = new FakeRecording({ memory })
    await recording.play(4)
    recording.run.addEvent('it starts to rain')
    await recording.play(LENGTH - 4)
    if (memory) [withMemory, memoryManifest] = [recording.value(), recording.manifest]
    else [plain, manifest] = [recording.value(), recording.manifest]
  }
}, 60_000)

/** The file with its body changed, and a head that fits again, as somebody would write who means harm. */
function forge(body: Uint8Array, length = body.length): Uint8Array {
  const packed = deflateSync(body)
  const head = Buffer.alloc(48)
  head.write('SORAWRLD', 'latin1')
  head.writeUInt16LE(1, 8)
  head.writeUInt32LE(length, 12)
  createHash('sha256').update(packed).digest().copy(head, 16)
  return Buffer.concat([head, packed])
}

function forgeHeader(header: unknown, sections = Buffer.alloc(0)): Uint8Array {
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return forge(Buffer.concat([length, json, sections]))
}

describe('a world file', () => {
  it('gives back what was written', async () => {
    const picture = Uint8Array.of(1, 2, 3)
    // As of a world that is breaking down.
    const unwell = { ...withMemory, mark: { ...withMemory.mark!, wellMemory: withMemory.mark!.memory!.slice(0, 80) } }
    for (const value of [plain, withMemory, unwell, { ...plain, picture }]) {
      expect(await readWorld(await writeWorld(value))).toEqual(value)
    }
  })

  it('holds a world that has not begun', async () => {
    const value = new FakeRecording().value()
    expect(await readWorld(await writeWorld(value))).toEqual(value)
    checkWorld(value, manifest)
  })

  it('lets the world go on with the same numbers', async () => {
    for (const memory of [false, true]) {
      const original = new FakeRecording({ memory })
      await original.play(LENGTH)
      const value = await readWorld(await writeWorld(original.value()))
      checkWorld(value, original.manifest)
      const copy = new FakeRecording({ memory, value })
      await original.play(4)
      await copy.play(4)
      expect(copy.value()).toEqual(original.value())
    }
  }, 60_000)

  it('of ten minutes is small', async () => {
    const chunks = 3000
    const noise = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * i) * 3)
    const frame = plain.log.actions.length / LENGTH
    // A hand on the mouse that never rests: no two axis values are the same.
    const actions = noise(chunks * frame).map((value, i) => (i % 21 < 19 ? Number(Math.sin(i / 2000) > 0.9) : value))
    const history = Array.from({ length: 50 }, () => ({ ...plain.history[0]!, latent: noise(1920), pose: noise(24) }))
    const hashes = Uint32Array.from({ length: chunks }, (_, i) => Math.imul(i, 0x9e3779b1))
    const log = { ...plain.log, actions, hashes, batches: new Uint8Array(chunks).fill(1) }
    const mark = { index: chunks - 50, memory: new Uint8Array(noise(60_000).buffer), decoder: noise(6400) }
    const bytes = await writeWorld({ ...plain, next: chunks, log, history, mark })
    expect(bytes.length).toBeLessThan(5_000_000)
    expect((await readWorld(bytes)).log.actions).toEqual(actions)
  })
})

describe('what is refused', () => {
  const refused = (bytes: Uint8Array, code = 'world-invalid', words = /./) =>
    expect(readWorld(bytes)).rejects.toMatchObject({ code, message: expect.stringMatching(words) })

  it('files that are cut, foreign, empty or too large', async () => {
    const bytes = await writeWorld(plain)
    for (const length of [0, 7, 8, 20, 48, 60, bytes.length - 1]) await refused(bytes.subarray(0, length))
    await refused(Buffer.from('{"a picture": "of a cow"}'), 'world-invalid', /not a world file/)
    await refused(new Uint8Array(LIMITS.worldBytes + 1), 'world-invalid', /at most/)
    await refused(Buffer.concat([bytes, Buffer.alloc(1)]), 'world-invalid', /damaged/)
  })

  it('a file of another version, by name', async () => {
    const bytes = await writeWorld(plain)
    bytes[8] = 2
    await refused(bytes, 'world-version', /version 2/)
  })

  it('every single damaged byte', async () => {
    const bytes = await writeWorld(new FakeRecording().value())
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at]! ^= 0x10
      // The two bytes after the version mean nothing.
      if (at === 10 || at === 11) continue
      await expect(readWorld(damaged), `byte ${at}`).rejects.toMatchObject({ code: /^world-/ })
    }
  })

  it('a body that unpacks to more than it says', async () => {
    await refused(forge(new Uint8Array(1_000_000), 1000))
    await refused(forge(new Uint8Array(1000), 2 ** 32 - 1))
    await refused(forge(new Uint8Array(0)))
  })

  it('heads that are not what they should be', async () => {
    const value = new FakeRecording().value()
    const header = {
      ...JSON.parse(JSON.stringify(value)),
      ...{ log: { first: 0, count: 0, captions: [], makers: [] }, history: 0, actions: 0, latent: 0, pose: 0 },
      ...{ mark: null, picture: 0 },
    }
    await expect(readWorld(forgeHeader(header))).resolves.toMatchObject({ next: 0 })
    await refused(forgeHeader(header, Buffer.alloc(4)), 'world-invalid', /more numbers/)
    const changes: object[] = [
      { next: 5 },
      { prompt: '' },
      { rngSeed: -1 },
      { history: 3 },
      { picture: 500 },
      { events: Array(17).fill('rain') },
      { createdAt: 'yesterday' },
      { mark: { index: 7, memory: null, decoder: null } },
      { log: { ...header.log, count: MAX_LOG_CHUNKS + 1 }, next: MAX_LOG_CHUNKS + 1 },
      { log: { ...header.log, captions: [{ chunk: 0, value: 'a' }] } },
      { log: { first: 0, count: 2, captions: [], makers: [] }, next: 2, actions: 1 },
    ]
    for (const change of changes) await refused(forgeHeader({ ...header, ...change }))
    await refused(forgeHeader(null))
    await refused(forge(Buffer.from([200, 0, 0, 0, 123])))
    await refused(forge(Buffer.from([1, 0, 0, 0, 123])), 'world-invalid', /not JSON/)
  })

  it('numbers that are not finite', async () => {
    const latent = plain.history[0]!.latent.slice().fill(Number.NaN)
    await refused(
      await writeWorld({ ...plain, history: [{ ...plain.history[0]!, latent }, ...plain.history.slice(1)] }),
    )
  })

  it('worlds that the model did not make', () => {
    const check =
      (value: WorldValue, ours = manifest) =>
      () =>
        checkWorld(value, ours)
    const code = (name: string) => expect.objectContaining({ code: name })
    expect(check(plain)).not.toThrow()
    expect(check(withMemory, memoryManifest)).not.toThrow()
    expect(check(plain, memoryManifest)).toThrow(code('world-mismatch'))
    expect(check(plain, { ...manifest, version: '9.9.9' })).toThrow(code('world-mismatch'))
    const [first, ...rest] = plain.history
    const changes: Partial<WorldValue>[] = [
      { steps: 3 },
      { size: { ...plain.size, width: 32 } },
      { size: { ...plain.size, latentWidth: 80 } },
      { history: rest.slice(-3) },
      { history: [{ ...first!, latent: new Float32Array(4) }, ...rest] },
      { history: [{ ...first!, pose: new Float32Array(4) }, ...rest] },
      { log: { ...plain.log, actions: new Float32Array(9) } },
      { mark: { index: plain.next - plain.history.length, decoder: new Float32Array(4) } },
    ]
    for (const change of changes) expect(check({ ...plain, ...change })).toThrow(code('world-invalid'))
    const mark = withMemory.mark!
    const foreign = [undefined, { ...mark, memory: undefined }, { ...mark, memory: mark.memory!.slice(0, 90) }]
    for (const each of foreign) {
      expect(check({ ...withMemory, mark: each }, memoryManifest)).toThrow(code('world-invalid'))
    }
  })
})
