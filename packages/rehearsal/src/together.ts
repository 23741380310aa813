import { availableParallelism } from "node:os";

/** As many at a time as there are processors, at most four; the answers in the order of the items. */
export async function together<Item, Answer>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const rest = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of rest) answers[index] = await work(item, index);
  };
  const workers = Math.min(availableParallelism(), 4, items.length);
  await Promise.all(Array.from({ length: workers }, worker));
  return answers;
}
