/** Longest sentence of a person that is kept. */
const longest = 1000;

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
/** Characters that turn the reading direction or hide: what is decided must look like what it is. */
const hidden = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** A person's text on one line, without what cannot be seen. */
export function legible(text: string): string {
  return text.toWellFormed().replaceAll(hidden, "").replaceAll(control, " ").trim();
}

/** Does a line hold what cannot be seen? */
export function isDisguised(line: string): boolean {
  const bare = line.replaceAll("\t", " ");
  return bare.search(control) >= 0 || bare.search(hidden) >= 0;
}

/** A person's sentence, such as a reason; undefined where there is no letter or digit of any script to read in it. */
export function sentenceIn(text: string): string | undefined {
  const sentence = [...legible(text)].slice(0, longest).join("");
  return /[\p{L}\p{N}]/u.test(sentence) ? sentence : undefined;
}
