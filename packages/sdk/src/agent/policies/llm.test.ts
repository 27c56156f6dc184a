import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FAKE_MANIFEST } from '../../transport/fake-manifest.ts'
import { FakeBackend } from '../fake-backend.ts'
import { runPolicy } from '../run-policy.ts'
import { WorldEnv } from '../world-env.ts'
import { type LlmOptions, llm } from './llm.ts'

type Answer = string | { status: number; body: string } | 'silence'
interface Asked {
  url: string
  key: string | undefined
  body: { model: string; messages: { role: string; content: unknown }[] }
}

let server: Server
let answers: Answer[]
let asked: Asked[]
let url: string

beforeEach(async () => {
  answers = []
  asked = []
  server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** An endpoint that says what the test wants, the last answer over and over. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = ''
  for await (const part of request) text += part
  asked.push({ url: request.url!, key: request.headers.authorization, body: JSON.parse(text) })
  const next = answers.length > 1 ? answers.shift()! : answers[0]!
  if (next === 'silence') return
  if (typeof next === 'object') response.writeHead(next.status).end(next.body)
  else response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content: next } }] }))
}

async function play(options: Partial<LlmOptions> = {}, maxSteps = 4) {
  const backend = new FakeBackend(FAKE_MANIFEST)
  const env = new WorldEnv(backend, { prompt: 'a desert' })
  await runPolicy(env, llm({ url, model: 'stub', ...options }), { maxSteps })
  return backend.calls.map(([move]) => move!.actions[0]!)
}

describe('an LLM policy', () => {
  it('asks for a plan, carries it out, and asks again', async () => {
    answers = ['Sure! {"buttons": ["forward"], "yaw": 40, "steps": 2}', '{"buttons": ["jump"]}']
    const actions = await play({ apiKey: 'secret', goal: 'Find water.' })
    expect(actions.map(({ held }) => held)).toEqual([['forward'], ['forward'], ['jump'], ['jump']])
    expect(actions.map(({ axes }) => axes['camera.yaw'] ?? 0)).toEqual([5, 5, 0, 0])
    expect(asked).toHaveLength(3)
    const [first, second] = asked as [Asked, Asked]
    expect(first).toMatchObject({ url: '/v1/chat/completions', key: 'Bearer secret', body: { model: 'stub' } })
    expect(first.body.messages[0]!.content).toMatch(/Find water\..*steps of 0.20 seconds.*forward, back/s)
    expect(first.body.messages[1]!.content).toMatch(/The world: a desert.*You are at x 0.0.*left open, ahead open/s)
    expect(second.body.messages[1]!.content).toMatch(/You did: .*forward/)
  })

  it('shows the picture to a model that sees', async () => {
    answers = ['{"buttons": []}']
    await play({ sees: true }, 1)
    expect(asked[0]!.body.messages[1]!.content).toMatchObject([
      { type: 'text' },
      { type: 'image_url', image_url: { url: expect.stringMatching(/^data:image\/png;base64,iVBOR/) } },
    ])
  })

  it('says what is wrong with an answer, and takes a better one', async () => {
    answers = ['{"buttons": ["fly"]}', '{"buttons": ["back"]}']
    expect((await play({}, 1))[0]!.held).toEqual(['back'])
    expect(asked[1]!.body.messages.at(-1)!.content).toMatch(/no button "fly". Answer with JSON only/)
  })

  it.each([
    ['no JSON', 'I would rather not.', /no JSON object/],
    ['broken JSON', '{"buttons": [}', /not JSON/],
    ['a turn that is no number', '{"yaw": "left"}', /"yaw" and "pitch"/],
    ['a turn that is null', '{"yaw": null}', /"yaw" and "pitch"/],
    ['buttons that are no list', '{"buttons": "forward"}', /has to be a list/],
    ['steps below 1', '{"steps": 0}', /"steps"/],
  ])('gives up on %s', async (_, nonsense, words) => {
    answers = [nonsense]
    const failure = play()
    await expect(failure).rejects.toMatchObject({ code: 'endpoint-failed' })
    await expect(failure).rejects.toThrow(words)
    expect(asked).toHaveLength(2)
  })

  it.each([
    ['refuses', { status: 401, body: '{"error":"bad key"}' }, /answered 401: ".*bad key/],
    ['fails', { status: 500, body: 'x'.repeat(5000) }, /answered 500: "x{200}\.\.\."$/],
    ['answers no JSON', { status: 200, body: '<html>' }, /not JSON: "<html>"/],
    ['answers no completion', { status: 200, body: '{"choices":[]}' }, /without a message/],
    ['answers null', { status: 200, body: 'null' }, /without a message/],
  ])('fails in words when the endpoint %s', async (_, nonsense, words) => {
    answers = [nonsense]
    const failure = play()
    await expect(failure).rejects.toMatchObject({ code: 'endpoint-failed' })
    await expect(failure).rejects.toThrow(words)
  })

  it('fails in words when the endpoint is down', async () => {
    await new Promise((resolve) => server.close(resolve))
    await expect(play()).rejects.toMatchObject({
      code: 'endpoint-failed',
      message: expect.stringMatching(/cannot be reached: .*ECONNREFUSED/),
    })
  })

  it('does not wait for an endpoint for ever', async () => {
    answers = ['silence']
    await expect(play({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' })
  })
})
