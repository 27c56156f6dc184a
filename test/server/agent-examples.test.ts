import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FakeDecoder, WorldClient } from '@sora-world/sdk'
import { afterAll, expect, it } from 'vitest'
import { createWorldServer } from '../../packages/server/src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'sora-examples-'))
afterAll(() => rmSync(folder, { recursive: true }))

const EXAMPLES = fileURLToPath(new URL('../../examples/agent/', import.meta.url))

/** Runs an example as a person would. */
function start(name: string, ...args: string[]): { child: ChildProcess; text(): string; exitCode: Promise<unknown> } {
  const { NODE_OPTIONS: _options, ...env } = process.env
  const child = spawn(process.execPath, ['--conditions=@sora/source', join(EXAMPLES, name), ...args], { env })
  let text = ''
  const take = (bytes: Buffer) => {
    text += bytes
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  return { child, text: () => text, exitCode: new Promise((resolve) => child.once('close', resolve)) }
}

it('explore.ts has at most 40 lines, writes videos, and compares two branches', async () => {
  expect(readFileSync(join(EXAMPLES, 'explore.ts'), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(40)
  const { exitCode, text } = start('explore.ts', folder, 'fake')
  expect(await exitCode, text()).toBe(0)
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['contact-sheet.png', 'episode-0002.mp4']))
  expect(text()).toMatch(/episode-0001.mp4: -?[\d.]+ blocks away/)
  expect(text()).toMatch(/more open to the (left|right)/)
})

it('with-a-person.ts plays in a room that a person watches and takes over', async () => {
  const server = await createWorldServer({ provider: 'cpu' })
  const { exitCode, text, child } = start('with-a-person.ts', server.url, '8')
  try {
    await expect.poll(text, { timeout: 20_000 }).toMatch(/\?room=\S+\n/)
    const roomId = /\?room=(\S+)/.exec(text())![1]!
    const person = await WorldClient.connect(server.url, { roomId, role: 'spectator', decoder: new FakeDecoder() })
    await person.takeControl()
    await expect.poll(text, { timeout: 20_000 }).toContain('a person drives')
    person.releaseControl()
    await expect.poll(text, { timeout: 20_000 }).toContain('the policy drives')
    await person.close()
    expect(await exitCode, text()).toBe(0)
    expect(text()).toMatch(/40 steps, [1-9]\d* of them driven by a person/)
  } finally {
    child.kill('SIGKILL')
    await server.close()
  }
}, 90_000)
