import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeManifest } from '../model/fake-manifest.ts'
import { type ActionStretch, chunkActions, readActionFile, trackOf } from './action-file.ts'
import { stretchesOf, writeStretches } from './action-trace.ts'
import { VideoTrace } from './video-trace.ts'

const { actionSpace } = fakeManifest()
const walk: ActionStretch[] = [
  { frames: 5, held: ['forward', 'sprint'], axes: {} },
  { frames: 2, held: ['forward'], axes: { 'camera.yaw': -3, 'camera.pitch': 0.1704 } },
  { frames: 1, held: [], axes: {} },
]

describe('action trace', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sora-trace-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('puts equal frames together', () => {
    expect(stretchesOf(actionSpace, chunkActions(actionSpace, trackOf(walk), 0, 8))).toEqual(walk)
    expect(stretchesOf(actionSpace, new Float32Array(0))).toEqual([])
  })

  it('is read back to the very numbers that the model saw', async () => {
    const path = join(dir, 'walk.json')
    const frames = chunkActions(actionSpace, trackOf(walk), 0, 8)
    await writeFile(path, writeStretches(stretchesOf(actionSpace, frames)))
    expect(chunkActions(actionSpace, await readActionFile(path, actionSpace), 0, 8)).toEqual(frames)
  })
})

describe('VideoTrace', () => {
  it('keeps all actions and the newest latents', () => {
    const trace = new VideoTrace(2)
    const latents = [1, 2, 3].map((value) => Float32Array.of(value))
    latents.forEach((latent, i) => {
      trace.add({ latent, actions: chunkActions(actionSpace, trackOf(walk), i * 4, 4) })
    })
    expect(trace.latents).toEqual(latents.slice(1))
    const stretches = JSON.parse(Buffer.from(trace.actionFile(actionSpace)).toString())
    expect(stretches).toEqual([...walk.slice(0, 2), { frames: 5, held: [], axes: {} }])
  })
})
