/** Runs inside the browser: what test/e2e/three-react.test.ts calls on `window.react`. */
import { createRoot } from '@react-three/fiber'
import { FakeDecoder, FakeWorld, WorldClient } from '@sora-world/sdk'
import { useWorld, World, WorldScreen } from '@sora-world/three/react'
import { createElement } from 'react'
import type { WebGLRenderer } from 'three'

let client: WorldClient | null = null
let failure: unknown = null

function Spy() {
  client = useWorld()
  return null
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function until(isTrue: () => boolean): Promise<boolean> {
  for (let i = 0; i < 200 && !isTrue(); i++) await wait(50)
  return isTrue()
}

/** A world on a screen in a React scene, from mounting to unmounting. */
async function life() {
  const canvas = document.body.appendChild(document.createElement('canvas'))
  const root = createRoot(canvas)
  await root.configure({ size: { width: 64, height: 40, top: 0, left: 0 }, gl: { preserveDrawingBuffer: true } })
  const fake = new FakeWorld()
  const render = (prompt: string) => {
    const { transport, files } = fake
    const decoder = new FakeDecoder()
    const world = { url: 'http://localhost', prompt, transport, files, decoder, onError: (e: unknown) => (failure = e) }
    const screen = createElement(WorldScreen, { mode: 'quad', height: 40, position: [0, 0, -10], name: 'screen' })
    return root.render(createElement(World, world, createElement(Spy), screen))
  }
  const store = render('a meadow')
  const hasWorld = await until(() => client !== null)
  const { gl, scene } = store.getState() as unknown as {
    gl: WebGLRenderer
    scene: { getObjectByName(n: string): unknown }
  }
  const screen = () => scene.getObjectByName('screen') as { visible: boolean; position: { z: number } } | undefined
  const hasPicture = await until(() => screen()?.visible === true)
  await wait(200)
  const pixel = new Uint8Array(4)
  const context = gl.getContext()
  // Below the words that the fake decoder writes.
  context.readPixels(32, 4, 1, 1, context.RGBA, context.UNSIGNED_BYTE, pixel)
  const { z } = screen()!.position
  const first = client!
  render('a desert')
  const hasNewWorld = await until(() => first.room.prompt === 'a desert')
  const isSameClient = client === first
  root.unmount()
  const isClosed = await until(() => first.state === 'closed')
  // react-three-fiber disposes when the browser is idle.
  const isEmpty = await until(() => gl.info.memory.textures === 0 && gl.info.memory.geometries === 0)
  canvas.remove()
  return { hasWorld, hasPicture, pixel: [...pixel], z, hasNewWorld, isSameClient, isClosed, isEmpty, failure }
}

/** Gone before it has joined, and there again, as in strict mode: one connection stays. */
async function remount() {
  const canvas = document.body.appendChild(document.createElement('canvas'))
  const root = createRoot(canvas)
  await root.configure({ size: { width: 64, height: 40, top: 0, left: 0 } })
  const problems: string[] = []
  const joined: Promise<WorldClient>[] = []
  const connect = (url: string, options: object) => {
    // A transport serves one connection.
    const { transport, files } = new FakeWorld()
    joined.push(WorldClient.connect(url, { ...options, transport, files, decoder: new FakeDecoder() }))
    return joined.at(-1)!
  }
  const onError = (error: Error) => problems.push(error.message)
  const show = (key: string) =>
    root.render(createElement(World, { key, url: 'http://localhost', connect, onError }, createElement(Spy)))
  client = null
  show('first')
  await until(() => joined.length === 1)
  show('second')
  const hasWorld = await until(() => client !== null)
  const [first, second] = await Promise.all(joined.map((world) => world.catch(() => null)))
  const isRight = client === second && (first === null || first?.state === 'closed')
  root.unmount()
  return { hasWorld, isRight, problems, connections: joined.length }
}

const react = { life, remount }
export type ReactPage = typeof react
Object.assign(window, { react })
