/** The plugin in a real browser, with both renderers: pictures read back from the GPU, and nothing left behind. */
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { launchBrowser, openPage, type WatchedPage, WEBGPU_ARGS } from './browser.ts'
import { bundleModule, type StaticServer, serveFolder } from './pages/build-page.ts'
import type { PluginPage } from './pages/plugin-page.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

let server: StaticServer
let browser: Browser
let opened: WatchedPage

beforeAll(async () => {
  const folder = path('../output/dist/plugin-page')
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

/** Also waits for the event, which comes after the change itself. */
async function waitUntilLocked(isLocked: boolean): Promise<void> {
  await vi.waitFor(
    async () => expect((await inPage((plugin) => plugin.controlState())).isLocked).toBe(isLocked),
    10_000,
  )
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

describe('WorldControls', () => {
  it('hands keys and mouse to the world while the pointer is locked', async () => {
    const { page } = opened
    expect(await inPage((plugin) => plugin.connectControls())).toBeGreaterThan(5)
    await page.mouse.click(200, 200)
    await waitUntilLocked(true)
    await page.keyboard.down('KeyW')
    await page.keyboard.press('Digit3')
    await page.mouse.move(260, 200)
    const state = await inPage((plugin) => plugin.controlState())
    expect(state.held).toEqual(['forward'])
    expect(state.isLocked).toBe(true)
    expect(state.events.filter((event) => event !== 'press attack')).toEqual([
      'lock',
      'press forward',
      'press hotbar.3',
    ])
    expect(state.drained['camera.yaw']).toBeGreaterThan(1)
  })

  it('lets go of everything when the page loses the focus', async () => {
    await opened.page.evaluate(() => window.dispatchEvent(new Event('blur')))
    expect((await inPage((plugin) => plugin.controlState())).held).toEqual([])
    await opened.page.keyboard.up('KeyW')
  })

  it('frees the pointer and hears nothing while disabled', async () => {
    const { page } = opened
    await inPage((plugin) => plugin.setControlsEnabled(false))
    await waitUntilLocked(false)
    await page.keyboard.down('KeyA')
    const state = await inPage((plugin) => plugin.controlState())
    await page.keyboard.up('KeyA')
    expect(state.held).toEqual([])
    expect(state.events.at(-1)).toBe('unlock')
  })

  it('dispose removes every listener', async () => {
    expect(await inPage((plugin) => plugin.disposeControls())).toBe(0)
  })
})

it('SoraWorld lives and ends eight times without leaving anything behind', async () => {
  const left = await inPage((plugin) => plugin.livesOfSoraWorld(8))
  expect(left.frames).toBeGreaterThanOrEqual(8)
  expect(left).toMatchObject({ textures: 0, geometries: 0, listeners: 0 })
}, 40_000)

it('nothing was reported on the console', () => {
  expect(opened.problems).toEqual([])
})
