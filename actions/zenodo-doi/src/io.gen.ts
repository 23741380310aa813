// Written by `npm run generate` from action.yml and action-types.yml.
import type { ActionIo } from "@release-actions/runner";

export type Inputs = {
  /** reserve or publish */
  step: "reserve" | "publish";
  /** Zenodo, or another InvenioRDM; empty = from the file, else https://zenodo.org */
  server?: string;
  /** DOI or id of the record of which this is a new version; empty = from the file; none = a first record */
  concept?: string;
  /** Path of the metadata at the released commit; empty = .zenodo.json, else CITATION.cff */
  metadata?: string;
  /** Globs of files in the workspace for the record, one a line; empty = the source archive of the tag */
  files?: string[];
  /** GitHub's name of the environment; needed where the file is used */
  environment?: string;
  /** Version or tag; empty = the event's */
  version?: string;
  /** Token of Zenodo with the scopes deposit:write and deposit:actions */
  zenodoToken?: string;
  /** Path of the pipeline's file on the default branch; empty = no file is read */
  config: string;
  /** GitHub token of this repository */
  token?: string;
  /** When the job summary is written: always, on-failure, never */
  summary: "always" | "on-failure" | "never";
};

export type Outputs = {
  /** DOI of this version */
  doi: string;
  /** DOI of all versions */
  conceptDoi: string;
  /** Address of the record */
  url: string;
  /** reserved, published or in-review */
  state: string;
  /** JSON list of findings: {rule, holds, saw, next, code} */
  reasons: string;
};

export const io: ActionIo<Inputs, Outputs> = {
  name: "zenodo-doi",
  inputs: {
    step: { name: "step", type: "enum", required: true, values: ["reserve","publish"] },
    server: { name: "server", type: "string" },
    concept: { name: "concept", type: "string" },
    metadata: { name: "metadata", type: "string" },
    files: { name: "files", type: "list", separator: "\n" },
    environment: { name: "environment", type: "string" },
    version: { name: "version", type: "string" },
    zenodoToken: { name: "zenodo-token", type: "string", secret: true },
    config: { name: "config", type: "string", default: ".github/release-pipeline.yml" },
    token: { name: "token", type: "string", default: "${{ github.token }}", secret: true },
    summary: { name: "summary", type: "enum", default: "always", values: ["always","on-failure","never"] },
  },
  outputs: {
    doi: "doi",
    conceptDoi: "concept-doi",
    url: "url",
    state: "state",
    reasons: "reasons",
  },
};
