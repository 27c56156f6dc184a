import { toSoraError } from '@sora-world/sdk'
import { SoraWorld } from '@sora-world/three'
import { WebGLRenderer } from 'three'

const query = new URLSearchParams(location.search)
const words = document.querySelector<HTMLElement>('#words')!
const text = document.querySelector<HTMLInputElement>('#text')!
const form = document.querySelector<HTMLFormElement>('#say')!

/** The pictures are small: more pixels than this would cost time and show nothing. */
const MAX_PIXELS_ACROSS = 640

async function start(): Promise<void> {
  let isReady = false
  const renderer = new WebGLRenderer({ canvas: document.querySelector<HTMLCanvasElement>('#view')! })
  const sora = new SoraWorld({
    // The Vite plugin hands on to the world server what the page asks of its own address.
    url: query.get('server') ?? location.origin,
    prompt: query.get('prompt') ?? 'a grassy plain with trees on a clear day',
    roomId: query.get('room') ?? undefined,
    onProgress: (progress) => {
      if (!isReady) tell(`${progress} ...`)
    },
    renderer,
  })
  await sora.init()
  const world = sora.world!
  isReady = true
  tell('Click to walk: WASD, mouse, Space jumps, Esc gives the mouse back.')

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void attempt(world.prompt(text.value))
  })
  form.querySelector('[name=event]')!.addEventListener('click', () => void attempt(world.say(text.value)))
  world.on('error', ({ message }) => tell(message))
  world.on('closed', (problem) => tell(`${problem?.message ?? 'The world is closed.'} Reload the page to start anew.`))

  let lastMs = performance.now()
  renderer.setAnimationLoop((nowMs) => {
    const scale = Math.min(1, MAX_PIXELS_ACROSS / innerWidth)
    renderer.setSize(Math.round(innerWidth * scale), Math.round(innerHeight * scale), false)
    sora.update((nowMs - lastMs) / 1000)
    lastMs = nowMs
  })
}

async function attempt(work: Promise<unknown>): Promise<void> {
  try {
    await work
    text.value = ''
    text.blur()
  } catch (thrown) {
    tell(toSoraError(thrown).message)
  }
}

function tell(line: string): void {
  words.textContent = line
}

// What goes wrong stands on the page.
start().catch((thrown) => tell(toSoraError(thrown).message))
