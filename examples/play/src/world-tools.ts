import { SoraError, toSoraError, type WorldClient } from '@sora-world/sdk'
import { download, fileNameOf } from './download.ts'
import { element } from './element.ts'
import { type Entry, roomLink } from './page-options.ts'
import type { PauseKeeper } from './pause-keeper.ts'
import { copyText } from './share.ts'
import type { Toast } from './toast.ts'
import { isPlayingByTouch } from './touch-buttons.ts'
import { FrameDiary } from './worlds/frame-diary.ts'
import { framePicture } from './worlds/frame-picture.ts'
import { Gallery, WORLD_FILE_ENDING } from './worlds/gallery.ts'
import { MeshPanel } from './worlds/mesh-panel.ts'
import { type SavedWorld, WorldLibrary } from './worlds/world-library.ts'

const REWIND_SECONDS = 10

export interface WorldToolsOptions {
  toast: Toast
  pauses: PauseKeeper
  /** Into the world again, after it went somewhere else. */
  play(): void
  /** Leaves this room for another. */
  enter(entry: Entry): void
}

/** What can be done with the world as a whole: keep it, share it, branch it, go back in it, take its shape along. */
export class WorldTools {
  readonly #options: WorldToolsOptions
  readonly #library = new WorldLibrary()
  readonly #diary = new FrameDiary()
  readonly #mesh = new MeshPanel(this.#diary)
  readonly #gallery = new Gallery(this.#library, (world, file) => void this.#open(world, file))
  #world: WorldClient | null = null
  #stopFrames: (() => void) | undefined

  constructor(options: WorldToolsOptions) {
    this.#options = options
    const onClick = (id: string, act: (world: WorldClient) => unknown) =>
      element(id).addEventListener('click', () => this.#world && act(this.#world))
    onClick('share', (world) => this.#share(world))
    onClick('save', () => this.save())
    onClick('quick-save', () => this.save())
    onClick('fork', (world) => this.#fork(world))
    onClick('rewind', (world) => this.#rewind(world))
    onClick('open-mesh', (world) => this.#mesh.open(world))
    element('open-gallery').addEventListener('click', () => void this.#gallery.open())
  }

  setWorld(world: WorldClient | null): void {
    this.#stopFrames?.()
    this.#world = world
    this.#diary.clear()
    this.#stopFrames = world?.on('frame', (frame) => this.#diary.see(frame))
  }

  async save(): Promise<void> {
    const world = this.#world
    if (!world) return
    const { toast } = this.#options
    toast.say('Saving …')
    await this.#try(async () => {
      const picture = world.frame && (await framePicture(world.frame))
      const bytes = new Uint8Array(await world.snapshot())
      try {
        await this.#library.add(bytes, picture)
        toast.say('Saved: it is under “Saved worlds” in the menu')
      } catch (thrown) {
        // Not lost because the browser keeps nothing.
        download(new Blob([bytes]), `${fileNameOf(world.room.prompt)}${WORLD_FILE_ENDING}`)
        toast.say(`Saved to your downloads. ${toSoraError(thrown).message}`)
      }
    })
  }

  async #share(world: WorldClient): Promise<void> {
    const link = roomLink(new URL(location.href), world.roomId)
    // On a phone, people share with an app.
    if (isPlayingByTouch() && navigator.share) {
      await navigator.share({ title: world.room.prompt, url: link }).catch(() => {})
      return
    }
    const isCopied = await copyText(link)
    this.#options.toast.say(isCopied ? 'Link copied: whoever opens it sees this world' : link)
  }

  /** A copy of this world goes on in another tab; this one waits. */
  async #fork(world: WorldClient): Promise<void> {
    // Now: browsers open tabs in answer to a click only.
    const tab = window.open('', '_blank')
    const isDone = await this.#try(async () => {
      const [room] = await world.fork(1)
      if (!room) throw new SoraError('internal', 'The server opened no room for it.')
      const link = roomLink(new URL(location.href), room)
      if (tab) tab.location.href = link
      else await this.#goTo(link)
    })
    if (isDone) this.#options.toast.say('The other way is open in a new tab; this one waits here')
    else tab?.close()
  }

  /** Where no tab may be opened: this world is kept before it is left. */
  async #goTo(link: string): Promise<void> {
    await this.save()
    location.assign(link)
  }

  async #rewind(world: WorldClient): Promise<void> {
    const { pauses, toast, play } = this.#options
    const isDone = await this.#try(() => pauses.during(() => world.rewind({ seconds: REWIND_SECONDS })))
    if (!isDone) return
    play()
    toast.say(`It is ${REWIND_SECONDS} seconds ago`)
  }

  /** Goes on with a saved world: in this room where that is possible, else in one of its own. */
  async #open(saved: SavedWorld, file: Blob): Promise<void> {
    const { pauses, toast, play, enter } = this.#options
    const world = this.#world
    const bytes = new Uint8Array(await file.arrayBuffer())
    if (!world) return enter({ snapshot: bytes })
    const mine = `${world.manifest.name} ${world.manifest.version}`
    if (saved.model !== mine) {
      toast.say(`This world was made by ${saved.model}, and only that can go on with it; the server has ${mine}`)
      return
    }
    if (!world.isDriver || !isPlayedAlike(saved, world)) return enter({ snapshot: bytes })
    const isDone = await this.#try(() => pauses.during(() => world.restore(bytes)))
    if (!isDone) return
    play()
    toast.say('It goes on where it was saved')
  }

  /** Says in words what went wrong. */
  async #try(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (thrown) {
      this.#options.toast.say(toSoraError(thrown).message)
      return false
    }
  }
}

/** A room plays in one size and one number of denoise steps. */
function isPlayedAlike(saved: SavedWorld, { size, welcome }: WorldClient): boolean {
  return saved.width === size.width && saved.height === size.height && saved.steps === welcome.steps
}
