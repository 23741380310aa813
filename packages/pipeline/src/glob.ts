/** What one part of a glob takes: a letter, one of anything but `/`, or as many as there are. */
type Part = { one: string } | "one" | "some" | "any" | "folders";

/** Does a branch fit a glob? `*` stands for anything but `/`, `**` for anything, `?` for one character but `/`. */
export function branchMatches(glob: string, branch: string): boolean {
  return matches(partsOf(glob, /\*\*|[^]/gu), branch);
}

/** The same for a path, as in GitHub's own filters: `**` and a slash stand for any folders, none at all too. */
export function pathMatches(glob: string, path: string): boolean {
  return matches(partsOf(glob, /\*\*\/|\*\*|[^]/gu), path);
}

function partsOf(glob: string, form: RegExp): Part[] {
  return [...glob.matchAll(form)].map(([part]): Part => {
    if (part === "**/") return "folders";
    if (part === "**") return "any";
    if (part === "*") return "some";
    return part === "?" ? "one" : { one: part };
  });
}

/**
 * Keeps the places of the glob at which the text may be, letter by letter. A regular expression would try one way after the
 * other, and stars in a row would take it years; whoever names a branch or a file would choose the text for it.
 */
function matches(parts: readonly Part[], text: string): boolean {
  let places = reach(parts, new Set([0]));
  for (const letter of text) {
    const next = new Set<number>();
    for (const place of places) for (const to of after(parts, place, letter)) next.add(to);
    places = reach(parts, next);
  }
  return places.has(parts.length);
}

/** Places inside folders are written as negative numbers: they are left only behind a slash. */
function after(parts: readonly Part[], place: number, letter: string): number[] {
  if (place < 0) return letter === "/" ? [place, -place] : [place];
  const part = parts[place];
  switch (part) {
    case undefined:
    case "folders":
      return [];
    case "any":
      return [place];
    case "some":
      return letter === "/" ? [] : [place];
    case "one":
      return letter === "/" ? [] : [place + 1];
    default:
      return part.one === letter ? [place + 1] : [];
  }
}

/** Adds the places that are reached without a letter. */
function reach(parts: readonly Part[], places: Set<number>): Set<number> {
  for (const place of places) {
    const part = parts[place];
    if (part === "any" || part === "some" || part === "folders") places.add(place + 1);
    if (part === "folders") places.add(-(place + 1));
  }
  return places;
}
