import type { Deposit, Deposits, Review, StoredFile } from "./deposits.ts";
import { showLegacy } from "./legacy-metadata.ts";
import type { FieldError } from "./problem.ts";

type Json = Record<string, unknown>;

/** Writes deposits as Zenodo's three JSON forms: the legacy deposition, the Zenodo record, the InvenioRDM record. */
export type Answers = ReturnType<typeof createAnswers>;

export function createAnswers(deposits: Deposits, users: readonly string[], base: string) {
  const api = `${base}/api`;
  const ownerNumber = (deposit: Deposit): number => users.indexOf(deposit.concept.owner) + 1;

  const legacyFile = (deposit: Deposit, file: StoredFile): Json => ({
    id: file.id,
    filename: file.key,
    filesize: file.content.length,
    checksum: file.md5,
    links: {
      self: `${api}/deposit/depositions/${deposit.id}/files/${file.id}`,
      download: `${api}/records/${deposit.id}${deposit.published ? "" : "/draft"}/files/${encodeURIComponent(file.key)}/content`,
    },
  });

  const bucketFile = (deposit: Deposit, file: StoredFile): Json => {
    const self = `${api}/files/${deposit.bucket}/${encodeURIComponent(file.key)}`;
    return {
      created: file.created.toISOString(),
      updated: file.updated.toISOString(),
      version_id: file.version,
      key: file.key,
      size: file.content.length,
      mimetype: "application/octet-stream",
      checksum: `md5:${file.md5}`,
      is_head: true,
      delete_marker: false,
      links: { self, version: `${self}?version_id=${file.version}`, uploads: `${self}?uploads` },
    };
  };

  const rdmFile = (deposit: Deposit, file: StoredFile): Json => {
    const self = `${api}/records/${deposit.id}${deposit.published ? "" : "/draft"}/files/${encodeURIComponent(file.key)}`;
    return {
      key: file.key,
      created: file.created.toISOString(),
      updated: file.updated.toISOString(),
      status: file.status,
      transfer: { type: "L" },
      metadata: null,
      ...(file.status === "completed"
        ? {
            id: file.id,
            file_id: file.id,
            version_id: file.version,
            bucket_id: deposit.bucket,
            mimetype: "application/octet-stream",
            checksum: `md5:${file.md5}`,
            size: file.content.length,
            storage_class: "L",
          }
        : {}),
      links: {
        self,
        content: `${self}/content`,
        ...(deposit.published ? {} : { commit: `${self}/commit` }),
      },
    };
  };

  const deposition = (deposit: Deposit): Json => {
    const self = `${api}/deposit/depositions/${deposit.id}`;
    const page = `${base}/records/${deposit.id}`;
    const communities = [...new Set([...deposit.asked, ...deposit.concept.communities])];
    return {
      created: deposit.created.toISOString(),
      modified: deposit.updated.toISOString(),
      id: Number(deposit.id),
      conceptrecid: deposit.concept.id,
      ...(deposit.doi === undefined
        ? {}
        : { doi: deposit.doi, doi_url: `https://doi.org/${deposit.doi}` }),
      ...(deposit.published && deposit.concept.doi !== undefined
        ? { conceptdoi: deposit.concept.doi }
        : {}),
      metadata: {
        ...showLegacy(deposit.metadata),
        ...(deposit.doi === undefined ? {} : { doi: deposit.doi }),
        access_right: deposit.access.right,
        ...(deposit.access.until === undefined ? {} : { embargo_date: deposit.access.until }),
        ...(communities.length > 0
          ? { communities: communities.map((identifier) => ({ identifier })) }
          : {}),
        prereserve_doi: { doi: deposits.doiOf(deposit.id), recid: Number(deposit.id) },
      },
      title: deposit.metadata.title ?? "",
      links: {
        self: deposit.published ? `${api}/records/${deposit.id}` : self,
        html: deposit.published ? page : `${base}/deposit/${deposit.id}`,
        ...(deposit.doi === undefined ? {} : { doi: `https://doi.org/${deposit.doi}` }),
        files: deposit.published ? `${api}/records/${deposit.id}/files` : `${self}/files`,
        bucket: `${api}/files/${deposit.bucket}`,
        latest_draft: self,
        latest_draft_html: `${base}/deposit/${deposit.id}`,
        publish: `${self}/actions/publish`,
        edit: `${self}/actions/edit`,
        discard: `${self}/actions/discard`,
        newversion: `${self}/actions/newversion`,
        ...(deposit.published
          ? {
              record: `${api}/records/${deposit.id}`,
              record_html: page,
              latest: `${api}/records/${deposit.id}/versions/latest`,
              latest_html: `${page}/latest`,
            }
          : {}),
      },
      record_id: Number(deposit.id),
      owner: ownerNumber(deposit),
      ...(deposit.files.size > 0
        ? { files: completed(deposit).map((file) => legacyFile(deposit, file)) }
        : {}),
      state: deposit.published ? "done" : "unsubmitted",
      submitted: deposit.published,
    };
  };

  const zenodoRecord = (deposit: Deposit): Json => {
    const { upload_type: type, license, ...metadata } = showLegacy(deposit.metadata);
    return {
      created: deposit.created.toISOString(),
      modified: deposit.updated.toISOString(),
      updated: deposit.updated.toISOString(),
      id: Number(deposit.id),
      recid: deposit.id,
      conceptrecid: deposit.concept.id,
      ...(deposit.doi === undefined
        ? {}
        : { doi: deposit.doi, doi_url: `https://doi.org/${deposit.doi}` }),
      ...(deposit.concept.doi === undefined ? {} : { conceptdoi: deposit.concept.doi }),
      revision: deposit.revision,
      metadata: {
        ...metadata,
        ...(deposit.doi === undefined ? {} : { doi: deposit.doi }),
        access_right: deposit.access.right,
        resource_type: { type },
        ...(license === undefined ? {} : { license: { id: license } }),
        ...(deposit.concept.communities.size > 0
          ? { communities: [...deposit.concept.communities].map((id) => ({ id })) }
          : {}),
        relations: {
          version: [
            {
              index: deposit.index - 1,
              is_last: deposits.latest(deposit.concept) === deposit,
              parent: { pid_type: "recid", pid_value: deposit.concept.id },
            },
          ],
        },
      },
      title: deposit.metadata.title ?? "",
      links: recordLinks(deposit),
      files: completed(deposit).map((file) => ({
        id: file.id,
        key: file.key,
        size: file.content.length,
        checksum: `md5:${file.md5}`,
        links: {
          self: `${api}/records/${deposit.id}/files/${encodeURIComponent(file.key)}/content`,
        },
      })),
      owners: [{ id: String(ownerNumber(deposit)) }],
      status: deposit.published ? "published" : "draft",
      state: deposit.published ? "done" : "unsubmitted",
      submitted: deposit.published,
    };
  };

  const rdmRecord = (deposit: Deposit, mine: boolean, errors: readonly FieldError[] = []): Json => {
    const { kept: _kept, ...metadata } = deposit.metadata;
    const { concept } = deposit;
    const ids = [...concept.communities].map(
      (slug) => deposits.communities.find((known) => known.slug === slug)?.id ?? slug,
    );
    const files = [...deposit.files.values()];
    return {
      created: deposit.created.toISOString(),
      updated: deposit.updated.toISOString(),
      id: deposit.id,
      revision_id: deposit.revision,
      is_draft: !deposit.published,
      is_published: deposit.published,
      status: status(deposit),
      links: recordLinks(deposit),
      metadata,
      pids:
        deposit.doi === undefined
          ? {}
          : { doi: { identifier: deposit.doi, provider: "datacite", client: "datacite" } },
      access: {
        record: "public",
        files: deposit.access.right === "open" ? "public" : "restricted",
      },
      parent: {
        id: concept.id,
        access: { owned_by: { user: String(ownerNumber(deposit)) } },
        pids:
          concept.doi === undefined
            ? {}
            : { doi: { identifier: concept.doi, provider: "datacite", client: "datacite" } },
        communities:
          ids.length === 0
            ? {}
            : {
                ids,
                default: ids[0],
                entries: [...concept.communities].map((slug, index) => ({ id: ids[index], slug })),
              },
        ...(concept.review === undefined || !mine
          ? {}
          : {
              review: {
                id: concept.review.id,
                type: "community-submission",
                receiver: { community: communityId(concept.review) },
              },
            }),
      },
      versions: {
        index: deposit.index,
        is_latest: deposits.latest(concept) === deposit,
        ...(mine ? { is_latest_draft: deposits.versions(concept).at(-1) === deposit } : {}),
      },
      files: {
        enabled: deposit.filesEnabled,
        count: files.length,
        total_bytes: files.reduce((sum, file) => sum + file.content.length, 0),
        order: [],
        entries: Object.fromEntries(files.map((file) => [file.key, rdmFile(deposit, file)])),
      },
      custom_fields: {},
      ...(errors.length > 0 ? { errors } : {}),
    };
  };

  const recordLinks = (deposit: Deposit): Json => {
    const self = `${api}/records/${deposit.id}`;
    const draft = `${self}/draft`;
    return {
      self: deposit.published ? self : draft,
      self_html: deposit.published
        ? `${base}/records/${deposit.id}`
        : `${base}/uploads/${deposit.id}`,
      ...(deposit.doi === undefined ? {} : { doi: `https://doi.org/${deposit.doi}` }),
      ...(deposit.concept.doi === undefined
        ? {}
        : { parent_doi: `https://doi.org/${deposit.concept.doi}` }),
      files: `${deposit.published ? self : draft}/files`,
      record: self,
      draft,
      ...(deposit.published
        ? {}
        : {
            publish: `${draft}/actions/publish`,
            review: `${draft}/review`,
            reserve_doi: `${draft}/pids/doi`,
          }),
      versions: `${self}/versions`,
      latest: `${self}/versions/latest`,
    };
  };

  const communityId = (review: Review): string | undefined =>
    deposits.communities.find(({ slug }) => slug === review.community)?.id;

  return {
    deposition,
    zenodoRecord,
    rdmRecord,
    legacyFile,
    bucketFile,
    rdmFile,
    rdmFiles: (deposit: Deposit): Json => ({
      enabled: deposit.filesEnabled,
      default_preview: null,
      order: [],
      entries: [...deposit.files.values()].map((file) => rdmFile(deposit, file)),
      links: { self: `${api}/records/${deposit.id}${deposit.published ? "" : "/draft"}/files` },
    }),
    review: (deposit: Deposit, review: Review & { accepted?: boolean }): Json => ({
      id: review.id,
      number: String(review.number),
      type: "community-submission",
      title: deposit.metadata.title ?? "",
      status: review.accepted ? "accepted" : review.status,
      is_open: review.status === "submitted" && !review.accepted,
      is_closed: review.accepted === true || review.status === "declined",
      topic: { record: deposit.id },
      receiver: { community: communityId(review) },
      created_by: { user: String(ownerNumber(deposit)) },
    }),
    recordUrl: (id: string): string => `/api/records/${id}`,
  };
}

function completed(deposit: Deposit): StoredFile[] {
  return [...deposit.files.values()].filter((file) => file.status === "completed");
}

function status(deposit: Deposit): string {
  if (deposit.published) return "published";
  if (deposit.index > 1) return "new_version_draft";
  const review = deposit.concept.review?.status;
  if (review === undefined) return "draft";
  return { created: "draft_with_review", submitted: "in_review", declined: "declined" }[review];
}
