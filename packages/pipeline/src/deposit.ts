import { Fault } from "@release-actions/codes";
import { readLedger, type LedgerHead } from "@release-actions/github";
import { ledgerPaths } from "@release-actions/ledger";
import type { ZenodoState } from "@release-actions/zenodo";
import type { Pipeline } from "./configuration/pipeline-file.ts";
import type { Connection } from "./connect.ts";

/** A version's deposit at Zenodo, as the ledger has it. */
export type Deposit = Pick<ZenodoState, "doi" | "conceptDoi" | "url" | "state" | "depositionId">;
export type DepositLedger = { path: string; head: LedgerHead; recorded: Deposit | undefined };

/** Reads a version's deposit with the head that it was read at. @throws Fault RA5010, RA50xx */
export async function readDeposit(
  connection: Pick<Connection, "github">,
  pipeline: Pipeline,
  version: string,
): Promise<DepositLedger> {
  const path = ledgerPaths(pipeline.product, "").deposit(version);
  const head = await readLedger(connection.github, pipeline.ledger.branch, [path]);
  return { path, head, recorded: parseDeposit(path, head.files[path]) };
}

/** The DOI that the ledger has for a version; undefined when none was reserved. @throws Fault RA5010, RA50xx */
export async function recordedDoi(
  connection: Pick<Connection, "github">,
  pipeline: Pipeline,
  version: string,
): Promise<{ doi: string; url: string } | undefined> {
  return (await readDeposit(connection, pipeline, version)).recorded;
}

/** @throws Fault RA5010 for a file that is damaged */
export function parseDeposit(path: string, text: string | undefined): Deposit | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Deposit;
    if (
      [value.doi, value.url, value.state, value.depositionId].every(
        (field) => typeof field === "string",
      )
    )
      return value;
  } catch {
    // falls through: one sentence for every kind of damage
  }
  throw new Fault("RA5010", {
    saw: `${path} on the ledger's branch does not have the ledger's form`,
  });
}
