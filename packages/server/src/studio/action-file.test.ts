import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeManifest } from '../model/fake-manifest.ts'
import { chunkActions, readActionFile, trackOf } from './action-file.ts'

const space = fakeManifest().actionSpace

describe('readActionFile', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sora-actions-'))
  })
  afterAll(() => rm(dir, { recursive: true }))

  async function read(text: string) {
    const path = join(dir, 'walk.json')
    await writeFile(path, text)
    return readActionFile(path, space)
  }

  it('plays stretch after stretch, then nothing', async () => {
    const track = await read('[{"frames": 2, "held": ["forward"]}, {"frames": 1, "axes": {"camera.yaw": 2}}]')
    expect([0, 1, 2, 3, 99].map((frame) => track(frame).held)).toEqual([['forward'], ['forward'], [], [], []])
    expect(track(2).axes).toEqual({ 'camera.yaw': 2 })
  })

  it.each([
    ['no JSON', '[{', /walk.json/],
    ['an empty list', '[]', /walk.json, at top/],
    ['no list', '{"frames": 1}', /at top/],
    ['no frames', '[{"held": ["jump"]}]', /at 0.frames/],
    ['half a frame', '[{"frames": 0.5}]', /at 0.frames/],
    ['a word for a number', '[{"frames": 1, "axes": {"camera.yaw": "left"}}]', /at 0.axes.camera.yaw/],
    ['an unknown field', '[{"frames": 1, "hold": []}]', /at 0/],
    [
      'an unknown button',
      '[{"frames": 1}, {"frames": 1, "held": ["fly"]}]',
      /at 1: unknown button "fly"; known: forward/,
    ],
    ['an unknown axis', '[{"frames": 1, "axes": {"roll": 1}}]', /at 0: unknown axis "roll"/],
  ])('refuses %s, naming the place', async (_, text, message) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'action-invalid', message: expect.stringMatching(message) })
  })

  it('refuses a file that is not there', async () => {
    await expect(readActionFile(join(dir, 'none.json'), space)).rejects.toThrow(/none.json/)
  })
})

describe('chunkActions', () => {
  it('encodes the frames of one chunk', () => {
    const track = trackOf([{ frames: 5, held: ['forward'], axes: { 'camera.yaw': 4 } }])
    const actions = chunkActions(space, track, 4, 4)
    expect(actions).toHaveLength(4 * 21)
    expect([actions[0], actions[19], actions[21], actions[21 + 19]]).toEqual([1, 0.5, 0, 0])
  })
})
