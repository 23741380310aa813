import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { PulledImage } from "../registry/pull.ts";

export type NodeImage = {
  /** `<repository>@<digest>`, the digest being that of what the reference names: of the index when there is one. */
  imageID: string;
  config: PulledImage["config"];
  /** The unpacked file system; containers start from a copy of it. */
  directory: string;
};

export type Images = ReturnType<typeof createImages>;

/** The images of the node: pulled once by reference, unpacked once. `present` are those that are there, by reference. */
export function createImages(
  pull: (reference: string) => Promise<PulledImage>,
  directory: string,
  closing: AbortSignal,
  present: Map<string, NodeImage>,
) {
  const pulling = new Map<string, Promise<NodeImage>>();
  let count = 0;

  const fetch = async (reference: string): Promise<NodeImage> => {
    const pulled = await pull(reference).catch((error: unknown) => {
      throw new Error(pullFailure(reference, reasonOf(error)));
    });
    // Nothing is written after the end.
    closing.throwIfAborted();
    const imageID = `${repositoryOf(reference)}@${pulled.digest}`;
    const known = present.get(reference);
    if (known?.imageID === imageID) return known;
    count += 1;
    const folder = join(directory, `image-${count}`);
    await mkdir(folder, { recursive: true });
    await pulled.unpack(folder).catch((error: unknown) => {
      throw new Error(
        `rpc error: code = Unknown desc = failed to pull and unpack image "${reference}": failed to extract layer: ${reasonOf(error)}`,
      );
    });
    const image = { imageID, config: pulled.config, directory: folder };
    present.set(reference, image);
    return image;
  };

  return {
    /** Throws with the sentence of a failed pull. `present` tells that nothing had to be pulled. */
    async obtain(
      reference: string,
      policy: string,
      begins: () => void,
    ): Promise<{ image: NodeImage; present: boolean }> {
      const known = present.get(reference);
      if (known && policy !== "Always") return { image: known, present: true };
      if (policy === "Never")
        throw new Error(`Container image "${reference}" is not present with pull policy of Never`);
      begins();
      // Pods that start together wait for one pull.
      const running = pulling.get(reference);
      const pull = running ?? fetch(reference).finally(() => pulling.delete(reference));
      if (!running) pulling.set(reference, pull);
      return { image: await pull, present: false };
    },
  };
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const referenceForm =
  /^[a-z0-9]+([._-]+[a-z0-9]+)*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

/** Whether an image can be asked for at all; otherwise the kubelet says InvalidImageName. */
export const isReference = (image: string): boolean => referenceForm.test(image);

/** The reference without tag and digest. */
export const repositoryOf = (reference: string): string =>
  reference.replace(/@.*$/, "").replace(/:[^/:]+$/, "");

/** A node's words for a failed pull, by what the registry said. */
function pullFailure(reference: string, why: string): string {
  if (/no match for platform/i.test(why))
    return `rpc error: code = NotFound desc = failed to pull and unpack image "${reference}": no match for platform in manifest: not found`;
  const missing = /not found|manifest unknown|name unknown/i.test(why);
  const code = missing
    ? "NotFound"
    : /deadline|timed? ?out/i.test(why)
      ? "DeadlineExceeded"
      : "Unknown";
  const last = missing ? `${reference}: not found` : why;
  return `rpc error: code = ${code} desc = failed to pull and unpack image "${reference}": failed to resolve reference "${reference}": ${last}`;
}
