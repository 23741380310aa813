import type { Running } from "@release-actions/deploy";
import type { Release } from "@release-actions/ledger";
import { parseReference } from "@release-actions/registry";
import { shortDigest } from "./report/sentences.ts";

/** What the ready pods of an environment run, by the cluster's own account. */
export type Standing =
  | { runs: "new" }
  | { runs: "recorded" }
  | { runs: "nothing" }
  /** Neither all new nor all recorded; `what` names each workload and its digests. */
  | { runs: "mixed"; what: string }
  | { runs: "unknown"; why: string };

/** The digests of a release by image name, with all names that nodes have for each. */
export type Digests = ReadonlyMap<string, readonly string[]>;

/** `accepted`: for each digest those by which nodes may name it. */
export function digestsOfRelease(
  release: Pick<Release, "components">,
  accepted: Readonly<Record<string, readonly string[]>> = {},
): Digests {
  return new Map(
    release.components.map(({ image, digest }) => [
      imageName(image),
      [digest, ...(accepted[digest] ?? [])],
    ]),
  );
}

/** What the images of a release were before, where no release is recorded. */
export function digestsOfRunning(running: readonly Running[]): Digests {
  const all = running.flatMap(({ images }) => images);
  const byImage = Map.groupBy(all, ({ reference }) => imageName(reference));
  return new Map([...byImage].map(([name, ones]) => [name, ones.map(({ digest }) => digest)]));
}

/** Compares what runs with the new release and with the recorded one. Images of neither are not looked at. */
export function standingOf(
  running: readonly Running[],
  fresh: Digests,
  recorded: Digests | undefined,
): Standing {
  const rows = running.flatMap((workload) =>
    workload.images.flatMap((image) => {
      const name = imageName(image.reference);
      const [of, before] = [fresh.get(name), recorded?.get(name)];
      if (!of && !before) return [];
      // Some nodes name the variant for their platform; the pod's own reference says of which image it is one.
      const digests = [image.digest, image.reference.split("@")[1] ?? ""];
      const isIn = (some: readonly string[] | undefined, exact: boolean): boolean =>
        digests.slice(0, exact ? 1 : 2).some((digest) => some?.includes(digest));
      const known = isIn(of, true) || isIn(before, true);
      return [
        { workload, digest: image.digest, isNew: isIn(of, known), isRecorded: isIn(before, known) },
      ];
    }),
  );
  if (rows.length === 0) return { runs: "nothing" };
  // Where both have the same digests, nothing else runs than before.
  if (rows.every(({ isRecorded }) => isRecorded)) return { runs: "recorded" };
  if (rows.every(({ isNew }) => isNew)) return { runs: "new" };
  const named = rows.map(
    ({ workload, digest, isNew, isRecorded }) =>
      `${workload.kind} ${workload.name} runs ${shortDigest(digest) || "an unnamed digest"} (${isNew ? "new" : isRecorded ? "recorded" : "of neither"})`,
  );
  return { runs: "mixed", what: [...new Set(named)].join(", ") };
}

/** One sentence or two for the first line of a report: what runs now, and what failed. In plain text. */
export function standingLine(about: {
  standing: Standing;
  place: string;
  /** `deployment`, `release`, `rollback`. */
  what: string;
  version: string;
  /** The release that is recorded; undefined where none is. */
  recorded: string | undefined;
  rolledBack: boolean;
}): string {
  const { standing, place, what, version, rolledBack } = about;
  const recorded = about.recorded ?? "what it ran before";
  const capital = `${place.slice(0, 1).toUpperCase()}${place.slice(1)}`;
  const failed = `The ${what} of ${version} failed`;
  if (standing.runs === "recorded")
    return `${capital} still runs ${recorded}. ${failed}${rolledBack ? " and was rolled back" : ""}.`;
  if (standing.runs === "new")
    return `${capital} runs ${version}. Its ${what} failed all the same, and was not rolled back.`;
  if (standing.runs === "nothing")
    return `${capital} runs no pod that is ready, neither of ${version} nor of ${about.recorded ?? "a recorded release"}. ${failed}.`;
  if (standing.runs === "mixed")
    return `${capital} runs neither all of ${version} nor all of ${recorded}: ${standing.what}. ${failed}${rolledBack ? "" : " and was not rolled back"}.`;
  return `It is not known what ${place} runs: ${standing.why} ${failed}.`;
}

/** The same where nobody knows how it ended: the job lost the cluster, and the cluster may go on. */
export function unendedLine(about: {
  standing: Standing;
  place: string;
  version: string;
  recorded: string | undefined;
}): string {
  const { standing, place, version } = about;
  const recorded = about.recorded ?? "what it ran before";
  const capital = `${place.slice(0, 1).toUpperCase()}${place.slice(1)}`;
  const open = `How the deployment of ${version} ends is not known.`;
  if (standing.runs === "recorded") return `${capital} still runs ${recorded}. ${open}`;
  if (standing.runs === "new") return `${capital} runs ${version}. ${open}`;
  if (standing.runs === "nothing") return `${capital} runs no pod that is ready. ${open}`;
  if (standing.runs === "mixed")
    return `${capital} runs neither all of ${version} nor all of ${recorded}: ${standing.what}. ${open}`;
  return `It is not known what ${place} runs: ${standing.why.replace(/\.$/, "")}. ${open}`;
}

/** The image's full name, without tag and digest. */
function imageName(reference: string): string {
  try {
    const { host, repository } = parseReference(reference);
    return `${host}/${repository}`;
  } catch {
    return reference.split("@", 1)[0] ?? "";
  }
}
