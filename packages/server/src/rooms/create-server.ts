import { once } from 'node:events'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Server as ColyseusServer, defineRoom, defineServer, matchMaker } from '@colyseus/core'
import { WebSocketTransport } from '@colyseus/ws-transport'
import { chunkDurationMs, ROOM_NAME, SoraError } from '@sora-world/sdk/protocol'
import type { RequestHandler } from 'express'
import { affordableSteps, type ChunkCost, estimateChunkMs } from '../scheduler/chunk-cost.ts'
import { systemClock } from '../scheduler/clock.ts'
import { measureChunkCost } from '../scheduler/measure-chunk-cost.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import type { ModelWorker } from '../worker/model-worker.ts'
import type { WorldStore } from '../worlds/world-store.ts'
import { limitBodies } from './http-limits.ts'
import { addRoutes } from './http-routes.ts'
import { chooseSteps } from './join-options.ts'
import { checkPort, listenError } from './port.ts'
import { reopenWorlds } from './reopen-worlds.ts'
import { type ServerHealth, serverHealth } from './server-health.ts'
import { type HostSettings, WorldHost } from './world-host.ts'
import { WorldRoom } from './world-room.ts'

export interface RoomServerOptions {
  /** Makes the chunks; the server stops it when it closes. */
  worker: ModelWorker
  /** 0 = any free one. */
  port?: number
  host?: string
  /** Folder of the model package that the worker runs, to serve it to clients. */
  modelDir?: string
  /** Folder of a built play page, served at `/`. */
  playDir?: string
  /** Makes the play page instead of a folder. */
  playHandler?: RequestHandler
  /**
   * Denoise steps of rooms that do not ask for a number. When not given as many as this machine can do in real time, at
   * most the manifest's default.
   */
  steps?: number
  /** What a chunk costs in the worker, as `measureChunkCost` found it; measured when not given. */
  cost?: ChunkCost
  /** Whether a model with world memory uses it; true by default. */
  memory?: boolean
  /** Whether a world that breaks down is started anew from its memory, in rooms that do not say; true by default. */
  guard?: boolean
  maxRooms?: number
  /** People in one room, spectators included. */
  maxClients?: number
  /** Rooms that generate at the same time; measured when not given. */
  maxRunning?: number
  defaultPrompt?: string
  reconnectionSeconds?: number
  /** Nobody can take the controls from a driver who is there. */
  lockControl?: boolean
  /** Keeps the worlds that are played, to offer them again after a restart; the server closes it. */
  store?: WorldStore
  /** Takes one line of text per problem with a connection or the store; nothing is written without it. */
  log?: (line: string) => void
}

export interface RoomServer {
  readonly port: number
  readonly url: string
  /** The same as `/health`. */
  health(): ServerHealth
  /** Says goodbye to everybody, stops the worker and frees the port. May be called twice. */
  close(): Promise<void>
}

/**
 * Larger frames close the connection without a word; up to here the room answers with an error. Well above
 * LIMITS.messageBytes on purpose.
 */
const MAX_FRAME_BYTES = 1024 * 1024
/** How long clients have to answer a goodbye, milliseconds. */
const GOODBYE_MS = 1500
const DEFAULT_MAX_ROOMS = 16
const DEFAULT_MAX_CLIENTS = 32
const DEFAULT_RECONNECTION_SECONDS = 30
const DEFAULT_PROMPT = 'a grassy plain with trees on a clear day'

/** Colyseus keeps its rooms in module variables. */
let isServing = false

/**
 * Starts a server around a worker that runs already. One per process.
 *
 * @throws SoraError `port-in-use`; `option-invalid`; `unsupported` when this process serves already. The worker is left
 *   running then
 */
export async function createRoomServer(options: RoomServerOptions): Promise<RoomServer> {
  const { worker, port = 0, host = '127.0.0.1' } = options
  await checkPort(port, host)
  if (isServing) throw new SoraError('unsupported', 'this process runs a world server already; start another process')
  const wantedSteps = options.steps === undefined ? undefined : chooseSteps(worker.manifest, options.steps)
  const cost = options.cost ?? (await measureChunkCost(worker, { memory: options.memory }))
  const steps = wantedSteps ?? affordableSteps(worker.manifest, cost)
  const world = new WorldHost(hostSettings(options, steps), options.store)
  const { modelUrl, scheduler } = world.settings
  scheduler.learn(cost.samplesMs.map((chunkMs) => estimateChunkMs({ ...cost, chunkMs }, steps)))
  const http = createServer()
  const sockets = openSockets(http)
  const health = () => serverHealth(world)
  const { modelDir, playDir, playHandler } = options
  const server = defineServer({
    rooms: { [ROOM_NAME]: defineRoom(roomClass(world)) },
    transport: new WebSocketTransport({ server: http, maxPayload: MAX_FRAME_BYTES }),
    express: (app) =>
      addRoutes(app, {
        ...{ manifest: worker.manifest, modelUrl, modelDir, playDir, playHandler },
        shelf: world.shelf,
        health,
      }),
    gracefullyShutdown: false,
    greet: false,
    logger: colyseusLogger(options.log),
  })
  await listen(server, http, port, host)
  await reopenWorlds(world, world.settings.log)
  let closing: Promise<void> | undefined
  const close = async () => {
    world.isClosing = true
    scheduler.stop()
    await shutDown(server, http, sockets)
    await worker.stop()
    world.store?.close()
  }
  const { port: actualPort } = http.address() as AddressInfo
  return { port: actualPort, url: serverUrl(host, actualPort), health, close: () => (closing ??= close()) }
}

function openSockets(http: HttpServer): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  http.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}

async function listen(server: ColyseusServer, http: HttpServer, port: number, host: string): Promise<void> {
  isServing = true
  try {
    await Promise.race([server.listen(port, host), listenFailure(http, port)])
  } catch (thrown) {
    isServing = false
    throw thrown
  }
  limitBodies(http)
}

/** A client whose tab or machine is gone never answers the goodbye: its socket is cut after a moment. */
async function shutDown(server: ColyseusServer, http: HttpServer, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = once(http, 'close')
  const patience = setTimeout(() => sockets.forEach((socket) => void socket.destroy()), GOODBYE_MS)
  await server.gracefullyShutdown(false)
  matchMaker.stats.clearAutoPersistInterval()
  http.closeAllConnections()
  await closed
  clearTimeout(patience)
  isServing = false
}

function hostSettings(options: RoomServerOptions, steps: number): HostSettings {
  const { worker, maxRunning } = options
  const { manifest } = worker
  return {
    worker,
    clock: systemClock,
    scheduler: new Scheduler(worker, { chunkMs: chunkDurationMs(manifest), maxRunning }),
    modelUrl: `/models/${encodeURIComponent(manifest.name)}/`,
    steps,
    memory: options.memory ?? true,
    guard: options.guard ?? true,
    maxRooms: options.maxRooms ?? DEFAULT_MAX_ROOMS,
    maxClients: options.maxClients ?? DEFAULT_MAX_CLIENTS,
    defaultPrompt: options.defaultPrompt ?? DEFAULT_PROMPT,
    reconnectionSeconds: options.reconnectionSeconds ?? DEFAULT_RECONNECTION_SECONDS,
    lockControl: options.lockControl ?? false,
    log: options.log ?? (() => {}),
  }
}

/** Colyseus makes rooms from a class, so what they share has to be in it. */
function roomClass(world: WorldHost) {
  return class extends WorldRoom {
    protected override readonly host = world
  }
}

/** Only rejects: Colyseus' own `listen` never settles when the port was taken meanwhile. */
function listenFailure(http: HttpServer, port: number): Promise<never> {
  return new Promise((_resolve, reject) => http.once('error', (error) => reject(listenError(error, port))))
}

function serverUrl(host: string, port: number): string {
  const isEverywhere = host === '0.0.0.0' || host === '::'
  return `http://${isEverywhere ? 'localhost' : host}:${port}`
}

/** Colyseus' log is for its developers: only its errors are passed on, one line each. */
function colyseusLogger(log: (line: string) => void = () => {}) {
  const nothing = () => {}
  const error = (text: unknown) => log(`colyseus: ${String(text).split('\n')[0]}`)
  return { debug: nothing, info: nothing, trace: nothing, warn: nothing, error }
}
