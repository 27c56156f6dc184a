import { FakeDecoder, FakeWorld, type WorldClientOptions } from '@sora-world/sdk'

/**
 * `?fake`: a world inside the page, without server and model. Its pictures only say which chunk they are and which
 * action they answer: enough to work on the page, or to see that the controls arrive.
 */
export function demoWorld(): Pick<WorldClientOptions, 'transport' | 'files' | 'decoder'> {
  const { transport, files } = new FakeWorld({ latencyMs: 20 })
  return { transport, files, decoder: new FakeDecoder({ width: 128, height: 80 }) }
}
