/** Keys of the page itself; those that move the player belong to the plugin's controls. */
export interface PageKeys {
  say(): void
  toggleStats(): void
  takeControl(): void
  record(): void
  save(): void
  escape(): void
}

/** Returns the function that lets go of the keyboard. */
export function listenToPageKeys(keys: PageKeys, isPlaying: () => boolean): () => void {
  const byCode: Readonly<Record<string, () => void>> = {
    KeyT: keys.say,
    Enter: keys.say,
    KeyC: keys.takeControl,
    KeyV: keys.record,
    KeyK: keys.save,
    Escape: keys.escape,
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.code === 'F3') return act(event, keys.toggleStats)
    if (!isPlaying() || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
    // Enter on a focused button presses that button.
    if (event.code === 'Enter' && event.target instanceof HTMLButtonElement) return
    const run = byCode[event.code]
    if (run) act(event, run)
  }
  window.addEventListener('keydown', onKeyDown)
  return () => window.removeEventListener('keydown', onKeyDown)
}

function act(event: KeyboardEvent, run: () => void): void {
  event.preventDefault()
  run()
}
