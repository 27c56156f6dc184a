import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { whereFrom, withFields } from '../scripts/publish.mjs'

it('says where a package comes from, however the address is written', () => {
  const expected = {
    repository: { type: 'git', url: 'git+https://example.com/worlds/sora.git', directory: 'packages/sdk' },
    homepage: 'https://example.com/worlds/sora#readme',
    bugs: 'https://example.com/worlds/sora/issues',
  }
  for (const url of [
    'https://example.com/worlds/sora',
    'https://example.com/worlds/sora.git',
    'git@example.com:worlds/sora.git',
  ])
    expect(whereFrom(url, 'packages/sdk')).toEqual(expected)
  expect(() => whereFrom('/home/me/sora', 'packages/sdk')).toThrow('"/home/me/sora" is no address of a repository')
})

it('has the fields in package.json while it publishes, and not after that, whatever happens', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sora-publish-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'package.json')
  const before = '{ "name": "x",   "version": "1.0.0" }\n'
  await writeFile(file, before)
  const seen = await withFields(folder, { bugs: 'there' }, async () => JSON.parse(await readFile(file, 'utf8')))
  expect(seen).toEqual({ name: 'x', version: '1.0.0', bugs: 'there' })
  const failing = withFields(folder, { bugs: 'there' }, () => {
    throw new Error('no network')
  })
  await expect(failing).rejects.toThrow('no network')
  expect(await readFile(file, 'utf8')).toBe(before)
})
