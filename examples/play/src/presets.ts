/**
 * Worlds to start with: one for each of the eight biomes, in words that the bundled models were trained with
 * (training/sora_world/world/captions.py).
 */
export const WORLD_IDEAS = [
  'a snowy forest at dusk',
  'a desert village',
  'a grassy plain under a blue sky',
  'rocky mountains at dawn',
  'a swamp in the rain',
  'an autumn forest at night',
  'a tropical island at noon',
  'a green forest in the fog',
] as const

export const EVENT_IDEAS = [
  'it starts to rain',
  'night falls',
  'it starts to snow',
  'fog rolls in',
  'the sun rises',
] as const

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
