// A value that changes, for whoever wants to show it: the two functions that stores of frameworks take.

export class Store<T> {
  #value: T;
  #isStarted = false;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  /** The same object until it changes. */
  readonly getSnapshot = (): T => this.#value;

  /** Hears of every change. What is shown is kept up from the first listener on. */
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
