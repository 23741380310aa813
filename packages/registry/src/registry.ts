import { Fault } from "@release-actions/codes";
import type { Answer, Transport } from "@release-actions/net";
import { openBlob, uploadBlob } from "./blob.ts";
import type { Credentials } from "./credentials.ts";
import { digestLike, isDigest } from "./digest.ts";
import { manifestTypes, mediaTypeIn, readContent, readLabels, type Manifest } from "./manifest.ts";
import { formatReference, isTag, type Reference, type Repository } from "./reference.ts";
import { createSession, repositoryUrl, unexpected, type Scope, type Session } from "./session.ts";

export type ImageLabels = { version: string | undefined; revision: string | undefined };

/** Every registry that a run talks to; one login and one token a repository for its life. */
export type Registry = {
  /** Lets the first token of `target` allow pushing, and mounting from `from`: one token instead of two. */
  expectPush(target: Repository, from?: Repository): void;
  /** The digest under a tag, or whether a digest is there; undefined when not. One HEAD. */
  resolve(reference: Reference): Promise<string | undefined>;
  /** The manifest's own bytes, checked against their digest; undefined when it is not there. @throws Fault RA2006 */
  manifest(reference: Reference): Promise<Manifest | undefined>;
  /** Puts bytes under a tag or their digest, and checks what the registry says it stored. @throws Fault RA2006, RA2007, RA8002 */
  putManifest(
    target: Repository,
    tagOrDigest: string,
    bytes: Buffer,
    mediaType: string,
  ): Promise<void>;
  /** Brings a blob into another repository: mounted where the registry can, else streamed. @throws Fault RA2006, RA2007, RA8002 */
  copyBlob(
    blob: { digest: string; size: number },
    from: Repository,
    to: Repository,
  ): Promise<"mounted" | "uploaded">;
  /** Version and revision in the image's annotations, else in its labels; undefined when the image is not there. */
  labels(reference: Reference): Promise<ImageLabels | undefined>;
};

const manifestLimit = 8 * 1024 * 1024;
const versionKey = "org.opencontainers.image.version";
const revisionKey = "org.opencontainers.image.revision";

export function createRegistry(options: {
  transport: Transport;
  credentials: Credentials;
}): Registry {
  const sessions = new Map<string, Session>();

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
    return {
      digest,
      bytes,
      mediaType:
        mediaType && manifestTypes.includes(mediaType) ? mediaType : mediaTypeIn(bytes, digest),
    };
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
      const session = sessionOf(target.host);
      const answer = await session.send(
        { repository: target.repository, action: "push" },
        {
          method: "PUT",
          url: manifestUrl(session, target, tagOrDigest),
          headers: { "content-type": mediaType },
          body: bytes,
        },
      );
      if (answer.status < 200 || answer.status > 299)
        throw unexpected(answer, `PUT ${name} ${tagOrDigest}`);
      const stored = answer.headers["docker-content-digest"];
      if (stored !== undefined && stored !== digestLike(stored, bytes)) {
        throw new Fault("RA2006", {
          saw: `${name} ${tagOrDigest}: the registry says it stored ${stored}`,
        });
      }
    },
    copyBlob: (blob, from, to) => {
      const source = sessionOf(from.host);
      const target = sessionOf(to.host);
      return uploadBlob({
        session: target,
        blob,
        from,
        to,
        open: () => openBlob(source, from.repository, blob),
      });
    },
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

function repositoryOf(reference: Reference): Repository {
  return { host: reference.host, repository: reference.repository };
}

function labelsIn(texts: Record<string, string>): ImageLabels {
  return { version: texts[versionKey], revision: texts[revisionKey] };
}
