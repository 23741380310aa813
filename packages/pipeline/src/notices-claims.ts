import type { Notice, VersionRecord } from "@release-actions/ledger";
import type { Delivery } from "@release-actions/notify";
import type { Abandoned } from "./notices-findings.ts";

/** Adds notices to a record, for the append that records what they tell of; those that it has already stay as they are. */
export function withNotices(record: VersionRecord, notices: readonly Notice[]): VersionRecord {
  const before = record.notices ?? [];
  const fresh = notices.filter(({ key }) => !before.some((notice) => notice.key === key));
  return fresh.length === 0 ? record : { ...record, notices: [...before, ...fresh] };
}

/** Who claims: `mark` tells two jobs of one run apart, which may claim in the same second. */
export type Claimant = { id: number; at: string; mark: string };

/** Takes the notices of these keys for a run, due or surely not delivered; what somebody has claimed, sent or given up is not taken. */
export function claim(
  record: VersionRecord,
  keys: ReadonlySet<string>,
  run: Claimant,
): VersionRecord {
  return changed(record, (notice) => {
    if (!keys.has(notice.key) || (notice.state !== "due" && notice.state !== "refused"))
      return notice;
    const { said: _said, ...rest } = notice;
    return { ...rest, state: "sending", run: run.id, at: run.at, claim: run.mark };
  });
}

/** The notices that this claimant holds. */
export function claimedBy(record: VersionRecord | undefined, run: Claimant): Notice[] {
  return (record?.notices ?? []).filter(
    ({ state, run: id, claim: mark }) => state === "sending" && id === run.id && mark === run.mark,
  );
}

/** Writes what came of the claimed notices. An outcome that is known is written over one that another job gave up as unknown. */
export function settle(
  record: VersionRecord,
  results: ReadonlyMap<string, Delivery>,
): VersionRecord {
  return changed(record, (notice) => {
    const result = results.get(notice.key);
    if (result === undefined || result.outcome === notice.state) return notice;
    if (notice.state !== "sending" && notice.state !== "unknown") return notice;
    const { said: _said, claim: _claim, ...rest } = notice;
    return {
      ...rest,
      state: result.outcome,
      ...(result.outcome === "sent" ? {} : { said: result.said }),
    };
  });
}

/** Gives up what nobody will settle: it may have been sent, so it is not sent again. */
export function giveUp(record: VersionRecord, given: Pick<Abandoned, "keys">): VersionRecord {
  return changed(record, (notice) =>
    notice.state === "sending" && given.keys.get(notice.key) === notice.at
      ? {
          ...notice,
          state: "unknown",
          said: "The run that was to send it ended before it said so.",
        }
      : notice,
  );
}

/** The record with every notice replaced; the same object when none changes. */
function changed(record: VersionRecord, change: (notice: Notice) => Notice): VersionRecord {
  const notices = record.notices?.map(change);
  return notices === undefined ||
    notices.every((notice, index) => notice === record.notices?.[index])
    ? record
    : { ...record, notices };
}
