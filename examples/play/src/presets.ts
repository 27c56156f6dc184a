/** A world to start with, and what its first second looks like. */
export interface Preset {
  prompt: string
  /** The picture is of the world with this random seed: what is seen on the card is what one comes into. */
  rngSeed: number
  /** File in presets/, made by `npm run pictures -w @sora-world/example-play` with the model that ships. */
  picture: string
}

/**
 * One for each of the eight biomes, in words that the bundled models were trained with
 * (training/sora_world/world/captions.py).
 */
export const PRESETS: readonly Preset[] = [
  { prompt: 'a tropical island at noon', rngSeed: 3, picture: 'island' },
  { prompt: 'a desert village', rngSeed: 6, picture: 'desert-village' },
  { prompt: 'a grassy plain under a blue sky', rngSeed: 3, picture: 'grassy-plain' },
  { prompt: 'rocky mountains at dawn', rngSeed: 7, picture: 'mountains' },
  { prompt: 'a snowy forest at dusk', rngSeed: 7, picture: 'snowy-forest' },
  { prompt: 'a green forest in the fog', rngSeed: 6, picture: 'foggy-forest' },
  { prompt: 'an autumn forest in the morning', rngSeed: 3, picture: 'autumn-forest' },
  { prompt: 'a swamp at dusk', rngSeed: 5, picture: 'swamp' },
]
/** Those that make a bright title come first. */
const BRIGHT = 5

export const EVENT_IDEAS = [
  'it starts to rain',
  'night falls',
  'it starts to snow',
  'fog rolls in',
  'the sun rises',
] as const

/** Address of a preset's picture. */
export function pictureOf({ picture }: Preset): string {
  return new URL(`./presets/${picture}.webp`, import.meta.url).href
}

/** A world for the title. */
export function randomPreset(): Preset {
  return PRESETS[Math.floor(Math.random() * BRIGHT)]!
}

/** A row of buttons, one per idea. */
export function fillIdeas(row: HTMLElement, ideas: readonly string[], choose: (idea: string) => void): void {
  row.replaceChildren(
    ...ideas.map((idea) => {
      const button = Object.assign(document.createElement('button'), { type: 'button', textContent: idea })
      button.addEventListener('click', () => choose(idea))
      return button
    }),
  )
}
