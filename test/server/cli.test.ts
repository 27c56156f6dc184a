import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findModelPackage } from '../../packages/server/src/model/find-package.ts'
import { CliProcess } from './serve-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'sora-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('sora-world', () => {
  it.each<[string, number, RegExp]>([
    ['', 0, /serve .*\n.*generate/],
    ['--help', 0, /sora-world serve/],
    ['--version', 0, /^\d+\.\d+\.\d+$/m],
    ['serve --help', 0, /--port N/],
    ['eval --help', 0, /--quick/],
    ['agent --help', 0, /agent run FILE/],
    ['doctor --help', 0, /--provider NAME/],
    ['eval --count none', 2, /--count "none".*option-invalid/],
    ['fly', 2, /no command "fly"/],
    ['serve --prot 1', 2, /--prot.*option-invalid/],
    ['serve --port 99999', 2, /--port takes a whole number from 0 to 65535/],
    ['serve --play /nowhere --model fake', 2, /no play page in .*nowhere/],
    ['serve --model /nowhere', 1, /model-missing.*\n.*--model/],
  ])('%s', async (line, exitCode, words) => {
    const cli = new CliProcess(...line.split(' ').filter(Boolean))
    expect(await cli.exitCode).toBe(exitCode)
    expect(cli.text).toMatch(words)
  })
})

describe('sora-world serve', () => {
  let cli: CliProcess
  let url: string
  const modelDir = findModelPackage()
  const manifest = JSON.parse(readFileSync(join(modelDir, 'manifest.json'), 'utf8'))
  const model = `/models/${manifest.name}/`

  beforeAll(async () => {
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), '<p>play</p>')
    writeFileSync(join(folder, 'assets', 'main-123.js'), '1')
    // Named, so that a busy machine does not play another.
    cli = new CliProcess('serve', '--port', '0', '--provider', 'cpu', '--model', manifest.name, '--play', folder)
    url = await cli.read(/play at (\S+)/)
  })
  afterAll(() => {
    cli.child.kill('SIGKILL')
  })

  const get = (path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; text: string; headers: IncomingMessage['headers'] }>((resolve, reject) => {
      const call = request(url + path, { headers, agent: false }, async (response) => {
        const parts = await response.toArray()
        resolve({
          status: response.statusCode!,
          text: Buffer.concat(parts as Buffer[]).toString(),
          headers: response.headers,
        })
      })
      call.once('error', reject).end()
    })

  it('says what it loaded and how fast it is', () => {
    expect(cli.text).toMatch(
      /loading model \w+ [\s\S]*model \w+ [\d.]+; provider cpu, variant cpu-\w+, \d steps?.* \(a chunk of 200 ms takes about \d+ ms here\)/,
    )
  })

  it('tells its health to everybody', async () => {
    const { text, headers } = await get('/health')
    expect(headers['access-control-allow-origin']).toBe('*')
    expect(JSON.parse(text)).toMatchObject({ status: 'ok', model: manifest.name, provider: 'cpu', rooms: 0 })
  })

  it('tells its figures to Prometheus', async () => {
    const { text, headers } = await get('/metrics')
    expect(headers['content-type']).toMatch(/^text\/plain/)
    expect(text).toMatch(/^sora_world_rooms 0$/m)
    expect(text).toMatch(/^sora_world_chunk_p95_ms [\d.]+$/m)
  })

  it('serves the files of the manifest and no others', async () => {
    expect(JSON.parse((await get(`${model}manifest.json`)).text)).toMatchObject({ name: manifest.name })
    const [file, { sha256, bytes }] = Object.entries<{ sha256: string; bytes: number }>(manifest.files)[0]!
    const first = await get(model + file)
    expect(first.headers).toMatchObject({ etag: `"${sha256}"`, 'cache-control': 'no-cache' })
    expect(Number(first.headers['content-length'])).toBe(bytes)
    expect((await get(model + file, { 'if-none-match': `"${sha256}"` })).status).toBe(304)
    for (const weights of new Set(Object.values<string[]>(manifest.externalWeights ?? {}).flat())) {
      expect(Number((await get(model + weights)).headers['content-length'])).toBe(manifest.files[weights].bytes)
    }
    expect((await get(`${model + file}?v=${sha256}`)).headers['cache-control']).toContain('immutable')
    for (const path of ['..%2f..%2fpackage.json', '%2e%2e/package.json', 'README.md', '__proto__', 'constructor', '']) {
      expect((await get(model + path)).status, path).toBe(404)
    }
  })

  it('serves the play page isolated from other origins, so that the browser allows threads', async () => {
    const page = await get('/?room=abc')
    expect(page.text).toBe('<p>play</p>')
    expect(page.headers).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cache-control': 'no-cache',
    })
    expect((await get('/assets/main-123.js')).headers['cache-control']).toContain('immutable')
  })

  it('says which port is taken and what to do', async () => {
    const port = Number(new URL(url).port)
    const second = new CliProcess('serve', '--model', 'fake', '--port', String(port))
    expect(await second.exitCode).toBe(1)
    expect(second.text).toMatch(new RegExp(`port ${port} is in use already .*\\n.*--port ${port + 1}`))
  })

  it('closes at Ctrl-C', async () => {
    cli.child.kill('SIGINT')
    expect(await cli.exitCode).toBe(0)
    expect(cli.text).toContain('closing')
  })
})
