/** A portal in a real browser, with both renderers: a post before a wall, seen from the side, is where geometry says. */
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage, type WatchedPage, WEBGPU_ARGS } from './browser.ts'
import { bundleModule, type StaticServer, serveFolder } from './pages/build-page.ts'
import type { PortalPage } from './pages/portal-page.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
/** Of the post's sides, in blocks; a pixel is 0.04 wide there. */
const NEAR = 0.09

let server: StaticServer
let browser: Browser
let opened: WatchedPage

beforeAll(async () => {
  const folder = path('../output/dist/portal-page')
  await bundleModule(path('pages/portal-page.ts'), folder)
  server = await serveFolder(folder)
  browser = await launchBrowser([...WEBGPU_ARGS, '--js-flags=--expose-gc'])
  opened = await openPage(browser)
  await opened.page.goto(server.url)
  await opened.page.waitForFunction(() => 'portal' in window)
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

function inPage<Argument, Result>(
  run: (portal: PortalPage, argument: Argument) => Result | Promise<Result>,
  argument: Argument,
): Promise<Result> {
  return opened.page.evaluate(
    `((argument) => (${run.toString()})(window.portal, argument))(${JSON.stringify(argument)})`,
  )
}

/** The camera went one way, the post (from -0.3 to 0.3) goes the other; what is behind its nearer side, no frame shows. */
function expectPost(post: { left: number; right: number } | null, aside: number): void {
  const side = aside > 0 ? 'left' : 'right'
  const truth = (aside > 0 ? -0.3 : 0.3) - aside
  expect(Math.abs(post![side] - truth)).toBeLessThan(NEAR)
  if (aside === 0) expect(Math.abs(post!.right - 0.3)).toBeLessThan(NEAR)
}

describe.each([0, 0.5])('from %s blocks aside', (aside) => {
  it('with WebGLRenderer', async () => {
    const { post, textures, geometries } = await inPage((page, x) => page.withWebgl(x), aside)
    expectPost(post, aside)
    expect([textures, geometries]).toEqual([1, 0])
  })

  it('with WebGPURenderer', async () => {
    const { post, isWebgpu } = await inPage((page, x) => page.withWebgpu(false, x), aside)
    expect(isWebgpu).toBe(true)
    expectPost(post, aside)
  })

  it('on its WebGL backend', async () => {
    const { post, isWebgpu } = await inPage((page, x) => page.withWebgpu(true, x), aside)
    expect(isWebgpu).toBe(false)
    expectPost(post, aside)
  })
})

describe('the way back shows the scene that one came from, and nothing behind the opening', () => {
  const RIGHT = { middle: 'red', side: 'lime', isInside: true }

  it('with WebGLRenderer', async () => {
    expect(await inPage((page) => page.backWithWebgl(), null)).toEqual(RIGHT)
  })

  it.each([
    ['with WebGPURenderer', false],
    ['on its WebGL backend', true],
  ])('%s', async (_name, forceWebGL) => {
    expect(await inPage((page, force) => page.backWithWebgpu(force), forceWebGL)).toEqual(RIGHT)
  })
})

it('200 portals leave nothing behind, on the GPU or in memory', async () => {
  const few = await inPage((page, times) => page.livesOf(times), 5)
  const many = await inPage((page, times) => page.livesOf(times), 200)
  expect(many).toEqual({ ...few, alive: expect.any(Number) })
  expect(many.alive).toBeLessThanOrEqual(5)
}, 240_000)

it('nothing was reported on the console', () => {
  expect(opened.problems).toEqual([])
})
