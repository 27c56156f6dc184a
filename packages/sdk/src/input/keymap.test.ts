import { describe, expect, it } from 'vitest'
import { FAKE_MANIFEST } from '../transport/fake-manifest.ts'
import { DEFAULT_KEYMAP, hotbarButtons, isPressButton, keymapFor, keysFor, turnHotbar } from './keymap.ts'

const SPACE = FAKE_MANIFEST.actionSpace

describe('keymap', () => {
  it('reaches every button of the usual action space', () => {
    const reached = new Set(Object.values(keymapFor(SPACE)))
    expect([...reached].toSorted()).toEqual(SPACE.buttons.map(({ name }) => name).toSorted())
  })

  it('leaves out what a model does not know', () => {
    const space = { buttons: [{ name: 'jump', binding: 'hold' as const }], axes: [] }
    expect(keymapFor(space)).toEqual({ Space: 'jump' })
    expect(keymapFor(space, { KeyJ: 'jump', KeyF: 'fly' })).toEqual({ KeyJ: 'jump' })
  })

  it('names the keys of a button', () => {
    expect(keysFor(DEFAULT_KEYMAP, 'forward')).toEqual(['KeyW', 'ArrowUp'])
    expect(keysFor(DEFAULT_KEYMAP, 'fly')).toEqual([])
  })

  it('knows which buttons are pressed rather than held', () => {
    expect(isPressButton(SPACE, 'drop')).toBe(true)
    expect(isPressButton(SPACE, 'forward')).toBe(false)
  })

  it('goes around the hotbar in both directions', () => {
    const slots = hotbarButtons(SPACE)
    expect(slots).toHaveLength(9)
    expect(turnHotbar(slots, null, 1)).toBe('hotbar.1')
    expect(turnHotbar(slots, null, -1)).toBe('hotbar.9')
    expect(turnHotbar(slots, 'hotbar.9', 1)).toBe('hotbar.1')
    expect(turnHotbar(slots, 'hotbar.4', -1)).toBe('hotbar.3')
    expect(turnHotbar([], null, 1)).toBeNull()
  })
})
