import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeManifest } from '../model/fake-manifest.ts'
import type { Clip } from './clip.ts'
import { readClip } from './clip-file.ts'
import { findClips, readClipSet, spread } from './clip-set.ts'
import { playFakeClip } from './fake-clip.ts'
import { writeFakeClip } from './write-fake-clip.ts'

describe('clips on disk', () => {
  let dir: string
  let clip: Clip
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sora-clips-'))
    clip = await playFakeClip({
      name: 'walk',
      chunks: 7,
      action: (chunk) => ({ held: chunk % 2 ? ['forward'] : ['attack', 'jump'], axes: { 'camera.yaw': chunk } }),
    })
    await writeFakeClip(dir, clip)
  })
  afterEach(() => rm(dir, { recursive: true }))

  const file = (name: string) => join(dir, name)
  const change = async (name: string, edit: (text: string) => string) =>
    writeFile(file(name), edit(await readFile(file(name), 'utf8')))

  it('come back as they were', async () => {
    const back = await readClip(file('walk.json'))
    expect(back.rgb).toEqual(clip.rgb)
    expect(back.depth.inverse.every((value, i) => Math.abs(value - clip.depth.inverse[i]!) < 1e-4)).toBe(true)
    expect(back).toMatchObject({ name: 'walk', frames: 28, captions: clip.captions, motion: clip.motion })
    // Nothing leads into frame 0; every other frame keeps what led into it.
    expect(back.actions[0]).toEqual({ held: [], axes: {} })
    expect(back.actions.slice(1).map(({ held }) => held.toSorted())).toEqual(
      clip.actions.slice(1).map(({ held }) => held.toSorted()),
    )
    expect(back.actions[27]?.axes).toEqual({ 'camera.yaw': 6, 'camera.pitch': 0 })
  })

  it('are read in the order of their names, cut to whole chunks', async () => {
    await writeFakeClip(dir, { ...(await playFakeClip({ chunks: 6 })), name: 'also' })
    const { clips, notes } = await readClipSet(dir, fakeManifest())
    expect(clips.map(({ name, frames }) => [name, frames])).toEqual([
      ['also', 24],
      ['walk', 28],
    ])
    expect(notes).toEqual([])
    const few = { ...fakeManifest(), frames: { perSecond: 20, perChunk: 3 } }
    expect((await readClipSet(dir, few, 1)).clips[0]).toMatchObject({ name: 'walk', frames: 27 })
  })

  it('say that they were shrunk', async () => {
    const sizes = [{ width: 32, height: 24, latentWidth: 4, latentHeight: 3 }]
    const { clips, notes } = await readClipSet(dir, { ...fakeManifest(), sizes })
    expect(clips[0]).toMatchObject({ width: 32, height: 24 })
    expect(notes).toEqual(['clips of 64x48 were shrunk and cut to 32x24'])
  })

  it.each<[string, string, (text: string) => string, RegExp]>([
    ['a header that is not JSON', 'walk.json', () => '{', /walk\.json: it is not JSON/],
    ['another version', 'walk.json', (text) => text.replace('"clipVersion":1', '"clipVersion":2'), /clipVersion/],
    ['a file outside the folder', 'walk.json', (text) => text.replace('walk.0.webp', '../walk.0.webp'), /leaves the f/],
    ['a missing sheet', 'walk.json', (text) => text.replace('walk.0.webp', 'none.webp'), /none\.webp: ENOENT/],
    [
      'frames that are not there',
      'walk.json',
      (text) => text.replace('"frames":28', '"frames":29'),
      /29 frames in all/,
    ],
    ['another size', 'walk.json', (text) => text.replace('"width":64', '"width":32'), /64x672 uchar, not 32x672/],
    ['a picture too large to hold', 'walk.json', enormous, /pixels in all/],
    [
      'depth of 8 bits',
      'walk.json',
      (text) => text.replace('walk.depth.png', 'walk.0.webp'),
      /uchar, not 8x168 ushort/,
    ],
    ['a line too few', 'walk.jsonl', (text) => text.split('\n').slice(1).join('\n'), /27 lines, not 28/],
    ['a line that is no JSON', 'walk.jsonl', (text) => text.replace('{', ''), /walk\.jsonl, line 1: it is not JSON/],
    ['a pose with holes', 'walk.jsonl', (text) => text.replace('"pose":[0,', '"pose":['), /line 1: pose/],
    ['a turn that is no number', 'walk.jsonl', (text) => text.replace('"dx":0', '"dx":"0"'), /line \d+: mouse\.dx/],
  ])('are refused with %s', async (_, name, edit, message) => {
    await change(name, edit)
    await expect(readClipSet(dir, fakeManifest())).rejects.toMatchObject({ code: 'clip-invalid' })
    await expect(readClipSet(dir, fakeManifest())).rejects.toThrow(message)
  })

  it('are refused when a picture breaks off', async () => {
    await truncate(file('walk.1.webp'), 200)
    await expect(readClipSet(dir, fakeManifest())).rejects.toThrow(/clip file .*walk\.1\.webp/)
  })

  it('are refused when they are too short or of another rate', async () => {
    const slow = { ...fakeManifest(), frames: { perSecond: 30, perChunk: 4 } }
    await expect(readClipSet(dir, slow)).rejects.toThrow(/walk has 20 frames\/s, model "fake" makes 30/)
    const long = { ...fakeManifest(), frames: { perSecond: 20, perChunk: 8 } }
    await expect(readClipSet(dir, long)).rejects.toThrow(/walk has 28 frames, too few/)
  })

  it('have to be there', async () => {
    await rm(file('walk.json'))
    await expect(readClipSet(dir, fakeManifest())).rejects.toThrow(/holds no clips/)
    await expect(readClipSet(file('walk.jsonl'), fakeManifest())).rejects.toMatchObject({ code: 'clip-invalid' })
    expect(() => findClips('nano', '/no/such/folder')).toThrow(/\/no\/such\/folder/)
    expect(findClips('nano')).toMatch(/clips.voxel$/)
  })
})

function enormous(text: string): string {
  return text
    .replace('"frames":28', '"frames":20000')
    .replace(/"frames":14/g, '"frames":10000')
    .replace('"width":64,"height":48', '"width":1024,"height":1024')
}

it('spreads a choice over the whole', () => {
  expect(spread([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 3)).toEqual([1, 5, 8])
  expect(spread(['a', 'b'], 9)).toEqual(['a', 'b'])
})
