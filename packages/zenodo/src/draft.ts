import { Fault, refuse } from "@release-actions/codes";
import type { Look, Step } from "@release-actions/plan";
import { rdmJson, type Api } from "./api.ts";
import type { Metadata } from "./citation.ts";
import {
  readDeposition,
  readNewVersion,
  recordId,
  relatedIdentifiers,
  type Deposition,
} from "./deposition.ts";
import { releaseMetadata, says } from "./wanted-metadata.ts";
import type { Reservation } from "./zenodo.ts";

/** The one draft (later the record) of a release, as the steps of one run know it. */
export type ReleaseDraft = {
  api: Api;
  reservation: Reservation;
  /** What is known of it. @throws Error before the first step is done */
  known(): Deposition;
  isKnown(): boolean;
  /** What is known, read anew where a write's outcome is unknown. @throws Fault RA7004 when it is gone */
  current(): Promise<Deposition>;
  /** Keeps what an answer says. */
  keep(deposition: Deposition): Deposition;
  /** Runs a write; until it is answered, what was known is no longer trusted. */
  writing<T>(write: () => Promise<T>): Promise<T>;
  inReview(to?: boolean): boolean;
};

export function openDraft(api: Api, reservation: Reservation): ReleaseDraft {
  let held: Deposition | undefined;
  let trusted = false;
  let reviewed = false;
  const draft: ReleaseDraft = {
    api,
    reservation,
    isKnown: () => held !== undefined,
    known: () => {
      if (held === undefined) throw new Error("the draft is asked for before it was found or made");
      return held;
    },
    current: async () => {
      const { id } = draft.known();
      return trusted ? draft.known() : draft.keep(await readById(api, id));
    },
    keep: (deposition) => {
      held = deposition;
      trusted = true;
      return deposition;
    },
    writing: async (write) => {
      trusted = false;
      const value = await write();
      trusted = true;
      return value;
    },
    inReview: (to = reviewed) => (reviewed = to),
  };
  return draft;
}

/** The steps to a draft with the release's metadata. */
export function draftSteps(draft: ReleaseDraft): Step<Deposition>[] {
  return [
    draft.reservation.concept === undefined && draft.reservation.latest === undefined
      ? firstRecordStep(draft)
      : newVersionStep(draft),
    metadataStep(draft),
  ];
}

/** Makes the draft of a record that has no versions yet. Zenodo has no key for it: an own one is kept in its metadata. */
function firstRecordStep(draft: ReleaseDraft): Step<Deposition> {
  const { api, reservation } = draft;
  let sent = false;
  return {
    key: `zenodo:${reservation.key}:draft`,
    title: `Zenodo draft of ${reservation.version}`,
    look: async () => {
      if (draft.isKnown()) return { state: "done", value: draft.known() };
      if (reservation.depositionId !== undefined)
        return lookAtRemembered(draft, reservation.depositionId);
      if (!sent && !reservation.resuming) return { state: "todo" };
      const own = await listOwn(api, reservation);
      const [lowest] = own;
      if (lowest === undefined) return { state: "todo" };
      if (own.length > 1 && !sent) {
        return {
          state: "refused",
          refusal: refuse(
            "RA7009",
            `The drafts ${own.map(({ id }) => id).join(", ")} all carry the key of ${reservation.version}.`,
          ),
        };
      }
      return { state: "done", value: draft.keep(lowest) };
    },
    act: async () => {
      sent = true;
      const metadata = releaseMetadata({
        base: {},
        wanted: reservation.metadata,
        version: reservation.version,
        key: reservation.key,
      });
      return draft.keep(
        readDeposition(await api.write("POST", "/api/deposit/depositions", { json: { metadata } })),
      );
    },
    // A draft that a search does not show yet may turn up only now; the lowest id is the first that was made.
    settle: async (made) => {
      if (reservation.depositionId !== undefined) return { state: "done", value: made };
      const listed = await listOwn(api, reservation);
      const [lowest] = listed;
      if (lowest === undefined || !listed.some(({ id }) => id === made.id))
        return { state: "unknown", saw: `Zenodo does not find the draft ${made.id} yet` };
      return { state: "done", value: draft.keep(lowest) };
    },
  };
}

/** Opens the next version of a record. Zenodo keeps one draft a concept: asking again gives the same one. */
function newVersionStep(draft: ReleaseDraft): Step<Deposition> {
  const { api, reservation } = draft;
  let previous: Deposition | undefined;
  return {
    key: `zenodo:${reservation.key}:draft`,
    title: `Zenodo draft of ${reservation.version}`,
    look: async () => {
      if (draft.isKnown()) return { state: "done", value: draft.known() };
      if (reservation.depositionId !== undefined)
        return lookAtRemembered(draft, reservation.depositionId);
      const latest = await latestId(api, reservation);
      const value =
        latest === undefined ? undefined : await api.find(`/api/deposit/depositions/${latest}`);
      if (value === undefined) {
        return {
          state: "refused",
          refusal: refuse(
            "RA7004",
            `Zenodo has no published record of ${String(reservation.concept ?? reservation.latest)}.`,
          ),
        };
      }
      previous = readDeposition(value);
      const wrong = otherConcept(previous, reservation);
      if (wrong !== undefined) return { state: "refused", refusal: wrong };
      if (previous.published && previous.metadata["version"] === reservation.version)
        return { state: "done", value: draft.keep(previous) };
      return { state: "todo" };
    },
    act: async () => {
      if (previous === undefined)
        throw new Error("a new version is opened before the record was read");
      const opened = readNewVersion(
        await api.write("POST", `/api/records/${previous.id}/versions`, { accept: rdmJson }),
      );
      const isOwn = opened.keys.includes(reservation.key);
      if (
        opened.conceptId !== previous.conceptId ||
        (isOwn && (opened.version ?? reservation.version) !== reservation.version)
      ) {
        throw new Fault("RA7008", {
          saw: `the draft ${opened.id} is of version ${opened.version ?? "unknown"}`,
        });
      }
      if (isOwn) return draft.keep(await readById(api, opened.id));
      if (!opened.fresh)
        throw new Fault("RA7007", {
          saw: `the draft ${opened.id} is open and is not of ${reservation.version}`,
        });
      return draft.keep({
        id: opened.id,
        conceptId: opened.conceptId,
        published: false,
        doi: previous.doi.slice(0, -previous.id.length) + opened.id,
        conceptDoi: previous.conceptDoi,
        // The draft starts as a copy; the next step writes, and its answer names where the files go.
        metadata: previous.metadata,
        files: [],
        bucket: undefined,
      });
    },
  };
}

/** Writes the metadata. Zenodo replaces all of them, so what is there is kept underneath. */
function metadataStep(draft: ReleaseDraft): Step<Deposition> {
  const { api, reservation } = draft;
  const wanted = (base: Metadata): Metadata =>
    releaseMetadata({
      base,
      wanted: reservation.metadata,
      version: reservation.version,
      key: reservation.key,
    });
  return {
    key: `zenodo:${reservation.key}:metadata`,
    title: `Zenodo metadata of ${reservation.version}`,
    look: async () => {
      const current = await draft.current();
      const done =
        current.published ||
        (current.bucket !== undefined && says(current.metadata, wanted(current.metadata)));
      return done ? { state: "done", value: current } : { state: "todo" };
    },
    act: async () => {
      const { id, metadata } = draft.known();
      const answer = await draft.writing(() =>
        api.write("PUT", `/api/deposit/depositions/${id}`, {
          json: { metadata: wanted(metadata) },
        }),
      );
      return draft.keep(readDeposition(answer));
    },
  };
}

async function lookAtRemembered(draft: ReleaseDraft, id: string): Promise<Look<Deposition>> {
  const { api, reservation } = draft;
  const value = await api.find(`/api/deposit/depositions/${recordId(id)}`);
  if (value === undefined)
    return {
      state: "refused",
      refusal: refuse("RA7004", `Zenodo has no draft or record ${id} any more.`),
    };
  const deposition = readDeposition(value);
  const version = deposition.metadata["version"];
  const isOther = version !== undefined && version !== reservation.version;
  if (isOther)
    return {
      state: "refused",
      refusal: refuse(
        "RA7008",
        `${id} is of version ${String(version)}, not ${reservation.version}.`,
      ),
    };
  const wrong = otherConcept(deposition, reservation);
  return wrong === undefined
    ? { state: "done", value: draft.keep(deposition) }
    : { state: "refused", refusal: wrong };
}

function otherConcept(
  deposition: Deposition,
  { concept }: Reservation,
): ReturnType<typeof refuse> | undefined {
  if (concept === undefined || recordId(concept) === deposition.conceptId) return undefined;
  return refuse(
    "RA7020",
    `${concept} is not the DOI for all versions of ${deposition.doi}; that is ${deposition.conceptDoi}.`,
  );
}

/** Deposits of this account that carry the release's key, lowest id first. A search lags: it shows what is, not what is not. */
async function listOwn(api: Api, { key, version }: Reservation): Promise<Deposition[]> {
  const found = await api.find("/api/deposit/depositions?sort=mostrecent&size=100");
  return (Array.isArray(found) ? (found as unknown[]) : [])
    .map(readDeposition)
    .filter(
      ({ metadata }) =>
        relatedIdentifiers(metadata).includes(key) && metadata["version"] === version,
    )
    .toSorted((a, b) => Number(a.id) - Number(b.id));
}

async function latestId(api: Api, { concept, latest }: Reservation): Promise<string | undefined> {
  if (latest !== undefined) return recordId(latest);
  const location = await api.redirect(`/api/records/${recordId(String(concept))}`);
  return location === undefined
    ? undefined
    : recordId(location.split(/[?#]/)[0]?.split("/").at(-1) ?? "");
}

async function readById(api: Api, id: string): Promise<Deposition> {
  const value = await api.find(`/api/deposit/depositions/${id}`);
  if (value === undefined)
    throw new Fault("RA7004", { saw: `Zenodo has no draft or record ${id} any more` });
  return readDeposition(value);
}
