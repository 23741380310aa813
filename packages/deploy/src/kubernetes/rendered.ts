import { Fault } from "@release-actions/codes";
import { fullImageName, splitImage } from "./image.ts";
import { isWaited, knownResource, rankOf } from "./kinds.ts";
import { isNamespace, readManifests, type ManifestFile, type Written } from "./manifests.ts";
import {
  containersOf,
  digestOf,
  isMapping,
  nameOf,
  podSpecOf,
  podTemplateOf,
  templateAnnotation,
  textAt,
  versionAnnotation,
  type KubeObject,
} from "./object.ts";

/** The image of a component as the release has it. */
export type ReleasedImage = {
  /** Name without tag and digest, as components name it. */
  image: string;
  /** What the cluster is told to run: `image:tag@sha256:…` or `image@sha256:…`. */
  reference: string;
  /** Digests of the index's platform manifests: some nodes name these instead of the index. */
  platforms?: string[];
};

/** Objects ready to be applied, in the order of applying. JSON all through. */
export type Rendered = {
  namespace: string;
  version: string;
  objects: KubeObject[];
  /** For each digest of the release the digests by which nodes may name it. */
  digests: Record<string, string[]>;
};

/**
 * Turns manifest files into the objects of a release. Pure.
 * Fills `${name}` where `placeholders` has the name and leaves every other `${…}` alone (it may be shell text); writes the
 * components' references into containers of the same image; gives namespaced objects without a namespace this one.
 * @throws Fault RA3005, RA3006 (files), RA3007 (a component's image is in no manifest), RA1002 (no digest, bad namespace)
 */
export function renderManifests(release: {
  files: readonly ManifestFile[];
  images: readonly ReleasedImage[];
  namespace: string;
  placeholders: Readonly<Record<string, string>>;
  version: string;
}): Rendered {
  if (!isNamespace(release.namespace)) {
    throw new Fault("RA1002", {
      saw: `${JSON.stringify(release.namespace)} is not the name of a Kubernetes namespace.`,
    });
  }
  const images = imagesByName(release.images);
  const written = readManifests(release.files, filler(release.placeholders));
  const used = new Set<string>();
  for (const { object } of written) {
    clean(object);
    setNamespace(object, release.namespace);
    pinObject(object, images, release.version, used);
  }
  refuseTwins(written);
  const unused = release.images.filter((image) => !used.has(fullImageName(image.image)));
  if (unused.length > 0) {
    throw new Fault("RA3007", {
      saw: `${unused.map((image) => image.image).join(", ")} is in no container of ${written.length} objects; they name ${namedImages(written) || "no image"}.`,
    });
  }
  return {
    namespace: release.namespace,
    version: release.version,
    objects: written
      .map(({ object }) => object)
      .toSorted((a, b) => rankOf(a.kind) - rankOf(b.kind)),
    digests: acceptedDigests(images),
  };
}

export type CheckedImage = { reference: string; digest: string; platforms: string[] };
export type ImagesByName = ReadonlyMap<string, CheckedImage>;

/** The images of a release by their full names. @throws Fault RA1002 where one has no digest */
export function imagesByName(images: readonly ReleasedImage[]): ImagesByName {
  return new Map(images.map((image) => [fullImageName(image.image), checked(image)]));
}

/** For each digest of the release the digests by which nodes may name it. */
export function acceptedDigests(images: ImagesByName): Rendered["digests"] {
  return Object.fromEntries(
    [...images.values()].map((image) => [image.digest, [image.digest, ...image.platforms]]),
  );
}

/** Writes the release into an object: its references, its version, and the mark of its template. `used` gets the images that it names. */
export function pinObject(
  object: KubeObject,
  images: ImagesByName,
  version: string,
  used: Set<string>,
): void {
  setImages(object, images, used);
  annotate(object.metadata, versionAnnotation, version);
  markTemplate(object);
}

export function checked(image: ReleasedImage): CheckedImage {
  const { digest = "" } = splitImage(image.reference);
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new Fault("RA1002", {
      saw: `${image.reference} has no digest; only a digest says which build runs.`,
    });
  }
  return { reference: image.reference, digest, platforms: image.platforms ?? [] };
}

export function filler(placeholders: Readonly<Record<string, string>>): (text: string) => string {
  return (text) =>
    text.replaceAll(/\$\{([^${}]+)\}/g, (whole, name: string) =>
      Object.hasOwn(placeholders, name) ? (placeholders[name] ?? whole) : whole,
    );
}

/** Takes out what `kubectl get -o yaml` adds and the server refuses or would take for a lock. */
export function clean(object: KubeObject): void {
  delete object["status"];
  for (const field of [
    "managedFields",
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "generation",
    "selfLink",
  ]) {
    delete object.metadata[field];
  }
  delete object.metadata.annotations?.["kubectl.kubernetes.io/last-applied-configuration"];
}

export function setNamespace(object: KubeObject, namespace: string): void {
  const resource = knownResource(object.apiVersion, object.kind);
  if (resource?.namespaced) object.metadata.namespace ??= namespace;
  else if (resource) delete object.metadata.namespace;
}

export function setImages(object: KubeObject, images: ImagesByName, used: Set<string>): void {
  for (const container of containersOf(podSpecOf(object))) {
    const name = fullImageName(splitImage(textAt(container, "image")).name);
    const image = images.get(name);
    if (!image) continue;
    container["image"] = image.reference;
    used.add(name);
  }
  if (knownResource(object.apiVersion, object.kind) === undefined)
    setNamedImages(object["spec"], images, used);
}

/** A kind of somebody else's names its images in fields called `image`, wherever they are. */
function setNamedImages(
  value: unknown,
  images: ReadonlyMap<string, CheckedImage>,
  used: Set<string>,
): void {
  if (Array.isArray(value)) for (const item of value) setNamedImages(item, images, used);
  if (!isMapping(value)) return;
  const name = fullImageName(splitImage(textAt(value, "image")).name);
  const image = images.get(name);
  if (image) {
    value["image"] = image.reference;
    used.add(name);
  }
  for (const child of Object.values(value)) setNamedImages(child, images, used);
}

/** The template's own digest, not the entry: an identical release must not be rolled out again. */
function markTemplate(object: KubeObject): void {
  const template = isWaited(object) ? podTemplateOf(object) : undefined;
  if (!template) return;
  const metadata = (template["metadata"] ??= {});
  if (isMapping(metadata)) annotate(metadata, templateAnnotation, digestOf(template));
}

function annotate(metadata: Record<string, unknown>, name: string, value: string): void {
  metadata["annotations"] = {
    ...(isMapping(metadata["annotations"]) ? metadata["annotations"] : {}),
    [name]: value,
  };
}

function refuseTwins(written: readonly Written[]): void {
  const places = new Map<string, string>();
  for (const { object, place } of written) {
    const key = `${object.apiVersion.split("/", 1)[0]} ${nameOf(object)}`;
    const first = places.get(key);
    if (first)
      throw new Fault("RA3005", { saw: `${place}: ${nameOf(object)} is already in ${first}.` });
    places.set(key, place);
  }
}

function namedImages(written: readonly Written[]): string {
  const all = written.flatMap(({ object }) =>
    containersOf(podSpecOf(object)).map((container) => textAt(container, "image")),
  );
  return [...new Set(all)].slice(0, 10).join(", ");
}
