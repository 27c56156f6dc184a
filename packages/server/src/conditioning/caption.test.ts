import { describe, expect, it } from 'vitest'
import { captionInForce } from './caption.ts'

describe('captionInForce', () => {
  it('is the prompt as long as nothing happens', () => {
    expect(captionInForce('A snowy forest at dusk', [])).toBe('A snowy forest at dusk')
    expect(captionInForce('a desert', [' '])).toBe('a desert')
  })

  it('adds what happens', () => {
    expect(captionInForce('a snowy forest at dusk', ['it starts to rain'])).toBe(
      'a snowy forest at dusk, it starts to rain',
    )
    expect(captionInForce('a desert', ['a village appears', 'it starts to rain'])).toBe(
      'a desert, a village appears, it starts to rain',
    )
  })

  it.each([
    ['a snowy forest at dusk', ['night falls'], 'a snowy forest, night falls'],
    ['a sunny meadow in the early morning', ['it starts to rain'], 'a meadow in the early morning, it starts to rain'],
    ['mountains in heavy rain at night', ['the sky clears'], 'mountains at night, the sky clears'],
    ['an island, foggy, at noon', ['the sun sets', 'a storm comes up'], 'an island, the sun sets, a storm comes up'],
    ['rain', ['the sky clears up'], 'the sky clears up'],
  ])('lets an event replace what contradicts it: %s', (prompt, events, caption) => {
    expect(captionInForce(prompt, events)).toBe(caption)
  })

  it('lets a later event replace an earlier one about the same thing', () => {
    const events = ['it starts to rain', 'night falls', 'the rain stops']
    expect(captionInForce('a forest', events)).toBe('a forest, night falls, the rain stops')
  })

  it('keeps the snow of a snowy land', () => {
    expect(captionInForce('a snowy forest in the snow', ['it starts to rain'])).toBe(
      'a snowy forest in the snow, it starts to rain',
    )
  })

  it('always has room for the newest event', () => {
    const long = 'a forest with very many different words that describe it'
    expect(captionInForce(long, ['a house appears', 'it starts to rain'], 8)).toBe(
      'a forest with very, it starts to rain',
    )
    expect(captionInForce('a forest', ['one two three four'], 3)).toBe('one two three four')
  })
})
