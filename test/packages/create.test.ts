import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { keepScreenshot, type WatchedPage } from '../e2e/browser.ts'
import { emptyPlace, npmCreate, type Place, PNPM, pnpm, pnpmCreate } from './project.ts'
import { type RunningProgram, run, startProgram } from './run.ts'
import { seesMovingWorld } from './watch-page.ts'

const ADDRESS = /(?:Local: +|play at )(http:\/\/\S+)/

/** Against the wall and along it, to and fro, however slow the page is: the door is to the right. */
async function walkThroughTheDoor({ page }: WatchedPage): Promise<void> {
  const inside = page.getByText('In a generated world')
  await page.keyboard.down('KeyW')
  for (let sweep = 0; sweep < 40 && !(await inside.isVisible()); sweep++) {
    const key = sweep % 2 === 0 ? 'KeyD' : 'KeyA'
    await page.keyboard.down(key)
    await page.waitForTimeout(4000)
    await page.keyboard.up(key)
  }
  await inside.waitFor()
  await keepScreenshot(page, 'created-embed-inside')
}

describe('the packages as published', () => {
  let place: Place
  let program: RunningProgram | undefined
  beforeEach(async () => {
    place = await emptyPlace()
  })
  afterEach(async () => {
    await program?.stop()
    program = undefined
    await rm(place.cwd, { recursive: true, force: true, maxRetries: 5 })
  })

  it('npm create, play: install, dev, and the world moves', async () => {
    const project = await npmCreate(place, 'my-world', 'play')
    expect(project.printed).toMatch(/cd my-world && npm install\n +npm run dev/)
    await run('npm', ['install'], project)
    const sdk = JSON.parse(await readFile(join(project.cwd, 'node_modules/@sora-world/sdk/package.json'), 'utf8'))
    expect(sdk.repository).toEqual({ type: 'git', url: `git+${inject('repository')}.git`, directory: 'packages/sdk' })
    program = startProgram('npm', ['run', 'dev'], project)
    const [, url] = await program.waitFor(ADDRESS)
    await seesMovingWorld(url!, async ({ page }) => {
      await page.locator('canvas').focus()
      await page.keyboard.down('KeyW')
      await keepScreenshot(page, 'created-play')
    })
  })

  it('npm create, embed, with everything in the cache: the screen on the wall moves', async () => {
    const startMs = performance.now()
    const project = await npmCreate(place, 'my-room', 'embed')
    await run('npm', ['install', '--prefer-offline'], project)
    const installedMs = performance.now() - startMs
    program = startProgram('npm', ['run', 'dev'], project)
    const [, url] = await program.waitFor(ADDRESS)
    const openMs = performance.now()
    const screen = { x: 245, y: 245, width: 190, height: 115 }
    const pageMs = await seesMovingWorld(url!, ({ page }) => keepScreenshot(page, 'created-embed'), screen)
    const seconds = (ms: number) => (ms / 1000).toFixed(1)
    const total = seconds(openMs - startMs + pageMs)
    console.log(`from npm create to the first frame: ${total} s (installed after ${seconds(installedMs)} s)`)
    await program.stop()

    await run('npm', ['run', 'build'], project)
    program = startProgram('npm', ['start', '--', '--port', '0'], project)
    const [, built] = await program.waitFor(ADDRESS)
    await seesMovingWorld(built!, walkThroughTheDoor)
  })

  it('npm create, agent: runs to its end; the command line says what it lacks; its own play page moves', async () => {
    const project = await npmCreate(place, 'my-agent', 'agent')
    expect(project.printed).toMatch(/cd my-agent && npm install\n +npm start/)
    await run('npm', ['install'], project)
    const said = await run('npm', ['start', '--', '--seconds', '2'], project)
    expect(said).toMatch(/episode-0002\.mp4: 10 steps/)
    expect((await readdir(join(project.cwd, 'out'))).toSorted()).toEqual([
      'contact-sheet.png',
      ...['episode-0001.jsonl', 'episode-0001.mp4', 'episode-0002.jsonl', 'episode-0002.mp4'],
    ])
    expect((await stat(join(project.cwd, 'out/episode-0001.mp4'))).size).toBeGreaterThan(10_000)

    await expect(run('npx', ['sora-world', 'eval', '--quick'], project)).rejects.toThrow(/--clips/)
    program = startProgram('npx', ['sora-world', 'serve', '--play', '--port', '0', '--no-worlds'], project)
    const [, url] = await program.waitFor(ADDRESS)
    const page = await fetch(url!)
    expect(await page.text()).toContain('Sora World')
    const assets = join(project.cwd, 'node_modules/@sora-world/server/dist/play')
    const borrowed = Object.keys(JSON.parse(await readFile(join(assets, 'borrowed-files.json'), 'utf8')))
    expect(borrowed.length).toBeGreaterThan(0)
    for (const path of borrowed) {
      const file = await fetch(new URL(path, url), { method: 'HEAD' })
      expect(file.headers.get('content-type')).toBe('application/wasm')
    }
  })

  it('pnpm create, play: install, dev, and the world moves', async () => {
    const project = await pnpmCreate(place, 'my-world', 'play')
    expect(project.printed).toMatch(/cd my-world && pnpm install\n +pnpm dev/)
    await pnpm(['install'], project)
    program = startProgram(PNPM[0], [PNPM[1], 'dev'], project)
    const [, url] = await program.waitFor(ADDRESS)
    await seesMovingWorld(url!)
  })

  it('does not write into a folder that has something in it, unless told', async () => {
    const folder = join(place.cwd, 'thesis')
    await mkdir(folder)
    await writeFile(join(folder, 'thesis.txt'), 'ten years of work')
    await expect(npmCreate(place, 'thesis', 'play')).rejects.toThrow('the folder "thesis" is not empty')
    expect(await readdir(folder)).toEqual(['thesis.txt'])
  })
})
