import { Fault, refuse } from "@release-actions/codes";
import type { Look, Step } from "@release-actions/plan";
import { rdmJson } from "./api.ts";
import { isObject } from "./citation.ts";
import { readDeposition, type Deposition } from "./deposition.ts";
import type { ReleaseDraft } from "./draft.ts";
import { differences, type ReleaseFile } from "./files.ts";

/** Publishes the draft: a DOI is for ever. After a lost answer the record is read, never published again. */
export function publishStep(draft: ReleaseDraft, files: readonly ReleaseFile[]): Step<Deposition> {
  const { api, reservation } = draft;
  return {
    key: `zenodo:${reservation.key}:publish`,
    title: `Zenodo record of ${reservation.version}`,
    oneWay: true,
    look: async () => {
      const current = await draft.current();
      const wrong = await differences(draft, files);
      if (wrong !== undefined) return { state: "refused", refusal: refuse("RA7010", wrong) };
      return current.published ? { state: "done", value: current } : { state: "todo" };
    },
    act: async () => {
      const { id } = draft.known();
      const answer = await draft.writing(() =>
        api.write("POST", `/api/deposit/depositions/${id}/actions/publish`),
      );
      const published = readDeposition(answer);
      if (!published.published)
        throw new Fault("RA7006", { saw: `${id} was published and is still a draft` });
      return draft.keep({ ...published, files: draft.known().files });
    },
  };
}

/** Hands a first record to a community: its curators publish it, or Zenodo at once where the account is a curator. */
export function reviewSteps(
  draft: ReleaseDraft,
  files: readonly ReleaseFile[],
  community: string,
): Step<unknown>[] {
  const { api, reservation } = draft;
  const title = `Zenodo review of ${reservation.version} by ${community}`;

  /** The state of the review, read from the draft. */
  const look = async (todo: "ask" | "submit"): Promise<Look<unknown>> => {
    const current = await draft.current();
    const wrong = await differences(draft, files);
    if (wrong !== undefined) return { state: "refused", refusal: refuse("RA7010", wrong) };
    if (current.published) return { state: "done", value: current };
    const value = await api.find(`/api/records/${current.id}/draft`, rdmJson);
    // Between the two reads a curator may have accepted it.
    if (value === undefined)
      return { state: "unknown", saw: `the draft ${current.id} is no longer there` };
    const status = isObject(value) ? String(value["status"]) : "";
    if (status === "in_review") {
      draft.inReview(true);
      return { state: "done", value: current };
    }
    if (status === "declined")
      return {
        state: "refused",
        refusal: refuse("RA7018", `${community} has declined the draft ${current.id}.`),
      };
    const asked = status === "draft_with_review";
    return todo === "ask" && asked ? { state: "done", value: current } : { state: "todo" };
  };

  return [
    {
      key: `zenodo:${reservation.key}:review`,
      title,
      look: () => look("ask"),
      act: async () => {
        const found = await api.find(`/api/communities/${encodeURIComponent(community)}`);
        const id = isObject(found) ? found["id"] : undefined;
        if (typeof id !== "string")
          throw new Fault("RA7004", { saw: `Zenodo has no community ${community}` });
        const json = { type: "community-submission", receiver: { community: id } };
        return draft.writing(() =>
          api.write("PUT", `/api/records/${draft.known().id}/draft/review`, { json }),
        );
      },
    },
    {
      key: `zenodo:${reservation.key}:submit`,
      title,
      oneWay: true,
      look: () => look("submit"),
      act: async () => {
        const { id } = draft.known();
        const answer = await draft.writing(() =>
          api.write("POST", `/api/records/${id}/draft/actions/submit-review`, { json: {} }),
        );
        const accepted = isObject(answer) && answer["status"] === "accepted";
        if (accepted) draft.keep({ ...draft.known(), published: true });
        draft.inReview(!accepted);
        return answer;
      },
    },
  ];
}
