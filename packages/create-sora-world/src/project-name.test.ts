import { describe, expect, it } from 'vitest'
import { nameProblem, projectName, suggestName } from './project-name.ts'

describe('project names', () => {
  it('are those of the folder', () => {
    expect(projectName('a/b/my-world')).toBe('my-world')
    expect(projectName('my-world/')).toBe('my-world')
  })

  it.each(['my-world', 'world2', 'a.b'])('npm takes %s', (name) => expect(nameProblem(name)).toBeUndefined())

  it.each(['My World', '.hidden', '_x', 'http', 'ä', ''])(
    'npm does not take "%s", and a name that it takes is offered',
    (name) => {
      expect(nameProblem(name)).toContain('npm does not allow')
      expect(nameProblem(suggestName(name))).toBeUndefined()
    },
  )
})
