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

const shared = { pool: "forks", testTimeout: 60_000, hookTimeout: 60_000 } as const;

// Rooms whose tests load no tensor library: their files can share a process.
const light = ["core", "data", "dsl", "report", "rewards", "rl", "runtime"].map(
  (room) => `test/${room}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    globalSetup: ["test/support/sweep.ts"],
    maxWorkers: 2,
    projects: [
      { test: { ...shared, name: "light", include: light, isolate: false } },
      {
        // Native tensor libraries keep process-wide state, so each test file gets a process of its own.
        test: { ...shared, name: "engine", include: ["test/**/*.test.ts"], exclude: light },
      },
    ],
  },
});
