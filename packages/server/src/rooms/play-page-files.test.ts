import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addPlayPage, BORROWED_FILES } from './play-page-files.ts'

describe('a served page', () => {
  let folder: string
  let server: Server
  beforeEach(async () => {
    // As below ~/.nvm or the store of pnpm.
    folder = join(await mkdtemp(join(tmpdir(), '.sora page ')), 'play')
    await mkdir(join(folder, 'assets'), { recursive: true })
    await writeFile(join(folder, 'index.html'), '<title>a page</title>')
    await writeFile(join(folder, 'assets', 'code-abc.js'), 'let a')
  })
  afterEach(async () => {
    server.closeAllConnections()
    server.close()
    await rm(join(folder, '..'), { recursive: true })
  })

  async function get(path: string, method = 'GET'): Promise<Response> {
    if (!server?.listening) {
      const app = express()
      addPlayPage(app, folder)
      server = app.listen(0, '127.0.0.1')
      await once(server, 'listening')
    }
    return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`, { method })
  }

  it('is isolated from other origins; what has a hash in its name may be kept for ever', async () => {
    const page = await get('')
    expect(await page.text()).toContain('a page')
    expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    expect((await get('assets/code-abc.js')).headers.get('cache-control')).toContain('immutable')
  })

  it('takes files that another package has from there', async () => {
    const borrowed = { 'assets/ort-abc.wasm': 'onnxruntime-web/ort-wasm-simd-threaded.wasm' }
    await writeFile(join(folder, BORROWED_FILES), JSON.stringify(borrowed))
    const file = await get('assets/ort-abc.wasm', 'HEAD')
    expect(file.status).toBe(200)
    expect(file.headers.get('content-type')).toBe('application/wasm')
    expect(Number(file.headers.get('content-length'))).toBeGreaterThan(10_000_000)
    expect(file.headers.get('cache-control')).toContain('immutable')
  })
})
