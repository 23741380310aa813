// No vowels and no digits that look like letters: no name spells anything.
const letters = "bcdfghjklmnpqrstvwxz2456789";

/** Five characters, as `generateName` and pods get them. */
export const suffix = (): string =>
  Array.from({ length: 5 }, () => letters[Math.floor(Math.random() * letters.length)]).join("");

/** A number as a part of a name; the same number is the same name. */
export const encoded = (number: number): string =>
  [...String(number)].map((digit) => letters[digit.charCodeAt(0) % letters.length]).join("");
