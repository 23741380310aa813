import { Fault } from "@release-actions/codes";
import type { Look, Step } from "@release-actions/plan";
import type { GitHub } from "./client.ts";

/** A pull request of this repository; title and body are foreign text. */
export type PullRequest = {
  number: number;
  url: string;
  title: string;
  body: string;
  state: "open" | "closed" | "merged";
};

type RestPull = {
  number: number;
  html_url: string;
  title: string;
  body?: string | null;
  state: string;
  merged_at?: string | null;
};

const pullForm = "number html_url title body? state merged_at?";

/** Every pull request from a branch into another, open or not, lowest number first. @throws Fault RA50xx */
export async function readPullRequests(
  github: GitHub,
  branches: { head: string; base: string },
): Promise<PullRequest[]> {
  const listed = await github.rest<RestPull[]>(
    "GET /repos/{owner}/{repo}/pulls",
    {
      head: `${github.repository.owner}:${branches.head}`,
      base: branches.base,
      state: "all",
      per_page: 100,
    },
    `[${pullForm}]`,
  );
  return listed.map(pullFrom).toSorted((a, b) => a.number - b.number);
}

/** The step that makes a branch at a commit; one that is there already is taken as it is. */
export function branchStep(
  github: GitHub,
  wanted: { branch: string; commit: string },
): Step<{ commit: string }> {
  const look = async (): Promise<Look<{ commit: string }>> => {
    const { repository } = await github.query<{
      repository: { ref: { target: { oid: string } } | null } | null;
    }>(
      `query branch($owner: String!, $name: String!, $ref: String!) {
        repository(owner: $owner, name: $name) { ref(qualifiedName: $ref) { target { oid } } }
      }`,
      {
        owner: github.repository.owner,
        name: github.repository.name,
        ref: `refs/heads/${wanted.branch}`,
      },
    );
    const commit = repository?.ref?.target.oid;
    return commit === undefined ? { state: "todo" } : { state: "done", value: { commit } };
  };
  return {
    key: `refs/heads/${wanted.branch}`,
    title: `Make the branch ${wanted.branch} at ${wanted.commit.slice(0, 7)}`,
    look,
    act: async () => {
      try {
        await github.send("POST /repos/{owner}/{repo}/git/refs", {
          ref: `refs/heads/${wanted.branch}`,
          sha: wanted.commit,
        });
        return { commit: wanted.commit };
      } catch (error) {
        if (!(error instanceof Fault) || !/already exists/i.test(error.saw)) throw error;
        const there = await look();
        if (there.state !== "done") throw error;
        return there.value;
      }
    },
  };
}

/**
 * The step that opens the pull request of a branch, or brings ours up to date. GitHub keeps at most one open for a branch and
 * its base: that is the key. One without `mark` in its body is somebody else's: it is taken, and its text is left alone.
 */
export function pullRequestStep(
  github: GitHub,
  wanted: { head: string; base: string; title: string; body: string; mark: string },
): Step<PullRequest> {
  let open: PullRequest | undefined;
  const look = async (): Promise<Look<PullRequest>> => {
    open = (await readPullRequests(github, wanted)).find(({ state }) => state === "open");
    if (open === undefined) return { state: "todo" };
    const ours = open.body.includes(wanted.mark);
    const same = open.title === wanted.title && sameText(open.body, wanted.body);
    return ours && !same ? { state: "todo" } : { state: "done", value: open };
  };
  return {
    key: `pull request ${wanted.head} into ${wanted.base}`,
    title: `Open the pull request ${wanted.title}`,
    look,
    act: async () => {
      const { title, body, head, base } = wanted;
      try {
        return pullFrom(
          open === undefined
            ? await github.rest<RestPull>(
                "POST /repos/{owner}/{repo}/pulls",
                {
                  title,
                  body,
                  head,
                  base,
                },
                pullForm,
              )
            : await github.rest<RestPull>(
                "PATCH /repos/{owner}/{repo}/pulls/{pull_number}",
                {
                  pull_number: open.number,
                  title,
                  body,
                },
                pullForm,
              ),
        );
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        if (/not permitted to create or approve pull requests/i.test(error.saw))
          throw new Fault("RA5003", {
            saw: error.saw,
            next: "Give `app-token` a token of a GitHub App with `pull-requests: write`, or let GitHub Actions create pull requests in the repository's settings under Actions, General.",
            cause: error,
          });
        if (!/already exists/i.test(error.saw)) throw error;
        const there = await look();
        if (there.state === "done") return there.value;
        throw error;
      }
    },
  };
}

/** GitHub stores line ends as it likes. */
function sameText(one: string, other: string): boolean {
  return one.replaceAll("\r\n", "\n").trim() === other.replaceAll("\r\n", "\n").trim();
}

function pullFrom(pull: RestPull): PullRequest {
  return {
    number: pull.number,
    url: pull.html_url,
    title: pull.title,
    body: pull.body ?? "",
    state: pull.merged_at ? "merged" : pull.state === "closed" ? "closed" : "open",
  };
}
