import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shippedFolder } from '../model/find-package.ts'
import type { Clip } from './clip.ts'
import { readClip } from './clip-file.ts'
import { frameAt } from './evaluation.ts'
import type { Judges, PictureSize } from './judges.ts'
import { openJudges } from './onnx-judges.ts'

const SHIPPED = join(shippedFolder(), 'judges')

/** Every pixel of uint8 [H,W,3] four times. */
function doubled(picture: Uint8Array, { width, height }: PictureSize): Uint8Array {
  const out = new Uint8Array(picture.length * 4)
  for (let y = 0; y < height * 2; y++) {
    for (let x = 0; x < width * 2; x++) {
      const from = ((y >> 1) * width + (x >> 1)) * 3
      out.set(picture.subarray(from, from + 3), (y * width * 2 + x) * 3)
    }
  }
  return out
}

describe('judges that ship', () => {
  let judges: Judges
  let clip: Clip
  beforeAll(async () => {
    judges = await openJudges(SHIPPED, 1)
    clip = await readClip(join(shippedFolder(), 'clips/voxel/turn-900023-0.json'))
  })
  afterAll(() => judges.release())

  it('read turns of a clip that they have never seen', async () => {
    const read = await judges.readMotion(clip.rgb, clip)
    expect(read).toHaveLength(Math.floor((clip.frames - 1) / 4) * 4)
    const errors = read.map(({ yaw }, i) => Math.abs(yaw - clip.motion[i + 1]![3]!))
    expect(errors.reduce((sum, error) => sum + error) / errors.length).toBeLessThan(1)
  })

  it('read what a picture shows, of twice the size as well', async () => {
    const picture = frameAt(clip.rgb, 0, clip.width * clip.height * 3)
    const large = { width: clip.width * 2, height: clip.height * 2 }
    const [scene] = await judges.readScene(picture, clip)
    expect(scene).toMatchObject(clip.attributes[0]!)
    const [cells] = await judges.readCells(picture, clip)
    // Pictures of more than 160 pixels a side are read at half their size, in cells of four pixels there.
    expect(cells).toMatchObject({ rows: clip.height / 8, columns: clip.width / 8 })
    expect(cells!.blocks).toHaveLength(cells!.rows * cells!.columns)
    expect(new Set(cells!.blocks).size).toBeGreaterThan(2)
    expect(await judges.readScene(doubled(picture, clip), large)).toEqual([scene])
    expect(await judges.readCells(doubled(picture, clip), large)).toEqual([cells])
  })
})

describe('judges on disk', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sora-judges-'))
    await cp(SHIPPED, dir, { recursive: true })
  })
  afterAll(() => rm(dir, { recursive: true }))

  it.each([
    ['no JSON', '{', /is not JSON/],
    ['no keys', '{"manifestVersion":1}', /field "version"/],
    ['another version', '{"manifestVersion":2}', /field "manifestVersion"/],
  ])('are refused for a manifest with %s', async (_, text, message) => {
    const good = await readFile(join(dir, 'manifest.json'))
    await writeFile(join(dir, 'manifest.json'), text)
    await expect(openJudges(dir)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(message),
    })
    await writeFile(join(dir, 'manifest.json'), good)
  })

  it('are refused when a graph is not the one that the manifest describes, or missing', async () => {
    const graph = await readFile(join(dir, 'dynamics.onnx'))
    graph[graph.length - 1]! ^= 1
    await writeFile(join(dir, 'dynamics.onnx'), graph)
    await expect(openJudges(dir, 1)).rejects.toMatchObject({ code: 'model-tampered' })
    await rm(join(dir, 'dynamics.onnx'))
    await expect(openJudges(dir, 1)).rejects.toMatchObject({ code: 'model-missing' })
    await expect(openJudges(join(dir, 'none'))).rejects.toMatchObject({ code: 'model-missing' })
  })
})
