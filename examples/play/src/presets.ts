/** Worlds to start with: one for each of the eight biomes, at several hours and in several weathers. */
export const WORLD_IDEAS = [
  'a snowy forest at dusk',
  'a desert village',
  'a grassy plain on a clear day',
  'mountains at dawn',
  'a swamp in the rain',
  'an autumn forest at night',
  'a sandy island at noon',
  'a green forest on a foggy morning',
] as const

export const EVENT_IDEAS = ['it starts to rain', 'night falls', 'it starts to snow', 'the sun comes out'] as const

export function randomWorldIdea(): string {
  return WORLD_IDEAS[Math.floor(Math.random() * WORLD_IDEAS.length)]!
}

/** A row of buttons, one per idea. */
export function fillIdeas(row: HTMLElement, ideas: readonly string[], choose: (idea: string) => void): void {
  row.replaceChildren(
    ...ideas.map((idea) => {
      const button = document.createElement('button')
      button.type = 'button'
      button.textContent = idea
      button.addEventListener('click', () => choose(idea))
      return button
    }),
  )
}
