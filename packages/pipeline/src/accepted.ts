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
import {
  environmentOf,
  isLast,
  type EnvironmentSettings,
  type Pipeline,
} from "./configuration/pipeline-file.ts";
import type { Connection } from "./connect.ts";
import { withPeople } from "./gate/approvals.ts";
import { acceptanceOf, standingPass } from "./issue/state.ts";

/**
 * The release that may be published: it passed in the last environment, and was not taken back there.
 * `given`: a version; without it whatever runs there.
 * @throws Fault RA1203 (no evidence), RA1205 (nothing runs), RA1302, RA5510 (not accepted)
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
    if (place["accept-by"] !== undefined) {
      const path = paths.version(running.version);
      const { files } = await readLedger(connection.github, pipeline.ledger.branch, [path]);
      demandAcceptance(pipeline, place, readVersionRecord(path, files[path]), running.version);
    }
    return { release: running, approvals: approvalsOf(current, running.version) };
  }
  const path = paths.version(version.text);
  const record = readVersionRecord(path, head.files[path]);
  const pass = lastPass(record, place.name);
  if (
    record === undefined ||
    pass === undefined ||
    standingPass(record, place.name) === undefined
  ) {
    throw new Fault("RA1203", {
      saw: `${version.text} has not passed in ${place.name}`,
      next: `Release ${version.text} into ${place.name} first; publication comes after acceptance.`,
    });
  }
  demandAcceptance(pipeline, place, record, version.text);
  return { release: pass.release, approvals: approvalsOf(current, pass.release.version) };
}

/** Where `accept-by` names somebody, the very entry that passed must be accepted. @throws Fault RA5510 */
function demandAcceptance(
  pipeline: Pipeline,
  place: EnvironmentSettings,
  record: VersionRecord | undefined,
  version: string,
): void {
  const role = place["accept-by"];
  if (role === undefined || acceptanceOf(record, place.name) !== undefined) return;
  throw new Fault("RA5510", {
    saw: `${version} passed in ${place.name} and is not accepted there`,
    next: `${withPeople(pipeline.roles, role)} comments \`/accept ${version}\` in the release issue.`,
  });
}

/** Who approved it, where the environment's last entry is about this version. */
function approvalsOf(current: Current | undefined, version: string): Approval[] {
  return current?.latest.release.version === version ? current.latest.approvals : [];
}
