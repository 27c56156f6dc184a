import { readPageOptions } from './page-options.ts'
import { PlayPage } from './play-page.ts'

const page = new PlayPage(readPageOptions(new URL(location.href)))
page.leaveWithTab()
void page.start()
