import { Fault } from "@release-actions/codes";
import type { Look, Step } from "@release-actions/plan";
import type { GitHub } from "./client.ts";
import {
  commentFrom,
  issueFrom,
  readComment,
  readComments,
  readFamily,
  readIssue,
  readOpenIssues,
  readSubIssues,
  withSubIssues,
  type Comment,
  type Family,
  type Issue,
  type Milestone,
  commentForm,
  issueForm,
  milestoneForm,
  type RestComment,
  type RestIssue,
  type RestMilestone,
} from "./issues.ts";

/**
 * The step that makes an issue, or adopts one that is there. GitHub has no key for issues, so the title and `mark`
 * (a part of our body) are: after making one, all are listed again, the lowest number stays, our own others are closed.
 */
export function issueStep(
  github: GitHub,
  about: {
    title: string;
    body: string;
    mark: string;
    labels: string[];
    assignees: string[];
    /** The issue is sought among the sub-issues of this one too, open or closed. */
    parent?: number;
    /** False: somebody else's issue of the same title is not ours. */
    adopt: boolean;
  },
): Step<Issue> {
  const found = async (): Promise<Issue[]> => {
    const linked = about.parent === undefined ? [] : await readSubIssues(github, about.parent);
    const children = linked.filter((issue) => issue.title === about.title);
    const open = (await readOpenIssues(github)).filter(
      (issue) =>
        !issue.isPull && issue.title === about.title && (about.adopt || isOurs(issue, about.mark)),
    );
    const each = new Map([...open, ...children].map((issue) => [issue.number, issue]));
    return [...each.values()].toSorted((a, b) => a.number - b.number);
  };
  /** The first of those that are listed and of the one that was made; our own others are closed. */
  const keepFirst = async (made: Issue, listed: Issue[]): Promise<Issue> => {
    const [first = made, ...others] = [...listed, made].toSorted((a, b) => a.number - b.number);
    for (const other of others) {
      if (other.number !== first.number && other.state === "open" && isOurs(other, about.mark))
        await closeIssue(github, other.number, "not_planned");
    }
    return first;
  };
  return {
    key: `issue ${about.mark}`,
    title: `Open the issue ${about.title}`,
    look: async (): Promise<Look<Issue>> => {
      const [first] = await found();
      return first === undefined ? { state: "todo" } : { state: "done", value: first };
    },
    act: async () => {
      const made = await github.rest<RestIssue>(
        "POST /repos/{owner}/{repo}/issues",
        {
          title: about.title,
          body: about.body,
          labels: about.labels,
          assignees: about.assignees,
        },
        issueForm,
      );
      // Another run may have made one at the same moment: there is no other way to see it.
      const issue = issueFrom(made);
      const listed = (await found()).filter(({ number }) => number !== issue.number);
      return keepFirst(issue, listed);
    },
    settle: async (made) => {
      const listed = await found();
      const others = listed.filter(({ number }) => number !== made.number);
      return others.length === listed.length
        ? { state: "unknown", saw: `GitHub does not list issue #${made.number} yet` }
        : { state: "done", value: await keepFirst(made, others) };
    },
  };
}

/** The step that gives an issue the body that `write` makes of the present one; the same body is not written. */
export function issueBodyStep(
  github: GitHub,
  about: { issue: number; write(before: string): string },
): Step<Issue> {
  let present: Issue | undefined;
  const read = async (): Promise<Issue> => {
    const issue = await readIssue(github, about.issue);
    if (issue === undefined) throw new Fault("RA5503", { saw: `issue #${about.issue} is gone` });
    return issue;
  };
  return {
    key: `body of #${about.issue}`,
    title: `Bring issue #${about.issue} up to date`,
    look: async (): Promise<Look<Issue>> => {
      present = await read();
      return sameText(about.write(present.body), present.body)
        ? { state: "done", value: present }
        : { state: "todo" };
    },
    act: async () => {
      present ??= await read();
      const body = about.write(present.body);
      present = undefined;
      return issueFrom(
        await github.rest<RestIssue>(
          "PATCH /repos/{owner}/{repo}/issues/{issue_number}",
          {
            issue_number: about.issue,
            body,
          },
          issueForm,
        ),
      );
    },
  };
}

/** The step that gives an adopted issue the labels that it lacks; its own stay. */
export function labelStep(github: GitHub, issue: number, labels: string[]): Step<void> {
  return {
    key: `labels of #${issue}`,
    title: `Label issue #${issue}`,
    look: async (): Promise<Look<void>> => {
      const listed = await github.rest<{ name: string }[]>(
        "GET /repos/{owner}/{repo}/issues/{issue_number}/labels",
        { issue_number: issue, per_page: 100 },
        "[name]",
      );
      const names = listed.map(({ name }) => name.toLowerCase());
      return labels.every((label) => names.includes(label.toLowerCase()))
        ? { state: "done", value: undefined }
        : { state: "todo" };
    },
    act: async () => {
      await github.send("POST /repos/{owner}/{repo}/issues/{issue_number}/labels", {
        issue_number: issue,
        labels,
      });
    },
  };
}

/** The step that makes an issue a sub-issue of another; GitHub's own list says whether it is one. */
export function subIssueStep(github: GitHub, parent: number, child: Issue): Step<void> {
  let family: Family | undefined;
  const isLinked = async (): Promise<boolean> => {
    family = await readFamily(github, parent);
    return family.children.some(({ number }) => number === child.number);
  };
  return {
    key: `#${child.number} under #${parent}`,
    title: `Link #${child.number} under #${parent}`,
    look: async (): Promise<Look<void>> =>
      (await isLinked()) ? { state: "done", value: undefined } : { state: "todo" },
    act: async () => {
      family ??= await readFamily(github, parent);
      try {
        await github.mutate(
          `mutation link($input: AddSubIssueInput!) { addSubIssue(input: $input) { clientMutationId } }`,
          {
            // A run whose list lagged may have put it under an issue that is closed as a double.
            input: { issueId: family.nodeId, subIssueId: child.nodeId, replaceParent: true },
            ...withSubIssues,
          },
        );
      } catch (error) {
        // Another run was faster: GitHub refuses the second link.
        if (!(error instanceof Fault) || error.outcome === "unknown") throw error;
        if (!/duplicate sub-issues/.test(error.saw) && !(await isLinked())) throw error;
      }
    },
  };
}

/** The step for the one comment of ours in an issue: made once, then kept up to date. Doubles of ours are removed. */
export function commentStep(
  github: GitHub,
  about: {
    issue: number;
    /** A part of the text by which our comment is known. */
    mark: string;
    known?: number | undefined;
    /** The text that is wanted, from the present one. */
    write(before: string | undefined): string;
  },
): Step<Comment> {
  const ours = async (): Promise<Comment[]> =>
    (await readComments(github, about.issue)).filter(
      ({ authorType, body }) => authorType === "Bot" && body.includes(about.mark),
    );
  const present = async (): Promise<Comment | undefined> =>
    (about.known === undefined ? undefined : await readComment(github, about.known)) ??
    (await ours())[0];
  /** The first of those that are listed and of the one that was made; the others are removed. */
  const keepFirst = async (made: Comment, listed: Comment[]): Promise<Comment> => {
    const each = new Map([...listed, made].map((one) => [one.id, one]));
    const [first = made, ...others] = [...each.values()].toSorted((a, b) => a.id - b.id);
    for (const other of others) {
      try {
        await github.send("DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}", {
          comment_id: other.id,
        });
      } catch (error) {
        // Another run may have removed it; whether it did is all that matters.
        if (!(error instanceof Fault) || (await readComment(github, other.id)) !== undefined)
          throw error;
      }
    }
    return first;
  };
  let before: Comment | undefined;
  return {
    key: `comment ${about.mark}`,
    title: `Say in #${about.issue} how it stands`,
    look: async (): Promise<Look<Comment>> => {
      before = await present();
      return before !== undefined && sameText(about.write(before.body), before.body)
        ? { state: "done", value: before }
        : { state: "todo" };
    },
    act: async () => {
      const body = about.write(before?.body);
      const written =
        before === undefined
          ? await github.rest<RestComment>(
              "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
              { issue_number: about.issue, body },
              commentForm,
            )
          : await github.rest<RestComment>(
              "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}",
              { comment_id: before.id, body },
              commentForm,
            );
      // Another run may have made one at the same moment: there is no other way to see it.
      const comment = commentFrom(written);
      return before === undefined ? keepFirst(comment, await ours()) : comment;
    },
    settle: async (made) => {
      const listed = await ours();
      return listed.some(({ id }) => id === made.id)
        ? { state: "done", value: await keepFirst(made, listed) }
        : { state: "unknown", saw: `GitHub does not list comment ${made.id} yet` };
    },
  };
}

/** The step that closes an issue as completed. */
export function closeIssueStep(github: GitHub, issue: number): Step<void> {
  return {
    key: `#${issue} closed`,
    title: `Close issue #${issue}`,
    look: async (): Promise<Look<void>> =>
      (await readIssue(github, issue))?.state === "open"
        ? { state: "todo" }
        : { state: "done", value: undefined },
    act: () => closeIssue(github, issue, "completed"),
  };
}

/** The step that closes a milestone. */
export function closeMilestoneStep(github: GitHub, milestone: Milestone): Step<void> {
  return {
    key: `milestone ${milestone.number} closed`,
    title: `Close the milestone ${milestone.title}`,
    look: async (): Promise<Look<void>> => {
      const present = await github.rest<RestMilestone>(
        "GET /repos/{owner}/{repo}/milestones/{milestone_number}",
        { milestone_number: milestone.number },
        milestoneForm,
      );
      return present.state === "closed" ? { state: "done", value: undefined } : { state: "todo" };
    },
    act: async () => {
      await github.send("PATCH /repos/{owner}/{repo}/milestones/{milestone_number}", {
        milestone_number: milestone.number,
        state: "closed",
      });
    },
  };
}

async function closeIssue(
  github: GitHub,
  issue: number,
  reason: "completed" | "not_planned",
): Promise<void> {
  await github.send("PATCH /repos/{owner}/{repo}/issues/{issue_number}", {
    issue_number: issue,
    state: "closed",
    state_reason: reason,
  });
}

/** A person may copy our text into an issue of their own, which is not ours to close. */
function isOurs(issue: Issue, mark: string): boolean {
  return issue.byBot && issue.body.includes(mark);
}

/** GitHub's editor ends lines with CRLF. */
function sameText(a: string, b: string): boolean {
  return a.replaceAll("\r\n", "\n") === b.replaceAll("\r\n", "\n");
}
