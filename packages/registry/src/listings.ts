import { Fault } from "@release-actions/codes";
import type { Answer } from "@release-actions/net";
import { mediaTypes, readContent, type Descriptor } from "./manifest.ts";
import { isTag, type Repository } from "./reference.ts";
import { repositoryUrl, unexpected, type Session } from "./session.ts";

/** Tags asked for at once; registries may give fewer. */
const tagsAPage = 1000;
/** A list that goes on for longer has lost its way. */
const longest = 500;
const listLimit = 8 * 1024 * 1024;

/** A repository's tags, in the registry's order, and whether these are all. */
export type TagList = { tags: string[]; complete: boolean };

/**
 * The tags of a repository, so many pages of them; none where there is no such repository.
 * @throws Fault RA8005 and the registry's
 */
export async function listTags(
  session: Session,
  of: Repository,
  pages = longest,
): Promise<TagList> {
  const tags: string[] = [];
  const ended = await readPages(session, of, `tags/list?n=${tagsAPage}`, pages, (answer) => {
    if (answer.status === 404) return;
    if (answer.status !== 200) throw unexpected(answer, `GET ${of.host}/${of.repository} tags`);
    const list = (answer.json() as { tags?: unknown } | null)?.tags;
    // Some registries say null for none.
    if (Array.isArray(list))
      tags.push(...list.filter((tag): tag is string => typeof tag === "string" && isTag(tag)));
  });
  if (!ended && pages === longest)
    throw new Fault("RA8005", {
      saw: `${of.host}/${of.repository}: the list of tags has no end`,
    });
  return { tags, complete: ended };
}

/** What names the digest as its subject; undefined when the registry keeps no such listing. @throws Fault RA8005 and the registry's */
export async function listReferrers(
  session: Session,
  of: Repository,
  digest: string,
): Promise<Descriptor[] | undefined> {
  const found: Descriptor[] = [];
  let keepsNone = false;
  const ended = await readPages(session, of, `referrers/${digest}`, longest, (answer) => {
    const mediaType = answer.headers["content-type"]?.split(";")[0]?.trim();
    keepsNone =
      [400, 404, 405, 406, 501].includes(answer.status) ||
      (answer.status === 200 && mediaType !== mediaTypes.index);
    if (keepsNone || mediaType === undefined) return;
    if (answer.status !== 200)
      throw unexpected(answer, `GET ${of.host}/${of.repository} referrers of ${digest}`);
    found.push(...readContent({ digest, bytes: answer.bytes, mediaType }).children);
  });
  if (!ended)
    throw new Fault("RA8005", {
      saw: `${of.host}/${of.repository}: the list of what refers to ${digest} has no end`,
    });
  return keepsNone ? undefined : found;
}

/** Reads a listing page by page; false when there are more than was asked for. */
async function readPages(
  session: Session,
  of: Repository,
  path: string,
  most: number,
  take: (answer: Answer) => void,
): Promise<boolean> {
  const first = new URL(repositoryUrl(session, of.repository, path));
  let url = first;
  for (let page = 0; page < most; page += 1) {
    const answer = await session.send(
      { repository: of.repository, action: "pull" },
      { method: "GET", url: url.href, limit: listLimit },
    );
    take(answer);
    const next = /<([^>]*)>\s*;[^,]*rel="?next"?/i.exec(answer.headers["link"] ?? "")?.[1];
    if (next === undefined) return true;
    const following = URL.parse(next, url.href);
    // The rest of a list is where the list is: a link elsewhere would send the credentials there.
    if (
      following === null ||
      following.origin + following.pathname !== first.origin + first.pathname
    )
      throw new Fault("RA8005", {
        saw: `${of.host}/${of.repository}: a list goes on somewhere else`,
      });
    url = following;
  }
  return false;
}
