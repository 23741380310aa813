import { Fault } from "@release-actions/codes";
import type { Readable } from "node:stream";
import type { Blob } from "./blob-stream.ts";
import { repeatWhenLost } from "./repeat.ts";
import type { Repository } from "./reference.ts";
import { repositoryUrl, unexpected, type Session } from "./session.ts";

type Upload = {
  session: Session;
  blob: Blob;
  from: Repository;
  to: Repository;
  open: () => Readable;
  /** Repositories from which the registry refused to mount: it is not asked for every blob. */
  unmountable: Set<string>;
};

/** Mounts a blob, or uploads what `open` reads. Blobs are named by their content, so that either may be repeated. */
export function uploadBlob(options: Upload): Promise<"mounted" | "uploaded"> {
  return repeatWhenLost(async () => {
    const location = await mountOrStart(options);
    if (location === undefined) return "mounted";
    await upload(options, location);
    return "uploaded";
  });
}

/** The address to upload to; undefined when the blob is there without. */
async function mountOrStart(options: Upload): Promise<string | undefined> {
  const { session, blob, from, to, unmountable } = options;
  const sameHost = from.host === to.host;
  // From another registry nothing can be mounted, but a mount from the target itself finds what an earlier run has brought.
  const mountFrom = sameHost ? from.repository : to.repository;
  const place = `${to.host}/${mountFrom}`;
  if (unmountable.has(place)) return start(session, to, "");
  if (mountFrom !== to.repository)
    session.widen(to.repository, [{ repository: mountFrom, action: "pull" }]);
  const query = `?mount=${blob.digest}&from=${encodeURIComponent(mountFrom)}`;
  try {
    return await start(session, to, query);
  } catch (error) {
    // Some registries refuse the mount where they would allow the upload.
    if (!(error instanceof Fault) || (error.code !== "RA2004" && error.code !== "RA2007"))
      throw error;
    unmountable.add(place);
    return start(session, to, "");
  }
}

async function start(session: Session, to: Repository, query: string): Promise<string | undefined> {
  const url = repositoryUrl(session, to.repository, `blobs/uploads/${query}`);
  const answer = await session.send(
    { repository: to.repository, action: "push" },
    { method: "POST", url },
  );
  if (answer.status === 201 && query !== "") return undefined;
  if (answer.status !== 202) throw unexpected(answer, `POST ${to.host}/${to.repository} upload`);
  const location = URL.parse(answer.headers["location"] ?? "", url);
  if (!location)
    throw new Fault("RA8005", { saw: `${to.host} started an upload and did not say where` });
  if (location.protocol !== "https:" && location.protocol !== new URL(session.origin).protocol) {
    throw new Fault("RA8006", {
      saw: `${to.host} wants the upload at ${location.protocol}//${location.host}`,
    });
  }
  return location.href;
}

async function upload(options: Upload, location: string): Promise<void> {
  const { session, blob, to } = options;
  const url = new URL(location);
  url.searchParams.set("digest", blob.digest);
  let opened: Readable | undefined;
  const open = (): Readable => {
    opened?.destroy();
    opened = options.open();
    return opened;
  };
  try {
    const answer = await session.send(
      { repository: to.repository, action: "push" },
      {
        method: "PUT",
        url: url.href,
        headers: { "content-type": "application/octet-stream" },
        body: { length: blob.size, open },
      },
    );
    if (answer.status !== 201)
      throw unexpected(answer, `PUT ${to.host}/${to.repository} blob ${blob.digest}`);
  } finally {
    opened?.destroy();
  }
}
