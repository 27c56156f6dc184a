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

  // The phrases that training describes time and weather with (training/sora_world/world/captions.py).
  it.each([
    ...['by day', 'at noon', 'in daylight', 'in the daytime', 'under a blue sky', 'in bright light', 'at sunset'],
    ...[
      'in the evening',
      'in evening light',
      'by night',
      'in the dark',
      'under the moon',
      'at midnight',
      'in moonlight',
    ],
    ...['at sunrise', 'in the morning', 'early in the morning'],
  ])('takes the time "%s" out of a prompt, not the place', (time) => {
    expect(captionInForce(`a dark bog ${time}, fog`, ['dawn breaks'])).toBe('a dark bog, fog, dawn breaks')
  })

  it.each([
    ...['clear sky', 'clear weather', 'fine weather', 'no rain', 'sunny', 'rain', 'it is raining', 'in the rain'],
    ...['rainy weather', 'heavy rain', 'rain is falling', 'snow is falling', 'it is snowing', 'snowfall'],
    ...['in falling snow', 'snowy weather', 'fog', 'in the fog', 'in thick fog', 'misty', 'foggy weather', 'in mist'],
  ])('takes the weather "%s" out of a prompt, not the place', (weather) => {
    expect(captionInForce(`a pine forest with snow at dusk, ${weather}`, ['the clouds go away'])).toBe(
      'a pine forest with snow at dusk, the clouds go away',
    )
  })

  it.each([
    ...['the day begins', 'the sun rises', 'it becomes day', 'it gets bright', 'the sun sets', 'dusk falls'],
    ...['evening comes', 'the sun goes down', 'night falls', 'it gets dark', 'the moon rises', 'dawn breaks'],
  ])('knows "%s" as a change of time', (event) => {
    expect(captionInForce('a forest at noon, rain', [event])).toBe(`a forest, rain, ${event}`)
  })

  it.each([
    ...['the sky clears', 'the weather clears up', 'it becomes sunny', 'the clouds go away', 'it starts to rain'],
    ...['rain begins', 'rain starts to fall', 'it starts to snow', 'snow begins to fall', 'snowfall starts'],
    ...['fog rolls in', 'mist comes up', 'it becomes foggy', 'it stops raining', 'the snow stops', 'the fog lifts'],
  ])('knows "%s" as a change of weather', (event) => {
    expect(captionInForce('a forest at noon, rain', [event])).toBe(`a forest at noon, ${event}`)
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
