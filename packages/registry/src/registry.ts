import { Fault } from "@release-actions/codes";
import type { Answer, Transport } from "@release-actions/net";
import { openBlob } from "./blob-stream.ts";
import { uploadBlob } from "./blob.ts";
import { findMissing, type Missing } from "./completeness.ts";
import type { Credentials } from "./credentials.ts";
import { listReferrers, listTags, type TagList } from "./listings.ts";
import { digestLike, isDigest } from "./digest.ts";
import {
  manifestTypes,
  mediaTypeIn,
  readContent,
  readLabels,
  type Descriptor,
  type Manifest,
} from "./manifest.ts";
import {
  formatReference,
  isTag,
  repositoryOf,
  type Reference,
  type Repository,
} from "./reference.ts";
import { createSession, repositoryUrl, unexpected, type Scope, type Session } from "./session.ts";

export type ImageLabels = { version: string | undefined; revision: string | undefined };

/** Every registry that a run talks to; one login and one token a repository for its life. */
export type Registry = {
  /** Lets the first token of `target` allow pushing, and mounting from `from`: one token instead of two. */
  expectPush(target: Repository, from?: Repository): void;
  /** The digest under a tag, or whether a digest is there; undefined when not. One HEAD. */
  resolve(reference: Reference): Promise<string | undefined>;
  /**
   * The manifest's own bytes, checked against their digest; undefined when it is not there. What was read by its digest, or
   * found to have it, is not asked for again. @throws Fault RA2006
   */
  manifest(reference: Reference): Promise<Manifest | undefined>;
  /** Puts bytes under a tag or their digest, and checks what the registry says it stored. @throws Fault RA2006, RA2007, RA8002 */
  putManifest(
    target: Repository,
    tagOrDigest: string,
    bytes: Buffer,
    mediaType: string,
  ): Promise<{
    /** The subject that the registry has noted; undefined when it keeps no listing of referrers. */
    subject: string | undefined;
  }>;
  /** Gives a manifest its tags: in one request where the registry can, else in one each. @throws Fault as `putManifest` */
  putTags(target: Repository, tags: string[], manifest: Manifest): Promise<void>;
  /** What names the digest as its subject; undefined when the registry keeps no such listing. @throws Fault RA8005 */
  referrers(repository: Repository, digest: string): Promise<Descriptor[] | undefined>;
  /** Brings a blob into another repository: mounted where the registry can, else streamed. @throws Fault RA2006, RA2007, RA8002 */
  copyBlob(
    blob: { digest: string; size: number },
    from: Repository,
    to: Repository,
  ): Promise<"mounted" | "uploaded">;
  /** Version and revision in the image's annotations, else in its labels; undefined when the image is not there. */
  labels(reference: Reference): Promise<ImageLabels | undefined>;
  /** All tags of a repository; none where there is no such repository. */
  tags(of: Repository): Promise<string[]>;
  /** The first page of them. @throws Fault as `tags` */
  firstTags(of: Repository): Promise<TagList>;
  /** What a pull of the image would not find: manifests and blobs; empty when all of it is there. */
  missing(image: Repository & { digest: string }): Promise<Missing[]>;
};

const manifestLimit = 8 * 1024 * 1024;
/** So many tags a registry that takes several in one request has to take. */
const tagsAPut = 10;
const versionKey = "org.opencontainers.image.version";
const revisionKey = "org.opencontainers.image.revision";

export function createRegistry(options: {
  transport: Transport;
  credentials: Credentials;
  /** Told of each piece of a blob as it passes, in bytes. */
  progress?: (bytes: number) => void;
  /** Milliseconds in which some of a blob has to arrive; default 30 000. */
  patience?: number;
}): Registry {
  const sessions = new Map<string, Session>();
  const known = new Map<string, Manifest>();
  /** Hosts that call themselves by the header of Docker's registry, which takes one tag a request. */
  const oneTagEach = new Set<string>();
  const unmountable = new Set<string>();

  const sessionOf = (host: string): Session => {
    const known = sessions.get(host);
    if (known) return known;
    const session = createSession({ ...options, host });
    sessions.set(host, session);
    return session;
  };

  const resolve = async (reference: Reference): Promise<string | undefined> => {
    const answer = await read(reference, "HEAD");
    if (!answer) return undefined;
    const digest = answer.headers["docker-content-digest"];
    if (digest === undefined) return (await manifest(reference))?.digest;
    if (!isDigest(digest))
      throw new Fault("RA8005", {
        saw: `${formatReference(reference)} has a digest of unknown form`,
      });
    return digest;
  };

  const manifest = async (reference: Reference): Promise<Manifest | undefined> => {
    const place = `${reference.host}/${reference.repository}@`;
    const before = reference.digest && known.get(place + reference.digest);
    if (before) return before;
    const answer = await read(reference, "GET");
    if (!answer) return undefined;
    const { bytes, headers } = answer;
    const wanted = reference.digest ?? headers["docker-content-digest"] ?? "";
    const digest = digestLike(wanted, bytes);
    if (wanted !== "" && digest !== wanted) {
      throw new Fault("RA2006", {
        saw: `${formatReference(reference)}: the registry sent bytes of ${digest}`,
      });
    }
    const mediaType = headers["content-type"]?.split(";")[0]?.trim();
    const found = {
      digest,
      bytes,
      mediaType:
        mediaType && manifestTypes.includes(mediaType) ? mediaType : mediaTypeIn(bytes, digest),
    };
    known.set(place + digest, found);
    return found;
  };

  const read = async (
    reference: Reference,
    method: "GET" | "HEAD",
  ): Promise<Answer | undefined> => {
    const version = reference.digest ?? reference.tag;
    if (version === undefined) {
      throw new Fault("RA2001", {
        saw: `${formatReference(reference)} names neither a tag nor a digest`,
      });
    }
    const session = sessionOf(reference.host);
    const answer = await session.send(pull(reference), {
      method,
      url: manifestUrl(session, reference, version),
      headers: { accept: manifestTypes.join(", ") },
      limit: manifestLimit,
    });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw unexpected(answer, `${method} ${formatReference(reference)}`);
    if (answer.headers["docker-distribution-api-version"]) oneTagEach.add(reference.host);
    return answer;
  };

  const put = async (
    target: Repository,
    path: string,
    { bytes, mediaType }: Pick<Manifest, "bytes" | "mediaType">,
  ): Promise<Answer> => {
    const name = `${target.host}/${target.repository}`;
    const session = sessionOf(target.host);
    const answer = await session.send(
      { repository: target.repository, action: "push" },
      {
        method: "PUT",
        url: manifestUrl(session, target, path),
        headers: { "content-type": mediaType },
        body: bytes,
      },
    );
    if (answer.status < 200 || answer.status > 299) throw unexpected(answer, `PUT ${name} ${path}`);
    const stored = answer.headers["docker-content-digest"];
    if (stored !== undefined && stored !== digestLike(stored, bytes)) {
      throw new Fault("RA2006", {
        saw: `${name} ${path}: the registry says it stored ${stored}`,
      });
    }
    return answer;
  };

  return {
    resolve,
    manifest,
    expectPush: (target, from) => {
      const scopes: Scope[] = [{ repository: target.repository, action: "push" }];
      if (from?.host === target.host && from.repository !== target.repository)
        scopes.push(pull(from));
      sessionOf(target.host).widen(target.repository, scopes);
    },
    putManifest: async (target, tagOrDigest, bytes, mediaType) => {
      const name = `${target.host}/${target.repository}`;
      if (!isTag(tagOrDigest) && !isDigest(tagOrDigest)) {
        throw new Fault("RA2001", {
          saw: `"${tagOrDigest.slice(0, 200)}" is neither a tag nor a digest of ${name}`,
        });
      }
      const answer = await put(target, tagOrDigest, { bytes, mediaType });
      return { subject: answer.headers["oci-subject"] };
    },
    putTags: async (target, tags, manifest) => {
      const missing = new Set(tags);
      // What is put under a tag alone gets the registry's own digest, a sha256. Another one has to be named, once.
      let named = manifest.digest.startsWith("sha256:");
      while (missing.size > (named ? 1 : 0) && !(named && oneTagEach.has(target.host))) {
        const some = [...missing].slice(0, tagsAPut);
        const query = new URLSearchParams(some.map((tag): [string, string] => ["tag", tag]));
        const answer = await put(target, `${manifest.digest}?${query}`, manifest);
        const taken = (answer.headers["oci-tag"] ?? "").split(",").map((tag) => tag.trim());
        named = true;
        for (const tag of taken) missing.delete(tag);
        // One that does not take them all does not take them at a second asking either.
        if (!some.every((tag) => taken.includes(tag))) oneTagEach.add(target.host);
      }
      for (const tag of missing) await put(target, tag, manifest);
    },
    referrers: (repository, digest) =>
      listReferrers(sessionOf(repository.host), repository, digest),
    copyBlob: (blob, from, to) => {
      const source = sessionOf(from.host);
      const target = sessionOf(to.host);
      return uploadBlob({
        session: target,
        blob,
        from,
        to,
        unmountable,
        open: () => openBlob(source, from.repository, blob, options),
      });
    },
    tags: async (of) => (await listTags(sessionOf(of.host), of)).tags,
    firstTags: (of) => listTags(sessionOf(of.host), of, 1),
    missing: (image) => findMissing({ session: sessionOf(image.host), manifest }, image),
    labels: async (reference) => {
      const top = await manifest(reference);
      if (!top) return undefined;
      const { children, annotations } = readContent(top);
      if (annotations[versionKey] && annotations[revisionKey]) return labelsIn(annotations);
      const child = children.find((descriptor) => !descriptor.platform?.startsWith("unknown/"));
      const single = child
        ? await manifest({ ...repositoryOf(reference), digest: child.digest })
        : top;
      const content = single && readContent(single);
      if (!content?.config) return labelsIn(annotations);
      const session = sessionOf(reference.host);
      const config = await openBlob(session, reference.repository, content.config).toArray();
      const labels = readLabels(Buffer.concat(config as Buffer[]), content.config.digest);
      return labelsIn({ ...labels, ...content.annotations, ...annotations });
    },
  };
}

function manifestUrl(session: Session, of: Repository, tagOrDigest: string): string {
  return repositoryUrl(session, of.repository, `manifests/${tagOrDigest}`);
}

function pull(of: Repository): Scope {
  return { repository: of.repository, action: "pull" };
}

function labelsIn(texts: Record<string, string>): ImageLabels {
  return { version: texts[versionKey], revision: texts[revisionKey] };
}
