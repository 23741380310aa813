import { Fault } from "@release-actions/codes";
import type { GitHub } from "./client.ts";

/** One person's review of a GitHub environment, which let a job of the run go on. */
export type EnvironmentReview = { login: string; authorType: string; comment: string };

/**
 * Reads who approved the environment for this run. Needs `actions: read`; without it `lacks` says what to add.
 * @throws Fault RA50xx
 */
export async function readEnvironmentReviews(
  github: GitHub,
  run: number,
  environment: string,
): Promise<{ reviews: EnvironmentReview[] } | { lacks: string }> {
  try {
    const reviews = await github.find<
      {
        state: string;
        comment: string | null;
        user: { login: string; type: string } | null;
        environments: { name: string }[];
      }[]
    >(
      "GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals",
      { run_id: run },
      "[state comment? user? { login type } environments [name]]",
    );
    return {
      reviews: (reviews ?? [])
        .filter(
          (review) =>
            review.state === "approved" &&
            review.environments.some(
              ({ name }) => name.toLowerCase() === environment.toLowerCase(),
            ),
        )
        .flatMap(({ user, comment }) =>
          user === null
            ? []
            : [{ login: user.login, authorType: user.type, comment: comment ?? "" }],
        ),
    };
  } catch (error) {
    if (error instanceof Fault && error.code === "RA5003") return { lacks: error.next };
    throw error;
  }
}
