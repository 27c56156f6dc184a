import { toSoraError } from '@sora-world/sdk'
import { Dialog } from '../dialog.ts'
import { download, fileNameOf } from '../download.ts'
import { element } from '../element.ts'
import type { SavedWorld, WorldLibrary } from './world-library.ts'

export const WORLD_FILE_ENDING = '.soraworld'

/** The saved worlds as cards: open, download, delete; and files from elsewhere come in here. */
export class Gallery {
  readonly #library: WorldLibrary
  readonly #open: (world: SavedWorld, file: Blob) => void
  readonly #list = element('gallery-list')
  readonly #words = element('gallery-words')
  readonly #upload = element<HTMLInputElement>('gallery-file')
  readonly #dialog: Dialog
  #pictureUrls: string[] = []
  /** A delete button asks once before it does it. */
  #armed: HTMLButtonElement | null = null

  /** `open` goes on with a world; the gallery has closed by then. */
  constructor(library: WorldLibrary, open: (world: SavedWorld, file: Blob) => void) {
    this.#library = library
    this.#open = open
    this.#dialog = new Dialog('gallery', { closed: () => this.#dropPictures() })
    element('gallery-upload').addEventListener('click', () => this.#upload.click())
    this.#upload.addEventListener('change', () => void this.#take(this.#upload.files))
    const target = this.#dialog.element
    target.addEventListener('dragover', (event) => event.preventDefault())
    target.addEventListener('drop', (event) => {
      event.preventDefault()
      void this.#take(event.dataTransfer?.files ?? null)
    })
  }

  async open(): Promise<void> {
    this.#say('')
    this.#dialog.open()
    await this.#try(() => this.#show())
  }

  async #take(files: FileList | null): Promise<void> {
    for (const file of files ?? []) {
      await this.#try(async () => {
        const world = await this.#library.add(new Uint8Array(await file.arrayBuffer()))
        await this.#show()
        this.#say(`“${world.prompt}” is here now.`)
      }, `${file.name}: `)
    }
    // The same file can be chosen again.
    this.#upload.value = ''
  }

  async #show(): Promise<void> {
    const worlds = await this.#library.list()
    this.#dropPictures()
    this.#list.replaceChildren(...worlds.map((world) => this.#card(world)))
    element('gallery-empty').hidden = worlds.length > 0
  }

  #card(world: SavedWorld): HTMLLIElement {
    const card = document.createElement('li')
    card.className = 'saved'
    card.dataset.testid = 'saved-world'
    const words = document.createElement('div')
    words.className = 'saved-words'
    words.append(line('h3', world.caption), line('p', factsLine(world)))
    const actions = document.createElement('div')
    actions.className = 'saved-actions'
    actions.append(
      this.#button('Open', world, () => this.#play(world), 'primary'),
      this.#button('Download', world, () => this.#save(world)),
      this.#deleteButton(world),
    )
    card.append(this.#picture(world), words, actions)
    return card
  }

  #picture({ picture }: SavedWorld): HTMLElement {
    if (!picture) return Object.assign(document.createElement('div'), { className: 'saved-picture' })
    const url = URL.createObjectURL(picture)
    this.#pictureUrls.push(url)
    return Object.assign(document.createElement('img'), { className: 'saved-picture', src: url, alt: '' })
  }

  #button(label: string, { caption }: SavedWorld, act: () => Promise<void>, className = ''): HTMLButtonElement {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: label, className })
    button.setAttribute('aria-label', `${label} “${caption}”`)
    button.addEventListener('click', () => void this.#try(act))
    return button
  }

  #deleteButton(world: SavedWorld): HTMLButtonElement {
    const button = this.#button('Delete', world, async () => {
      if (this.#armed !== button) {
        this.#armed = button
        button.textContent = 'Really?'
        return
      }
      await this.#library.remove(world.id)
      await this.#show()
      this.#say(`“${world.prompt}” was deleted.`)
      // The button that had the focus is gone.
      element('gallery-upload').focus()
    })
    button.addEventListener('blur', () => {
      this.#armed = null
      button.textContent = 'Delete'
    })
    return button
  }

  async #play(world: SavedWorld): Promise<void> {
    const file = await this.#library.file(world.id)
    this.#dialog.close()
    this.#open(world, file)
  }

  async #save(world: SavedWorld): Promise<void> {
    download(await this.#library.file(world.id), `${fileNameOf(world.prompt)}${WORLD_FILE_ENDING}`)
  }

  async #try(work: () => Promise<void>, prefix = ''): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      this.#say(prefix + toSoraError(thrown).message, 'problem')
    }
  }

  #say(words: string, tone: 'news' | 'problem' = 'news'): void {
    this.#words.textContent = words
    this.#words.dataset.tone = tone
  }

  #dropPictures(): void {
    for (const url of this.#pictureUrls.splice(0)) URL.revokeObjectURL(url)
  }
}

function line(tag: 'h3' | 'p', text: string): HTMLElement {
  return Object.assign(document.createElement(tag), { textContent: text })
}

function factsLine({ savedAt, bytes, model, width, height }: SavedWorld): string {
  const when = new Date(savedAt).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
  return `${when} · ${Math.max(1, Math.round(bytes / 1024))} KB · ${model}, ${width} × ${height}`
}
