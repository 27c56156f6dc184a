import { readPageOptions } from './page-options.ts'
import { PlayPage } from './play-page.ts'

void new PlayPage(readPageOptions(new URL(location.href))).start()
