import type { Letter } from "./deliver.ts";
import { plainLine, webAddress } from "./plain-line.ts";

/** The notice as a CloudEvents 1.0 event in structured mode; a receiver drops a second one with the same source and id. */
export function cloudEvent(letter: Letter): Record<string, unknown> {
  const event = plainLine(letter.event ?? "notice", 40);
  return {
    specversion: "1.0",
    id: plainLine(letter.id, 500),
    source: webAddress(letter.source)?.href ?? "release-actions",
    type: `org.release-actions.${event.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-") || "notice"}`,
    ...(letter.at === undefined ? {} : { time: letter.at }),
    datacontenttype: "application/json",
    data: {
      title: plainLine(letter.title, 500),
      lines: letter.lines.map(({ label, text, url }) => {
        const address = webAddress(url);
        return {
          label: plainLine(label, 200),
          text: plainLine(text, 4000),
          ...(address === undefined ? {} : { url: address.href }),
        };
      }),
    },
  };
}
