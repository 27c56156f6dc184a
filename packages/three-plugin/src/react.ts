/** Entry for react-three-fiber: a generated world in a React scene. */

import { extend, type ThreeElement, useFrame } from '@react-three/fiber'
import { SoraError, toSoraError, WorldClient, type WorldClientOptions } from '@sora-world/sdk'
import { createContext, createElement, type ReactNode, useContext, useEffect, useRef, useState } from 'react'
import { WorldScreen as ScreenObject, type WorldScreenOptions } from './world-screen.ts'

const WorldContext = createContext<WorldClient | null | undefined>(undefined)

export interface WorldProps extends WorldClientOptions {
  /** Server to join; another one, or another `roomId`, is another connection. */
  url: string
  /** The connection could not be made, or has ended; without it the error is thrown to the nearest error boundary. */
  onError?(error: SoraError): void
  /** Makes the connection; `WorldClient.connect` by default. */
  connect?(url: string, options: WorldClientOptions): Promise<WorldClient>
  children?: ReactNode
}

/**
 * Joins a world when it is mounted and leaves it when it is not; what is inside gets it from {@link useWorld}.
 *
 *     <World url="http://localhost:2567" prompt="a snowy forest at dusk">
 *       <WorldScreen mode="quad" height={2} position={[0, 1, 0]} />
 *     </World>
 *
 * Another `prompt` starts another world on the same connection. All other options count when the connection is made.
 */
export function World({ url, onError, connect = WorldClient.connect, children, ...options }: WorldProps): ReactNode {
  const [world, setWorld] = useState<WorldClient | null>(null)
  const [problem, setProblem] = useState<SoraError | null>(null)
  const latest = useRef({ onError, options, connect })
  latest.current = { onError, options, connect }
  const fail = (error: SoraError) => {
    if (latest.current.onError) latest.current.onError(error)
    else setProblem(error)
  }

  useEffect(() => {
    const leaving = new AbortController()
    const { options, connect } = latest.current
    const signals = [leaving.signal, ...(options.signal ? [options.signal] : [])]
    const connecting = connect(url, { ...options, signal: AbortSignal.any(signals) })
    connecting.then(
      (joined) => {
        if (leaving.signal.aborted) return
        joined.on('closed', (error) => error && fail(error))
        setWorld(joined)
      },
      (error) => leaving.signal.aborted || fail(toSoraError(error)),
    )
    return () => {
      leaving.abort(new SoraError('aborted', 'the component was unmounted'))
      connecting.then(
        (joined) => joined.close(),
        () => {},
      )
      setWorld(null)
    }
  }, [url, options.roomId])

  const { prompt } = options
  const asked = useRef(prompt)
  useEffect(() => {
    if (!world || !prompt || prompt === asked.current) return
    asked.current = prompt
    // What the end of the connection cuts off is told by `closed`.
    world.prompt(prompt).catch((error) => world.state === 'closed' || fail(toSoraError(error)))
  })

  if (problem) throw problem
  return createElement(WorldContext.Provider, { value: world }, children)
}

/**
 * The world of the nearest {@link World}; null until it is joined.
 *
 * @throws SoraError `internal` outside of a `World`
 */
export function useWorld(): WorldClient | null {
  const world = useContext(WorldContext)
  if (world === undefined) throw new SoraError('internal', 'useWorld was called outside of <World>')
  return world
}

const ScreenElement = extend(ScreenObject)

export type WorldScreenProps = Omit<ThreeElement<typeof ScreenObject>, 'args'> & WorldScreenOptions

/** The plugin's `WorldScreen`, showing the world around it; takes the props of a mesh, too. */
export function WorldScreen({ mode, fit, height, filter, createMaterial, ...props }: WorldScreenProps): ReactNode {
  const world = useWorld()
  const screen = useRef<ScreenObject>(null)
  // Made anew with other options, as react-three-fiber does when `args` change.
  useEffect(() => {
    const shown = screen.current
    shown?.setWorld(world)
    return () => shown?.setWorld(null)
  }, [world])
  useFrame(() => screen.current?.update())
  const args: [WorldScreenOptions] = [{ mode, fit, height, filter, createMaterial }]
  return createElement(ScreenElement, { ...props, ref: screen, args } as never)
}
