import { Fault } from "@release-actions/codes";
import { readLedger } from "@release-actions/github";
import {
  lastPass,
  ledgerPaths,
  readCurrent,
  readVersionRecord,
  runningRelease,
  type Approval,
  type Current,
  type Release,
  type VersionRecord,
} from "@release-actions/ledger";
import { schemeOf } from "@release-actions/versions";
import { readVersion } from "./candidate.ts";
import { environmentOf, isLast, type Pipeline } from "./configuration/pipeline-file.ts";
import type { Connection } from "./connect.ts";

/**
 * The release that may be published: it passed in the last environment, and was not taken back there.
 * `given`: a version; without it whatever runs there.
 * @throws Fault RA1203 (no evidence), RA1205 (nothing runs), RA1302
 */
export async function acceptedRelease(
  connection: Connection,
  pipeline: Pipeline,
  environment: string | undefined,
  given: string | undefined,
): Promise<{ release: Release; approvals: Approval[] }> {
  const place =
    environment === undefined
      ? pipeline.environments.findLast((one) => isLast(pipeline, one.name))
      : environmentOf(pipeline, environment);
  if (place === undefined) throw new Fault("RA1105", { saw: "the file has no environments" });
  const scheme = schemeOf(pipeline.tag?.scheme ?? "semver", pipeline.tag?.prefix ?? "");
  const version = given === undefined ? undefined : readVersion(scheme, given);
  if (version !== undefined && "wrong" in version)
    throw new Fault("RA1302", {
      saw: `${JSON.stringify(given)} is not a release of the scheme ${scheme.name}: ${version.wrong}`,
    });
  const paths = ledgerPaths(pipeline.product, place.name);
  const wanted =
    version === undefined ? [paths.current] : [paths.current, paths.version(version.text)];
  const head = await readLedger(connection.github, pipeline.ledger.branch, wanted);
  const current = readCurrent(paths.current, head.files[paths.current]);
  if (version === undefined) {
    const running = runningRelease(current);
    if (running === undefined)
      throw new Fault("RA1205", { saw: `nothing has passed in ${place.name} yet` });
    return { release: running, approvals: approvalsOf(current, running.version) };
  }
  const path = paths.version(version.text);
  const record = readVersionRecord(path, head.files[path]);
  const pass = lastPass(record, place.name);
  if (record === undefined || pass === undefined || !stands(record, place.name)) {
    throw new Fault("RA1203", {
      saw: `${version.text} has not passed in ${place.name}`,
      next: `Release ${version.text} into ${place.name} first; publication comes after acceptance.`,
    });
  }
  return { release: pass.release, approvals: approvalsOf(current, pass.release.version) };
}

/** Who approved it, where the environment's last entry is about this version. */
function approvalsOf(current: Current | undefined, version: string): Approval[] {
  return current?.latest.release.version === version ? current.latest.approvals : [];
}

/** Did it pass there, and is the pass newer than every withdrawal? */
function stands(record: VersionRecord, environment: string): boolean {
  const pass = record.passes.findLast((line) => line.environment === environment);
  const withdrawn = record.withdrawn.findLast((line) => line.environment === environment);
  return (
    pass !== undefined &&
    (withdrawn === undefined || Date.parse(withdrawn.at) < Date.parse(pass.at))
  );
}
