import { toSoraError } from '@sora-world/sdk/protocol'
import { openModel } from '../model/open-model.ts'
import { InProcessWorker } from './in-process-worker.ts'
import { HEARTBEAT_MS, type WorkerReply, type WorkerRequest } from './worker-messages.ts'

/**
 * Entry of the worker process, started by `process-worker.ts`: owns the model, answers requests in order.
 *
 * It ends with its parent: when the channel closes, for whatever reason, nothing is left behind. Ctrl-C and a service
 * manager's SIGTERM reach the whole process group, so they are ignored here and left to the parent.
 */

let worker: InProcessWorker | undefined

process.title = 'sora-world worker'
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {})
process.on('disconnect', () => process.exit(0))
process.on('message', (request: WorkerRequest) => {
  void handle(request)
})

async function handle(request: WorkerRequest): Promise<void> {
  switch (request.kind) {
    case 'start':
      return start(request)
    case 'open':
      return answer(request.id, async () => {
        await worker?.open(request.spec, request.history, request.mark)
        return { kind: 'opened', id: request.id }
      })
    case 'generate':
      return answer(request.id, async () => {
        const results = (await worker?.generate(request.jobs)) ?? []
        return { kind: 'generated', id: request.id, results }
      })
    case 'close':
      return worker?.close(request.rolloutId)
    case 'stop':
      process.exit(0)
  }
}

async function start(request: Extract<WorkerRequest, { kind: 'start' }>): Promise<void> {
  try {
    worker = new InProcessWorker(await openModel(request.options))
  } catch (error) {
    return send({ kind: 'failed', error: toSoraError(error).toJSON() }, () => process.exit(1))
  }
  const { manifest, provider, variant } = worker
  send({ kind: 'ready', manifest, provider, variant })
  setInterval(() => send({ kind: 'heartbeat' }), HEARTBEAT_MS)
}

async function answer(id: number, work: () => Promise<WorkerReply>): Promise<void> {
  try {
    send(await work())
  } catch (error) {
    send({ kind: 'rejected', id, error: toSoraError(error).toJSON() })
  }
}

/** A parent that is gone is no error: the disconnect handler ends the process. */
function send(reply: WorkerReply, then: () => void = () => {}): void {
  if (process.connected) process.send?.(reply, undefined, undefined, then)
}
