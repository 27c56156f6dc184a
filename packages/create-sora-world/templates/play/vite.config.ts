import { soraWorld } from '@sora-world/server/vite'
import { defineConfig } from 'vite'

// Starts the world server beside the page; what it takes (port, model, ...) is in its type.
export default defineConfig({ plugins: [soraWorld()] })
