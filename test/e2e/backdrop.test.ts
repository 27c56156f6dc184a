import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage, type WatchedPage, WEBGPU_ARGS } from './browser.ts'
import type { BackdropPage } from './pages/backdrop-page.ts'
import { bundleModule, type StaticServer, serveFolder } from './pages/build-page.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

let server: StaticServer
let browser: Browser
let opened: WatchedPage

beforeAll(async () => {
  const folder = path('../output/dist/backdrop-page')
  await bundleModule(path('pages/backdrop-page.ts'), folder)
  server = await serveFolder(folder)
  browser = await launchBrowser(WEBGPU_ARGS)
  opened = await openPage(browser)
  await opened.page.goto(server.url)
  await opened.page.waitForFunction(() => 'backdrop' in window)
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

function inPage<Argument, Result>(
  run: (backdrop: BackdropPage, argument: Argument) => Result | Promise<Result>,
  argument: Argument,
): Promise<Result> {
  return opened.page.evaluate(
    `((argument) => (${run.toString()})(window.backdrop, argument))(${JSON.stringify(argument)})`,
  )
}

/** The near half of the world hides the plane of the scene; the plane hides the far half and the sky. */
const RIGHT_ORDER = { left: 'blue', right: 'red', sky: 'red' }

describe('things of the scene and of the world hide each other', () => {
  it.each(['normal', 'reversed', 'logarithmic'] as const)('with WebGLRenderer, %s depth', async (depthBuffer) => {
    const seen = await inPage((page, depth) => page.withWebgl(depth), depthBuffer)
    expect(seen).toMatchObject({ ...RIGHT_ORDER, isReversed: depthBuffer === 'reversed' })
  })

  it.each(['normal', 'reversed', 'logarithmic'] as const)('with WebGPURenderer, %s depth', async (depthBuffer) => {
    const seen = await inPage((page, depth) => page.withWebgpu(false, depth), depthBuffer)
    expect(seen).toEqual({ ...RIGHT_ORDER, isWebgpu: true })
  })

  it.each(['normal', 'reversed', 'logarithmic'] as const)('on its WebGL backend, %s depth', async (depthBuffer) => {
    const seen = await inPage((page, depth) => page.withWebgpu(true, depth), depthBuffer)
    expect(seen).toEqual({ ...RIGHT_ORDER, isWebgpu: false })
  })
})

it('hides and is hidden with the pictures and the coarse depth of the image downlink, too', async () => {
  expect(await inPage((page) => page.withImages(), null)).toEqual(RIGHT_ORDER)
})

it('200 backdrops leave no texture or geometry behind', async () => {
  const few = await inPage((page, times) => page.livesOf(times), 2)
  expect(await inPage((page, times) => page.livesOf(times), 200)).toEqual(few)
})

it('nothing was reported on the console', () => {
  expect(opened.problems).toEqual([])
})
