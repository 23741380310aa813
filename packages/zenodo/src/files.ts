import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { Fault, refuse } from "@release-actions/codes";
import type { Step } from "@release-actions/plan";
import { isObject } from "./citation.ts";
import type { ReleaseDraft } from "./draft.ts";

/** A file of the record: bytes, or something that opens a fresh stream each time. `md5` in hex saves reading it once. */
export type ReleaseFile = { name: string; md5?: string } & (
  | { bytes: Uint8Array }
  | { length: number; open(): Readable }
);

/** Puts one file into the draft, unless the same bytes are there. */
export function fileStep(draft: ReleaseDraft, file: ReleaseFile): Step<string> {
  const { api, reservation } = draft;
  let known = file.md5;
  const md5 = async (): Promise<string> => (known ??= await md5Of(file));
  return {
    key: `zenodo:${reservation.key}:file:${file.name}`,
    title: `Zenodo file ${file.name}`,
    look: async () => {
      const { files, published, id } = await draft.current();
      const wanted = await md5();
      if (files.some(({ name, md5: there }) => name === file.name && there === wanted))
        return { state: "done", value: wanted };
      if (!published) return { state: "todo" };
      return {
        state: "refused",
        refusal: refuse(
          "RA7010",
          `The published record ${id} has no ${file.name} with the MD5 ${wanted}.`,
        ),
      };
    },
    act: async () => {
      const deposition = draft.known();
      if (deposition.bucket === undefined)
        throw new Fault("RA7006", {
          saw: `the draft ${deposition.id} names no place for its files`,
        });
      const body = "bytes" in file ? file.bytes : { length: file.length, open: () => file.open() };
      const path = `${deposition.bucket}/${encodeURIComponent(file.name)}`;
      const answer = await draft.writing(() => api.write("PUT", path, { bytes: body }));
      const stored = isObject(answer) ? String(answer["checksum"]).replace(/^md5:/, "") : "";
      draft.keep({
        ...deposition,
        files: [
          ...deposition.files.filter(({ name }) => name !== file.name),
          { name: file.name, md5: stored },
        ],
      });
      const wanted = await md5();
      if (stored !== wanted)
        throw new Fault("RA7021", {
          saw: `${file.name} has the MD5 ${wanted}, Zenodo computed ${stored}`,
        });
      return wanted;
    },
  };
}

/** What is wrong with the draft's files before they are published for ever; undefined when they are the release's. */
export async function differences(
  draft: ReleaseDraft,
  files: readonly ReleaseFile[],
): Promise<string | undefined> {
  const { files: there, id } = await draft.current();
  const strange = there
    .filter(({ name }) => !files.some((file) => file.name === name))
    .map(({ name }) => name);
  if (strange.length > 0)
    return `${id} holds ${strange.join(", ")}, which this release does not have.`;
  const missing = files
    .filter(({ name }) => !there.some((file) => file.name === name))
    .map(({ name }) => name);
  return missing.length > 0 ? `${id} lacks ${missing.join(", ")}.` : undefined;
}

async function md5Of(file: ReleaseFile): Promise<string> {
  const hash = createHash("md5");
  if ("bytes" in file) return hash.update(file.bytes).digest("hex");
  for await (const chunk of file.open() as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest("hex");
}
