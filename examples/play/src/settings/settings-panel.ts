import type { ModelManifest } from '@sora-world/sdk'
import { Dialog } from '../dialog.ts'
import { element } from '../element.ts'
import type { Settings } from './settings.ts'
import type { SettingsStore } from './settings-store.ts'

/** The dialog of the settings: each control of its form is named as the setting, and holds at once. */
export class SettingsPanel {
  readonly #store: SettingsStore
  readonly #form = element<HTMLFormElement>('settings-form')
  readonly #dialog: Dialog

  constructor(store: SettingsStore, { closed }: { closed?(): void } = {}) {
    this.#store = store
    this.#dialog = new Dialog('settings', { opened: () => this.#show(), closed })
    this.#form.addEventListener('input', ({ target }) => this.#onInput(target as HTMLInputElement | HTMLSelectElement))
    this.#form.addEventListener('submit', (submit) => submit.preventDefault())
    element('settings-reset').addEventListener('click', () => {
      store.reset()
      this.#show()
    })
  }

  open(): void {
    this.#dialog.open()
  }

  /** Offers the numbers of denoise steps that this model was trained for. */
  fitTo({ denoiser }: ModelManifest): void {
    const { allowed } = denoiser.steps
    const options = [new Option('As the server can', '0'), ...allowed.map((n) => new Option(`${n}`, `${n}`))]
    this.#control('steps').replaceChildren(...options)
    this.#show()
  }

  #show(): void {
    for (const [name, value] of Object.entries(this.#store.current)) {
      const control = this.#control(name as keyof Settings)
      if (control.type === 'checkbox') (control as HTMLInputElement).checked = value === true
      else control.value = String(value)
      this.#showNumber(control)
    }
  }

  #onInput(control: HTMLInputElement | HTMLSelectElement): void {
    const value = readValue(control)
    this.#store.change({ [control.name]: value })
    this.#showNumber(control)
  }

  /** A slider alone does not say where it stands. */
  #showNumber(control: HTMLInputElement | HTMLSelectElement): void {
    const output = this.#form.querySelector(`output[for="${control.id}"]`)
    if (output) output.textContent = `${Number(control.value).toFixed(1)} ×`
  }

  #control(name: keyof Settings): HTMLInputElement | HTMLSelectElement {
    const control = this.#form.elements.namedItem(name)
    if (!control) throw new Error(`the settings form has no control "${name}"`)
    return control as HTMLInputElement | HTMLSelectElement
  }
}

function readValue(control: HTMLInputElement | HTMLSelectElement): boolean | number | string {
  if (control.type === 'checkbox') return (control as HTMLInputElement).checked
  return control.type === 'range' || control.name === 'steps' ? Number(control.value) : control.value
}
