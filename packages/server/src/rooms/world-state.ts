import { type SchemaType, schema, t } from '@colyseus/schema'
import type { RoomStatus, RoomView } from '@sora-world/sdk/protocol'

/** {@link RoomView} as Colyseus sends it: changes only. */
export const WorldState = schema(
  {
    status: t.string<RoomStatus>().default('ready'),
    prompt: t.string().default(''),
    caption: t.string().default(''),
    rngSeed: t.uint32().default(0),
    world: t.uint32().default(0),
    seq: t.int32().default(-1),
    catchUpTo: t.int32().default(-1),
    driver: t.string().default(''),
    players: t.uint16().default(0),
    queuePosition: t.uint16().default(0),
    problem: t.string().default(''),
  },
  'WorldState',
)
export type WorldState = SchemaType<typeof WorldState>

/** Copies a view into the state; fields that are equal cause no traffic. */
export function showView(state: WorldState, view: RoomView): void {
  for (const [field, value] of Object.entries(view)) {
    if (state[field as keyof RoomView] !== value) Object.assign(state, { [field]: value })
  }
}
