import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SoraError } from '@sora-world/sdk/protocol'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { playFakeClip } from '../evaluate/fake-clip.ts'
import { writeFakeClip } from '../evaluate/write-fake-clip.ts'
import { runEval } from './eval.ts'

/** Keys that other programs read; the order is part of the line. */
const KEYS = [
  ...['name', 'model', 'version', 'variant', 'clips', 'reconstruction', 'nextChunk', 'control', 'revisit'],
  ...['editPersistence', 'drift', 'captions', 'depthError', 'poseError', 'tasks'],
]

describe('eval', () => {
  let dir: string
  let out: string
  let text: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sora-eval-'))
    out = join(dir, 'out')
    text = ''
  })
  afterEach(() => rm(dir, { recursive: true }))

  const write = (part: string) => {
    text += part
  }
  const run = (argv: string[], signal?: AbortSignal) => runEval(argv, { stdout: { write }, stderr: { write }, signal })
  // One thread: two that wait for each other crawl where other programs run.
  const quick = ['--quick', '--captions', '2', '--rollouts', '4', '--seconds', '2', '--threads', '1']

  async function fakeClips(): Promise<string> {
    const clips = join(dir, 'clips')
    await mkdir(clips)
    const action = (chunk: number) => ({ held: ['forward'], axes: { 'camera.yaw': chunk - 4 } })
    await writeFakeClip(clips, await playFakeClip({ name: 'one', chunks: 8, action }))
    await writeFakeClip(clips, await playFakeClip({ name: 'two', chunks: 9, caption: 'a desert' }))
    return clips
  }

  it('prints a table and one line of JSON, and leaves figures and pictures', async () => {
    expect(await run(['--model', 'fake', '--clips', await fakeClips(), '--out', out, ...quick])).toBe(0)
    expect(text).toMatch(/^one chunk ahead: [\d.]+ s$/m)
    expect(text).toMatch(/^encoded and decoded +[\d.]+ dB +>= 30 dB$/m)
    const line = JSON.parse(text.trimEnd().split('\n').at(-1)!)
    expect(Object.keys(line).slice(0, KEYS.length)).toEqual(KEYS)
    expect(line).toMatchObject({ name: 'eval', model: 'fake', clips: 2, editPersistence: null, tasks: null })
    expect(line).toMatchObject({ revisit: { withMemory: null }, drift: { collapses: 0 }, depthError: 0, poseError: 0 })
    expect(await readdir(out)).toEqual(['contact-sheet.png', 'figures.json'])
    expect(JSON.parse(await readFile(join(out, 'figures.json'), 'utf8'))).toEqual(line)
    expect((await sharp(join(out, 'contact-sheet.png')).metadata()).width).toBeGreaterThan(400)
  })

  it('measures the model that ships with the clips that ship', async () => {
    const argv = ['--model', 'nano', '--count', '2', '--edits', '1', '--out', out, ...quick, '--rollouts', '2']
    expect(await run(argv)).toBe(0)
    const line = JSON.parse(text.trimEnd().split('\n').at(-1)!)
    const { baseline, nextChunk, reconstruction } = line
    expect(reconstruction.psnr).toBeGreaterThan(20)
    expect(nextChunk['2']).toBeLessThanOrEqual(baseline.ceiling)
    expect(line.actionShuffleRatio).toBeGreaterThan(1)
    expect(line.depthError).toBeLessThan(1)
    expect(line.poseError).toBeLessThan(100)
  }, 120_000)

  it('writes what the player of a task does, for training to play in the true world', async () => {
    expect(await run(['--task-scripts', join(dir, 'scripts'), '--only', 'stand-still,tunnel'])).toBe(0)
    expect(await readdir(join(dir, 'scripts'))).toEqual(['stand-still.json', 'stand-still.not.json', 'tunnel.json'])
    const stretches = JSON.parse(await readFile(join(dir, 'scripts', 'tunnel.json'), 'utf8'))
    expect(stretches.at(-1)).toMatchObject({ frames: 150, held: ['forward', 'attack'] })
  })

  it('attempts tasks in generated worlds', async () => {
    const argv = ['--model', 'fake', '--tasks', '--only', 'place-row', '--seeds', '2', '--threads', '1', '--out', out]
    expect(await run(argv)).toBe(0)
    expect(text).toMatch(/^place 3 blocks in a row +0 % +2/m)
    expect(text).toMatch(/^tasks that count .* 0 of 1$/m)
    const line = JSON.parse(text.trimEnd().split('\n').at(-1)!)
    expect(line).toMatchObject({ name: 'eval', model: 'fake', tasks: 0, of: 1, tasksBy: { 'place-row': 0 } })
    expect(await readdir(out)).toEqual(['tasks.json', 'tasks.png'])
  }, 120_000)

  it.each([
    ['a task that there is not', ['--tasks', '--only', 'fly'], /no task "fly"; known: walk-to-tree/],
    ['revisits of a model without memory', ['--model', 'fake', '--revisit-sheet'], /no world memory/],
    [
      'a folder without clips of tasks',
      ['--model', 'fake', '--tasks', '--clips', '/no/clips'],
      /no clips of the tasks/,
    ],
    ['an unknown option', ['--qick'], /--qick/],
    ['a count that is no number', ['--count', 'few'], /--count "few"/],
    ['a step count that the model does not allow', ['--model', 'fake', '--steps', '3'], /allows 1, 2, 4/],
    ['clips that are not there', ['--model', 'fake', '--clips', '/no/clips'], /\/no\/clips \(clip-invalid\)/],
  ])('refuses %s with exit code 2', async (_, argv, message) => {
    expect(await run([...argv, '--out', out])).toBe(2)
    expect(text).toMatch(message)
    expect(await readdir(out).catch(() => [])).toEqual([])
  })

  it('fails with 1 before any work when nothing can be written', async () => {
    await writeFile(join(dir, 'file'), '')
    expect(await run(['--model', 'fake', '--out', join(dir, 'file')])).toBe(1)
    expect(text).toMatch(/output-failed/)
    expect(text).not.toMatch(/ahead/)
  })

  it('leaves nothing behind when interrupted', async () => {
    const stop = new AbortController()
    const stderr = {
      write: (part: string) => {
        write(part)
        if (part.startsWith('one chunk ahead')) stop.abort(new SoraError('aborted', 'enough'))
      },
    }
    const argv = ['--model', 'fake', '--clips', await fakeClips(), '--out', out, ...quick]
    expect(await runEval(argv, { stdout: { write }, stderr, signal: stop.signal })).toBe(130)
    expect(text).toContain('enough (aborted)')
    expect(await readdir(out)).toEqual([])
  })

  it('explains itself', async () => {
    expect(await run(['--help'])).toBe(0)
    expect(text).toContain('usage: sora-world eval')
  })
})
