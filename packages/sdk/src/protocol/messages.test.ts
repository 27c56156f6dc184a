import { describe, expect, it } from 'vitest'
import { cleanPromptText, parseClientMessage } from './messages.ts'

const control = { seq: 1, held: ['forward'], pressed: [], axes: { 'camera.yaw': 1.5 } }
const code = (expected: string) => expect.objectContaining({ code: expected })

describe('parseClientMessage', () => {
  it('takes a control message as it is', () => {
    expect(parseClientMessage('control', control)).toEqual(control)
  })

  it.each(['fly', 'toString', '__proto__', 'x'.repeat(10_000)])('refuses the unknown message %.20s', (type) => {
    expect(() => parseClientMessage(type, {})).toThrow(code('message-unknown'))
  })

  it.each([
    { ...control, seq: -1 },
    { ...control, seq: 1.5 },
    { ...control, held: 'forward' },
    { ...control, held: Array(1000).fill('forward') },
    { ...control, axes: { 'camera.yaw': Number.NaN } },
    { ...control, axes: { 'camera.yaw': Number.POSITIVE_INFINITY } },
    { ...control, axes: { 'camera.yaw': 1e9 } },
    null,
    'control',
    [],
  ])('refuses the control payload %j', (payload) => {
    expect(() => parseClientMessage('control', payload)).toThrow(code('message-invalid'))
  })
})

describe('cleanPromptText', () => {
  it('folds white space', () => {
    expect(cleanPromptText('  a  snowy\nforest ', 100)).toBe('a snowy forest')
  })

  it.each(['', '   ', '...', '\n\t'])('refuses %j as empty', (text) => {
    expect(() => cleanPromptText(text, 100)).toThrow(code('prompt-empty'))
  })

  it('refuses what is too long', () => {
    expect(() => cleanPromptText('x'.repeat(101), 100)).toThrow(code('prompt-too-long'))
  })
})
