import type { Append } from "./append.ts";
import { keptDecisions, type VersionRecord } from "./entry.ts";
import { ledgerPaths } from "./paths.ts";

/** Changes what is known of a version: its issue, decisions, acceptances or notices. `message`: subject of the commit. */
export function recordVersion(
  product: string,
  version: string,
  before: VersionRecord | undefined,
  message: string,
  change: (record: VersionRecord) => VersionRecord,
): Append {
  const changed = change(before ?? { passes: [], withdrawn: [] });
  const record: VersionRecord =
    changed.decisions === undefined
      ? changed
      : { ...changed, decisions: changed.decisions.slice(-keptDecisions) };
  return {
    message,
    files: { [ledgerPaths(product, "").version(version)]: `${JSON.stringify(record, null, 2)}\n` },
  };
}
