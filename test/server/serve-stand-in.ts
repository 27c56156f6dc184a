/** A server without a model, to work on clients: `node --conditions=@sora/source test/server/serve-stand-in.ts [port]`. */
import { createRoomServer } from '../../packages/server/src/rooms/create-server.ts'
import { StandInWorker } from './stand-in-worker.ts'

const port = Number(process.argv[2] ?? 2567)
const server = await createRoomServer({ worker: new StandInWorker(), port, playDir: process.argv[3] })
console.log(`stand-in world at ${server.url}`)
process.once('SIGINT', () => void server.close())
