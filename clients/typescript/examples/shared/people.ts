// How people look: their first letter, on a colour of their own.

export function hue(user: string): number {
  let sum = 7;
  for (const it of user) sum = (sum * 31 + (it.codePointAt(0) ?? 0)) % 360;
  return sum;
}

export const initial = (name: string) => [...name][0]?.toUpperCase() ?? "?";
