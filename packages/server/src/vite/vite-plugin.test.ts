import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { ConfigEnv, ConfigPluginContext, Plugin, UserConfig } from 'vite'
import { afterEach, describe, expect, it } from 'vitest'
import { findFreePort } from './free-port.ts'
import { soraWorld } from './index.ts'
import { proxyTo } from './page-server.ts'

describe('the port of the world server', () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  async function takePort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    return (server.address() as { port: number }).port
  }

  it('is another free one when the usual one is taken', async () => {
    const taken = await takePort()
    const port = await findFreePort(undefined, taken)
    expect(port).toBeGreaterThan(0)
    expect(port).not.toBe(taken)
  })

  it('is never another than the one that was asked for', async () => {
    const taken = await takePort()
    await expect(findFreePort(taken, 1)).rejects.toThrow(`port ${taken} is in use`)
  })
})

describe('the Vite plugin', () => {
  const configOf = async (plugin: Plugin, env: Partial<ConfigEnv>): Promise<UserConfig> => {
    const config = plugin.config as (this: ConfigPluginContext, config: UserConfig, env: ConfigEnv) => UserConfig
    return config.call({} as ConfigPluginContext, {}, { mode: 'test', command: 'serve', ...env })
  }

  it('hands on what the page asks of a server that runs elsewhere, and isolates the page', async () => {
    const { server, preview, worker } = await configOf(soraWorld({ server: 'http://example.test:1234' }), {})
    expect(Object.values(server?.proxy ?? {})[0]).toBe('http://example.test:1234')
    expect(server?.headers).toMatchObject({ 'Cross-Origin-Opener-Policy': 'same-origin' })
    expect(preview?.proxy).toEqual(server?.proxy)
    expect(worker?.format).toBe('es')
  })

  it.each([
    ['/matchmake/joinOrCreate/world', true],
    ['/models/nano/manifest.json', true],
    ['/worlds/0123', true],
    ['/health', true],
    ['/AbCdEfGh1/IjKlMnOp2?sessionId=x', true],
    ['/', false],
    ['/src/main.ts', false],
    ['/models-of-mine.html', false],
    ['/@vite/client', false],
  ])('hands on %s: %s', (path, isHandedOn) => {
    expect(Object.keys(proxyTo('http://x')).some((pattern) => new RegExp(pattern).test(path))).toBe(isHandedOn)
  })
})
