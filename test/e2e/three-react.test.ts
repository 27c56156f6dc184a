/** `@sora-world/three/react` in a real browser, with react-three-fiber as it is. */
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser, openPage, type WatchedPage } from './browser.ts'
import { bundleModule, type StaticServer, serveFolder } from './pages/build-page.ts'
import type { ReactPage } from './pages/react-page.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
let server: StaticServer
let browser: Browser
let opened: WatchedPage

beforeAll(async () => {
  const folder = path('../output/dist/react-page')
  await bundleModule(path('pages/react-page.ts'), folder)
  server = await serveFolder(folder)
  browser = await launchBrowser()
  opened = await openPage(browser)
  await opened.page.goto(server.url)
  await opened.page.waitForFunction(() => 'react' in window)
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

type Hook = { react: ReactPage }

it('joins, shows, changes the prompt and leaves with the component', async () => {
  const seen = await opened.page.evaluate(() => (window as unknown as Hook).react.life())
  expect(seen).toMatchObject({ hasWorld: true, hasPicture: true, hasNewWorld: true, isSameClient: true, failure: null })
  // The fake decoder's ground colour, in the first world.
  expect(seen.pixel).toEqual([0, 40, 90, 255].map((value) => expect.toSatisfy((x: number) => Math.abs(x - value) < 3)))
  expect(seen.z).toBe(-10)
  expect(seen).toMatchObject({ isClosed: true, isEmpty: true })
}, 90_000)

it('keeps one connection when it is mounted, taken away and mounted again', async () => {
  const seen = await opened.page.evaluate(() => (window as unknown as Hook).react.remount())
  expect(seen).toEqual({ hasWorld: true, isRight: true, problems: [], connections: 2 })
}, 60_000)

it('nothing was reported on the console', () => {
  expect(opened.problems).toEqual([])
})
