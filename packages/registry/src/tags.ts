import { Fault } from "@release-actions/codes";
import type { Repository } from "./reference.ts";
import { repositoryUrl, unexpected, type Session } from "./session.ts";

/** Tags asked for at once; registries may give fewer. */
const page = 1000;
/** A list that goes on for longer has lost its way. */
const longest = 500;

/** All tags of a repository, in the registry's order; none where there is no such repository. @throws Fault RA8005 and the registry's */
export async function listTags(session: Session, of: Repository): Promise<string[]> {
  const place = `${of.host}/${of.repository}`;
  const first = repositoryUrl(session, of.repository, "tags/list");
  const tags: string[] = [];
  let url = `${first}?n=${page}`;
  for (let pages = 0; pages < longest; pages += 1) {
    const answer = await session.send(
      { repository: of.repository, action: "pull" },
      { method: "GET", url },
    );
    if (answer.status === 404) return tags;
    if (answer.status !== 200) throw unexpected(answer, `GET ${place} tags`);
    const list = (answer.json() as { tags?: unknown } | null)?.tags;
    // Some registries say null for none.
    if (Array.isArray(list)) tags.push(...list.filter((tag) => typeof tag === "string"));
    const next = /<([^>]*)>\s*;[^,]*rel="?next"?/i.exec(answer.headers["link"] ?? "")?.[1];
    if (next === undefined) return tags;
    const following = URL.parse(next, url);
    // The rest of a list is where the list is: a link elsewhere would send the credentials there.
    if (following === null || following.origin + following.pathname !== first)
      throw new Fault("RA8005", { saw: `${place}: the list of tags goes on somewhere else` });
    url = following.href;
  }
  throw new Fault("RA8005", { saw: `${place}: the list of tags has no end` });
}
