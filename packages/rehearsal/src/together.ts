import { availableParallelism } from "node:os";

/** Works on `most` items at a time, by default one for each processor and four at most; the answers in the order of the items. */
export async function together<Item, Answer>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Answer>,
  most = Math.min(availableParallelism(), 4),
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const rest = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of rest) answers[index] = await work(item, index);
  };
  const workers = Math.min(most, items.length);
  await Promise.all(Array.from({ length: workers }, worker));
  return answers;
}
