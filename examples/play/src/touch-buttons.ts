import type { ActionSpace } from '@sora-world/sdk'
import type { WorldControls } from '@sora-world/three'
import { element } from './element.ts'

/** Action, label and place (pixels from the lower right corner) of each button. */
const BUTTONS = [
  ['jump', 'Jump', 12, 92],
  ['attack', 'Break', 92, 112],
  ['use', 'Place', 12, 172],
  ['sneak', 'Sneak', 92, 192],
] as const

/**
 * Round buttons for thumbs. Walking and looking need none: the left half of the picture is a stick, the right half turns
 * the view. Shown where a finger has touched the page, or where there is no mouse.
 */
export class TouchButtons {
  readonly #area = element('touch')

  constructor() {
    if (matchMedia('(pointer: coarse)').matches) showTouch()
    else window.addEventListener('touchstart', showTouch, { once: true, passive: true })
  }

  /** New buttons for these controls, which listen to them; those of the controls before are gone. */
  attach(controls: WorldControls, space: ActionSpace): void {
    const known = new Set(space.buttons.map(({ name }) => name))
    const buttons = BUTTONS.filter(([action]) => known.has(action)).map(([action, label, right, bottom]) => {
      const button = document.createElement('button')
      button.type = 'button'
      button.textContent = label
      button.style.right = `calc(var(--edge) + ${right}px)`
      button.style.bottom = `${bottom}px`
      controls.addTouchButton(button, action)
      return button
    })
    this.#area.replaceChildren(...buttons)
  }
}

/** What the player touched last: a finger needs no pointer lock, and would lose the buttons to it. */
let lastPointer = 'mouse'
window.addEventListener('pointerdown', ({ pointerType }) => (lastPointer = pointerType), { capture: true })

export function isPlayingByTouch(): boolean {
  return lastPointer === 'touch'
}

function showTouch(): void {
  document.body.classList.add('has-touch')
}
