import type { RecordedRequest } from "@release-actions/stand-ins";

/** A text in a request that wrote something, and where it was. */
export type WrittenText = { place: string; text: string; isMarkdown: boolean };

/** Fields whose text GitHub shows as Markdown. */
const markdownFields = ["body", "comment"];

/** Every text that requests wrote: of JSON each string by itself, and what is in base64 as what it is. */
export function writtenTexts(requests: readonly RecordedRequest[]): WrittenText[] {
  return requests
    .filter(({ wrote }) => wrote)
    .flatMap(({ method, path, body, headers }) =>
      headers["content-type"]?.includes("json")
        ? textsIn(`${method} ${path}`, JSON.parse(body.toString()))
        : [],
    );
}

function textsIn(place: string, value: unknown): WrittenText[] {
  if (typeof value === "string") {
    const field = place.slice(place.lastIndexOf(" ") + 1);
    if (field === "contents") return fileTexts(place, Buffer.from(value, "base64").toString());
    return [{ place, text: value, isMarkdown: markdownFields.includes(field) }];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => textsIn(`${place} ${key}`, part));
}

function fileTexts(place: string, text: string): WrittenText[] {
  try {
    return textsIn(`${place}:`, JSON.parse(text));
  } catch {
    return [{ place, text, isMarkdown: false }];
  }
}
