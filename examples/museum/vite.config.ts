import { defineConfig } from 'vite'
import { pageConfig } from '../page.vite.ts'

export default defineConfig(pageConfig(import.meta.dirname, 2500))
