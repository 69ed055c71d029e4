// A value that changes, for whoever wants to show it: the two functions that stores of frameworks take.

/**
 * A value that changes, with the two functions that stores of frameworks take: `subscribe` and
 * `getSnapshot`.
 */
export class Store<T> {
  #value: T;
  #isStarted = false;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  /** The value: the same object until it changes. */
  readonly getSnapshot = (): T => this.#value;

  /**
   * Calls the listener after every change. Returns a function that ends it. The value is kept up from the
   * first listener on.
   */
  readonly subscribe = (listener: () => void): (() => void) => {
    const own = () => listener();
    this.#listeners.add(own);
    this.start();
    return () => void this.#listeners.delete(own);
  };

  /** Begins to keep the value up; called again it does nothing. */
  start(): void {
    if (!this.#isStarted) this.begin();
    this.#isStarted = true;
  }

  protected begin(): void {}

  protected show(value: T): void {
    this.#value = value;
    for (const it of [...this.#listeners]) it();
  }
}
