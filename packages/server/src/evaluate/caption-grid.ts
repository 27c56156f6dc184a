/** A caption to generate from, and what its pictures should show. */
export interface GridCaption {
  caption: string
  biome: string
  time: string
  weather: string
}

/** Words for the judges' classes: from the phrase tables that the training captions are made of. */
const PLACES: Readonly<Record<string, string>> = {
  plains: 'green fields',
  forest: 'a dense forest',
  desert: 'a sandy desert',
  snow: 'a snowy land',
  mountains: 'rocky mountains',
  swamp: 'a swamp',
  autumn: 'an autumn forest',
  island: 'a tropical island',
}
const MOMENTS: Readonly<Record<string, string>> = {
  day: 'at noon',
  dusk: 'at dusk',
  night: 'at night',
  dawn: 'at dawn',
}
const SKIES: Readonly<Record<string, string>> = {
  clear: 'clear sky',
  rain: 'it is raining',
  snow: 'it is snowing',
  fog: 'in thick fog',
}

interface Classes {
  biomes: readonly string[]
  times: readonly string[]
  weathers: readonly string[]
}

/** Every biome at every time in every weather. A class without words of its own is called by its name. */
export function captionGrid({ biomes, times, weathers }: Classes): GridCaption[] {
  return biomes.flatMap((biome) =>
    times.flatMap((time) =>
      weathers.map((weather) => {
        const words = [PLACES[biome] ?? biome, MOMENTS[time] ?? time].join(' ')
        return { caption: `${words}, ${SKIES[weather] ?? weather}`, biome, time, weather }
      }),
    ),
  )
}

/** Part of the grid in which each biome still meets each time once, and the weathers in turn. */
export function captionDiagonal(classes: Classes): GridCaption[] {
  const { biomes, times, weathers } = classes
  return captionGrid(classes).filter(({ biome, time, weather }) => {
    const turn = (biomes.indexOf(biome) + times.indexOf(time)) % weathers.length
    return weathers.indexOf(weather) === turn
  })
}
