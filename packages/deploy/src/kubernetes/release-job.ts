import { createHash } from "node:crypto";
import { Fault } from "@release-actions/codes";
import { readManifests, type ManifestFile } from "./manifests.ts";
import {
  isMapping,
  nameOf,
  numberAt,
  podTemplateOf,
  versionAnnotation,
  type KubeObject,
} from "./object.ts";
import { checked, clean, filler, setImages, setNamespace, type ReleasedImage } from "./rendered.ts";
import { fullImageName } from "./image.ts";

/** Where in a deployment a Job stands. */
export type JobRole = "before" | "after" | "restore";

/** A Job of a release, and the name by which it is found again. */
export type ReleaseJob = { role: JobRole; path: string; object: KubeObject };

/** The Job's own name, without the attempt: attempts of one release are found by it. */
export const jobLabel = "release-actions/job";

/** What is left of a name when ` -hash-attempt` is to be behind it and all must fit into a label. */
const longestName = 63 - 1 - 10 - 1 - 3;
/** A Job that ended is the record that it ran, so it is kept for at least a week. */
const shortestLife = 7 * 24 * 3600;

/**
 * The Job of one file of the release: images and placeholders as in other manifests, its name fixed by the release and its
 * environment. Pure.
 * @throws Fault RA3005, RA3502
 */
export function renderJob(release: {
  role: JobRole;
  file: ManifestFile;
  images: readonly ReleasedImage[];
  namespace: string;
  placeholders: Readonly<Record<string, string>>;
  version: string;
  /** What makes this release into this environment unlike every other. */
  identity: string;
}): ReleaseJob {
  const { role, file } = release;
  const written = readManifests([file], filler(release.placeholders));
  const [only] = written;
  if (written.length !== 1 || only === undefined)
    throw unusable(`${file.path} holds ${written.length} objects`);
  const { object, place } = only;
  if (object.kind !== "Job" || object.apiVersion !== "batch/v1")
    throw unusable(`${place} is ${nameOf(object)} of ${object.apiVersion}`);
  const spec = object["spec"];
  if (!isMapping(spec) || podTemplateOf(object) === undefined)
    throw unusable(`${place}: ${nameOf(object)} has no pod template`);
  if (spec["suspend"] === true) throw unusable(`${place}: ${nameOf(object)} is suspended`);
  clean(object);
  setNamespace(object, release.namespace);
  const images = new Map(
    release.images.map((image) => [fullImageName(image.image), checked(image)]),
  );
  setImages(object, images, new Set());
  const life = numberAt(spec, "ttlSecondsAfterFinished");
  if (life !== undefined) spec["ttlSecondsAfterFinished"] = Math.max(life, shortestLife);

  const hash = createHash("sha256").update(`${role} ${release.identity}`).digest("hex");
  const name = `${object.metadata.name.slice(0, longestName).replace(/[^a-z0-9]+$/i, "")}-${hash.slice(0, 10)}`;
  object.metadata = {
    ...object.metadata,
    name,
    labels: { ...object.metadata.labels, [jobLabel]: name },
    annotations: { ...object.metadata.annotations, [versionAnnotation]: release.version },
  };
  return { role, path: file.path, object };
}

/** The same Job under the name of an attempt. */
export function attemptOf(job: ReleaseJob, attempt: number): KubeObject {
  const { object } = job;
  const name = attempt === 1 ? object.metadata.name : `${object.metadata.name}-${attempt}`;
  return { ...object, metadata: { ...object.metadata, name } };
}

function unusable(saw: string): Fault {
  return new Fault("RA3502", { saw: `${saw}; it must be one Job of batch/v1` });
}
