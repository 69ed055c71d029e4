// Elements, and how times and sizes are said.

type Child = Node | string | false | null | undefined;

/** Sets what is a property of the element, and what is none as an attribute. */
export function h(tag: string, set: Record<string, unknown> = {}, ...children: Child[]): HTMLElement {
  const it = document.createElement(tag);
  for (const [name, value] of Object.entries(set)) {
    if (name in it) Object.assign(it, { [name]: value });
    else it.setAttribute(name, String(value));
  }
  it.append(...children.filter((child) => child !== false && child != null));
  return it;
}

/** Puts the new element in the place of the old one, unless they look the same. Gives the one in place. */
export function renew(old: HTMLElement, it: HTMLElement): HTMLElement {
  if (old.isEqualNode(it)) return old;
  old.replaceWith(it);
  return it;
}

/** "850 ms", "1.2 s", "12 s", "4 min 10 s", "2 h 5 min". */
export function duration(ms: number): string {
  const seconds = Math.max(ms, 0) / 1000;
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  return count < 1024 ** 2 ? `${(count / 1024).toFixed(1)} KB` : `${(count / 1024 ** 2).toFixed(1)} MB`;
}

/** The time of day, in UTC as logs of servers have it. */
export const time = (at: number) => new Date(at).toISOString().slice(11, 19);
