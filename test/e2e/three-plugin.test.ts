/** The plugin in a real browser, with both renderers: pictures read back from the GPU, and nothing left behind. */
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage, type WatchedPage, WEBGPU_ARGS } from './browser.ts'
import { bundleModule, type StaticServer, serveFolder } from './pages/build-page.ts'
import type { PluginPage } from './pages/plugin-page.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

let server: StaticServer
let browser: Browser
let opened: WatchedPage

beforeAll(async () => {
  const folder = path('../output/plugin-page')
  await bundleModule(path('pages/plugin-page.ts'), folder)
  server = await serveFolder(folder)
  browser = await launchBrowser(WEBGPU_ARGS)
  opened = await openPage(browser)
  await opened.page.goto(server.url)
  await opened.page.waitForFunction(() => 'plugin' in window)
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

function inPage<Argument, Result>(
  run: (plugin: PluginPage, argument: Argument) => Result | Promise<Result>,
  argument?: Argument,
): Promise<Result> {
  const source = `(argument) => (${run.toString()})(window.plugin, argument)`
  return opened.page.evaluate(`(${source})(${JSON.stringify(argument ?? null)})`)
}

/** 8-bit sRGB goes to linear light and back on the GPU: the last bit may differ. */
const ROUNDING = 1

describe('the picture on the screen is the frame', () => {
  it('with WebGLRenderer', async () => {
    expect(await inPage((plugin) => plugin.drawWithWebgl())).toBeLessThanOrEqual(ROUNDING)
  })

  it('with WebGPURenderer', async () => {
    const drawn = await inPage((plugin) => plugin.drawWithWebgpu(false))
    expect(drawn.backend).toBe('webgpu')
    expect(drawn.difference).toBeLessThanOrEqual(ROUNDING)
  })

  it('with WebGPURenderer on its WebGL backend', async () => {
    const drawn = await inPage((plugin) => plugin.drawWithWebgpu(true))
    expect(drawn.backend).toBe('webgl')
    expect(drawn.difference).toBeLessThanOrEqual(ROUNDING)
  })
})

describe('dispose', () => {
  it('leaves no texture, geometry or listener of 20 screens behind', async () => {
    const { before, during, after, listeners } = await inPage((plugin) => plugin.leftBehind(20))
    expect(during.textures).toBe(before.textures + 1)
    expect(after.textures).toBe(before.textures)
    expect(after.geometries).toBe(before.geometries)
    expect(listeners).toBe(0)
  })
})

it('nothing was reported on the console', () => {
  expect(opened.problems).toEqual([])
})
