import { ERROR_CODES } from '@sora-world/sdk/protocol'
import { expect, it } from 'vitest'
import { readPage } from './pages.ts'

const { prose } = readPage('docs/errors.md')
const entries = new Map(
  prose
    .split(/^### /m)
    .slice(1)
    .map((entry) => [/^`([^`]+)`/.exec(entry)?.[1] ?? entry.slice(0, 40), entry] as const),
)

it.each(ERROR_CODES)('tells of %s: what it means, its cause, the way out', (code) => {
  const entry = entries.get(code)
  expect(entry, 'docs/errors.md has no entry').toBeDefined()
  for (const part of ['Means', 'Cause', 'Way out']) expect(entry).toMatch(new RegExp(`\\*\\*${part}:\\*\\* \\S+ \\S+`))
})

it('tells of no code that does not exist', () => {
  expect([...entries.keys()].filter((code) => !(ERROR_CODES as readonly string[]).includes(code))).toEqual([])
})

it('is in order', () => {
  expect([...entries.keys()]).toEqual([...entries.keys()].toSorted())
})
