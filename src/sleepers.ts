/** Those who wait to be woken, each for a topic. */
export class Sleepers {
  readonly #waking = new Map<string, Set<() => void>>();

  /** Resolves when the topic is woken, or when `signal` is aborted. */
  sleep(topic: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      let sleepers = this.#waking.get(topic);
      if (!sleepers) this.#waking.set(topic, sleepers = new Set());
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        sleepers.delete(wake);
        // Another set may have taken its place meanwhile.
        if (sleepers.size === 0 && this.#waking.get(topic) === sleepers) this.#waking.delete(topic);
        resolve();
      };
      sleepers.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  /** Wakes those who wait for a topic. */
  wake(topic: string): void {
    this.#waking.get(topic)?.forEach((wake) => wake());
  }

  /** Wakes everybody. */
  wakeAll(): void {
    for (const topic of [...this.#waking.keys()]) this.wake(topic);
  }
}
