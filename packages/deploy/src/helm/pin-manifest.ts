import { Document, isScalar, visit } from "yaml";
import { fullImageName, splitImage } from "../kubernetes/image.ts";
import { readManifests } from "../kubernetes/manifests.ts";
import { containersOf, podSpecOf, textAt, type KubeObject } from "../kubernetes/object.ts";
import { pinObject, type ImagesByName } from "../kubernetes/rendered.ts";

/** What helm rendered, with the release's images in it. */
export type PinnedManifest = {
  text: string;
  objects: KubeObject[];
  /** Objects that helm makes and waits for by itself, at their own moment. */
  hooks: KubeObject[];
  /** Full names of the components' images that the objects name; hooks alone do not count. */
  used: Set<string>;
};

/**
 * Writes the release's references into whatever has pods, by the name of the image, and leaves every other document as helm
 * rendered it. @throws Fault RA3005 for a document that is no object
 */
export function pinManifest(text: string, images: ImagesByName, version: string): PinnedManifest {
  const pinned: PinnedManifest = { text: "", objects: [], hooks: [], used: new Set() };
  // A line that begins so is never inside a text: those are indented.
  const documents = text.split(/^---(?=\s|$)/m).filter((part) => part.trim() !== "");
  pinned.text = documents
    .map((part) => `---${pinDocument(part, images, version, pinned)}`)
    .join("");
  return pinned;
}

function pinDocument(
  part: string,
  images: ImagesByName,
  version: string,
  pinned: PinnedManifest,
): string {
  const source = /^\s*# Source: (.*)$/m.exec(part)?.[1]?.trim();
  const written = readManifests([{ path: source ?? "the chart", text: part }], (text) => text);
  for (const { object } of written) {
    const hook = isHook(object);
    (hook ? pinned.hooks : pinned.objects).push(object);
    if (podSpecOf(object) !== undefined)
      pinObject(object, images, version, hook ? new Set() : pinned.used);
  }
  if (!written.some(({ object }) => podSpecOf(object) !== undefined))
    return `${/^\s*\n/.test(part) ? "" : "\n"}${part}${part.endsWith("\n") ? "" : "\n"}`;
  const header = source === undefined ? "\n" : `\n# Source: ${source}\n`;
  return written.map(({ object }) => `${header}${yamlOf(object)}`).join("---");
}

export function isHook(object: KubeObject): boolean {
  return object.metadata.annotations?.["helm.sh/hook"] !== undefined;
}

/** The hooks that name a component's image otherwise than the release does, as people read them. */
export function strayHooks(text: string, images: ImagesByName): string[] {
  return readManifests([{ path: "the chart", text }], (one) => one)
    .map(({ object }) => object)
    .filter(isHook)
    .flatMap((hook) =>
      containersOf(podSpecOf(hook)).flatMap((container) => {
        const reference = textAt(container, "image");
        const { name, digest } = splitImage(reference);
        const image = images.get(fullImageName(name));
        return image === undefined || image.digest === digest
          ? []
          : [`${hook.kind} ${hook.metadata.name} (${reference})`];
      }),
    );
}

/** Read by helm as it was meant: a text that could be taken for something else is quoted. */
function yamlOf(object: KubeObject): string {
  const document = new Document(object, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      if (isScalar(node) && typeof node.value === "string")
        node.type = isPlain(node.value) ? "PLAIN" : "QUOTE_DOUBLE";
    },
  });
  // Line ends of Unicode, which stand in quoted texts only, would be read as line ends.
  return document
    .toString({ lineWidth: 0 })
    .replaceAll(
      /[\u0085\u2028\u2029]/g,
      (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

function isPlain(text: string): boolean {
  return (
    /^[A-Za-z][\w./@-]*(?::[\w./@-]+)*$/.test(text) &&
    !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(text)
  );
}
