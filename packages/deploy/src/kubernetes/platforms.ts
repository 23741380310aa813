import { splitImage } from "./image.ts";
import { containersOf, podSpecOf, textAt } from "./object.ts";
import { expectedOf, newPods, type Observation } from "./observation.ts";
import { isReady, strangers } from "./workload.ts";

/**
 * Some nodes name an image's variant for their platform where others name the index that was asked for. Returns a function
 * that asks what variants a wanted image has, once, when a ready or finished pod names a digest that nobody knows yet, and adds them to
 * the accepted ones.
 */
export function learnPlatforms(
  seen: Observation,
  digests: Record<string, string[]>,
  ask: ((reference: string) => Promise<string[]>) | undefined,
): () => Promise<void> {
  const asked = new Set<string>();
  return async () => {
    if (!ask) return;
    for (const workload of seen.workloads.values()) {
      const expected = expectedOf(seen, workload);
      const strange = newPods(seen, workload)
        .filter((pod) => isReady(pod) || textAt(pod, "status", "phase") === "Succeeded")
        .flatMap((pod) => strangers(pod, expected, digests))
        .filter(({ digest }) => digest !== "");
      for (const { container } of strange) {
        const one = containersOf(podSpecOf(expected)).find(({ name }) => name === container);
        const reference = textAt(one, "image");
        const { digest } = splitImage(reference);
        if (digest === undefined || asked.has(digest)) continue;
        asked.add(digest);
        digests[digest] = [...(digests[digest] ?? [digest]), ...(await ask(reference))];
      }
    }
  };
}
