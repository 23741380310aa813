import { randomUUID } from "node:crypto";
import type { Community, Deposit, Review } from "./deposits.ts";
import { Problem } from "./problem.ts";

/** Reviews of first versions by communities. Every function throws a Problem where Zenodo refuses. */
export function createReviews(options: {
  all: ReadonlyMap<string, Deposit>;
  communities: readonly Community[];
  /** Refuses what cannot be published. */
  check(deposit: Deposit): void;
  release(deposit: Deposit): Deposit;
  /** Number of the last review that was asked for. */
  lastReview: number;
}) {
  let lastRequest = options.lastReview;
  const { all, check, release } = options;

  return {
    lastReview: () => lastRequest,

    askReview: (deposit: Deposit, communityId: unknown): Review => {
      const community = options.communities.find(({ id }) => id === communityId);
      if (community === undefined)
        throw new Problem(400, "The receiver of the request does not exist.");
      if (deposit.index > 1) {
        throw new Problem(
          400,
          "You cannot create a review for a new version of a published record.",
        );
      }
      if (deposit.concept.review?.status === "submitted")
        throw new Problem(400, "An open review cannot be deleted.");
      lastRequest += 1;
      deposit.concept.review = {
        id: randomUUID(),
        community: community.slug,
        status: "created",
        number: lastRequest,
      };
      return deposit.concept.review;
    },

    /** Hands the draft to the community; a curator's own draft is published at once. */
    submitReview: (deposit: Deposit, user: string): Review & { accepted: boolean } => {
      const review = deposit.concept.review;
      if (review === undefined) throw new Problem(404, "Review for draft not found");
      check(deposit);
      review.status = "submitted";
      const accepted = options.communities.some(
        ({ slug, curators }) => slug === review.community && curators.includes(user),
      );
      if (accepted) {
        deposit.concept.communities.add(review.community);
        delete deposit.concept.review;
        release(deposit);
      }
      return { ...review, accepted };
    },

    /** What a curator does in the browser. */
    closeReview: (id: string, accept: boolean): void => {
      const deposit = all.get(id);
      const review = deposit?.concept.review;
      if (deposit === undefined || review?.status !== "submitted")
        throw new Error(`no open review of ${id}`);
      if (!accept) review.status = "declined";
      else {
        deposit.concept.communities.add(review.community);
        delete deposit.concept.review;
        release(deposit);
      }
    },
  };
}
