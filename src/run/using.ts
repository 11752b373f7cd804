/** Opens something, works with it, and closes it whatever happens; the error of `work` wins over that of `close`. */
export async function using<Resource extends { close(): Promise<void> }, Result>(
  opening: Promise<Resource> | Resource,
  work: (resource: Resource) => Promise<Result>,
): Promise<Result> {
  const resource = await opening;
  let result: Result;
  try {
    result = await work(resource);
  } catch (error) {
    await resource.close().catch(() => undefined);
    throw error;
  }
  await resource.close();
  return result;
}
