import { toSoraError, type WorldClient } from '@sora-world/sdk'
import { Dialog } from '../dialog.ts'
import { download, fileNameOf } from '../download.ts'
import { element } from '../element.ts'
import type { FrameDiary } from './frame-diary.ts'
import { makeWorldMesh } from './world-mesh.ts'

/** "Take this world with you": the world seen so far as a GLB file, and an honest word on it. */
export class MeshPanel {
  readonly #diary: FrameDiary
  readonly #dialog = new Dialog('mesh', { opened: () => this.#reset() })
  readonly #button = element<HTMLButtonElement>('mesh-make')
  readonly #progress = element<HTMLProgressElement>('mesh-progress')
  readonly #words = element('mesh-words')
  #world: WorldClient | null = null

  constructor(diary: FrameDiary) {
    this.#diary = diary
    this.#button.addEventListener('click', () => void this.#make())
  }

  open(world: WorldClient): void {
    this.#world = world
    this.#dialog.open()
  }

  #reset(): void {
    const { length } = this.#diary.frames
    this.#progress.hidden = true
    this.#words.dataset.tone = 'news'
    this.#words.textContent = `${length} ${length === 1 ? 'view' : 'views'} of it so far; the more you look around, the more there is.`
  }

  async #make(): Promise<void> {
    const world = this.#world
    if (!world) return
    this.#button.disabled = true
    this.#progress.hidden = false
    try {
      const { file, frames, cells } = await makeWorldMesh(world.manifest, this.#diary.frames, (share) => {
        this.#progress.value = share
      })
      download(file, `${fileNameOf(world.room.prompt)}.glb`)
      this.#say(`Done: ${cells} cells from ${frames} views, ${Math.ceil(file.size / 1024)} KB.`, 'news')
    } catch (thrown) {
      this.#say(toSoraError(thrown).message, 'problem')
    }
    this.#progress.hidden = true
    this.#button.disabled = false
  }

  #say(words: string, tone: 'news' | 'problem'): void {
    this.#words.textContent = words
    this.#words.dataset.tone = tone
  }
}
