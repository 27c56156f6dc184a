/** A figure, its balls and signs of a three.js scene in a generated landscape: they stand on ground that no mesh describes. */
import RAPIER from '@dimforge/rapier3d-compat'
import { toSoraError, WorldClient } from '@sora-world/sdk'
import { followPose, WorldAnchor, WorldBackdrop, WorldCollider, WorldControls } from '@sora-world/three'
import { AmbientLight, DirectionalLight, PerspectiveCamera, Scene, WebGLRenderer } from 'three'
import { Balls } from './balls.ts'
import { Figure } from './figure.ts'
import { sign } from './sign.ts'

const words = document.getElementById('words')!

async function start(): Promise<void> {
  const query = new URLSearchParams(location.search)
  const canvas = document.getElementById('view') as HTMLCanvasElement
  const renderer = new WebGLRenderer({ canvas })
  const camera = new PerspectiveCamera(60, 1, 0.1, 200)
  const scene = new Scene().add(new AmbientLight('white', 1.5), new DirectionalLight('white', 2))

  await RAPIER.init()
  const physics = new RAPIER.World({ x: 0, y: -9.81, z: 0 })
  let isReady = false
  const world = await WorldClient.connect(query.get('server') ?? location.origin, {
    prompt: query.get('prompt') ?? 'a grassy plain on a clear day',
    rngSeed: Number(query.get('rngSeed') ?? 1),
    onProgress: (progress) => {
      if (!isReady) words.textContent = progress
    },
  })

  const backdrop = new WorldBackdrop({ filter: 'nearest' })
  backdrop.setWorld(world)
  scene.add(backdrop)
  const solid = new WorldCollider(world, { rapier: RAPIER, physics })
  const balls = new Balls(scene, physics)
  const figure = new Figure(physics)
  scene.add(figure)
  const controls = new WorldControls(world, canvas)
  world.on('frame', (frame) => followPose(camera, frame, world.manifest))

  /** A sign on what is seen there; false where there is sky. */
  const placeSign = (u = 0.5, v = 0.6): boolean => {
    const anchor = new WorldAnchor(world)
    scene.add(anchor.add(sign()))
    const isPlaced = world.frame !== null && anchor.placeOnPicture(u, v, world.frame)
    if (!isPlaced) anchor.dispose()
    return isPlaced
  }
  const throwBall = () => {
    figure.swing()
    balls.throwFrom(figure.hand, camera)
  }
  window.addEventListener('keydown', ({ code, repeat }) => {
    if (repeat) return
    if (code === 'KeyB') throwBall()
    if (code === 'KeyG') placeSign()
  })

  let lastMs = performance.now()
  renderer.setAnimationLoop((nowMs) => {
    const seconds = Math.min(0.1, (nowMs - lastMs) / 1000)
    lastMs = nowMs
    camera.aspect = innerWidth / innerHeight
    camera.updateProjectionMatrix()
    renderer.setSize(innerWidth, innerHeight, false)
    controls.update(seconds)
    backdrop.update()
    if (solid.size > 0) figure.update(camera, seconds)
    balls.update(seconds)
    renderer.render(scene, camera)
  })
  isReady = true
  words.textContent = 'Click to walk (W A S D). B throws a ball, G puts up a sign.'
  if (query.has('test')) Object.assign(window, { __embed: { world, solid, balls, figure, throwBall, placeSign } })
}

// What goes wrong stands on the page.
start().catch((thrown) => (words.textContent = toSoraError(thrown).message))
