import { expect, it } from 'vitest'
import { captionDiagonal, captionGrid } from './caption-grid.ts'

const classes = {
  biomes: ['plains', 'snow', 'lava'],
  times: ['day', 'night'],
  weathers: ['clear', 'rain', 'fog'],
}

it('asks for everything once, in words', () => {
  const grid = captionGrid(classes)
  expect(new Set(grid.map(({ caption }) => caption)).size).toBe(18)
  expect(grid[0]).toEqual({
    caption: 'green fields at noon, clear sky',
    biome: 'plains',
    time: 'day',
    weather: 'clear',
  })
  expect(grid.at(-1)?.caption).toBe('lava at night, in thick fog')
})

it('keeps each biome at each time, and every weather, in the short form', () => {
  const short = captionDiagonal(classes)
  expect(new Set(short.map(({ biome, time }) => `${biome} ${time}`)).size).toBe(6)
  expect(short.length).toBe(6)
  expect(new Set(short.map(({ weather }) => weather))).toEqual(new Set(classes.weathers))
})
