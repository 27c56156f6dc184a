import { randomInt } from 'node:crypto'
import { type Client, type MessageContext, Room } from '@colyseus/core'
import {
  CLIENT_MESSAGE_NAMES,
  type ClientMessage,
  type ClientMessageName,
  type ErrorNotice,
  PROTOCOL_VERSION,
  parseClientMessage,
  type Reply,
  SoraError,
  toSoraError,
  type WelcomeMessage,
} from '@sora-world/sdk/protocol'
import type { Downlink } from '../session/chunk-stream.ts'
import { DriverSeat } from '../session/drivers.ts'
import { RolloutSession } from '../session/rollout-session.ts'
import { WorldJournal } from '../worlds/world-journal.ts'
import type { WorldShelf } from '../worlds/world-shelf.ts'
import { sendChunk } from './chunk-sender.ts'
import { FrameDoor } from './frame-door.ts'
import { type CheckedJoin, chooseSize, chooseSteps, readJoinOptions } from './join-options.ts'
import { forkWorld, keepWorld } from './keep-world.ts'
import { RateLimit } from './rate-limit.ts'
import { refusal } from './refusals.ts'
import { Throttle } from './throttle.ts'
import type { HostedRoom, WorldHost } from './world-host.ts'
import { showView, WorldState } from './world-state.ts'

const KEEPINGS_PER_SECOND = 2
/** How long a room that was opened again waits for the first person. */
const OFFERED_MS = 10 * 60_000

/**
 * One world and the people in it: translates between Colyseus and a {@link RolloutSession}, nothing else.
 *
 * Failure: what a client does wrong is answered with a typed error and changes nothing; the session goes on.
 */
export abstract class WorldRoom extends Room<{ state: WorldState }> implements HostedRoom {
  /** The server that the room lives in. */
  protected abstract readonly host: WorldHost
  override state = new WorldState()
  unwatchedSince: number | null = null
  #seat!: DriverSeat
  readonly #downlinks = new Map<string, Downlink>()
  readonly #notDriver = new Throttle(1000)
  #journal: WorldJournal | undefined
  #endOffer = () => {}
  /** Of all people in the room together: keeping a world is work for the whole server. */
  readonly #keeping = new RateLimit(KEEPINGS_PER_SECOND)
  #door!: FrameDoor
  #session!: RolloutSession
  #welcome!: Omit<WelcomeMessage, 'sessionId'>

  static override async onAuth(_token: string, options: unknown): Promise<boolean> {
    try {
      readJoinOptions(options)
      return true
    } catch (thrown) {
      throw refusal(thrown)
    }
  }

  override onCreate(options: unknown): void {
    try {
      this.#create(readJoinOptions(options))
    } catch (thrown) {
      throw refusal(thrown)
    }
  }

  override onJoin(client: Client, options: unknown): void {
    const { maxClients } = this.host.settings
    // Not Colyseus' maxClients: that one tells the client that there is no such room.
    if (this.clients.length > maxClients) throw refusal(new SoraError('busy', `${maxClients} people are here already`))
    const { role, downlink } = readJoinOptions(options)
    this.#endOffer()
    this.autoDispose = true
    this.#seat.join(client.sessionId, role)
    this.#downlinks.set(client.sessionId, downlink)
    this.#greet(client)
    this.#peopleChanged()
  }

  override onDrop(client: Client): void {
    if (client.sessionId === this.#seat.driver) this.#session.releaseActions()
    // Rejects when the time is over; onLeave follows then.
    this.allowReconnection(client, this.host.settings.reconnectionSeconds).catch(() => {})
    this.#peopleChanged()
  }

  override onReconnect(client: Client): void {
    this.#greet(client)
    this.#peopleChanged()
  }

  override onLeave(client: Client): void {
    this.#seat.leave(client.sessionId)
    this.#downlinks.delete(client.sessionId)
    this.#door.forget(client.sessionId)
    this.#notDriver.forget(client.sessionId)
    this.#peopleChanged()
  }

  override onDispose(): void {
    this.host.leave(this)
    this.#endOffer()
    // The session is missing when onCreate refused.
    if (!this.#session) return
    this.host.settings.scheduler.remove(this.#session)
    this.#session.close()
    // A world that was offered again and that nobody came for is still somebody's.
    this.#journal?.close(this.host.isClosing || !this.autoDispose)
  }

  #create(options: CheckedJoin): void {
    const { host } = this
    const { manifest } = host
    const { scheduler, clock, worker, defaultPrompt } = host.settings
    const world = options.snapshot === undefined ? undefined : host.shelf.get(options.snapshot).value
    const size = chooseSize(manifest, world?.size ?? options.size)
    const steps = chooseSteps(manifest, world?.steps ?? options.steps ?? host.settings.steps)
    const { prompt = defaultPrompt, rngSeed = drawRngSeed() } = options
    const worldIndex = this.#reopen(options.snapshot)
    const { store } = host
    this.#journal = store && new WorldJournal(store, this.roomId, host.settings.log)
    const maker = { provider: worker.provider, variant: worker.variant }
    this.#seat = new DriverSeat({ lockControl: host.settings.lockControl })
    this.#session = new RolloutSession(
      {
        id: this.roomId,
        manifest,
        size,
        steps,
        memory: host.settings.memory,
        guard: options.guard ?? host.settings.guard,
        prompt,
        rngSeed,
        maker,
        world,
        worldIndex,
      },
      {
        clock,
        journal: this.#journal,
        drawRngSeed,
        onChunk: (packets) => sendChunk(this.clients, packets, (client) => this.#downlinks.get(client.sessionId)),
        onChange: () => this.#show(),
        wake: () => scheduler.wake(),
        closeRollout: (rolloutId) => worker.close(rolloutId),
      },
    )
    this.#welcome = { protocol: PROTOCOL_VERSION, ...host.describe(size, steps) }
    this.#door = new FrameDoor(() => clock.now())
    this.#door.guard(this)
    for (const name of CLIENT_MESSAGE_NAMES) this.#listen(name)
    // Everybody gets a world of their own; friends come with its id.
    void this.setPrivate(true)
    // Whoever asked for the room has yet to come: a room that nobody comes to may make way too.
    this.unwatchedSince = clock.now()
    host.admit(this)
    scheduler.add(this.#session)
    this.#show()
  }

  /** A room that a server had before it ended gets its id again. Gives the index of its first world. */
  #reopen(snapshot: string | undefined): number {
    const before = snapshot === undefined ? undefined : this.host.reopening.get(snapshot)
    if (!before) return 0
    this.roomId = before.roomId
    // Until somebody comes; Colyseus would give them 15 s.
    this.autoDispose = false
    this.#endOffer = this.host.settings.clock.after(OFFERED_MS, () => void this.disconnect())
    return before.world + 1
  }

  #listen(name: ClientMessageName): void {
    this.onMessage(name, async (client: Client, payload: unknown, context?: MessageContext) => {
      const reply = await this.#answer(client, name, payload)
      if (!reply.ok && context?.id === undefined) this.#tell(client, reply.error)
      return reply
    })
  }

  async #answer(client: Client, name: ClientMessageName, payload: unknown): Promise<Reply<unknown>> {
    try {
      const value = await this.#handlers[name](client, parseClientMessage(name, payload) as never)
      return { ok: true, value: value ?? null }
    } catch (thrown) {
      return { ok: false, error: toSoraError(thrown).toJSON() }
    }
  }

  #tell(client: Client, error: ErrorNotice): void {
    // A client that has just lost the controls sends a few more messages: once is enough.
    const isMuted =
      error.code === 'not-driver' && !this.#notDriver.allows(client.sessionId, this.host.settings.clock.now())
    if (!isMuted) client.send('error', error)
  }

  readonly #handlers: { [N in ClientMessageName]: (client: Client, message: ClientMessage<N>) => unknown } = {
    control: (client, message) => {
      if (client.sessionId !== this.#seat.driver) throw new SoraError('not-driver', 'somebody else has the controls')
      this.#session.control(message)
    },
    prompt: (client, { text, rngSeed }) => this.#decide(client, () => this.#session.startWorld(text, rngSeed)),
    event: (client, { text }) => this.#decide(client, () => this.#session.addEvent(text)),
    reset: (client, { rngSeed }) => this.#decide(client, () => this.#session.reset(rngSeed)),
    snapshot: (client) => this.#keep(client, (shelf) => keepWorld(this.#session, shelf)),
    restore: (client, { snapshot }) => this.#keep(client, (shelf) => this.#session.restore(shelf.get(snapshot).value)),
    rewind: (client, { seq }) => this.#keep(client, () => this.#session.rewind(seq)),
    fork: (client, { count }) => this.#keep(client, (shelf) => forkWorld(this.#session, shelf, count)),
    pause: (client, { paused }) => this.#decide(client, () => this.#session.setPaused(paused)),
    'take-control': (client) => {
      this.#seat.take(client.sessionId)
      this.#driverMayHaveChanged()
      return { driver: this.#seat.driver }
    },
    'release-control': (client) => {
      this.#seat.release(client.sessionId)
      this.#driverMayHaveChanged()
    },
    downlink: (client, { kind }) => {
      this.#downlinks.set(client.sessionId, kind)
      this.#downlinksChanged()
      // What the client has seen already it leaves out; where nothing is made now, it is all there is to see.
      this.#catchUp(client)
    },
    ping: (client, { sentAt }) => client.send('pong', { sentAt }),
  }

  #keep<T>(client: Client, action: (shelf: WorldShelf) => T): T {
    return this.#decide(client, () => {
      if (this.#keeping.take(this.host.settings.clock.now()) === 'take') return action(this.host.shelf)
      throw new SoraError('rate-limited', `more than ${KEEPINGS_PER_SECOND} worlds kept or taken up in a second`)
    })
  }

  #decide<T>(client: Client, action: () => T): T {
    if (!this.#seat.mayDecide(client.sessionId)) {
      throw new SoraError('not-driver', 'only who has the controls can do that; take them first')
    }
    return action()
  }

  #greet(client: Client): void {
    const welcome: WelcomeMessage = { ...this.#welcome, sessionId: client.sessionId }
    client.send('welcome', welcome)
    this.#catchUp(client)
  }

  #catchUp(client: Client): void {
    const kind = this.#downlinks.get(client.sessionId) ?? 'latent'
    for (const packet of this.#session.catchUp(kind)) sendChunk([client], { [kind]: packet }, () => kind)
  }

  #peopleChanged(): void {
    const isWatched = this.clients.length > 0
    this.unwatchedSince = isWatched ? null : this.host.settings.clock.now()
    this.#session.setWatched(isWatched)
    this.#downlinksChanged()
    this.#driverMayHaveChanged()
  }

  #downlinksChanged(): void {
    this.#session.wantsImages = this.clients.some((client) => this.#downlinks.get(client.sessionId) === 'image')
  }

  #driverMayHaveChanged(): void {
    this.#session.setDriver(this.#seat.driver)
    this.#show()
  }

  #show(): void {
    const people = { driver: this.#seat.driver, players: this.clients.length }
    showView(this.state, { ...this.#session.view(), ...people })
  }
}

function drawRngSeed(): number {
  return randomInt(0, 2 ** 32)
}
