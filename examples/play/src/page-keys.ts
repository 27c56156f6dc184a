/** Keys of the page itself; those that move the player belong to the plugin's controls. */
export interface PageKeys {
  say(): void
  toggleStats(): void
  takeControl(): void
  escape(): void
}

/** Returns the function that lets go of the keyboard. */
export function listenToPageKeys(keys: PageKeys, isPlaying: () => boolean): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.code === 'F3') return act(event, keys.toggleStats)
    if (!isPlaying() || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
    // Enter on a focused button presses that button.
    if (event.code === 'Enter' && event.target instanceof HTMLButtonElement) return
    if (event.code === 'KeyT' || event.code === 'Enter') act(event, keys.say)
    else if (event.code === 'KeyC') act(event, keys.takeControl)
    else if (event.code === 'Escape') act(event, keys.escape)
  }
  window.addEventListener('keydown', onKeyDown)
  return () => window.removeEventListener('keydown', onKeyDown)
}

function act(event: KeyboardEvent, run: () => void): void {
  event.preventDefault()
  run()
}
