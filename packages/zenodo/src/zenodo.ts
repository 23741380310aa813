import { Fault } from "@release-actions/codes";
import type { Transport } from "@release-actions/net";
import type { Step } from "@release-actions/plan";
import { createApi, type Api } from "./api.ts";
import type { Metadata } from "./citation.ts";
import { draftSteps, openDraft, type ReleaseDraft } from "./draft.ts";
import { fileStep, type ReleaseFile } from "./files.ts";
import { publishStep, reviewSteps } from "./publication.ts";

/** Where a release stands on Zenodo. `depositionId` is what the ledger keeps, to be given back next time. */
export type ZenodoState = {
  doi: string;
  /** The DOI for all versions. */
  conceptDoi: string;
  url: string;
  state: "reserved" | "in-review" | "published";
  depositionId: string;
};

export type Reservation = {
  /** The natural key: a web address that names this release and no other, such as its tag's page. Kept as a related identifier. */
  key: string;
  version: string;
  metadata: Metadata;
  /** DOI for all versions of the record, or its number; without it the release is a first record. */
  concept?: string;
  /** The record of the previous version, where the ledger knows it: saves asking for it. */
  latest?: string;
  /** The draft that an earlier step reserved, where the ledger knows it. */
  depositionId?: string;
  /** An earlier attempt of this run may have made a draft: it is looked for first. */
  resuming?: boolean;
};

export type Publication = Reservation & {
  files: readonly ReleaseFile[];
  /** Name of the community whose curators are to accept a first record. Later versions stay where the first is. */
  community?: string;
};

/** Steps in their order; the last one's value is the result. */
export type ZenodoSteps = { steps: readonly Step<unknown>[]; state(): ZenodoState };

export type Zenodo = {
  /** A draft whose DOI is known. Nothing of it can be seen by others. */
  reserve(reservation: Reservation): ZenodoSteps;
  /** The draft (a new one, or the reserved), its files, and last the publication, which cannot be taken back. */
  publish(publication: Publication): ZenodoSteps;
};

/** Opens a Zenodo server (default https://zenodo.org) with one account's token. The steps throw Fault RA70xx. */
export function createZenodo(options: {
  transport: Transport;
  server?: string;
  token: string;
}): Zenodo {
  const server = options.server ?? "https://zenodo.org";
  if (!/^https?:\/\/[^\s/]+/.test(server))
    throw new Fault("RA1002", {
      saw: `the Zenodo server ${JSON.stringify(server)} is not a web address`,
    });
  const api = createApi({ ...options, server });
  return {
    reserve: (reservation) => {
      const draft = openDraft(api, checked(reservation));
      return { steps: draftSteps(draft), state: () => stateOf(api, draft) };
    },
    publish: (publication) => {
      checkNames(publication.files);
      const draft = openDraft(api, checked(publication));
      const { community } = publication;
      const files = publication.files.map((file) => fileStep(draft, file));
      // A version of a published record is in its community already; only a first record is submitted.
      const last =
        community !== undefined &&
        publication.concept === undefined &&
        publication.latest === undefined
          ? reviewSteps(draft, publication.files, community)
          : [publishStep(draft, publication.files)];
      return { steps: [...draftSteps(draft), ...files, ...last], state: () => stateOf(api, draft) };
    },
  };
}

function stateOf(api: Api, draft: ReleaseDraft): ZenodoState {
  const { doi, conceptDoi, id, published } = draft.known();
  return {
    doi,
    conceptDoi,
    url: published ? `${api.server}/records/${id}` : `${api.server}/uploads/${id}`,
    state: published ? "published" : draft.inReview() ? "in-review" : "reserved",
    depositionId: id,
  };
}

function checked<R extends Reservation>(reservation: R): R {
  if (!/^https?:\/\/[^\s/]+\.[^\s/]+\/\S+$/.test(reservation.key)) {
    throw new Fault("RA1002", {
      saw: `the key ${JSON.stringify(reservation.key)} is not a web address`,
    });
  }
  if (reservation.version === "") throw new Fault("RA1002", { saw: "the version is empty" });
  return reservation;
}

function checkNames(files: readonly ReleaseFile[]): void {
  const names = files.map(({ name }) => name);
  const odd =
    names.find((name) => !/^[^/\\\u0000-\u001f]{1,255}$/.test(name)) ??
    names.find((name, index) => names.indexOf(name) < index);
  if (odd !== undefined)
    throw new Fault("RA1002", {
      saw: `the file name ${JSON.stringify(odd)} cannot be used, or is there twice`,
    });
  if (files.length > 100)
    throw new Fault("RA7019", { saw: `the release has ${files.length} files` });
  if (files.length === 0) throw new Fault("RA1002", { saw: "the release has no file to publish" });
}
