/** Replaces every known secret, in every form a program is likely to print it, by `***`. */
export type Masks = {
  /** Adds a value, its lines and their encodings. Empty values are ignored. */
  add(value: string): void;
  mask(text: string): string;
  /** True when the text contains a masked value. */
  finds(text: string): boolean;
};

export function createMasks(): Masks {
  const hidden = new Set<string>();
  const add = (value: string): void => {
    for (const part of [value, ...value.split(/[\r\n]+/).map((line) => line.trim())]) {
      if (part.trim() === "") continue;
      for (const form of formsOf(part)) if (form !== "") hidden.add(form);
    }
  };
  const mask = (text: string): string => {
    const spans = merged(spansOf(text, hidden));
    let from = 0;
    let result = "";
    for (const [start, end] of spans) {
      result += `${text.slice(from, start)}***`;
      from = end;
    }
    return result + text.slice(from);
  };
  return { add, mask, finds: (text) => [...hidden].some((value) => text.includes(value)) };
}

/** The encodings that GitHub's runner knows; base64 also at the two other byte offsets, as in `base64(user:secret)`. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value, "utf8");
  const forms = [
    value,
    bytes.toString("base64"),
    (bytes.length > 1 ? bytes.subarray(1) : bytes).toString("base64"),
    (bytes.length > 2 ? bytes.subarray(2) : bytes).toString("base64"),
    value.replaceAll('"', '\\"'),
    value.replaceAll("'", "''"),
    JSON.stringify(value).slice(1, -1),
    uriEncoded(value),
    value
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&apos;"),
  ];
  if (value.length > 8 && value.startsWith('"') && value.endsWith('"')) {
    forms.push(value.slice(1, -1));
  }
  return forms;
}

function uriEncoded(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function spansOf(text: string, hidden: Set<string>): [number, number][] {
  const spans: [number, number][] = [];
  for (const value of hidden) {
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
      spans.push([at, at + value.length]);
    }
  }
  return spans.toSorted((a, b) => a[0] - b[0]);
}

/** Overlapping and touching spans become one, so that one secret shows as one `***`. */
function merged(spans: [number, number][]): [number, number][] {
  const result: [number, number][] = [];
  for (const [start, end] of spans) {
    const last = result.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}
