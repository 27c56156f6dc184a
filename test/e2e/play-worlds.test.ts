/** Worlds on the play page as values: saved, opened, refused, branched, recorded, taken along. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeDecoder, WorldClient } from '@sora-world/sdk'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { keepScreenshot, launchBrowser, openPage, type WatchedPage } from './browser.ts'
import { buildPlayPage } from './built-play-page.ts'
import { moreFrames, playTestPage } from './frame-log.ts'
import { startWorldServer, type WorldServerProcess } from './world-server.ts'

// Also on a machine that is busy with other things.
vi.setConfig({ testTimeout: 90_000 })

let server: WorldServerProcess
let browser: Browser
let opened: WatchedPage
let folder: string

beforeAll(async () => {
  await buildPlayPage()
  folder = await mkdtemp(join(tmpdir(), 'sora-worlds-'))
  ;[server, browser] = await Promise.all([startWorldServer(), launchBrowser()])
  opened = await openPage(browser)
  const prompt = encodeURIComponent('a tropical island at noon')
  await playTestPage(opened.page, `${server.url}/?test&rngSeed=1&prompt=${prompt}`)
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await server?.kill()
  if (folder) await rm(folder, { recursive: true })
})

async function openGallery(page: Page): Promise<void> {
  await page.getByTestId('open-gallery').click()
  await page.getByTestId('gallery').waitFor()
}

/** What a click makes the browser download. */
async function downloaded(page: Page, click: () => Promise<unknown>) {
  const [file] = await Promise.all([page.waitForEvent('download', { timeout: 30_000 }), click()])
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) }
}

let saved: Buffer

describe('saved worlds', () => {
  it('keeps a world with its picture', async () => {
    const { page } = opened
    await page.getByTestId('save').click()
    await page.getByTestId('toast').getByText('Saved').waitFor({ timeout: 30_000 })
    await openGallery(page)
    const card = page.getByTestId('saved-world')
    await card.getByText('a tropical island at noon').waitFor()
    expect(await card.locator('p').textContent()).toMatch(/KB · nano .*128 × 80/)
    await page.waitForFunction(() => document.querySelector<HTMLImageElement>('.saved-picture')?.naturalWidth === 128)
    await keepScreenshot(page, 'gallery')
  })

  it('hands it out as a file, with a name that every system takes', async () => {
    const { page } = opened
    const { name, bytes } = await downloaded(page, () => page.getByRole('button', { name: /^Download/ }).click())
    expect(name).toBe('a-tropical-island-at-noon.soraworld')
    expect(bytes.subarray(0, 8).toString('latin1')).toBe('SORAWRLD')
    saved = bytes
  })

  it('takes a file in, and refuses foreign, cut and damaged ones in words without losing anything', async () => {
    const { page } = opened
    const damaged = Buffer.from(saved)
    damaged[saved.length >> 1]! ^= 0xff
    const files = {
      'holiday.jpg': Buffer.from('\xff\xd8\xff\xe0 no world at all', 'latin1'),
      'cut.soraworld': saved.subarray(0, saved.length - 100),
      'damaged.soraworld': damaged,
      'empty.soraworld': Buffer.alloc(0),
    }
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(folder, name)
      await writeFile(path, bytes)
      await page.getByTestId('gallery-file').setInputFiles(path)
      const words = page.locator('#gallery-words[data-tone=problem]')
      await words.getByText(new RegExp(`^${name}: .*(not a world file|cut off|damaged)`)).waitFor()
    }
    expect(await page.getByTestId('saved-world').count()).toBe(1)
    await writeFile(join(folder, 'good.soraworld'), saved)
    await page.getByTestId('gallery-file').setInputFiles(join(folder, 'good.soraworld'))
    await page.getByTestId('gallery-words').getByText('is here now').waitFor()
    expect(await page.getByTestId('saved-world').count()).toBe(2)
  })

  it('deletes only what was meant', async () => {
    const { page } = opened
    const button = page.getByRole('button', { name: /^Delete/ }).first()
    await button.click()
    await page.getByText('Really?').waitFor()
    await button.click()
    await page.getByTestId('gallery-words').getByText('was deleted').waitFor()
    expect(await page.getByTestId('saved-world').count()).toBe(1)
  })

  it('goes on with a world where it was saved', async () => {
    const { page } = opened
    const before = await page.evaluate(() => window.__sora!.world.room.world)
    await page.getByRole('button', { name: /^Open “/ }).click()
    await page.getByTestId('toast').getByText('goes on where it was saved').waitFor({ timeout: 30_000 })
    const { world, prompt } = await page.evaluate(() => window.__sora!.world.room)
    expect(world).toBeGreaterThan(before)
    expect(prompt).toBe('a tropical island at noon')
    await page.evaluate(() => document.exitPointerLock())
    await page.keyboard.press('Escape')
    await page.getByTestId('menu').waitFor()
  })

  it('is still there after the page was loaded again', async () => {
    const { page } = opened
    await playTestPage(page, `${server.url}/?test&rngSeed=2`)
    await openGallery(page)
    await page.getByTestId('saved-world').waitFor()
    await page.keyboard.press('Escape')
    await page.getByTestId('gallery').waitFor({ state: 'hidden' })
  })
})

it('tries another way in a new tab, from the same moment', async () => {
  const { page } = opened
  await moreFrames(page, 8)
  const { roomId, seq } = await page.evaluate(() => ({
    roomId: window.__sora!.world.roomId,
    seq: window.__sora!.world.room.seq,
  }))
  const [tab] = await Promise.all([page.context().waitForEvent('page'), page.getByTestId('fork').click()])
  await tab.waitForURL(/room=/, { timeout: 30_000 })
  await tab.waitForFunction(() => document.body.classList.contains('has-picture'), undefined, { timeout: 30_000 })
  const other = new URL(tab.url()).searchParams.get('room')!
  expect(other).not.toBe(roomId)
  const guest = await WorldClient.connect(server.url, { roomId: other, decoder: new FakeDecoder() })
  expect(guest.room).toMatchObject({ rngSeed: 2, players: 2 })
  expect(guest.room.seq).toBeGreaterThanOrEqual(seq)
  await guest.close()
  await tab.close()
})

it('goes back in time', async () => {
  const { page } = opened
  await page.getByTestId('rewind').click()
  await page.getByTestId('toast').getByText('10 seconds ago').waitFor({ timeout: 30_000 })
  await page.waitForFunction(() => document.body.dataset.mode === 'playing')
})

it('records a clip and shows how long it is', async () => {
  const { page } = opened
  await page.keyboard.press('KeyV')
  await page
    .getByTestId('clip-time')
    .getByText(/0:0[1-9] of 1:00/)
    .waitFor()
  await keepScreenshot(page, 'recording')
  const { name, bytes } = await downloaded(page, () => page.keyboard.press('KeyV'))
  expect(name).toMatch(/\.(webm|mp4)$/)
  expect(bytes.length).toBeGreaterThan(1000)
  const isVideo = bytes.readUInt32BE(0) === 0x1a45dfa3 || bytes.subarray(4, 8).toString('latin1') === 'ftyp'
  expect(isVideo).toBe(true)
  await page.getByTestId('clip-time').waitFor({ state: 'hidden' })
})

it('makes a 3D file of what was seen', async () => {
  const { page } = opened
  await page.evaluate(() => window.__sora!.world.look(60))
  await moreFrames(page, 16)
  await page.evaluate(() => document.exitPointerLock())
  await page.keyboard.press('Escape')
  await page.getByTestId('open-mesh').click()
  await page.getByTestId('mesh').waitFor()
  await keepScreenshot(page, 'mesh')
  const { name, bytes } = await downloaded(page, () => page.getByTestId('mesh-make').click())
  expect(name).toMatch(/\.glb$/)
  expect(bytes.subarray(0, 4).toString('latin1')).toBe('glTF')
  expect(bytes.readUInt32LE(8)).toBe(bytes.length)
  await page.getByText(/Done: \d+ cells from \d+ views/).waitFor()
})

it('nothing was reported on the console', () => {
  expect(opened.problems).toEqual([])
})
