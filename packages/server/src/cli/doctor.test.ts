import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { findModelPackage } from '../model/find-package.ts'
import { readManifest } from '../model/load-package.ts'
import { runDoctor } from './doctor.ts'

let output: string
let errors: string
beforeEach(() => {
  output = ''
  errors = ''
})
const doctor = (...argv: string[]) =>
  runDoctor(argv, {
    stdout: {
      write: (text) => {
        output += text
      },
    },
    stderr: {
      isTTY: true,
      write: (text) => {
        errors += text
      },
    },
  })

describe('doctor', () => {
  it('measures what starts, and says so in words', async () => {
    expect(await doctor('--model', 'fake', '--seconds', '0.1')).toBe(0)
    expect(output).toMatch(/^node {6}\d+\.\d+/m)
    expect(output).toMatch(/^machine .*\d+ cores?, \d+ GiB/m)
    expect(output).toMatch(/^fake {6}fake: 2 steps, [\d.]+ ms a chunk, [\d.]+ frames\/s, [\d.]+ times real time$/m)
    expect(output).toMatch(/^worlds play in real time with fake$/m)
    expect(errors).toContain('trying fake')
  })

  it('measures a model that ships on the CPU, in JSON', async () => {
    expect(await doctor('--model', 'nano', '--provider', 'cpu', '--seconds', '0.1', '--json')).toBe(0)
    const { canPlay, model, providers, machine } = JSON.parse(output)
    expect(canPlay).toBe(true)
    expect(machine.isNodeNewEnough).toBe(true)
    expect(model.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(model.variants).toContain(providers[0].pace.variant)
    const { steps, chunkMs, framesPerSecond } = providers[0].pace
    expect((await readManifest(model.folder)).denoiser.steps.allowed).toContain(steps)
    expect(framesPerSecond / (4000 / chunkMs)).toBeCloseTo(1, 1)
  })

  it('names the file of a package that was changed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sora-doctor-'))
    try {
      await cp(findModelPackage('nano'), folder, { recursive: true })
      const [weights] = Object.values((await readManifest(folder)).externalWeights ?? {}).flat()
      for (const name of ['text.onnx', weights ?? 'policy.onnx']) {
        const file = join(folder, name)
        const bytes = await readFile(file)
        await writeFile(file, Buffer.from(bytes).fill(7, 100, 200))
        expect(await doctor('--model', folder)).toBe(1)
        expect(errors).toMatch(new RegExp(`${name}.*model-tampered`))
        await writeFile(file, bytes)
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it.each([
    [['--model', 'none'], 1, /model-missing/],
    [['--provider', 'abacus'], 2, /--provider "abacus" is none of/],
    [['--seconds', 'long'], 2, /--seconds "long"/],
    [['--sped', '3'], 2, /--sped/],
  ])('refuses %j', async (argv, exitCode, words) => {
    expect(await doctor(...argv)).toBe(exitCode)
    expect(errors).toMatch(words)
    expect(output).toBe('')
  })

  it('explains itself', async () => {
    expect(await doctor('--help')).toBe(0)
    expect(output).toContain('usage: sora-world doctor')
  })
})
