import { NodeWorldScreen } from './node-world-screen.ts'
import { SoraWorld, type SoraWorldOptions } from './world-plugin.ts'

/** {@link SoraWorld} whose screen has a node material. */
export class NodeSoraWorld extends SoraWorld {
  constructor(options: SoraWorldOptions) {
    super({ screen: new NodeWorldScreen(options.screenOptions), ...options })
  }
}
