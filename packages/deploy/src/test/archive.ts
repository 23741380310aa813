import { gzipSync } from "node:zlib";
import { pack, type Header } from "tar-stream";

export type Given = Partial<Header> & { name: string };

export const file = (name: string, text: string, mode = 0o644): [Given, string] => [
  { name, type: "file", mode },
  text,
];

/** A gzipped tar of these entries, as they are. */
export async function archiveOf(entries: [Given, string?][]): Promise<Buffer> {
  const archive = pack();
  for (const [header, text] of entries) archive.entry(header, text ?? "");
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks));
}
