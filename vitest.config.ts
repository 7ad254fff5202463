import { defineConfig } from "vitest/config";

// Vitest 5 prints a failure's source with Map.groupBy, which Node 20 lacks.
(Map as { groupBy?: unknown }).groupBy ??= <K, V>(items: Iterable<V>, keyOf: (item: V) => K) => {
  const groups = new Map<K, Array<V>>();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.get(key)?.push(item)) groups.set(key, [item]);
  }
  return groups;
};

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/sweep.ts"],
    // Native tensor libraries keep process-wide state, so each test file gets a process of its own.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
