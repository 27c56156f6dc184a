import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ModelManifest } from '../protocol/index.ts'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import { HttpModelFiles } from './model-files.ts'

const GRAPH = new Uint8Array(1000).map((_, index) => index % 251)

const MANIFEST: ModelManifest = {
  ...FAKE_MANIFEST,
  files: { ...FAKE_MANIFEST.files, graph: { sha256: createHash('sha256').update(GRAPH).digest('hex'), bytes: 1000 } },
}

/** A web server that answers by the last part of the path. */
function files(answers: Record<string, BodyInit | number>): { files: HttpModelFiles; asked: string[] } {
  const asked: string[] = []
  const fetch = async (input: unknown) => {
    const url = new URL(String(input))
    asked.push(`${url.pathname}${url.search}`)
    const answer = answers[url.pathname.split('/').at(-1)!] ?? 404
    return typeof answer === 'number' ? new Response('', { status: answer }) : new Response(answer)
  }
  return { files: new HttpModelFiles('http://host/models/nano', fetch as typeof globalThis.fetch), asked }
}

describe('HttpModelFiles', () => {
  it('reads the manifest of a folder', async () => {
    const { files: model, asked } = files({ 'manifest.json': JSON.stringify(MANIFEST) })
    expect((await model.manifest()).name).toBe('fake')
    expect(asked).toEqual(['/models/nano/manifest.json'])
  })

  it('says what is wrong with a manifest', async () => {
    await expect(files({}).files.manifest()).rejects.toMatchObject({ code: 'model-missing' })
    await expect(files({ 'manifest.json': '<html>' }).files.manifest()).rejects.toMatchObject({ code: 'model-invalid' })
    const old = { 'manifest.json': '{"manifestVersion":0}' }
    await expect(files(old).files.manifest()).rejects.toMatchObject({ code: 'model-version' })
  })

  it('reads a file, tells how far it is, and asks for it by its hash', async () => {
    const { files: model, asked } = files({ graph: GRAPH })
    const steps: number[] = []
    const bytes = await model.read('graph', MANIFEST, { onBytes: (done) => steps.push(done) })
    expect(bytes).toEqual(GRAPH)
    expect(steps.at(-1)).toBe(1000)
    expect(asked[0]).toMatch(/^\/models\/nano\/graph\?v=[0-9a-f]{64}$/)
  })

  it('refuses files that are cut, too long or changed', async () => {
    const changed = GRAPH.slice()
    changed[500]!++
    for (const body of [GRAPH.slice(0, 999), new Uint8Array(1001), changed]) {
      await expect(files({ graph: body }).files.read('graph', MANIFEST)).rejects.toMatchObject({
        code: 'model-tampered',
      })
    }
    await expect(files({}).files.read('graph', MANIFEST)).rejects.toMatchObject({ code: 'model-missing' })
    await expect(files({}).files.read('other', MANIFEST)).rejects.toMatchObject({ code: 'model-missing' })
  })

  it('tells a lost connection from a refusal', async () => {
    const offline = new HttpModelFiles('http://host/', () => Promise.reject(new TypeError('offline')))
    await expect(offline.manifest()).rejects.toMatchObject({ code: 'connection-lost' })
    const aborted = AbortSignal.abort(new Error('given up'))
    await expect(offline.manifest(aborted)).rejects.toThrow('given up')
  })
})
