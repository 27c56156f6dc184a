import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SoraError } from '@sora-world/sdk/protocol'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runGenerate } from './generate.ts'
import { parseGenerateOptions } from './generate-options.ts'

describe('generate', () => {
  let dir: string
  let output: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sora-generate-'))
    output = ''
  })
  afterEach(() => rm(dir, { recursive: true }))

  const write = (text: string) => {
    output += text
  }
  const streams = (signal?: AbortSignal) => ({ stdout: { write }, stderr: { isTTY: true, write }, signal })
  const generate = (...argv: string[]) => runGenerate(['--model', 'fake', '--prompt', 'a forest', ...argv], streams())

  it.each([
    ['gif', { pages: 8, pageHeight: 96, width: 128, delay: new Array(8).fill(50) }],
    ['webp', { pages: 8, pageHeight: 96, width: 128 }],
    ['png', { height: 96, width: 128 }],
  ])('writes a %s', async (type, expected) => {
    const out = join(dir, `walk.${type}`)
    expect(await generate('--out', out, '--seconds', '0.4', '--scale', '2')).toBe(0)
    expect(await sharp(out, { pages: -1 }).metadata()).toMatchObject(expected)
    expect(await readdir(dir)).toEqual([`walk.${type}`])
    expect(output).toMatch(/\[#+\] 2\/2 chunks, 0.4 s/)
    expect(output).toMatch(/walk.*: 8 frames of 64x48, enlarged 2x, in [\d.]+ s \(fake fake on fake, 2 steps\)\n$/)
  })

  it('writes an MP4', async () => {
    const out = join(dir, 'walk.mp4')
    expect(await generate('--out', out, '--seconds', '0.4', '--scale', '1', '--size', '48x64')).toBe(0)
    const bytes = (await readFile(out)).toString('latin1')
    expect(bytes.slice(4, 8)).toBe('ftyp')
    expect(bytes).toContain('moov')
    expect(bytes).toContain('avc1')
  })

  it('lets the policy play, saves what it did, and says what is seen in the end', async () => {
    const [played, again, trace] = ['played.gif', 'again.gif', 'trace.json'].map((name) => join(dir, name)) as string[]
    const argv = ['--scale', '1', '--seconds', '2', '--rng-seed', '3']
    expect(await generate('--out', played!, '--policy', 'basic', '--save-actions', trace!, '--describe', ...argv)).toBe(
      0,
    )
    expect(output).toMatch(/\nit shows: a fake world( forward)?\n$/)
    const stretches: { frames: number; held: string[] }[] = JSON.parse(await readFile(trace!, 'utf8'))
    expect(stretches.reduce((sum, { frames }) => sum + frames, 0)).toBe(40)
    expect(stretches.some(({ held }) => held.includes('forward'))).toBe(true)
    expect(await generate('--out', again!, '--actions', trace!, ...argv)).toBe(0)
    expect(await readFile(again!)).toEqual(await readFile(played!))
  })

  it('follows actions, seed, steps and events', async () => {
    const actions = join(dir, 'walk.json')
    await writeFile(actions, '[{"frames": 4, "held": ["jump"], "axes": {"camera.yaw": 8}}]')
    const make = async (name: string, ...argv: string[]) => {
      expect(await generate('--out', join(dir, name), '--scale', '1', ...argv)).toBe(0)
      return readFile(join(dir, name))
    }
    const plain = await make('a.png')
    expect(await make('b.png', '--steps', '4')).toEqual(plain)
    expect(await make('c.png', '--actions', actions)).not.toEqual(plain)
    expect(await make('d.png', '--rng-seed', '9')).not.toEqual(plain)
    expect(await make('e.png', '--event', '0:night falls')).not.toEqual(plain)
  })

  it('uses a world memory unless told not to', () => {
    expect(parseGenerateOptions(['--prompt', 'a forest'])).toMatchObject({ memory: true })
    expect(parseGenerateOptions(['--prompt', 'a forest', '--no-memory'])).toMatchObject({ memory: false })
  })

  it.each([
    ['no prompt', ['--prompt', ' '], /prompt-empty/],
    ['a prompt that is too long', ['--prompt', 'x'.repeat(501)], /prompt-too-long/],
    ['an unknown option', ['--sped', '3'], /--sped/],
    ['an unknown file type', ['--out', 'walk.avi'], /walk.avi.*\.mp4, \.gif/],
    ['a length that is no number', ['--seconds', 'four'], /--seconds "four"/],
    ['a negative length', ['--seconds=-1'], /--seconds/],
    ['a size that is no size', ['--size', 'big'], /--size "big"/],
    ['a size that the model does not have', ['--size', '640x480'], /640x480: 64x48, 48x64/],
    ['a step count that the model does not allow', ['--steps', '3'], /allows 1, 2, 4/],
    ['half a step', ['--steps', '1.5'], /whole number/],
    ['a filter that is none', ['--filter', 'blur'], /--filter "blur"/],
    ['a policy that is none', ['--policy', 'clever'], /--policy "clever"/],
    ['two who play', ['--policy', 'basic', '--actions', 'walk.json'], /not both/],
    ['an event without a time', ['--event', 'it rains'], /--event "it rains"/],
    ['an action file that is missing', ['--actions', '/no/such.json'], /such.json.*action-invalid/],
  ])('refuses %s with exit code 2', async (_, argv, message) => {
    expect(await generate('--out', join(dir, 'walk.png'), ...argv)).toBe(2)
    expect(output).toMatch(message)
    expect(await readdir(dir)).toEqual([])
  })

  it('fails with 1 before any work when the output cannot be written', async () => {
    await mkdir(join(dir, 'folder.png'))
    await writeFile(join(dir, 'file'), '')
    for (const out of ['missing/walk.png', 'folder.png', 'file/walk.png']) {
      expect(await generate('--out', join(dir, out))).toBe(1)
    }
    expect(output.match(/output-failed/g)).toHaveLength(3)
  })

  // Root may write anywhere, so this one needs an ordinary user.
  it.skipIf(process.getuid?.() === 0)('fails with 1 in a folder without permission', async () => {
    await chmod(dir, 0o500)
    expect(await generate('--out', join(dir, 'walk.png'))).toBe(1)
    await chmod(dir, 0o700)
  })

  it('fails with 1 for a model that is not there, naming those that are', async () => {
    expect(await generate('--model', 'none', '--out', join(dir, 'walk.png'))).toBe(1)
    expect(output).toMatch(/no model package "none"; there is: .*fake.*model-missing/)
  })

  it('leaves nothing behind when interrupted, and an older file as it was', async () => {
    const out = join(dir, 'walk.gif')
    await writeFile(out, 'older')
    const stop = new AbortController()
    const stderr = {
      isTTY: true,
      write: (text: string) => {
        write(text)
        if (text.includes('3/')) stop.abort(new SoraError('aborted', 'enough'))
      },
    }
    const argv = ['--model', 'fake', '--prompt', 'a', '--out', out, '--seconds', '60']
    expect(await runGenerate(argv, { ...streams(stop.signal), stderr })).toBe(130)
    expect(output).toContain('enough (aborted)')
    expect(await readdir(dir)).toEqual(['walk.gif'])
    expect(await readFile(out, 'utf8')).toBe('older')
  })

  it('explains itself', async () => {
    expect(await runGenerate(['--help'], streams())).toBe(0)
    expect(output).toContain('usage: sora-world generate')
    await expect(access('world.mp4')).rejects.toThrow()
  })
})
