import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { FakeRecording } from '../worlds/fake-recording.ts'
import { writeWorld } from '../worlds/world-file.ts'
import type { WorldValue } from '../worlds/world-value.ts'
import { runReplay, runSnapshot } from './replay.ts'

let dir: string
let value: WorldValue
let output = ''
const write = (text: string) => {
  output += text
}
const streams = (signal?: AbortSignal) => ({ stdout: { write }, stderr: { isTTY: true, write }, signal })

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sora-replay-'))
  const recording = new FakeRecording()
  await recording.play(6)
  recording.run.addEvent('night falls')
  await recording.play(6)
  value = recording.value()
})
afterAll(() => rm(dir, { recursive: true }))
beforeEach(() => {
  output = ''
})

async function saved(changes: Partial<WorldValue> = {}): Promise<string> {
  const path = join(dir, 'a.world')
  await writeFile(path, await writeWorld({ ...value, ...changes }))
  return path
}

it('finds every chunk equal', async () => {
  expect(await runReplay([await saved(), '--model', 'fake'], streams())).toBe(0)
  expect(output).toMatch(/12\/12 chunks, 2.4 s/)
  expect(output).toMatch(/all 12 chunks are equal bit by bit on fake, fake\n$/)
})

it('names the first chunk that differs', async () => {
  const hashes = value.log.hashes.slice()
  hashes[7]! ^= 1
  const file = await saved({ log: { ...value.log, hashes } })
  expect(await runReplay([file, '--model', 'fake', '--json'], streams())).toBe(1)
  const report = JSON.parse(output.slice(output.indexOf('{')))
  expect(report).toEqual({
    ...{ chunks: 12, equal: 11, firstDifference: 7, provable: 12, provider: 'fake', variant: 'fake' },
  })
})

it('promises nothing of what another device made, or of a shared batch and what rests on it', async () => {
  const provable = async (log: Partial<WorldValue['log']>) => {
    output = ''
    const file = await saved({ log: { ...value.log, ...log } })
    expect(await runReplay([file, '--model', 'fake', '--json'], streams())).toBe(0)
    return JSON.parse(output.slice(output.indexOf('{'))).provable
  }
  expect(await provable({ batches: value.log.batches.map((_, i) => (i === 4 ? 2 : 1)) })).toBe(4)
  const other = { provider: 'webgpu', variant: 'fp16' }
  expect(await provable({ makers: [...value.log.makers, { chunk: 9, value: other }] })).toBe(9)
})

it('says what a file holds', async () => {
  expect(await runSnapshot(['info', await saved()], streams())).toBe(0)
  expect(output).toMatch(/^prompt +a forest$/m)
  expect(output).toMatch(/^caption +a forest, night falls$/m)
  output = ''
  expect(await runSnapshot(['info', await saved(), '--json'], streams())).toBe(0)
  expect(JSON.parse(output)).toMatchObject({ chunks: 12, rngSeed: 5, madeBy: ['fake fake from chunk 0'] })
})

it('refuses what it cannot do, in words', async () => {
  const none = join(dir, 'none.world')
  await writeFile(none, 'a cow')
  const file = await saved()
  const late = { ...value.log, first: 3, actions: value.log.actions.subarray(value.log.actions.length / 4) }
  const half = { ...late, hashes: late.hashes.slice(3), batches: late.batches.slice(3) }
  const run = async (code: number, words: RegExp, call: () => Promise<number>) => {
    output = ''
    expect(await call()).toBe(code)
    expect(output).toMatch(words)
  }
  await run(0, /usage: sora-world replay/, () => runReplay(['--help'], streams()))
  await run(0, /usage: sora-world snapshot/, () => runSnapshot(['--help'], streams()))
  await run(2, /one world file.*option-invalid/, () => runReplay([], streams()))
  await run(2, /option-invalid/, () => runReplay(['--fast'], streams()))
  await run(2, /not a world file.*world-invalid/, () => runReplay([none], streams()))
  await run(2, /ENOENT/, () => runSnapshot(['info', join(dir, 'nowhere')], streams()))
  await run(2, /only "info"/, () => runSnapshot(['show', file], streams()))
  const rewritten = await saved({
    log: {
      ...half,
      captions: [{ chunk: 3, value: 'a' }],
      makers: [{ chunk: 3, value: { provider: 'fake', variant: 'fake' } }],
    },
  })
  await run(1, /begins at chunk 3.*unsupported/, () => runReplay([rewritten, '--model', 'fake'], streams()))
  await run(2, /made by fake.*world-mismatch/, () => runReplay([file, '--model', 'nano'], streams()))
  const aborted = AbortSignal.abort(new Error('enough'))
  const whole = await saved()
  await run(130, /enough/, () => runReplay([whole, '--model', 'fake'], streams(aborted)))
})
